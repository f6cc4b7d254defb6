from __future__ import annotations

import socket
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models.functions import Now

from analysis_runner import dispatching
from analysis_runner.models import Job

SILENT_SECONDS = 600
"""Beat writes its schedule every three minutes."""


class Command(BaseCommand):
    help = "Say whether a program of this site does its work, by its exit code. For health checks of containers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", choices=sorted(CHECKS))
        parser.add_argument("--port", type=int, default=8000, help="of the web server on this machine")

    def handle(self, *, program: str, port: int, **_: Any) -> None:
        if trouble := CHECKS[program](port):
            raise CommandError(f"{program}: {trouble}")
        self.stdout.write(f"{program}: works")


def web(port: int) -> str:
    """Ask for the home page by this site's own name, as its proxy does."""
    host = next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "localhost")
    link = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", "/", headers={"Host": host, "X-Forwarded-Proto": "https"})
        status = link.getresponse().status
    except (OSError, HTTPException) as error:
        return str(error)
    finally:
        link.close()
    return "" if status == 200 else f"the home page answered {status}"


def worker(_: int) -> str:
    """Ask the worker of this machine through the broker."""
    name = f"celery@{socket.gethostname()}"
    answers = current_app.control.ping(destination=[name], timeout=10)
    return "" if answers else f"{name} does not answer"


def dispatcher(_: int) -> str:
    """See that the broker can be reached, and that no job is left with a worker that has been silent for a minute."""
    if says := dispatching.broker_answers():
        return says
    forgotten = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=Now() - timedelta(minutes=1)).count()
    return f"{forgotten} jobs of silent workers were not taken back" if forgotten else ""


def beat(_: int) -> str:
    """See that beat wrote down its schedule lately."""
    schedule = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    written = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    if not written:
        return "it has not written its schedule yet"
    return "" if time.time() - max(written) < SILENT_SECONDS else "it is silent"


CHECKS: dict[str, Callable[[int], str]] = {"web": web, "worker": worker, "dispatcher": dispatcher, "beat": beat}
