"""Hostile, broken and mistaken uploads get a clear refusal with a cure; the rest is kept, and goes in time."""

from __future__ import annotations

import csv
import io
import struct
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as real_settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client

from analysis_runner import (
    calibration,
    environments,
    filenames,
    fitting,
    lifecycle,
    quotas,
    receiving,
    runs,
    sniffing,
    tidying,
    workplace,
)
from analysis_runner.descriptions import find_tool
from analysis_runner.models import Job, Sample
from analysis_runner.refusals import Refusal
from tests.runner_fixtures import SPECKS, a_job, png, ready_sample, upload, work_off

pytest_plugins = ["tests.runner_fixtures"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toys")]


def tiff(*pages: tuple[int, int], order: str = "<", last: int = 0) -> bytes:
    """A TIFF of directories only, each with a width and a height; `last` is where the last one points."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    out, place = mark + struct.pack(order + "I", 8), 8
    for number, (width, height) in enumerate(pages, 1):
        place += 2 + 2 * 12 + 4
        out += struct.pack(order + "H", 2)
        out += struct.pack(order + "HHII", 256, 4, 1, width) + struct.pack(order + "HHII", 257, 4, 1, height)
        out += struct.pack(order + "I", place if number < len(pages) else last)
    return out


REFUSED = {
    "text renamed": (b"just some text\n" * 20, 415, "unsupported_format"),
    "empty": (b"", 422, "empty"),
    "huge png in a kilobyte": (png(30_000, 30_000, b"\0" * 1000), 422, "too_large"),
    "truncated tiff": (tiff((10, 10))[:20], 422, "malformed"),
    "tiff whose pages lie beyond its end": (b"II*\0" + struct.pack("<I", 5000) + b"\0" * 20, 422, "malformed"),
    "tiff of pages in a circle": (tiff((10, 10), (10, 10), last=8), 422, "malformed"),
    "tiff of size zero": (tiff((0, 10)), 422, "malformed"),
    "tiff that is too large": (tiff((60_000, 60_000), order=">"), 422, "too_large"),
    "tiff that claims much": (tiff((15_000, 15_000)), 422, "too_large"),
    "gif": (b"GIF89a" + b"\0" * 50, 415, "unsupported_format"),
    "svg": (b"<svg onload='alert(1)'/>", 415, "unsupported_format"),
    "pdf": (b"%PDF-1.7 ...", 415, "unsupported_format"),
    "png of nothing": (b"\x89PNG\r\n\x1a\n", 422, "malformed"),
    "jpeg of nothing": (b"\xff\xd8\xff\xe0\0\0", 422, "malformed"),
    "noise": (bytes(range(128, 256)) * 3, 415, "unsupported_format"),
}


@pytest.mark.parametrize(("content", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_an_image_is_refused_before_anything_is_decoded(content: bytes, status: int, code: str) -> None:
    began = time.monotonic()
    with pytest.raises(Refusal) as refusal:
        upload(content, "image.tif")
    assert time.monotonic() - began < 2
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert refusal.value.sentence.endswith(".")
    assert refusal.value.cure
    assert not Sample.objects.exists()
    assert not Path(default_storage.path("samples")).exists()


@pytest.mark.parametrize(("content", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_the_page_says_so_with_the_same_status(client: Client, content: bytes, status: int, code: str) -> None:
    answer = client.post("/run/specks/", {"file": SimpleUploadedFile("image.tif", content)})
    assert answer.status_code == status
    assert b"notice--error" in answer.content
    assert code


@pytest.mark.parametrize(
    ("pages", "order"), [([(64, 32)], "<"), ([(64, 32)], ">"), ([(64, 32)] * 500, "<")], ids=["II", "MM", "500 pages"]
)
def test_headers_of_ordinary_tiffs_pass(pages: list[tuple[int, int]], order: str) -> None:
    content = tiff(*pages, order=order)
    file = io.BytesIO(content)
    sniffing.check_declared(file, sniffing.kind(file), len(content))


def test_an_upload_larger_than_allowed_is_not_read_to_its_end(client: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1
    answer = client.post("/run/specks/", {"file": SimpleUploadedFile("big.tif", b"II*\0" + b"\0" * 4 * 2**20)})
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.content.decode()
    assert not Sample.objects.exists()


def test_a_forgotten_file_is_asked_for(client: Client) -> None:
    answer = client.post("/run/specks/", {})
    assert answer.status_code == 400
    assert "No file was chosen." in answer.content.decode()


NAMES = [
    "../../etc/passwd", "a\0.tif", "CON", "\u202egpj.exe.png", "x" * 5000 + ".tif", "-rf", "$(id).png", "new\nline.tif",
    "C:\\images\\cell.tif", "", "   ", "<script>alert(1)</script>.png", "é.tif", "\u200b.png",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_for_display_only(name: str) -> None:
    sample = upload(SPECKS.read_bytes(), name)
    assert 0 < len(sample.name) <= filenames.LONGEST
    assert "/" not in sample.name
    assert sample.name.isprintable()
    files = [path for path in Path(default_storage.path("")).rglob("*") if path.is_file()]
    assert [path.relative_to(default_storage.path("")).as_posix() for path in files] == [f"samples/{sample.pk}/sample"]


def test_all_naughty_strings_make_harmless_names(shared: Path) -> None:
    for line in (shared / "reliability" / "corpus" / "strings" / "blns.txt").read_text().splitlines():
        shown = filenames.shown(line)
        assert 0 < len(shown) <= filenames.LONGEST
        assert shown.isprintable()
        assert "/" not in shown


def test_a_damaged_image_is_refused_by_the_readers_and_says_why(bubblewrap: None) -> None:
    cut = SPECKS.read_bytes()
    sample = upload(cut[:-30])
    work_off()
    sample.refresh_from_db()
    assert (sample.state, sample.reason) == (Sample.State.REFUSED, "malformed")
    assert sample.cure


def test_a_good_image_is_ready_with_its_facts(bubblewrap: None) -> None:
    sample = ready_sample()
    assert (sample.inspection["axes"], sample.inspection["shape"]) == ("YX", [32, 48])
    assert sample.sha256
    assert sample.delete_after - sample.created == timedelta(hours=real_settings.KEEP_HOURS)


def test_a_visitor_may_upload_so_many_and_no_more(settings: Any) -> None:
    settings.UPLOADS_A_DAY = 2
    for _ in range(2):
        upload(SPECKS.read_bytes())
    with pytest.raises(Refusal) as refusal:
        upload(SPECKS.read_bytes())
    assert (refusal.value.status, refusal.value.code) == (429, "quota")
    assert 86_000 < (refusal.value.retry_after or 0) <= 86_401
    assert upload(SPECKS.read_bytes(), owner="another")


def test_throwing_the_cookie_away_does_not_reset_the_quota(settings: Any) -> None:
    settings.UPLOADS_A_DAY = 1
    for number in range(quotas.PEOPLE_BEHIND_ONE_ADDRESS):
        upload(SPECKS.read_bytes(), owner=f"visitor {number}")
    with pytest.raises(Refusal) as refusal:
        upload(SPECKS.read_bytes(), owner="one more")
    assert refusal.value.status == 429


def test_a_visitor_may_keep_so_much_and_no_more(settings: Any) -> None:
    settings.STORED_MB = 1
    Sample.objects.create(owner="somebody", name="a", size=2**20, delete_after=receiving.keep_until(), state="ready")
    with pytest.raises(Refusal, match="one visitor may keep"):
        upload(SPECKS.read_bytes())


def outlive(row: Sample | Job) -> None:
    type(row).objects.filter(pk=row.pk).update(delete_after=Now() - timedelta(seconds=1))


def test_what_has_had_its_time_is_gone_from_the_disk(bubblewrap: None) -> None:
    sample = ready_sample()
    job = lifecycle.submit(a_job(sample=sample, parameters=PARAMETERS, selection={"axes": "YX"}))[0]
    work_off()
    job.refresh_from_db()
    assert (job.state, job.artifacts.count()) == (Job.State.SUCCEEDED, 2), job.log
    assert tidying.purge() == {"samples": 0, "results": 0, "orphans": 0, "work folders": 0}
    outlive(sample)
    outlive(job)
    assert tidying.purge() == {"samples": 1, "results": 1, "orphans": 0, "work folders": 0}
    assert [path for path in Path(default_storage.path("")).rglob("*") if path.is_file()] == []
    sample.refresh_from_db()
    assert (sample.state, sample.name, sample.inspection) == (Sample.State.EXPIRED, "", {})


def test_a_sample_whose_run_is_not_over_stays_until_it_is() -> None:
    job = lifecycle.submit(a_job())[0]
    outlive(job.sample)
    assert tidying.purge()["samples"] == 0
    lifecycle.cancel(job.pk)
    assert tidying.purge()["samples"] == 1


def test_files_that_no_row_knows_are_swept(toys: Path) -> None:
    sample = upload(SPECKS.read_bytes())
    for stray in (
        "samples/2c1f5a8e-0000-4000-8000-000000000000",
        f"results/{sample.jobs.get().pk}x/token",
        "samples/odd",
    ):
        folder = Path(default_storage.path(stray))
        folder.mkdir(parents=True)
        (folder / "sample").write_bytes(b"x")
    assert tidying.sweep() == 3
    assert default_storage.exists(sample.file)


PARAMETERS = {"threshold": 128, "pixel_size_um": None, "seconds": 0, "behaviour": "good"}
INSPECTED: list[tuple[dict[str, Any], str, dict[str, Any] | str]] = [
    ({"axes": "YX", "shape": [9, 9]}, "YX", {}),
    ({"axes": "CYX", "shape": [2, 9, 9]}, "YX", {"channel": 1}),
    ({"axes": "CYX", "shape": [1, 9, 9]}, "YX", {}),
    ({"axes": "YXS", "shape": [9, 9, 3]}, "YX", {"channel": 2}),
    ({"axes": "YXS", "shape": [9, 9, 3]}, "YXS", {}),
    ({"axes": "ZYX", "shape": [5, 9, 9]}, "ZYX", {}),
    ({"axes": "ZYX", "shape": [5, 9, 9]}, "YX", {"plane": 4}),
    ({"axes": "ZYX", "shape": [5, 9, 9]}, "TYX", {"stack": "T"}),
    ({"axes": "QYX", "shape": [5, 9, 9]}, "ZYX", {"stack": "Z"}),
    ({"axes": "QYX", "shape": [5, 9, 9]}, "YX", {"stack": "C", "channel": 0}),
    ({"axes": "TCZYX", "shape": [4, 2, 5, 9, 9]}, "ZYX", {"channel": 0, "plane": 3}),
    ({"axes": "YX", "shape": [9, 9]}, "ZYX", "wrong_dimensions"),
    ({"axes": "YX", "shape": [9, 9]}, "YXS", "wrong_dimensions"),
    ({"axes": "TZYX", "shape": [4, 5, 9, 9]}, "YX", "wrong_dimensions"),
    ({"axes": "CYX", "shape": [2, 9, 9]}, "YX", "choose_channel"),
    ({"axes": "QYX", "shape": [2, 9, 9]}, "YX", "choose_stack"),
    ({"axes": "YX", "shape": [9000, 9000]}, "YX", "too_large"),
    ({"axes": "YX", "shape": [9, 9], "series": 3}, "YX", "choose_series"),
]


@pytest.mark.parametrize(("found", "axes", "expected"), INSPECTED)
def test_nothing_is_guessed_about_a_sample(found: dict[str, Any], axes: str, expected: dict[str, Any] | str) -> None:
    toy = find_tool("specks")
    tool = toy.model_copy(update={"input": toy.input.model_copy(update={"axes": axes})})
    if isinstance(expected, str):
        with pytest.raises(Refusal) as refusal:
            fitting.select(tool, found, {})
        assert refusal.value.code == expected
        assert refusal.value.cure
        return
    selection = fitting.select(tool, found, expected)
    assert {key: value for key, value in selection.items() if key != "axes"} == expected
    assert set(axes) <= set(selection["axes"])


SAYS = {"pixel_size_um": {"x": 0.3, "y": 0.4, "z": None}, "time_step_s": 2.0}
CALIBRATED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({}, {}, {"pixel_size_um": None, "time_step_s": None}),
    (SAYS, {}, {"pixel_size_um": {"x": 0.3, "y": 0.4}, "time_step_s": 2.0}),
    (SAYS, {"pixel_size_xy_um": "0.3"}, {"pixel_size_um": {"x": 0.3, "y": 0.4}, "time_step_s": 2.0}),
    (SAYS, {"pixel_size_xy_um": "0,5"}, {"pixel_size_um": {"x": 0.5, "y": 0.5}, "time_step_s": 2.0}),
    (SAYS, {"pixel_size_z_um": 3}, {"pixel_size_um": {"x": 0.3, "y": 0.4, "z": 3.0}, "time_step_s": 2.0}),
    ({}, {"time_step_s": "0.5"}, {"pixel_size_um": None, "time_step_s": 0.5}),
]


@pytest.mark.parametrize(("found", "given", "told"), CALIBRATED)
def test_the_scale_is_what_the_file_says_unless_it_is_corrected(
    found: dict[str, Any], given: dict[str, Any], told: dict[str, Any]
) -> None:
    assert calibration.calibrated(found, calibration.check(given)) == told


@pytest.mark.parametrize("wrong", ["0", "-1", "nan", "inf", "wide", "1e9", "true"])
def test_a_scale_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(Refusal) as refusal:
        calibration.check({"pixel_size_xy_um": wrong})
    assert refusal.value.code == "wrong_scale"


@pytest.fixture
def readers(settings: Any, tmp_path: Path) -> Callable[[Path], runs.Outcome]:
    """Look at a file with the real readers, shut in."""
    settings.TOOLS_DIR = real_settings.BASE_DIR / "analysis_runner" / "tools"
    settings.DATA_DIR = tmp_path
    environments.build(settings.TOOLS_DIR / environments.READERS)

    def look(path: Path) -> runs.Outcome:
        with workplace.folder() as work:
            return runs.Run(work, path).inspection(path.name)

    return look


def test_the_corpus_is_taken_or_refused_as_it_should_be(
    shared: Path, bubblewrap: None, readers: Callable[[Path], runs.Outcome]
) -> None:
    """Every hostile file a clear refusal, every valid one its axes; no file takes long, and none ends otherwise."""
    corpus = shared / "reliability" / "corpus"
    wrong = []
    for row in csv.DictReader((corpus / "MANIFEST.csv").open()):
        path = corpus / row["file"]
        if row["expected"] not in ("reject", "accept", "either") or not path.is_file():
            continue
        began = time.monotonic()
        outcome = verdict(path, readers)
        if row["expected"] != "either" and outcome != row["expected"]:
            wrong.append(f"{row['file']}: {outcome}, not {row['expected']}")
        if time.monotonic() - began > 20:
            wrong.append(f"{row['file']}: took {time.monotonic() - began:.0f} s")
    assert wrong == []


def verdict(path: Path, look: Callable[[Path], runs.Outcome]) -> str:
    """How the upload and the inspection of a file end: accept or reject, and a rejection has its cure."""
    try:
        with path.open("rb") as file:
            sniffing.check_declared(file, sniffing.kind(file), path.stat().st_size)
    except Refusal as refusal:
        return "reject" if refusal.cure else "no cure"
    outcome = look(path)
    if outcome.state == Job.State.SUCCEEDED:
        return "accept"
    return "reject" if outcome.state == Job.State.REFUSED and outcome.facts["cure"] else str(outcome)
