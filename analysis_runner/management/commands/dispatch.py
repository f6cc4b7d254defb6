from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from analysis_runner import dispatching


class Command(BaseCommand):
    help = "Wake workers for queued jobs, take jobs back from silent ones, delete what is due. Runs until stopped."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        dispatching.dispatch(stop)
