"""Files that a tool left in `out`, taken out of it without trust, and kept in the storage."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from analysis_runner import workplace
from analysis_runner.models import Artifact, Job

MOST_BYTES = 2**30
CONTENT_TYPES = {
    ".png": "image/png",
    ".csv": "text/csv; charset=utf-8",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}
BEGINS = {".png": (b"\x89PNG\r\n\x1a\n",), ".tif": (b"II", b"MM"), ".tiff": (b"II", b"MM"), ".parquet": (b"PAR1",)}


@dataclass(frozen=True)
class Output:
    """One file in `out`, checked: a plain file, of a known type, that begins as its type must."""

    path: Path
    name: str
    kind: str
    text: str
    size: int
    sha256: str


def take(out: Path, name: str, kind: str, text: str) -> Output:
    """Check one file.

    Raises
    ------
    ValueError
        If its type is not one that may leave the sandbox, or its first bytes are another type's.
    workplace.UnsafeOutputError, FileNotFoundError
        If it is not a plain file.
    """
    ending = Path(name).suffix
    if ending not in CONTENT_TYPES:
        raise ValueError(f"{name}: a tool may give {', '.join(sorted(CONTENT_TYPES))} and nothing else.")
    with os.fdopen(workplace.open_output(out, name, MOST_BYTES), "rb") as file:
        first = file.read(8)
        if ending in BEGINS and not first.startswith(BEGINS[ending]):
            raise ValueError(f"{name} does not begin as a {ending} file does.")
        digest = hashlib.sha256(first)
        while piece := file.read(2**20):
            digest.update(piece)
        return Output(out / name, name, kind, text, file.tell(), digest.hexdigest())


def keep(job: Job, files: list[Output]) -> list[Artifact]:
    """Copy files into the storage, below a folder named by this attempt's token."""
    return [_keep(job, file) for file in files]


def discard(folder: str) -> None:
    """Delete a folder of the storage with all files directly in it, and the folder above once it is empty."""
    try:
        _, names = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for empty in (folder, folder.rpartition("/")[0]):
        try:
            if "/" in empty and not any(default_storage.listdir(empty)):
                default_storage.delete(empty)
        except (FileNotFoundError, OSError):
            continue


@contextmanager
def at_hand(name: str, work: Path) -> Iterator[Path]:
    """Give a stored file as a path: its own where the storage is a folder, else a copy in `work`."""
    try:
        yield Path(default_storage.path(name))
    except NotImplementedError:
        copy = work / "sample"
        with default_storage.open(name) as stored, copy.open("wb") as file:
            for piece in stored.chunks():
                file.write(piece)
        yield copy


def _keep(job: Job, output: Output) -> Artifact:
    descriptor = workplace.open_output(output.path.parent, output.name, MOST_BYTES)
    with os.fdopen(descriptor, "rb") as file:
        path = default_storage.save(f"{job.folder}/{output.name}", File(file))
    return Artifact(
        job=job,
        name=output.name,
        kind=output.kind,
        text=output.text,
        content_type=CONTENT_TYPES[Path(output.name).suffix],
        size=output.size,
        sha256=output.sha256,
        path=path,
    )
