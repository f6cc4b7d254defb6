"""How often one network address may ask the JSON API, counted in the cache that all processes share."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from catalog.limiting import count, network

if TYPE_CHECKING:  # DRF's views import this module
    from rest_framework.views import APIView

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
SAFE = ("GET", "HEAD", "OPTIONS")


class PerAddress(BaseThrottle):
    """Reading and writing are counted apart; without the cache nobody is turned away."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - DRF's signature
        scope = "read" if request.method in SAFE else "write"
        most, seconds = _parsed(str(api_settings.DEFAULT_THROTTLE_RATES[scope]))
        window, spent = divmod(time.time(), seconds)
        self.left = seconds - spent
        return count(f"rate:{scope}:{network(self.get_ident(request))}:{window:.0f}", seconds) <= most

    def wait(self) -> float:
        return math.ceil(self.left)


def _parsed(rate: str) -> tuple[int, int]:
    most, _, period = rate.partition("/")
    return int(most), SECONDS[period]
