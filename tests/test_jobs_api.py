"""The same road over the JSON API, and each refusal with its status, code and cure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from analysis_runner.models import Job, Sample
from tests.runner_fixtures import SPECKS, png, token_and_owner, work_off

pytest_plugins = ["tests.runner_fixtures"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toys")]
API = "/api/v1"


class Program:
    """A program that uses the API, with the owner token of its first upload."""

    def __init__(self, token: str = "") -> None:
        self.client, self.token = Client(), token

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(self.client, method)(f"{API}{path}", headers=headers, **content)

    def upload(self, content: bytes = b"", name: str = "specks.png") -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        file = SimpleUploadedFile(name, content or SPECKS.read_bytes())
        answer = self.client.post(f"{API}/samples/", {"file": file}, headers=headers)
        if answer.status_code == 201 and not self.token:
            self.token = answer.json()["owner_token"]
        return answer

    def ready(self) -> str:
        identifier: str = self.upload().json()["id"]
        work_off()
        return identifier

    def run(self, sample: str, key: str = "", **body: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.ask("post", "/jobs/", {"tool": "specks", "sample": sample, **body}, **headers)


def problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    body = answer.json()
    assert body["code"] == code
    assert body["cure"]


def test_from_an_upload_to_a_file(bubblewrap: None) -> None:
    program = Program()
    first = program.upload()
    assert first.status_code == 201
    sample = first.json()
    assert sample["state"] == "uploaded"
    assert program.ask("get", f"/samples/{sample['id']}/").json()["owner_token"] is None
    work_off()
    bearer = {"Authorization": f"Bearer {program.token}"}
    assert program.client.get(first["Location"], headers=bearer).json()["state"] == "ready"
    answer = program.run(sample["id"], parameters={"threshold": 100})
    assert answer.status_code == 201
    work_off()
    job = program.ask("get", f"/jobs/{answer.json()['id']}/").json()
    assert (job["state"], job["objects"], job["parameters"]["threshold"]) == ("succeeded", 3, 100)
    files = program.ask("get", f"/jobs/{job['id']}/artifacts/").json()
    assert [file["name"] for file in files] == ["overlay.png", "table.csv"]
    table: Any = program.client.get(files[1]["address"], headers=bearer)
    assert b"".join(table.streaming_content).startswith(b"speck,area_px")
    assert table["Content-Disposition"].startswith("attachment")


def test_tools_describe_their_parameters_as_json_schema() -> None:
    listed = Program().ask("get", "/run-tools/").json()
    assert [tool["slug"] for tool in listed] == ["specks"]
    schema = Program().ask("get", "/run-tools/specks/").json()["parameters"]
    check = Draft202012Validator(schema)
    assert check.is_valid({"threshold": 5, "behaviour": "good", "pixel_size_um": None})
    assert not check.is_valid({"threshold": 300})
    assert not check.is_valid({"treshold": 3})


def test_the_same_key_gives_the_same_job_and_another_body_is_refused(bubblewrap: None) -> None:
    program = Program()
    sample = program.ready()
    first, again = (program.run(sample, key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    problem(program.run(sample, key="k", parameters={"threshold": 1}), 409, "key_reused")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"parameters": {"treshold": 3}}, 400, "unknown_parameter"),
        ({"parameters": {"threshold": 1000}}, 400, "wrong_parameter"),
        ({"parameters": {"threshold": "many"}}, 400, "wrong_parameter"),
        ({"parameters": {"threshold": 1.5}}, 400, "wrong_parameter"),
        ({"parameters": {"seconds": float("1e999")}}, 400, None),
        ({"parameters": {"behaviour": "worse"}}, 400, "wrong_parameter"),
        ({"tool": "nonsense"}, 404, "unknown_tool"),
        ({"sample": str(uuid4())}, 404, "not_found"),
        ({"sample": "no id"}, 400, None),
    ],
)
def test_what_cannot_be_run_is_refused(bubblewrap: None, body: dict[str, Any], status: int, code: str | None) -> None:
    program = Program()
    answer = program.run(**{"sample": program.ready(), **body})
    problem(answer, status, code or answer.json()["code"])
    assert not Job.objects.filter(kind=Job.Kind.RUN).exists()


def test_a_sample_that_was_not_looked_at_yet_cannot_be_run() -> None:
    program = Program()
    answer = program.run(program.upload().json()["id"])
    problem(answer, 409, "sample_not_ready")
    assert answer["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"plain text, whatever its name", 415, "unsupported_format"),
        (png(30_000, 30_000, b"\0" * 1000), 422, "too_large"),
        (b"II*\0\x08\0", 422, "malformed"),
    ],
    ids=["text", "a large png in a kilobyte", "a cut off tiff"],
)
def test_uploads_that_are_no_images_are_refused(content: bytes, status: int, code: str) -> None:
    problem(Program().upload(content, "image.tif"), status, code)


def test_an_upload_without_a_file_is_refused() -> None:
    problem(Client().post(f"{API}/samples/", {"other": "x"}), 400, "no_file")


def test_an_upload_that_is_too_large_is_refused(settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1
    problem(Program().upload(b"II*\0" + b"\0" * 4 * 2**20), 413, "too_large")


def test_a_token_of_ones_own_making_is_refused() -> None:
    problem(Program("made-up.signature").upload(), 401, "owner_token_missing")
    problem(Program().ask("get", f"/jobs/{uuid4()}/"), 401, "owner_token_missing")


def test_what_is_not_yours_does_not_exist(bubblewrap: None) -> None:
    program = Program()
    sample = program.ready()
    job = program.run(sample).json()["id"]
    work_off()
    stranger = Program(token_and_owner()[0])
    ways = [("get", f"/jobs/{job}/"), ("post", f"/jobs/{job}/cancel/"), ("delete", f"/jobs/{job}/")]
    ways += [("get", f"/jobs/{job}/artifacts/"), ("get", f"/jobs/{job}/artifacts/table.csv/")]
    ways += [("get", f"/samples/{sample}/"), ("delete", f"/samples/{sample}/"), ("get", f"/samples/{sample}/preview/")]
    for method, path in ways:
        problem(stranger.ask(method, path), 404, "not_found")
        problem(Program().ask(method, path), 401, "owner_token_missing")
    problem(stranger.run(sample), 404, "not_found")
    assert Sample.objects.get(pk=sample).state == Sample.State.READY
    assert Job.objects.get(pk=job).state == Job.State.SUCCEEDED


def test_cancel_and_delete(bubblewrap: None) -> None:
    program = Program()
    sample = program.ready()
    job = program.run(sample).json()["id"]
    assert program.ask("post", f"/jobs/{job}/cancel/").json()["state"] == "cancelled"
    assert program.ask("post", f"/jobs/{job}/cancel/").json()["reason"] == "cancelled_by_user"
    assert program.ask("delete", f"/samples/{sample}/").status_code == 204
    assert program.ask("get", f"/samples/{sample}/").json()["state"] == "expired"
    problem(program.run(sample), 410, "expired")


def test_many_requests_at_once_get_no_more_than_the_quota(bubblewrap: None, settings: Any) -> None:
    """On SQLite in memory, which has one connection, one after the other; on Postgres fifty at once."""
    settings.JOBS_AT_ONCE = 5
    program = Program()
    sample = program.ready()

    def ask(_: int) -> int:
        try:
            return int(Program(program.token).run(sample).status_code)
        finally:
            if connection.vendor != "sqlite":
                connection.close()

    if connection.vendor == "sqlite":
        statuses = [ask(number) for number in range(10)]
    else:
        with ThreadPoolExecutor(50) as pool:
            statuses = list(pool.map(ask, range(50)))
    assert statuses.count(201) == 5
    assert set(statuses) == {201, 429}
