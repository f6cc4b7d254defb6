"""The catalog's web addresses: which there are, which are due for a visit, and what the last visit found."""

from __future__ import annotations

import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from queue import SimpleQueue
from urllib.parse import urldefrag, urlsplit

from django.db.models import QuerySet

from catalog.models import Claim, Entry, Link
from catalog.visiting import PrivateError, Visit, Visitor, resolve

AT_ONCE = 8
DEAD = 2
"""Visits in a row that failed before a curator is told."""
CLOSED_TO_PROGRAMS = {401, 402, 403, 405, 406, 429, 451, 999}
PROBED = 5
"""Hosts that are tried before we believe that this machine is offline."""


class OfflineError(Exception):
    """None of several hosts can be reached from here, so no visit would tell anything."""


@dataclass
class Report:
    there: int = 0
    failed: int = 0
    later: int = 0


def page(url: str) -> str:
    """Return the address of a page without the place on it."""
    return urldefrag(url).url


def addresses() -> set[str]:
    """Return every page that a card names, as a fact or as a source."""
    named = {url for (url,) in Claim.objects.values_list("source").distinct()}
    for entry in Entry.objects.all():
        named |= {*of(entry)}
    return {page(url) for url in named if url.startswith(("http://", "https://"))}


def of(entry: Entry) -> Iterator[str]:
    """Yield the web addresses among an entry's facts."""
    yield from (entry.homepage, entry.repository, entry.documentation, entry.weights, entry.source, *entry.tutorials)
    yield entry.maintenance.get("source", "")
    yield from (found["source"] for found in entry.sources.values())
    if entry.citation:
        yield f"https://doi.org/{entry.citation}"


def due(days: int) -> list[str]:
    """Return the pages that were never visited, or not in the last `days` days."""
    recent = Link.objects.filter(checked__gt=date.today() - timedelta(days=days)).values_list("url", flat=True)
    return sorted(addresses() - set(recent))


def dead() -> QuerySet[Link]:
    """Return the pages that failed at several visits in a row."""
    return Link.objects.filter(failures__gte=DEAD).order_by("-failures", "url")


def naming(pages: set[str]) -> dict[str, list[Entry]]:
    """Return the entries that name each of these pages."""
    said: dict[str, set[str]] = {url: set() for url in pages}
    for slug, source in Claim.objects.values_list("entry_id", "source").distinct():
        if (url := page(source)) in said:
            said[url].add(slug)
    entries = {entry.pk: entry for entry in Entry.objects.all()}
    for entry in entries.values():
        for url in pages.intersection(map(page, of(entry))):
            said[url].add(entry.pk)
    return {url: [entries[slug] for slug in sorted(slugs)] for url, slugs in said.items()}


def forget_unnamed() -> int:
    """Forget pages that no card names any more; return how many."""
    named = addresses()
    gone = [url for url in Link.objects.values_list("url", flat=True) if url not in named]
    for start in range(0, len(gone), 500):
        Link.objects.filter(pk__in=gone[start : start + 500]).delete()
    return len(gone)


def check(urls: list[str], visitor: Visitor) -> Report:
    """Visit the pages and store what is found, one by one, so that a check that is broken off can go on later.

    Raises
    ------
    OfflineError
        If this machine is offline; what was not reached then is left as it was.
    """
    report, silent = Report(), list[Visit]()
    for visit in visits(urls, visitor):
        if visit.later:
            report.later += 1
        elif visit.lost:
            silent.append(visit)
            if len({_host(found.url) for found in silent}) >= PROBED:
                _keep_lost(silent, visitor, report)
        else:
            _keep(visit, report)
    if silent:
        _keep_lost(silent, visitor, report)
    return report


def visits(urls: Iterable[str], visitor: Visitor) -> Iterator[Visit]:
    """Yield what each visit found, several hosts at a time, one host's pages one after another."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        hosts[_host(url)].append(url)
    found: SimpleQueue[Visit] = SimpleQueue()
    stop = threading.Event()
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for pages in sorted(hosts.values(), key=len, reverse=True):
            pool.submit(_visit_host, pages, visitor, found, stop)
        for _ in range(sum(map(len, hosts.values()))):
            yield found.get()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def offline(urls: Iterable[str], *, allow_private: bool = False) -> bool:
    """Whether not one of the hosts named most often can be reached from here."""
    hosts = Counter((_host(url), urlsplit(url).port or (443 if url.startswith("https") else 80)) for url in urls)
    with ThreadPoolExecutor(PROBED) as pool:
        tried = pool.map(lambda named: _reached(named[0][0], named[0][1], allow_private), hosts.most_common(PROBED))
        return bool(hosts) and not any(list(tried))


def _visit_host(pages: list[str], visitor: Visitor, found: SimpleQueue[Visit], stop: threading.Event) -> None:
    later = False
    for url in pages:
        if stop.is_set():
            return
        try:
            visit = Visit(url, None, later=True) if later else visitor.visit(url)
        except Exception as error:  # whoever waits for this visit must get one
            visit = Visit(url, None, f"could not be visited: {error!r}")
        later = later or visit.later
        found.put(visit)


def _keep_lost(silent: list[Visit], visitor: Visitor, report: Report) -> None:
    """Store visits that reached nobody, unless it was us who were offline."""
    if offline((visit.url for visit in silent), allow_private=visitor.allow_private) and offline(
        addresses(), allow_private=visitor.allow_private
    ):
        raise OfflineError
    for visit in silent:
        _keep(visit, report)
    silent.clear()


def _keep(visit: Visit, report: Report) -> None:
    there = visit.status is not None and (visit.status < 400 or visit.status in CLOSED_TO_PROGRAMS)
    closed = "is there, but lets no programs in" if there and (visit.status or 0) >= 400 else ""
    before = Link.objects.filter(pk=visit.url).first()
    failures = 0 if there else (before.failures if before else 0) + 1
    Link.objects.update_or_create(
        url=visit.url,
        defaults={
            "checked": date.today(), "status": visit.status, "note": (visit.note or closed)[:200], "failures": failures
        },
    )  # fmt: skip
    report.there += there
    report.failed += not there


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _reached(host: str, port: int, allow_private: bool) -> bool:
    try:
        address = resolve(host, port, allow_private=allow_private)
        socket.create_connection((address, port), 5).close()
    except (ConnectionRefusedError, PrivateError):
        return True
    except (OSError, ValueError):
        return False
    return True
