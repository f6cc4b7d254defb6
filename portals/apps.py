from __future__ import annotations

from django.apps import AppConfig


class PortalsConfig(AppConfig):
    name = "portals"
