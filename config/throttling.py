"""How often one network address may ask the JSON API, counted in the cache that all processes share."""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from typing import TYPE_CHECKING

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:  # DRF's views import this module
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
SAFE = ("GET", "HEAD", "OPTIONS")


class PerAddress(BaseThrottle):
    """Reading and writing are counted apart; without the cache nobody is turned away."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - DRF's signature
        scope = "read" if request.method in SAFE else "write"
        most, seconds = _parsed(str(api_settings.DEFAULT_THROTTLE_RATES[scope]))
        window, spent = divmod(time.time(), seconds)
        self.left = seconds - spent
        return _count(f"rate:{scope}:{network(self.get_ident(request))}:{window:.0f}", seconds) <= most

    def wait(self) -> float:
        return math.ceil(self.left)


def network(address: str) -> str:
    """Return what one visitor can hold: an IPv4 address, or a whole /64 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)


def _count(key: str, seconds: int) -> int:
    """Add one and return the sum; the addition is atomic, so that many requests at once are all counted."""
    try:
        cache.add(key, 0, timeout=seconds + 1)
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        return 1
    except (RedisError, OSError):
        logger.warning("The cache cannot be reached, so requests are not being limited.", exc_info=True)
        return 0


def _parsed(rate: str) -> tuple[int, int]:
    most, _, period = rate.partition("/")
    return int(most), SECONDS[period]
