"""A tool of bad intent gets nowhere, and takes nothing down with it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from analysis_runner import environments, outputs, runs, sandbox, seccomp, self_test, watching, workplace
from analysis_runner.descriptions import find_tool
from analysis_runner.models import Job
from tests.conftest import lacking
from tests.runner_fixtures import SPECKS

pytest_plugins = ["tests.runner_fixtures"]
pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("bubblewrap", "toys")]
FOUND = {"format": "PNG", "axes": "YX", "shape": [32, 48]}


def misbehave(how: str, seconds: float = 0.0) -> runs.Outcome:
    values = {"threshold": 128, "pixel_size_um": None, "seconds": seconds, "behaviour": how}
    with workplace.folder() as work:
        request = runs.request("specks", values, "specks.png", FOUND, {})
        return runs.Run(work, SPECKS).tool(find_tool("specks"), request)


def shut_in(code: str, limits: sandbox.Limits | None = None) -> sandbox.Finished:
    """Run a few lines of Python inside."""
    python = environments.interpreter()
    with workplace.folder() as work:
        mounts = [sandbox.Mount(work / "in", "/in"), sandbox.Mount(work / "out", "/out", writable=True)]
        mounts += environments.python_mounts(python.parent.parent)
        limits = limits or sandbox.Limits(memory_mb=300, seconds=10, output_mb=20)
        return sandbox.run(sandbox.Shut([str(python), "-c", code], mounts, work / "out", work / "log", limits))


def test_the_sandbox_holds() -> None:
    assert self_test.broken_out() == []


@pytest.fixture
def libseccomp() -> None:
    if seccomp.program() is None:
        lacking("libseccomp", "Install it with `apt-get install libseccomp2`.")


@pytest.mark.usefixtures("libseccomp")
@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET6)",
        "call(libc.unshare, 0x10000000)",
        "call(libc.ptrace, 0, 0, 0, 0)",
        "call(libc.mount, b'a', b'/tmp', b'tmpfs', 0, None)",
        "call(libc.chroot, b'/tmp')",
    ],
)
def test_system_calls_that_no_tool_needs_are_refused(attempt: str) -> None:
    prelude = "import ctypes, os, socket; libc = ctypes.CDLL(None, use_errno=True)\n"
    prelude += "def call(f, *a):\n    if f(*a) != 0: raise OSError(ctypes.get_errno(), 'refused')\n"
    done = shut_in(f"{prelude}try:\n    {attempt}\nexcept OSError as error:\n    print('errno', error.errno)")
    assert done.log.strip() == "errno 1", done.log


@pytest.mark.parametrize(
    "attempt",
    ["open('/usr/x', 'w')", "open('/in/x', 'w')", "open('/x', 'w')", "open('/etc/shadow')", "os.listdir('/home')"],
)
def test_files_outside_are_out_of_reach(attempt: str) -> None:
    done = shut_in(f"import os\ntry:\n    {attempt}\nexcept OSError as error:\n    print('stopped')")
    assert done.log.strip() == "stopped", done.log


def test_no_setting_of_this_site_is_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TQ_SECRET_KEY", "the secret")
    done = shut_in("import os; print(dict(os.environ)); print(open('/proc/1/environ').read())")
    assert "the secret" not in done.log
    assert "HOME" in done.log


def test_an_endless_run_is_stopped_in_time() -> None:
    began = time.monotonic()
    done = shut_in("while True: pass", sandbox.Limits(memory_mb=100, seconds=1.0))
    assert done.stopped == "timeout"
    assert time.monotonic() - began < 4


def test_memory_is_counted_over_all_processes() -> None:
    eat = "import subprocess, sys, time\n"
    eat += "one = 'import time; keep = bytearray(80 << 20); time.sleep(20)'\n"
    eat += "children = [subprocess.Popen([sys.executable, '-c', one]) for _ in range(4)]\ntime.sleep(20)"
    assert shut_in(eat, sandbox.Limits(memory_mb=200, seconds=15)).stopped == "out_of_memory"


def test_a_fork_bomb_ends_and_leaves_nothing_behind() -> None:
    bomb = "import os, time\nwhile True:\n    try:\n        os.fork() or time.sleep(9)\n"
    bomb += "    except OSError:\n        time.sleep(9)"
    limits = sandbox.Limits(memory_mb=2000, seconds=3, processes=40)
    assert shut_in(bomb, limits).stopped in ("too_many_processes", "timeout")
    assert watching.threads_of(sandbox.service_user()) < 40 or os.getuid() != 0


def test_shared_memory_and_tmp_are_small() -> None:
    fill = "for place in ('/tmp/x', '/dev/shm/x'):\n    try:\n        f = open(place, 'wb')\n"
    fill += "        for _ in range(1100): f.write(b'x' * 2**20)\n    except OSError as e: print(e.errno)"
    done = shut_in(fill, sandbox.Limits(memory_mb=300, seconds=20, output_mb=2000))
    assert done.log.split() == ["28", "28"], done.log


@pytest.mark.parametrize(
    ("how", "state", "reason"),
    [
        ("refuse", Job.State.REFUSED, "flat_image"),
        ("crash", Job.State.FAILED, "tool_error"),
        ("memory", Job.State.FAILED, "out_of_memory"),
        ("children", Job.State.FAILED, "out_of_memory"),
        ("fill", Job.State.FAILED, "output_too_large"),
        ("links", Job.State.FAILED, "tool_error"),
    ],
)
def test_each_kind_of_failure_has_its_reason_and_a_cure(how: str, state: Job.State, reason: str) -> None:
    outcome = misbehave(how)
    assert (outcome.state, outcome.facts["reason"]) == (state, reason)
    assert outcome.facts["cure"]
    assert "/etc/path" not in outcome.facts["sentence"]


def test_a_good_run_gives_its_files_and_nothing_else() -> None:
    values = {"threshold": 128, "pixel_size_um": None, "seconds": 0.3, "behaviour": "liar"}
    with workplace.folder() as work:
        request = runs.request("specks", values, "specks.png", FOUND, {})
        outcome = runs.Run(work, SPECKS).tool(find_tool("specks"), request)
        assert outcome.state == Job.State.SUCCEEDED, outcome.facts
        assert [file.name for file in outcome.files] == ["overlay.png", "table.csv"]
        assert (work / "out" / "table.csv").read_text().count("\n") == 4
    assert not work.exists()
    assert outcome.facts["objects_found"] == 3
    assert outcome.facts["isolation"].startswith("bubblewrap")
    assert 0 < outcome.facts["peak_mb"] < 200


def test_a_run_that_is_no_longer_wanted_is_ended_long_before_its_time() -> None:
    values = {"threshold": 128, "pixel_size_um": None, "seconds": 15.0, "behaviour": "good"}
    began = time.monotonic()
    with workplace.folder() as work:
        run = runs.Run(work, SPECKS, still_wanted=lambda: time.monotonic() - began < 1)
        outcome = run.tool(find_tool("specks"), runs.request("specks", values, "specks.png", FOUND, {}))
    assert not outcome.wanted
    assert time.monotonic() - began < 10


def test_what_is_not_a_plain_file_is_not_taken_out(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n")
    out = tmp_path / "out"
    out.mkdir()
    (out / "link.csv").symlink_to(tmp_path / "secret.csv")
    os.link(tmp_path / "secret.csv", out / "hard.csv")
    os.mkfifo(out / "pipe.csv")
    (out / "folder.csv").mkdir()
    for name in ("link.csv", "hard.csv", "pipe.csv", "folder.csv", "../secret.csv"):
        with pytest.raises(workplace.UnsafeOutputError):
            outputs.take(out, name, "table", "")


def test_a_picture_that_is_none_is_not_taken_out(tmp_path: Path) -> None:
    (tmp_path / "overlay.png").write_bytes(b"<svg onload=alert(1)>")
    (tmp_path / "page.html").write_text("<script>")
    for name in ("overlay.png", "page.html"):
        with pytest.raises(ValueError, match=name):
            outputs.take(tmp_path, name, "overlay", "")


def test_production_runs_nothing_without_a_sandbox(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    settings.PRODUCTION = True
    sandbox.isolated.cache_clear()
    with pytest.raises(sandbox.NoSandboxError, match="bubblewrap"):
        misbehave("good")


def test_development_without_a_sandbox_runs_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    sandbox.isolated.cache_clear()
    outcome = misbehave("good")
    assert (outcome.state, outcome.facts["isolation"]) == (Job.State.SUCCEEDED, "")


def test_an_environment_is_built_once_and_shared_by_equal_locks(settings: Any) -> None:
    specks, built = environments.build(find_tool("specks").folder)
    assert not built
    assert specks == environments.find(find_tool("specks").folder.parent / "_readers")
    assert specks.path.name.startswith("readers-")
    assert [p.name for p in (settings.DATA_DIR / "tools").iterdir() if p.name.startswith(".") and p.is_dir()] == []
