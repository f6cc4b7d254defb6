"""The Celery app: messages are wake-ups only, the database owns every job."""

from __future__ import annotations

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TRANSPORT_ALIASES["filesystem"] = "config.file_broker:Transport"

app = Celery("twenty_questions")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
