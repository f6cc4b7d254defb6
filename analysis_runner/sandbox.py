"""Run a program of strangers on a file of strangers: shut in by bubblewrap, an unprivileged user, and limits.

It sees the system's programs and its environment read-only, its input at /in, its code at /tool and /shared, and can
write to /out and a small /tmp. It has no network, no other processes, no user's files, no secrets in its environment.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Literal

from django.conf import settings

from analysis_runner import seccomp, watching

Stopped = Literal["", "timeout", "out_of_memory", "output_too_large", "too_many_processes", "not_ours"]
LOOK_EVERY = 0.1
STAGE = "/run"


class NoSandboxError(Exception):
    """Production without a working sandbox: nothing is run."""


@dataclass(frozen=True)
class Limits:
    """What a run may take: resident memory of all its processes, wall clock, size of /out, processes."""

    memory_mb: int
    seconds: float
    output_mb: int = 1024
    processes: int = 256


@dataclass(frozen=True)
class Mount:
    """A file or folder shown inside; `where` is its path there."""

    source: Path
    where: str
    writable: bool = False


@dataclass(frozen=True)
class Finished:
    status: int
    stopped: Stopped
    seconds: float
    peak_mb: float
    log: str
    isolation: str


@dataclass
class Shut:
    """One program to be run, and all that it may see."""

    command: Sequence[str]
    mounts: Sequence[Mount]
    out: Path
    log: Path
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict)


def run(shut: Shut, still_wanted: Callable[[], bool] = lambda: True) -> Finished:
    """Run it to its end, or until it breaks a limit or is no longer wanted; nothing of it is left running."""
    began = time.monotonic()
    descriptor = seccomp.open_program() if isolated() else None
    try:
        with shut.log.open("wb") as log:
            process = _start(shut, descriptor, log)
            stopped, peak = _watch(process, shut, still_wanted, began)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return Finished(
        status=process.returncode,
        stopped=stopped or _by_the_kernel(process.returncode),
        seconds=round(time.monotonic() - began, 3),
        peak_mb=round(peak, 1),
        log=_tail(shut.log),
        isolation=isolation(),
    )


@lru_cache
def isolated() -> bool:
    """Whether runs are shut in. Without bubblewrap, production refuses to run anything."""
    if shutil.which("bwrap") and shutil.which("prlimit") and shutil.which("setpriv"):
        return True
    if settings.PRODUCTION:
        raise NoSandboxError("Install bubblewrap and util-linux: production runs no tool without its sandbox.")
    return False


def isolation() -> str:
    """Name what a run is shut in with; empty if by nothing but limits."""
    if not isolated():
        return ""
    return "bubblewrap and seccomp" if seccomp.program() else "bubblewrap"


def service_user() -> int:
    """Return the user id that runs have: a service user's if we are root, else our own."""
    return settings.SANDBOX_UID if os.getuid() == 0 else os.getuid()


def _start(shut: Shut, descriptor: int | None, log: IO[bytes]) -> subprocess.Popen[bytes]:
    if os.getuid() == 0:
        os.chown(shut.out, service_user(), service_user())
    command = _shut_in(shut, descriptor) if isolated() else [*_limited(shut), *shut.command]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd="/" if isolated() else shut.out,
        env={"PATH": os.environ.get("PATH", os.defpath)} if isolated() else _environment(shut),
        start_new_session=True,
        pass_fds=() if descriptor is None else (descriptor,),
    )


def _shut_in(shut: Shut, descriptor: int | None) -> list[str]:
    """Return the whole command line: [stage, other user,] limits, bubblewrap, program."""
    stage, mounts = _staged(shut.mounts)
    box = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    box += ["--as-pid-1", "--clearenv", "--hostname", "job"]
    box += ["--size", str(512 * 2**20), "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"]  # noqa: S108
    box += ["--size", str(64 * 2**20), "--tmpfs", "/dev/shm", "--ro-bind", "/usr", "/usr", *_system_folders()]  # noqa: S108
    for seen in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts"):
        box += ["--ro-bind-try", seen, seen]
    for mount in mounts:
        box += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.where]
    box += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/out"]
    for name, value in _environment(shut).items():
        box += ["--setenv", name, value]
    if descriptor is not None:
        box += ["--seccomp", str(descriptor)]
    return [*stage, *_limited(shut), *box, "--", *shut.command]


def _limited(shut: Shut) -> list[str]:
    """Return the part that becomes the service user and sets the kernel's limits, for each process."""
    if not (shutil.which("prlimit") and shutil.which("setpriv")):
        return []
    limits, uid = shut.limits, service_user()
    drop = os.getuid() == 0 and (isolated() or all(_reachable(mount.source) for mount in shut.mounts))
    other_user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"] if drop else []
    return [
        *other_user,
        "prlimit",
        f"--as={(limits.memory_mb + 2048) * 2**20}",
        f"--cpu={int(limits.seconds * (os.cpu_count() or 1)) + 2}",
        f"--nproc={watching.threads_of(uid) + limits.processes}",
        f"--fsize={limits.output_mb * 2**20}",
        "--nofile=1024",
        "--core=0",
        "--",
    ]


def _staged(mounts: Sequence[Mount]) -> tuple[list[str], list[Mount]]:
    """Show the service user what lies in folders it may not enter (a private home, a temporary folder).

    Only root can do so, by an outer mount namespace in which those sources stand below one open folder.
    """
    hidden = [m for m in mounts if not _reachable(m.source)] if os.getuid() == 0 else []
    if not hidden:
        return [], list(mounts)
    stage = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/", "--tmpfs", STAGE]
    places = {m: Path(f"{STAGE}/{n}") for n, m in enumerate(hidden)}
    for mount, place in places.items():
        stage += ["--bind" if mount.writable else "--ro-bind", str(mount.source), str(place)]
    return [*stage, "--"], [Mount(places.get(m, m.source), m.where, m.writable) for m in mounts]


def _reachable(path: Path) -> bool:
    """Whether any user may enter every folder above this path and read it."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents) and bool(
        path.stat().st_mode & 0o004 or path.stat().st_uid == service_user()
    )


@lru_cache
def _system_folders() -> tuple[str, ...]:
    """Return options that show /bin, /lib and their kin as they are here: links into /usr, or folders."""
    options: list[str] = []
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(name):
            options += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            options += ["--ro-bind", name, name]
    return tuple(options)


def _environment(shut: Shut) -> dict[str, str]:
    home = "/tmp" if isolated() else str(shut.out)  # noqa: S108
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "USER": "job",
        "LOGNAME": "job",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": home,
        "NUMBA_CACHE_DIR": home,
        "OMP_NUM_THREADS": str(min(os.cpu_count() or 1, 4)),
        "OPENBLAS_NUM_THREADS": str(min(os.cpu_count() or 1, 4)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **shut.environment,
    }


def _watch(
    process: subprocess.Popen[bytes], shut: Shut, still_wanted: Callable[[], bool], began: float
) -> tuple[Stopped, float]:
    """Look several times a second; on a broken limit, kill all of it."""
    peak, pause = 0.0, 0.02
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(pause)
                return "", peak
            pause = min(pause * 1.5, LOOK_EVERY)
            pids = watching.tree(process.pid)
            peak = max(peak, memory := watching.memory_mb(pids))
            if stopped := _broken(shut, memory, len(pids), time.monotonic() - began, still_wanted):
                return stopped, peak
    finally:
        if process.returncode is None or not isolated():
            _kill(process)


def _broken(shut: Shut, memory: float, processes: int, seconds: float, still_wanted: Callable[[], bool]) -> Stopped:
    if not still_wanted():
        return "not_ours"
    if seconds > shut.limits.seconds:
        return "timeout"
    if memory > shut.limits.memory_mb:
        return "out_of_memory"
    if processes > shut.limits.processes:
        return "too_many_processes"
    return "output_too_large" if watching.folder_mb(shut.out) > shut.limits.output_mb else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process group, and wait until nothing of it is left; inside, all dies with its first process."""
    pids = watching.tree(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 5
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)


def _by_the_kernel(status: int) -> Stopped:
    return "timeout" if status in (-signal.SIGXCPU, 128 + signal.SIGXCPU) else ""


def _tail(path: Path, size: int = 8000) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return file.read().decode(errors="replace").replace("\0", "")
