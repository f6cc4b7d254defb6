"""The road from an upload to a table, as a browser walks it; no step needs JavaScript."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis_runner import lifecycle, owners
from analysis_runner.models import Job, Sample
from tests.runner_fixtures import SPECKS, a_job, work_off

pytest_plugins = ["tests.runner_fixtures"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toys")]
GOOD = {"tool": "specks", "threshold": "128", "seconds": "0", "behaviour": "good", "pixel_size_um": ""}


def words(answer: Any) -> str:
    """What a reader sees of a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def uploaded(client: Client) -> Sample:
    answer = client.post("/run/specks/", {"file": SimpleUploadedFile("cells <b>.png", SPECKS.read_bytes())})
    assert answer.status_code == 302, words(answer)
    return Sample.objects.latest("created")


def looked_at(client: Client) -> Sample:
    sample = uploaded(client)
    work_off()
    sample.refresh_from_db()
    assert sample.state == Sample.State.READY, sample.sentence
    return sample


def started(client: Client, sample: Sample, **values: str) -> Job:
    answer = client.post(f"/samples/{sample.pk}/", {**GOOD, **values})
    assert answer.status_code == 302, words(answer)
    return Job.objects.filter(kind=Job.Kind.RUN).latest("created")


def test_the_list_names_every_tool(client: Client) -> None:
    answer = client.get(reverse("analysis_runner:tools"))
    assert "Specks (toy)" in words(answer)
    assert answer.cookies.get(owners.COOKIE) is None


def test_the_page_of_a_tool_says_what_it_needs_and_sets_no_owner(client: Client) -> None:
    answer = client.get("/run/specks/")
    assert "An 8-bit grey PNG with bright specks" in words(answer)
    assert "It is a toy." in words(answer)
    assert answer.cookies.get(owners.COOKIE) is None


def test_an_unknown_tool_is_not_there(client: Client) -> None:
    for slug in ("nonsense", "_shared", "_readers"):
        assert client.get(f"/run/{slug}/").status_code == 404


def test_from_an_upload_to_a_table(client: Client, bubblewrap: None) -> None:
    sample = uploaded(client)
    waiting = client.get(f"/samples/{sample.pk}/?tool=specks")
    assert 'http-equiv="refresh"' in waiting.content.decode()
    work_off()
    form = client.get(f"/samples/{sample.pk}/?tool=specks")
    assert "Threshold" in words(form)
    assert 'http-equiv="refresh"' not in form.content.decode()
    job = started(client, sample)
    progress = client.get(f"/jobs/{job.pk}/")
    assert "Next in line." in words(progress), words(progress)
    work_off()
    result = client.get(f"/jobs/{job.pk}/")
    assert "3 specks found." in words(result)
    assert "Area (px)" in words(result)
    assert re.search(r"1 \d+ 2 \d+ 3 \d+", words(result))
    assert "cells <b>" not in result.content.decode()


def test_the_bundled_sample_goes_the_same_road(client: Client, bubblewrap: None) -> None:
    answer = client.post("/run/specks/", {"sample": "bundled"})
    assert answer.status_code == 302
    work_off()
    assert Sample.objects.get().state == Sample.State.READY


def test_the_cookie_of_an_upload_is_out_of_reach_of_scripts(client: Client) -> None:
    uploaded(client)
    cookie = client.cookies[owners.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert owners.owner_of(cookie.value) == Sample.objects.get().owner
    assert cookie.value not in Sample.objects.get().owner


def test_files_cannot_act_in_a_browser(client: Client, bubblewrap: None) -> None:
    job = started(client, looked_at(client))
    work_off()
    for name, type_, disposition in (("overlay.png", "image/png", "inline"), ("table.csv", "text/csv", "attachment")):
        answer = client.get(f"/jobs/{job.pk}/files/{name}")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith(type_)
        assert answer["Content-Disposition"].startswith(disposition)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert client.get(f"/jobs/{job.pk}/files/result.json").status_code == 404


def test_a_wrong_parameter_is_named_beside_its_field_and_the_rest_is_kept(client: Client, bubblewrap: None) -> None:
    sample = looked_at(client)
    answer = client.post(f"/samples/{sample.pk}/", {**GOOD, "threshold": "300", "pixel_size_um": "0.25"})
    assert answer.status_code == 400
    assert "300 is above 255" in words(answer)
    assert 'value="0.25"' in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Job.objects.filter(kind=Job.Kind.RUN).exists()


def test_pressing_run_twice_starts_one_run(client: Client, bubblewrap: None) -> None:
    sample = looked_at(client)
    first, second = (started(client, sample, key="the same form") for _ in range(2))
    assert first.pk == second.pk
    assert Job.objects.filter(kind=Job.Kind.RUN).count() == 1


def test_cancel_and_what_the_page_then_says(client: Client, bubblewrap: None) -> None:
    job = started(client, looked_at(client))
    answer = client.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert "You stopped this run." in words(answer)
    work_off()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


@pytest.mark.parametrize("how", ["refuse", "crash"])
def test_a_run_that_ends_badly_says_why_and_what_to_do(client: Client, bubblewrap: None, how: str) -> None:
    job = started(client, looked_at(client), behaviour=how)
    work_off()
    answer = client.get(f"/jobs/{job.pk}/")
    assert {"refuse": "Choose another image.", "crash": "quote the number of this job"}[how] in words(answer)
    assert "Traceback" not in answer.content.decode()
    assert "/etc/path" not in answer.content.decode()


def test_delete_now_means_now(client: Client, bubblewrap: None) -> None:
    sample = looked_at(client)
    job = started(client, sample)
    work_off()
    answer = client.post(f"/samples/{sample.pk}/delete/", follow=True)
    assert "Deleted." in words(answer)
    assert client.get(f"/jobs/{job.pk}/files/table.csv").status_code == 404
    assert "deleted on" in words(client.get(f"/jobs/{job.pk}/"))
    assert "was deleted" in words(client.get(f"/samples/{sample.pk}/"))


def test_htmx_gets_the_part_that_changes_and_caches_know_it(client: Client, bubblewrap: None) -> None:
    job = started(client, looked_at(client))
    part = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "hx-trigger" in part.content.decode()
    assert "HX-Request" in part["Vary"]
    whole = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.content.decode()
    work_off()
    assert "hx-trigger" not in client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()


def of_others(method: str, path: str) -> Any:
    """What another visitor gets, who has a sample of their own."""
    stranger = Client()
    uploaded(stranger)
    return getattr(stranger, method)(path)


@pytest.mark.parametrize("visitor", ["stranger", "without cookie", "forged cookie"])
def test_what_is_not_yours_does_not_exist(client: Client, bubblewrap: None, visitor: str) -> None:
    sample = looked_at(client)
    job = started(client, sample)
    work_off()
    jobs, samples = f"/jobs/{job.pk}/", f"/samples/{sample.pk}/"
    ways = [("get", jobs), ("get", f"{jobs}files/table.csv"), ("post", f"{jobs}cancel/"), ("post", f"{jobs}delete/")]
    ways += [("get", samples), ("post", samples), ("get", f"{samples}preview.png"), ("post", f"{samples}delete/")]
    for method, path in ways:
        if visitor == "stranger":
            answer = of_others(method, path)
        else:
            other = Client()
            other.cookies[owners.COOKIE] = "" if visitor == "without cookie" else f"{uuid4()}.signature"
            answer = getattr(other, method)(path)
        assert answer.status_code == 404, (method, path)
    job.refresh_from_db()
    assert (job.state, job.removed) == (Job.State.SUCCEEDED, None)


def test_a_form_of_another_site_starts_nothing() -> None:
    strict = Client(enforce_csrf_checks=True)
    for path in ("/run/specks/", f"/jobs/{uuid4()}/cancel/", f"/samples/{uuid4()}/delete/"):
        assert strict.post(path, {"sample": "bundled"}).status_code == 403
    assert not Sample.objects.exists()


def test_looking_changes_nothing(client: Client, bubblewrap: None) -> None:
    sample = looked_at(client)
    job = started(client, sample)
    before = list(Job.objects.values()), list(Sample.objects.values())
    one, its = f"/samples/{sample.pk}/", f"/jobs/{job.pk}/"
    for path in (its, one, f"{one}?tool=specks", "/run/", "/run/specks/"):
        assert client.get(path).status_code == 200
    for path in (f"{its}cancel/", f"{its}delete/", f"{one}delete/"):
        assert client.get(path).status_code == 405
    assert (list(Job.objects.values()), list(Sample.objects.values())) == before


def test_how_many_wait_before_yours(client: Client, bubblewrap: None) -> None:
    sample = looked_at(client)
    for _ in range(2):
        lifecycle.submit(a_job(owner="somebody else"))
    job = started(client, sample)
    assert "Waiting: 2 runs before yours." in words(client.get(f"/jobs/{job.pk}/"))


def test_a_visitor_may_have_so_many_runs_at_once(client: Client, bubblewrap: None, settings: Any) -> None:
    settings.JOBS_AT_ONCE = 2
    sample = looked_at(client)
    for _ in range(2):
        started(client, sample)
    answer = client.post(f"/samples/{sample.pk}/", GOOD)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "30"
    assert "Wait until one has finished" in words(answer)
