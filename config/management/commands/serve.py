from __future__ import annotations

import socket
import sys
from http.client import HTTPConnection, HTTPException
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.preparing import prepare
from config.processes import Program, Together

USUAL_PORT, PORTS_TRIED = 8000, 20


class Command(BaseCommand):
    help = "Everything on this machine: web, worker, dispatcher, and the tools' environments. Ctrl-C stops all of it."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        host = settings.HOST
        port = self._port(host)
        prepare()
        with Together(programs(host, port), self._say) as together:
            ended = together.wait(lambda: answers(host, port))
            if ended is None and not together.stopped.is_set():
                self._say(f"Twenty Questions is at {address(host, port)} (Ctrl-C stops it).")
                ended = together.wait()
            self._say("Stopping ...")
        if ended:
            raise CommandError(f"The {ended.name} stopped, so everything is stopped. What it said stands above.")

    def _port(self, host: str) -> int:
        """Return the wanted port; if it is taken, the next free one, unless it was asked for by name."""
        wanted = settings.PORT or USUAL_PORT
        if free(host, wanted):
            return int(wanted)
        if settings.PORT:
            raise CommandError(f"Port {wanted} is taken by another program. Stop that one, or set TQ_PORT to another.")
        for port in islice(range(wanted + 1, 65536), PORTS_TRIED):
            if free(host, port):
                self._say(f"Port {wanted} is taken by another program; using {port}. TQ_PORT sets another.")
                return port
        raise CommandError(f"The ports {wanted} to {wanted + PORTS_TRIED} are all taken. Set TQ_PORT to a free one.")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def programs(host: str, port: int) -> list[Program]:
    python = [sys.executable, "-W", "ignore"]
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = ["gunicorn", "config.wsgi", f"--bind={bind}", "--workers=1", "--threads=8", "--timeout=60"]
    web += ["--graceful-timeout=3", "--log-level=warning", "--no-control-socket"]
    worker = ["celery", "--quiet", "--app=config", "worker", "--queues=quick,heavy", "--concurrency=2"]
    worker += ["--loglevel=WARNING", "--without-gossip", "--without-mingle"]
    return [
        Program("web server", [*python, "-m", *web]),
        # On SIGQUIT a worker gives back what it cannot end within CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT.
        Program("worker", [*python, "-m", *worker], environment={"REMAP_SIGTERM": "SIGQUIT"}),
        Program("dispatcher", [*python, "manage.py", "dispatch"]),
        Program(
            "setting up of tools",
            [*python, "manage.py", "build_tools"],
            once=True,
            done="All tools are set up.",
            failed="Some tools could not be set up; all else works. What is missing: manage.py doctor.",
        ),
    ]


def free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    link = HTTPConnection(reachable(host), port, timeout=10)
    try:
        link.request("GET", "/", headers={"Host": "localhost"})
        return link.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        link.close()


def reachable(host: str) -> str:
    """Return a name by which this machine reaches itself; 0.0.0.0 is a place to listen, not one to visit."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def address(host: str, port: int) -> str:
    name = reachable(host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"
