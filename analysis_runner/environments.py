"""Each tool's locked environment, built ahead with uv into a folder named by the lock's hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uv
from django.conf import settings

from analysis_runner.sandbox import Mount

SYSTEM_PYTHON = Path("/usr/bin/python3")
READERS = "_readers"


class EnvironmentMissingError(Exception):
    """The environment was not built, or cannot be."""


@dataclass(frozen=True)
class Environment:
    """A built environment. `prefix` is the folder of the Python it was made with."""

    path: Path
    prefix: Path

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def mounts(self) -> list[Mount]:
        return [Mount(self.path, str(self.path)), *python_mounts(self.prefix)]


def digest(folder: Path) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of the folder's lock."""
    try:
        return hashlib.sha256((folder / "requirements.lock").read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise EnvironmentMissingError(f"{folder.name} has no requirements.lock.") from error


def python_mounts(prefix: Path) -> list[Mount]:
    """Return what must be shown so that a Python lives: its folder, unless it is the system's own."""
    return [] if prefix == Path("/usr") or Path("/usr") in prefix.parents else [Mount(prefix, str(prefix))]


def find(folder: Path) -> Environment:
    """Return the built environment of a tool folder; tools with the same lock share one."""
    for path in sorted(_home().glob(f"*-{digest(folder)}")):
        python = path / "bin" / "python"
        if not path.name.startswith(".") and python.exists():
            return Environment(path, python.resolve().parent.parent)
    raise EnvironmentMissingError(f"{folder.name} is not set up. Run: manage.py build_tools {folder.name}")


def build(folder: Path) -> tuple[Environment, bool]:
    """Return the environment of a tool folder, and whether it had to be built."""
    try:
        return find(folder), False
    except EnvironmentMissingError:
        pass
    with _one_at_a_time():
        try:
            return find(folder), False
        except EnvironmentMissingError:
            return _build(folder), True


def interpreter() -> Path:
    """Return a Python of at least 3.11 which the sandbox can show: the system's, else the one we run on."""
    if SYSTEM_PYTHON.exists():
        asked = [
            str(SYSTEM_PYTHON),
            "-c",
            "import sys; print(sys.version_info >= (3, 11) and sys.version_info < (3, 14))",
        ]
        if subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == "True":
            return SYSTEM_PYTHON.resolve()
    return Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}").resolve()


def _build(folder: Path) -> Environment:
    """Build under a temporary name, then rename: an environment is there whole or not at all."""
    final = _home() / f"{folder.name.strip('_')}-{digest(folder)}"
    half = final.with_name(f".{final.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    try:
        _uv("venv", "--relocatable", "--no-project", "--python", str(interpreter()), str(half))
        sync = ["pip", "sync", "--require-hashes", "--allow-empty-requirements", "--compile-bytecode"]
        _uv(*sync, "--python", str(half / "bin" / "python"), str(folder / "requirements.lock"))
        shutil.rmtree(final, ignore_errors=True)
        half.rename(final)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return find(folder)


def _uv(*arguments: str) -> None:
    """Run uv. The sandbox runs as another user, so what it installs must be readable by all."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    command: list[str] = [str(uv.find_uv_bin()), "--quiet", "--no-config", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, umask=0o022, check=False)
    if done.returncode:
        raise EnvironmentMissingError(done.stderr.strip()[-2000:])


def _home() -> Path:
    home: Path = settings.DATA_DIR / "tools"
    home.mkdir(parents=True, exist_ok=True)
    return home


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (_home() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
