"""The dispatcher: wakes workers for queued jobs and takes jobs back from workers that fell silent.

Any number may run at once; each change it makes is one conditional UPDATE.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from celery import current_app
from django.db import close_old_connections
from kombu import Connection, Producer

from analysis_runner import lifecycle, tidying

logger = logging.getLogger(__name__)
TASK = "analysis_runner.run_job"
TICK, REAP_EVERY, PURGE_EVERY = 0.1, 1.0, 300.0


def publish() -> int:
    """Send a wake-up for every job that is due one; returns how many were sent."""
    sent = 0
    for queue in lifecycle.waiting_queues():
        for job_id in lifecycle.due(queue):
            if not lifecycle.announce(job_id):
                continue
            try:
                current_app.send_task(TASK, (str(job_id),), queue=queue, retry=False, ignore_result=True)
                sent += 1
            except Exception:
                lifecycle.retract(job_id)
                raise
    return sent


def dispatch(stop: threading.Event, tick: float = TICK) -> None:
    """Do it until told to stop. What fails now, the database or the broker being away, is tried again."""
    due: dict[Callable[[], object], tuple[float, float]] = {
        publish: (tick, 0.0),
        lifecycle.reap: (REAP_EVERY, 0.0),
        tidying.purge: (PURGE_EVERY, time.monotonic() + 10),
    }
    while not stop.wait(tick):
        for act, (pause, moment) in due.items():
            if time.monotonic() < moment:
                continue
            try:
                close_old_connections()
                act()
            except Exception as error:
                logger.warning("%s: %s", getattr(act, "__name__", act), error)
                pause = max(pause, 1.0)
            due[act] = (due[act][0], time.monotonic() + pause)


def broker_answers() -> str:
    """Return an empty string if the broker takes messages, else what it says."""
    folder = str(current_app.conf.broker_transport_options.get("data_folder_out", ""))
    if folder and not os.access(folder, os.W_OK):
        return f"nothing can be written to {folder}"
    try:
        with Connection(current_app.conf.broker_url, transport_options=_options(), connect_timeout=3) as link:
            link.ensure_connection(max_retries=1, timeout=3)
            Producer(link.channel())
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


def _options() -> dict[str, object]:
    return dict(current_app.conf.broker_transport_options)
