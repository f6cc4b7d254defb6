"""A new user's first minutes: a fresh clone, in a folder whose name has a space, and the commands of the README."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import lacking

ROOT = Path(__file__).resolve().parent.parent
OURS = re.compile(r"^(TQ_|PYTEST|REQUIRE_ALL|DJANGO|VIRTUAL_ENV|PYTHONPATH|MAKE|MFLAGS|PYTHON$)")
FIRST_RUN_SECONDS, NEXT_RUN_SECONDS = 420, 30

pytestmark = [pytest.mark.fresh, pytest.mark.xdist_group("fresh")]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        lacking("A git repository to clone from", "Get the project with git clone.")
    folder = tmp_path_factory.mktemp("first") / "a new folder"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, stdin=subprocess.DEVNULL)
    return folder


class Running:
    """A `make run`, and what it has printed so far."""

    def __init__(self, clone: Path) -> None:
        self.clone, self.lines, self.began = clone, [], time.monotonic()
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=clean(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    lines: list[str]

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def said(self, pattern: str, within: float) -> re.Match[str]:
        while time.monotonic() - self.began < within:
            if found := re.search(pattern, "".join(self.lines)):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        pytest.fail(f"`make run` did not say {pattern!r} within {within} s. It said:\n{''.join(self.lines)}")

    def address(self, within: float) -> str:
        return self.said(r"is at (http://\S+)", within)[1]

    def stop(self) -> None:
        """Press Ctrl-C: the terminal sends it to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(20)


@pytest.fixture
def running(clone: Path) -> Iterator[Running]:
    run = Running(clone)
    yield run
    for pid in living(clone):
        os.kill(pid, signal.SIGKILL)


def clean() -> dict[str, str]:
    """Return the environment of somebody who has not set anything of ours."""
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if ".venv" not in p)
    return {name: value for name, value in os.environ.items() if not OURS.match(name)} | {"PATH": path}


def living(folder: Path) -> list[int]:
    """Return the processes that were started in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) == folder and (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def status(address: str) -> int:
    with urlopen(address, timeout=20) as answer:
        return int(answer.status)


def test_the_readme_names_the_two_commands() -> None:
    block = re.search(r"```(?:sh|bash)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert {"make run", "make demo"} <= {line.split("#")[0].strip() for line in block[1].splitlines()}


def test_make_run_ends_with_an_address_that_answers(running: Running) -> None:
    address = running.address(FIRST_RUN_SECONDS)
    assert status(address) == 200
    assert status(f"{address}find/") == 200
    running.said("All tools are set up", FIRST_RUN_SECONDS)
    running.stop()
    assert living(running.clone) == []


def test_a_second_run_starts_within_seconds(running: Running) -> None:
    assert status(running.address(NEXT_RUN_SECONDS)) == 200
    assert "Installing" not in "".join(running.lines)
    running.stop()
    assert living(running.clone) == []


@pytest.mark.parametrize(
    ("program", "name"), [("gunicorn", "web server"), ("celery", "worker"), ("dispatch", "dispatcher")]
)
def test_when_one_program_dies_all_stop_and_it_is_named(running: Running, program: str, name: str) -> None:
    running.address(NEXT_RUN_SECONDS)
    os.kill(started_first(running.clone, program), signal.SIGKILL)
    assert running.process.wait(30) != 0
    running.said(f"The {name} stopped, so everything is stopped", NEXT_RUN_SECONDS + 60)
    assert living(running.clone) == []


def started_first(folder: Path, program: str) -> int:
    """Return the parent of the processes that run a program."""
    mine = [p for p in living(folder) if program.encode() in Path(f"/proc/{p}/cmdline").read_bytes()]
    return min(mine)


def test_make_demo_shows_interview_ranking_and_measurements(clone: Path) -> None:
    done = subprocess.run(
        ["make", "demo"], cwd=clone, env=clean(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    objects = re.search(r"Objects found: (\d+)\.", done.stdout)
    assert objects is not None
    assert int(objects[1]) > 100
    assert "volume_um3" in done.stdout
    overlay = re.search(r"overlay: (.+)", done.stdout)
    assert overlay is not None
    assert Path(overlay[1]).read_bytes().startswith(b"\x89PNG")
