"""Several programs that live and die together: started at once, stopped at once, none left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

LOOK_EVERY = 0.2
GRACE_SECONDS = 8.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, eq=False)
class Program:
    """One program. One that runs `once` may end; what it then has to tell is in `done` and `failed`."""

    name: str
    command: Sequence[str]
    once: bool = False
    done: str = ""
    failed: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


class Together:
    """The running programs; as a context manager it leaves nothing running."""

    def __init__(self, programs: Sequence[Program], say: Callable[[str], None]) -> None:
        self.programs, self.say = programs, say
        self.running: dict[Program, subprocess.Popen[bytes]] = {}
        self.stopped, self.at_once = threading.Event(), threading.Event()

    def __enter__(self) -> Together:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            for program in self.programs:
                self.running[program] = start(program)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        while self._alive() and time.monotonic() < until and not self.at_once.wait(LOOK_EVERY):
            pass
        for process in self.running.values():
            _signal(process, signal.SIGKILL, group=True)
            process.wait()

    def wait(self, for_this: Callable[[], bool] = lambda: False) -> Program | None:
        """Wait until `for_this` holds or somebody stops it all (None), or until a program ends that must not."""
        while not self.stopped.is_set() and not for_this():
            if ended := self._ended():
                return ended
            self.stopped.wait(LOOK_EVERY)
        return None

    def _stop(self, *_: object) -> None:
        """Stop in order when asked once, at once when asked again."""
        (self.at_once if self.stopped.is_set() else self.stopped).set()

    def _alive(self) -> bool:
        return any(process.poll() is None for process in self.running.values())

    def _ended(self) -> Program | None:
        for program, process in list(self.running.items()):
            if process.poll() is None:
                continue
            if not program.once:
                return program
            self.say(program.failed if process.returncode else program.done)
            del self.running[program]
        return None


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, so that Ctrl-C reaches it through us and in order."""
    return subprocess.Popen(
        program.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # what matters they say on standard error
        env={**os.environ, **program.environment},
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def _die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed outright."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals, group: bool = False) -> None:
    try:
        if group:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)
    except (ProcessLookupError, PermissionError):
        pass
