"""Visiting one web address politely and safely: slowly, and never inside a private network.

A name is resolved once, its addresses are judged, and the connection goes to one that was judged: a name server that
answers differently the second time gains nothing. Each redirect is judged again.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urldefrag, urljoin, urlsplit

HOPS = 8
SECONDS = 15.0
LONGEST = 45.0
"""Seconds after which a connection is cut that sends a byte now and then."""
WAITED_FOR = 30.0
"""The longest time that a host may ask us to wait before we leave it for another day."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Visit:
    """What a visit found. `lost`: nobody was reached. `later`: the host asked us to come another day."""

    url: str
    status: int | None
    note: str = ""
    lost: bool = False
    later: bool = False


class PrivateError(Exception):
    """The address lies inside a private network."""


class Pace:
    """When each host may be asked next, for all threads together."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._next: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        with self._lock:
            turn = max(time.monotonic(), self._next[host])
            self._next[host] = turn + self._seconds
        time.sleep(max(0.0, turn - time.monotonic()))

    def hold(self, host: str, seconds: float) -> None:
        with self._lock:
            self._next[host] = max(self._next[host], time.monotonic() + seconds)


class _Answer(NamedTuple):
    status: int
    location: str
    wait: float | None


@dataclass
class Visitor:
    """Who visits: under which name, how fast, and whether inside private networks (for tests)."""

    agent: str
    allow_private: bool = False
    pace: Pace = field(default_factory=Pace)
    seconds: float = SECONDS

    def visit(self, url: str) -> Visit:
        """Ask for a page, head first, and follow where it has moved; nothing of it is read."""
        at = urldefrag(url).url
        try:
            for _ in range(HOPS):
                answer = self._ask_gently(at)
                if answer.wait is not None:
                    return Visit(url, answer.status, "asked us to come back later", later=True)
                if not (300 <= answer.status < 400 and answer.location):
                    return Visit(url, answer.status)
                at = urldefrag(urljoin(at, answer.location)).url
        except PrivateError as error:
            return Visit(url, None, str(error))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Visit(url, None, _words(error), lost=isinstance(error, OSError))
        return Visit(url, None, f"redirects more than {HOPS} times")

    def _ask_gently(self, url: str) -> _Answer:
        """Ask with HEAD, and with GET where that is refused; wait once if the host says how long."""
        answer = self._ask("HEAD", url)
        if answer.wait is not None and answer.wait <= WAITED_FOR:
            self.pace.hold(str(urlsplit(url).hostname), answer.wait)
            answer = self._ask("HEAD", url)
        if answer.wait is None and answer.status >= 400:
            answer = self._ask("GET", url)
        return answer

    def _ask(self, method: str, url: str) -> _Answer:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("leads to something that is no web address")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.pace.wait(parts.hostname)
        address = resolve(parts.hostname, port, allow_private=self.allow_private)
        connection = _connect(parts, port, address, self.seconds)
        watchdog = threading.Timer(LONGEST, _cut, [connection])
        watchdog.daemon = True
        watchdog.start()
        try:
            headers = {"User-Agent": self.agent, "Accept": "*/*", "Connection": "close"}
            connection.request(method, _target(parts), headers=headers)
            reply = connection.getresponse()
            return _Answer(reply.status, reply.headers.get("Location", ""), _asked_to_wait(reply))
        finally:
            watchdog.cancel()
            connection.close()


def resolve(host: str, port: int, *, allow_private: bool = False) -> str:
    """Return an address of a host.

    Raises
    ------
    PrivateError
        If any of its addresses lies inside a private network.
    """
    addresses = [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not allow_private and not all(map(is_public, addresses)):
        raise PrivateError("leads into a private network and was not visited")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, also where IPv6 only wraps an IPv4 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def _connect(parts: SplitResult, port: int, address: str, seconds: float) -> http.client.HTTPConnection:
    """Return an open connection to the judged address, under the name that the certificate must bear."""
    host = str(parts.hostname)
    if parts.scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        connection.sock = socket.create_connection((address, port), seconds)
        return connection
    context = ssl.create_default_context()
    secure = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    plain = socket.create_connection((address, port), seconds)
    try:
        secure.sock = context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise
    return secure


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else path


def _asked_to_wait(reply: http.client.HTTPResponse) -> float | None:
    """Return the seconds that a host asks us to wait; None if it does not."""
    said = reply.headers.get("Retry-After", "").strip()
    if reply.status not in (429, 503) or (reply.status == 503 and not said):
        return None
    if said.isdecimal():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return float("inf")
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _words(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "the host is not known"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid: {error.verify_message}"
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "the host refuses the connection"
        case http.client.HTTPException():
            return "the host answers, but not as a web server does"
        case OSError():
            return f"the connection failed: {error.strerror or error}"
    return str(error)
