"""The toy tool of the tests, real jobs run in this process, and whole sites of real worker processes."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.db.utils import ConnectionHandler
from django.test import override_settings

from analysis_runner import attempts, environments, owners, receiving, sandbox
from analysis_runner.models import Job, Sample
from tests.conftest import lacking

ROOT = Path(__file__).resolve().parent.parent
TOYS = ROOT / "tests" / "toy_tools"
SPECKS = TOYS / "specks" / "golden" / "specks.png"


@pytest.fixture
def toys(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The toy tool, with its environment built, and a data folder of its own."""
    settings.TOOLS_DIR = TOYS
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    sandbox.isolated.cache_clear()
    environments.build(TOYS / "_readers")
    yield tmp_path
    sandbox.isolated.cache_clear()


@pytest.fixture
def bubblewrap() -> None:
    if not shutil.which("bwrap"):
        lacking("bubblewrap", "Install it with `apt-get install bubblewrap`.")


def png(width: int, height: int, rows: bytes | None = None) -> bytes:
    """An 8-bit grey PNG; without rows it only declares its size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(rows if rows is not None else b"\0" * (width + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def upload(content: bytes, name: str = "specks.png", owner: str = "somebody", address: str = "here") -> Sample:
    return receiving.receive(SimpleUploadedFile("upload", content), name, owner, address)


def work_off() -> None:
    """Do every queued job, as a worker would, in this process."""
    for job_id in list(Job.objects.filter(state=Job.State.QUEUED).order_by("created").values_list("pk", flat=True)):
        attempts.attempt(str(job_id))


def ready_sample(owner: str = "somebody") -> Sample:
    """A sample that has been looked at."""
    sample = upload(SPECKS.read_bytes(), owner=owner)
    work_off()
    sample.refresh_from_db()
    assert sample.state == Sample.State.READY, sample.sentence
    return sample


def a_job(owner: str = "somebody", **columns: Any) -> Job:
    """An unsaved run, for tests that never start it."""
    sample = columns.pop("sample", None) or Sample.objects.create(
        owner=owner, name="a.png", delete_after=receiving.keep_until(), state="ready"
    )
    known = {"kind": Job.Kind.RUN, "tool": "specks", "key": str(uuid.uuid4()), "delete_after": receiving.keep_until()}
    return Job(sample=sample, owner=owner, **(known | columns))


def token_and_owner() -> tuple[str, str]:
    token = owners.new_token()
    return token, owners.owner_of(token)


def wait_for(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"Not within {seconds} s.")


@dataclass
class Site:
    """A site with a database, a broker and processes of its own."""

    folder: Path
    environment: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        self.running.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        name = f"worker-{uuid.uuid4().hex[:6]}@here"
        options = ["-Q", "quick,heavy", "-c", "2", "-n", name, "--without-gossip", "--without-mingle"]
        return self.start("-m", "celery", "-A", "config", "worker", *options, "-l", "INFO")

    def dispatcher(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "dispatch")

    def stand(self, workers: int = 1, dispatchers: int = 1) -> None:
        """Have so many workers and dispatchers run, and no more."""
        for kind, wanted, start in (("celery", workers, self.worker), ("dispatch", dispatchers, self.dispatcher)):
            there = [process for process in self.running if kind in list(process.args)]  # type: ignore[arg-type]
            for process in there[wanted:]:
                self.kill(process)
            for _ in range(wanted - len(there)):
                start()

    def command(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and all of its group outright, as a power cut would."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Site]:
    """A site of its own on the configured kind of database and broker; this process sees its database too."""
    folder = tmp_path_factory.mktemp("site")
    url, drop = _database(folder)
    environment = os.environ | {
        "TQ_DATA_DIR": str(folder),
        "TQ_DATABASE_URL": url,
        "TQ_BROKER_URL": _broker(),
        "TQ_TOOLS_DIR": str(TOYS),
        "TQ_LEASE_SECONDS": "4",
        "TQ_LOG_LEVEL": "INFO",
        "PYTHONWARNINGS": "ignore",
    }
    lease = float(environment["TQ_LEASE_SECONDS"])
    same = override_settings(TOOLS_DIR=TOYS, DATA_DIR=folder, MEDIA_ROOT=folder / "media", LEASE_SECONDS=lease)
    it = Site(folder, environment)
    it.command("migrate", "--skip-checks", "-v0")
    it.command("build_tools")
    here = connections["default"]
    with django_db_blocker.unblock(), same:
        connections["default"] = ConnectionHandler({"default": _connection(folder, url)})["default"]
        try:
            yield it
        finally:
            for process in list(it.running):
                it.kill(process)
            connections["default"].close()
            connections["default"] = here
            drop()


def _broker() -> str:
    """The configured broker; on Redis another database number, so that nobody else's messages are taken."""
    url: str = django_settings.BROKER_URL
    number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
    return url.rsplit("/", 1)[0] + f"/{number}" if url.startswith("redis") else url


def _database(folder: Path) -> tuple[str, Callable[[], None]]:
    configured = django_settings.DATABASES["default"]
    if configured["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{folder / 'db.sqlite3'}", lambda: None
    server = {
        key: configured[key.upper()] for key in ("host", "port", "user", "password") if configured.get(key.upper())
    }
    name = f"runner_{uuid.uuid4().hex[:12]}"

    def run(statement: str) -> None:
        with psycopg.connect(dbname="postgres", autocommit=True, **server) as connection:
            connection.execute(statement.encode())

    run(f"CREATE DATABASE {name}")
    where = f"{server.get('user', '')}:{server.get('password', '')}@{server.get('host', '').replace('/', '%2F')}"
    port = f":{server['port']}" if server.get("port") else ""
    return f"postgres://{where}{port}/{name}", lambda: run(f"DROP DATABASE {name} WITH (FORCE)")


def _connection(folder: Path, url: str) -> dict[str, Any]:
    configured = dict(django_settings.DATABASES["default"])
    name = str(folder / "db.sqlite3") if url.startswith("sqlite") else url.rsplit("/", 1)[1]
    return configured | {"NAME": name, "CONN_MAX_AGE": 0}
