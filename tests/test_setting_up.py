"""What `make` does before anything of ours runs: finding a Python, and installing what the locks say."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.management.commands import serve
from scripts import install

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = os.pathsep.join(["/usr/bin", "/bin"])


def find(folder: Path, path: str, **more: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(ROOT / "scripts", folder / "scripts", dirs_exist_ok=True)
    return subprocess.run(
        ["sh", "scripts/find_python.sh"],
        cwd=folder,
        env={"PATH": path, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_python_that_refuses_to_start_is_passed_over(tmp_path: Path) -> None:
    shims = tmp_path / "some shims"
    shims.mkdir()
    program(shims / "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    program(shims / "python3.12", f'exec "{sys.executable}" "$@"')
    found = find(tmp_path, f"{shims}:{SYSTEM}")
    assert found.stdout.strip() == str(shims / "python3.12")


def test_a_python_that_is_too_old_is_passed_over_and_the_cure_is_told(tmp_path: Path) -> None:
    program(tmp_path / "python3", "exit 1")
    for tool in ("sh",):
        (tmp_path / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    found = find(tmp_path, str(tmp_path))
    assert found.returncode == 1
    assert "apt-get install python3 python3-venv" in found.stderr


def test_a_python_named_by_the_user_is_taken_or_refused_but_never_replaced(tmp_path: Path) -> None:
    assert find(tmp_path, SYSTEM, PYTHON=sys.executable).stdout.strip() == sys.executable
    refused = find(tmp_path, SYSTEM, PYTHON="/bin/false")
    assert refused.returncode == 1
    assert "PYTHON=/bin/false" in refused.stderr


def test_the_entry_of_a_package_is_its_version_and_hashes_and_no_more() -> None:
    lock = (
        "a==1 \\\n    --hash=sha256:aa\nuv==2 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n    # via -r x\nz==3\n"
    )
    assert install.entry_of("uv", lock) == "uv==2 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"


def test_the_lock_pins_the_installer_itself() -> None:
    assert "--hash=sha256:" in install.entry_of("uv", (ROOT / "requirements.lock").read_text())


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda p: p.name)
def test_a_lock_names_no_index(lock: Path) -> None:
    assert "://" not in lock.read_text()


@pytest.fixture
def taken() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.listen()
    return listener


def test_a_port_asked_for_by_name_and_taken_is_refused_with_the_cure(taken: socket.socket, settings: Any) -> None:
    settings.PORT = taken.getsockname()[1]
    with taken, pytest.raises(CommandError, match=f"Port {settings.PORT} is taken .* set TQ_PORT"):
        call_command("serve")


def test_without_a_wish_the_next_free_port_is_used(
    taken: socket.socket, monkeypatch: pytest.MonkeyPatch, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    number = taken.getsockname()[1]
    settings.PORT = None
    monkeypatch.setattr(serve, "USUAL_PORT", number)
    with taken:
        assert serve.Command()._port("127.0.0.1") > number
    assert f"Port {number} is taken" in capsys.readouterr().out


def test_all_addresses_are_shown_as_one_that_can_be_visited() -> None:
    assert serve.address("0.0.0.0", 8000) == "http://127.0.0.1:8000/"
    assert serve.address("::", 8000) == "http://[::1]:8000/"
    assert serve.address("tq.example", 80) == "http://tq.example:80/"
