"""Real workers on the configured broker: nothing is lost, nothing runs twice, cancel is quick."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.core.files.storage import default_storage

from analysis_runner import asking, lifecycle
from analysis_runner.descriptions import find_tool
from analysis_runner.models import Job, JobEvent, Sample
from tests.runner_fixtures import SPECKS, Site, upload, wait_for

pytest_plugins = ["tests.runner_fixtures"]
pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("bubblewrap")]


def state(thing: Job | Sample) -> str:
    thing.refresh_from_db()
    return str(thing.state)


def looked_at(sample: Sample) -> Sample:
    wait_for(lambda: state(sample) in ("ready", "refused"), 90)
    assert sample.state == Sample.State.READY, sample.sentence
    return sample


def ask(sample: Sample, seconds: float = 0.0, key: str = "") -> Job:
    return asking.ask(find_tool("specks"), sample, {"seconds": seconds}, {}, key=key)[0]


def kinds(job: Job) -> list[str]:
    return list(JobEvent.objects.filter(job=job).order_by("pk").values_list("kind", flat=True))


def ends(job: Job, seconds: float = 90.0) -> Job:
    wait_for(lambda: state(job) in Job.TERMINAL, seconds)
    return job


def folders_of_runs(folder: Path) -> list[Path]:
    return list((folder / "work").glob("run-*"))


def test_a_job_goes_all_the_way(site: Site) -> None:
    site.stand()
    before = set(folders_of_runs(site.folder))
    job = ends(ask(looked_at(upload(SPECKS.read_bytes()))))
    assert (job.state, job.objects_found, job.attempt) == (Job.State.SUCCEEDED, 3, 1), job.log
    files = {file.name: file for file in job.artifacts.all()}
    assert sorted(files) == ["overlay.png", "table.csv"]
    with default_storage.open(files["table.csv"].path) as table:
        assert table.read().decode().splitlines()[0] == "speck,area_px"
    assert kinds(job) == ["queued", "running", "succeeded"]
    wait_for(lambda: set(folders_of_runs(site.folder)) <= before, 5)


def test_a_killed_worker_loses_nothing(site: Site) -> None:
    """The worker and all its children are killed outright while the tool runs; another worker takes over."""
    site.stand()
    sample = looked_at(upload(SPECKS.read_bytes()))
    job = ask(sample, seconds=6.0)
    wait_for(lambda: state(job) == "running" and job.progress > 0)
    site.stand(workers=0)
    site.stand()
    ends(job)
    assert (job.state, job.objects_found, job.attempt) == (Job.State.SUCCEEDED, 3, 2), job.log
    assert kinds(job) == ["queued", "running", "queued", "running", "succeeded"]
    assert len(default_storage.listdir(f"results/{job.pk}")[0]) == 1


def test_an_inspection_survives_a_killed_worker(site: Site) -> None:
    site.stand(workers=0, dispatchers=0)
    sample = upload(SPECKS.read_bytes())
    inspection = sample.jobs.get()
    assert lifecycle.claim(inspection.pk)  # a worker took it, and never speaks again
    site.stand()
    looked_at(sample)
    assert kinds(inspection) == ["queued", "running", "queued", "running", "succeeded"]


def test_cancel_stops_the_tool_within_five_seconds(site: Site) -> None:
    site.stand()
    before = set(folders_of_runs(site.folder))  # those of workers that were killed wait to be swept
    job = ask(looked_at(upload(SPECKS.read_bytes())), seconds=18.0)
    wait_for(lambda: state(job) == "running" and job.progress > 0)
    began = time.monotonic()
    assert lifecycle.cancel(job.pk)
    wait_for(lambda: set(folders_of_runs(site.folder)) <= before, 5)
    assert time.monotonic() - began < 5
    assert state(job) == "cancelled"
    assert kinds(job) == ["queued", "running", "cancelled"]
    assert not default_storage.exists(f"results/{job.pk}")


def test_a_message_delivered_many_times_runs_once(site: Site) -> None:
    site.stand()
    sample = looked_at(upload(SPECKS.read_bytes()))
    site.stand(dispatchers=0)
    job = ask(sample)
    sender = Celery(broker=site.environment["TQ_BROKER_URL"])
    sender.conf.broker_transport_options = transport(site)
    for _ in range(20):
        sender.send_task("analysis_runner.run_job", (str(job.pk),), queue="quick", ignore_result=True)
    ends(job)
    time.sleep(2)
    assert kinds(job) == ["queued", "running", "succeeded"]


def test_three_dispatchers_and_two_workers_do_each_job_once(site: Site) -> None:
    site.stand(workers=2, dispatchers=3)
    sample = looked_at(upload(SPECKS.read_bytes()))
    jobs = [ask(sample, key=f"{number}") for number in range(5)]
    for job in jobs:
        ends(job)
        assert kinds(job) == ["queued", "running", "succeeded"]


def test_asking_needs_no_broker_and_what_was_asked_runs_once_it_is_back(site: Site, monkeypatch: Any) -> None:
    """Whatever would speak to a broker fails here; the rows are inserted all the same, and the work is done later."""

    def unreachable(*_: Any, **__: Any) -> None:
        raise AssertionError("A web request spoke to the broker.")

    with monkeypatch.context() as offline:
        offline.setattr("kombu.Connection.__init__", unreachable)
        offline.setattr("celery.app.base.Celery.send_task", unreachable)
        began = time.monotonic()
        sample = upload(SPECKS.read_bytes())
        assert time.monotonic() - began < 2
        assert sample.state != Sample.State.DRAFT
    site.stand()
    assert ends(ask(looked_at(sample))).state == Job.State.SUCCEEDED


def transport(site: Site) -> dict[str, Any]:
    if not site.environment["TQ_BROKER_URL"].startswith("filesystem"):
        return {}
    folder = site.folder / "broker"
    messages = {"data_folder_in": str(folder / "messages"), "data_folder_out": str(folder / "messages")}
    return {**messages, "control_folder": str(folder / "control")}
