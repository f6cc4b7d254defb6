"""The folder of one run: `in` and `out`, made for it and removed after it; and the careful way out of it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


class UnsafeOutputError(Exception):
    """A file in `out` that is a link, a device, a folder, or too large. Nothing is read through it."""


@contextmanager
def folder() -> Iterator[Path]:
    """Give a new folder with `in` and `out`; it is gone afterwards, whatever was put there."""
    home = settings.DATA_DIR / "work"
    home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="run-", dir=home))
    try:
        work.chmod(0o711)
        for name in ("in", "out"):
            (work / name).mkdir()
            (work / name).chmod(0o755)
        yield work
    finally:
        shutil.rmtree(work, onerror=_open_and_retry)


def open_output(out: Path, name: str, most: int) -> int:
    """Return a descriptor of a regular file directly in `out` of at most `most` bytes; no link is followed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnsafeOutputError
        If it is not a plain file of this size with a single name.
    """
    if "/" in name or name in (".", ".."):
        raise UnsafeOutputError(f"{name!r} is not a file name.")
    folder_descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder_descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnsafeOutputError(f"{name} cannot be opened as a plain file.") from error
    finally:
        os.close(folder_descriptor)
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1 or facts.st_size > most:
        os.close(descriptor)
        raise UnsafeOutputError(f"{name} is not a plain file of at most {most} bytes.")
    return descriptor


def read_output(out: Path, name: str, most: int = 2**20) -> bytes | None:
    """Return the bytes of a small output; None if it is not there or not safe to read."""
    try:
        with open(open_output(out, name, most), "rb") as file:
            return file.read(most + 1)
    except (FileNotFoundError, UnsafeOutputError):
        return None


def sweep(older_than: float, now: float) -> int:
    """Remove folders of runs whose worker was killed; returns how many."""
    gone = 0
    for work in (settings.DATA_DIR / "work").glob("run-*"):
        try:
            if now - work.stat().st_mtime > older_than:
                shutil.rmtree(work, onerror=_open_and_retry)
                gone += 1
        except FileNotFoundError:
            continue
    return gone


def _open_and_retry(_: object, path: str, __: object) -> None:
    """Unlock what a tool has locked and try again; else leave it to the next sweep."""
    try:
        os.chmod(os.path.dirname(path), 0o700, follow_symlinks=True)
        os.chmod(path, 0o700, follow_symlinks=False) if not os.path.islink(path) else None
        os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    except (OSError, NotImplementedError):
        return
