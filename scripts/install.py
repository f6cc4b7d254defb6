"""Make .venv say what the named lock files say. Quick when it already does; needs the standard library only.

Packages are checked against the hashes in the lock. pip brings uv, uv brings the rest; where uv cannot, pip does.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
STAMP = HOME / "installed.txt"


class InstallError(Exception):
    """Something could not be installed; the message says what to do."""


def main(locks: list[str]) -> None:
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PYTHON.exists():
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            say(f"Making .venv with Python {version}. This takes a minute or two, this once.")
            venv.create(HOME, clear=True, symlinks=True, with_pip=True)
        before = installed()
        wanted = {name: digest(ROOT / name) for name in sorted({*locks, *before})}
        if wanted != before:
            say("Installing the packages of " + " and ".join(wanted) + " ...")
            install(list(wanted))
            STAMP.write_text("".join(f"{value}  {name}\n" for name, value in wanted.items()))


def installed() -> dict[str, str]:
    """Return the digest of every lock file that .venv was made from."""
    lines = STAMP.read_text().splitlines() if STAMP.exists() else []
    return {name: value for value, name in (line.split("  ", 1) for line in lines)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def install(locks: list[str]) -> None:
    """Install exactly what the locks name."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(entry_of("uv", (ROOT / "requirements.lock").read_text()))
        file.flush()
        run("-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", file.name)
    try:
        run(
            "-m",
            "uv",
            "pip",
            "sync",
            "--quiet",
            "--compile-bytecode",
            "--require-hashes",
            "--python",
            str(PYTHON),
            *locks,
        )
    except InstallError:
        for name in locks:
            run("-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", name)


def entry_of(package: str, lock: str) -> str:
    """Return the lines of a lock that pin one package."""
    lines = lock.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"{package}=="))
    last = next((i for i in range(first + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    return "\n".join(line for line in lines[first:last] if not line.strip().startswith("#")).rstrip(" \\") + "\n"


def run(*arguments: str) -> None:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=environment, check=False).returncode:
        raise InstallError("The packages could not be installed; see above. Is the package index reachable?")


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InstallError as error:
        sys.exit(str(error))
