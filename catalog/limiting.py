"""How often one visitor may do something. Forms are counted under a keyed hash; no address is kept."""

from __future__ import annotations

import ipaddress
import logging
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)
HOUR = 3_600
TRIES = 6
"""Forms that were not right are counted apart, so that mending a mistake costs nothing."""


def may_try(request: HttpRequest) -> bool:
    """Count one form that was sent, right or not; False if there were too many in this hour."""
    return _count("tried", request) <= settings.FORMS_AN_HOUR * TRIES


def may_store(request: HttpRequest) -> bool:
    """Count one form that will be kept; False if there were too many in this hour."""
    return _count("stored", request) <= settings.FORMS_AN_HOUR


def wait() -> int:
    """Return the seconds after which counting begins anew."""
    return int(HOUR - time.time() % HOUR) + 1


def _count(what: str, request: HttpRequest) -> int:
    address = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # it reads META, which both have
    visitor = salted_hmac("catalog.limiting", network(address or ""), algorithm="sha256").hexdigest()
    return count(f"form:{what}:{visitor}:{time.time() // HOUR:.0f}", HOUR)


def count(key: str, seconds: int) -> int:
    """Add one and return the sum; the addition is atomic, so that many requests at once are all counted.

    Without the cache it is 0: nobody is turned away because of that.
    """
    try:
        cache.add(key, 0, timeout=seconds + 1)
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        return 1
    except (RedisError, OSError):
        logger.warning("The cache cannot be reached, so requests are not being limited.", exc_info=True)
        return 0


def network(address: str) -> str:
    """Return what one visitor can hold: an IPv4 address, or a whole /64 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)
