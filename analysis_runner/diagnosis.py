"""What this machine has and lacks for running tools, and how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now

from analysis_runner import dispatching, environments, sandbox, seccomp, self_test
from analysis_runner.descriptions import BrokenDescriptionError, all_tools
from analysis_runner.models import Job

APT = "On Debian or Ubuntu: apt-get install"
LOW_DISK_GB = 5


@dataclass(frozen=True)
class Finding:
    """One line: `fine`, `lacks` (it works, but less well) or `broken` (it does not)."""

    verdict: Literal["fine", "lacks", "broken"]
    what: str
    says: str
    cure: str = ""


def findings() -> Iterator[Finding]:
    checks: list[Callable[[], Iterator[Finding]]] = [
        _database,
        _broker,
        _sandbox,
        _filter,
        _readers,
        _tools,
        _queue,
        _disk,
    ]
    for check in checks:
        yield from check()


def _database() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding("broken", "database", f"{connection.vendor}: {error}".strip(), "Check TQ_DATABASE_URL.")
        return
    if waiting:
        yield Finding(
            "broken", "database", f"{connection.vendor}, {len(waiting)} changes not made", "manage.py migrate"
        )
    else:
        yield Finding("fine", "database", f"{connection.vendor}, up to date")


def _broker() -> Iterator[Finding]:
    kind = settings.BROKER_URL.split(":", 1)[0]
    if said := dispatching.broker_answers():
        yield Finding("broken", "broker", f"{kind}: {said}", "Start it, or check TQ_BROKER_URL. Jobs wait meanwhile.")
    else:
        yield Finding("fine", "broker", "embedded (files)" if kind == "filesystem" else kind)


def _sandbox() -> Iterator[Finding]:
    missing = [name for name in ("bwrap", "prlimit", "setpriv") if not shutil.which(name)]
    if missing:
        verdict: Literal["lacks", "broken"] = "broken" if settings.PRODUCTION else "lacks"
        says = f"{', '.join(missing)} not found: tools run without being shut in, fit for your own images only"
        yield Finding(verdict, "sandbox", says, f"{APT} bubblewrap util-linux")
        return
    try:
        broken = self_test.broken_out()
    except sandbox.NoSandboxError as error:
        cure = (
            "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1; in a container, see docker-compose.yml)."
        )
        yield Finding("broken", "sandbox", str(error), cure)
        return
    if broken:
        says = f"a program inside {', '.join(name.replace('_', ' ') for name in broken)}"
        yield Finding("broken", "sandbox", says, "Do not take images from others until this is mended.")
    else:
        yield Finding("fine", "sandbox", f"bubblewrap holds, user id {sandbox.service_user()}")


def _filter() -> Iterator[Finding]:
    if seccomp.program():
        yield Finding("fine", "seccomp", "filter of system calls compiled")
    else:
        yield Finding(
            "lacks", "seccomp", "libseccomp not found: runs are shut in without a filter", f"{APT} libseccomp2"
        )


def _readers() -> Iterator[Finding]:
    yield _environment("readers", settings.TOOLS_DIR / environments.READERS)


def _tools() -> Iterator[Finding]:
    try:
        tools = all_tools()
    except BrokenDescriptionError as error:
        yield Finding("broken", "tools", str(error), "Correct the file.")
        return
    if not tools:
        yield Finding("lacks", "tools", f"no tool folder in {settings.TOOLS_DIR}", "Check TQ_TOOLS_DIR.")
    for slug, tool in tools.items():
        yield _environment(f"tool {slug}", tool.folder)


def _environment(what: str, folder: Path) -> Finding:
    try:
        environment = environments.find(folder)
    except environments.EnvironmentMissingError:
        return Finding("broken", what, "its environment is not built", f"manage.py build_tools {folder.name}")
    return Finding("fine", what, environment.path.name)


def _queue() -> Iterator[Finding]:
    try:
        stuck = Job.objects.filter(state=Job.State.QUEUED, created__lt=Now() - timedelta(minutes=2)).count()
    except DatabaseError:
        return
    if stuck:
        says = f"{stuck} jobs have waited for more than 2 minutes"
        yield Finding("lacks", "queue", says, "Are a worker and 'manage.py dispatch' running?")
    else:
        yield Finding("fine", "queue", "nothing waits")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.DATA_DIR).free / 2**30
    if free < LOW_DISK_GB:
        yield Finding("lacks", "disk", f"{free:.1f} GB free in {settings.DATA_DIR}", "Make room, or set TQ_DATA_DIR.")
    else:
        yield Finding("fine", "disk", f"{free:.0f} GB free in {settings.DATA_DIR}")
