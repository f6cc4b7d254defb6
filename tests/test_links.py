"""Visiting the cards' web addresses: against a real server, politely, resumably, and never inside a private network."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from catalog import links, visiting, waiting
from catalog.models import Claim, Entry, Link
from catalog.visiting import Pace, PrivateError, Visitor

TODAY = date.today()


class Site(ThreadingHTTPServer):
    """A small website that remembers who asked for what, and when."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []
        self.agents: set[str] = set()
        self.times: Counter[str] = Counter()
        super().__init__(("127.0.0.1", 0), _Pages)

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def asked_for(self, path: str) -> list[str]:
        return [method for method, at, _ in self.asked if at == path]


class _Pages(BaseHTTPRequestHandler):
    server: Site

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, method: str) -> None:
        self.server.asked.append((method, self.path, time.monotonic()))
        self.server.agents.add(self.headers["User-Agent"])
        self.server.times[self.path] += 1
        first = self.server.times[self.path] == 1
        soon = format_datetime(datetime.now(UTC) + timedelta(days=2))
        pages: dict[str, tuple[int, dict[str, str]]] = {
            "/here": (200, {}),
            "/no-head": (405 if method == "HEAD" else 200, {}),
            "/gone": (404, {}),
            "/broken": (500, {}),
            "/closed": (403, {}),
            "/moved": (301, {"Location": "/here"}),
            "/moved-away": (302, {"Location": "http://localhost:9/secret"}),
            "/moved-to-file": (302, {"Location": "file:///etc/passwd"}),
            "/round": (302, {"Location": "/round"}),
            "/busy": (429, {"Retry-After": "1"}) if first else (200, {}),
            "/very-busy": (429, {"Retry-After": "86400"}),
            "/busy-until": (503, {"Retry-After": soon}),
            "/busy-somehow": (429, {}),
        }
        status, headers = pages.get(self.path, (200, {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("TwentyQuestions/1 (test)", allow_private=True, pace=Pace(0.0), seconds=2)


@pytest.mark.parametrize(
    ("path", "status", "methods"),
    [
        ("/here", 200, ["HEAD"]),
        ("/no-head", 200, ["HEAD", "GET"]),
        ("/gone", 404, ["HEAD", "GET"]),
        ("/broken", 500, ["HEAD", "GET"]),
        ("/moved", 200, ["HEAD"]),
        ("/busy", 200, ["HEAD", "HEAD"]),
    ],
)
def test_a_page_is_asked_for_by_its_head_first(
    site: Site, visitor: Visitor, path: str, status: int, methods: list[str]
) -> None:
    visit = visitor.visit(site.at(path) + "#place")
    assert (visit.status, visit.lost, visit.later) == (status, False, False)
    assert site.asked_for(path) == methods


@pytest.mark.parametrize("path", ["/very-busy", "/busy-until", "/busy-somehow"])
def test_who_asks_us_to_wait_long_is_left_for_another_day(site: Site, visitor: Visitor, path: str) -> None:
    visit = visitor.visit(site.at(path))
    assert visit.later
    assert site.asked_for(path) == ["HEAD"]


def test_a_short_wait_is_waited_for(site: Site, visitor: Visitor) -> None:
    visitor.visit(site.at("/busy"))
    (_, _, first), (_, _, second) = site.asked
    assert second - first >= 1.0


def test_what_goes_wrong_is_said_in_words(site: Site, visitor: Visitor) -> None:
    assert "redirects more than" in visitor.visit(site.at("/round")).note
    assert "is no web address" in visitor.visit(site.at("/moved-to-file")).note
    assert visitor.visit("http://127.0.0.1:9/").note == "the host refuses the connection"
    nowhere = visitor.visit("http://no-such-host.invalid/")
    assert (nowhere.note, nowhere.lost) == ("the host is not known", True)
    assert visitor.visit("http://127.0.0.1:99999/").status is None


def test_nothing_inside_a_private_network_is_visited(site: Site) -> None:
    careful = Visitor("test", pace=Pace(0.0))
    for url in (site.at("/here"), site.at("/here").replace("127.0.0.1", "localhost"), "http://[::1]:9/"):
        visit = careful.visit(url)
        assert (visit.status, visit.note) == (None, "leads into a private network and was not visited"), url
    assert site.asked == []


def test_a_redirect_into_a_private_network_is_not_followed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    public = f"http://site.example:{site.server_address[1]}"

    def resolve(host: str, port: int, *, allow_private: bool = False) -> str:
        return "127.0.0.1" if host == "site.example" else real(host, port, allow_private=allow_private)

    real = visiting.resolve
    monkeypatch.setattr(visiting, "resolve", resolve)
    careful = Visitor("test", pace=Pace(0.0))
    assert careful.visit(f"{public}/here").status == 200
    assert careful.visit(f"{public}/moved-away").note == "leads into a private network and was not visited"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert visiting.is_public(address) == public
    if not public:
        with pytest.raises(PrivateError):
            visiting.resolve(address, 80)


def test_one_host_is_asked_once_a_second_and_several_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(1.0)
    waits: defaultdict[str, list[float]] = defaultdict(list)
    monkeypatch.setattr("catalog.visiting.time.monotonic", lambda: 100.0)
    for host in ("a", "b", "a", "a", "b"):
        monkeypatch.setattr("catalog.visiting.time.sleep", waits[host].append)
        pace.wait(host)
    assert waits == {"a": [0.0, 1.0, 2.0], "b": [0.0, 1.0]}


@pytest.fixture
def named(catalog_loaded: None, site: Site) -> Site:
    """Let the catalog name pages of the small site only."""
    Entry.objects.exclude(pk__in=["fiji", "qupath"]).delete()
    blank: dict[str, Any] = dict.fromkeys(("repository", "documentation", "weights", "source", "citation"), "")
    blank |= {"tutorials": [], "maintenance": {}, "sources": {}}
    Entry.objects.update(**blank, homepage=site.at("/here"))
    Entry.objects.filter(pk="qupath").update(tutorials=[site.at("/gone"), site.at("/closed")], source=site.at("/busy"))
    Claim.objects.update(source=site.at("/moved#claims"))
    return site


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("check_links", "--allow-private", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_visits_each_page_once_and_keeps_what_it_found(named: Site, settings: Any) -> None:
    settings.CONTACT = "mailto:us@example.org"
    start = time.monotonic()
    said = run()
    assert "4 are there, 1 failed, 0 asked us to come back later. 0 are dead" in said
    found = {link.url: (link.status, link.failures, link.checked) for link in Link.objects.all()}
    assert found == {
        named.at("/here"): (200, 0, TODAY),
        named.at("/gone"): (404, 1, TODAY),
        named.at("/closed"): (403, 0, TODAY),
        named.at("/busy"): (200, 0, TODAY),
        named.at("/moved"): (200, 0, TODAY),
    }
    assert "lets no programs in" in Link.objects.get(pk=named.at("/closed")).note
    assert named.agents == {"TwentyQuestions/1 (checks the links of its catalog once a month; mailto:us@example.org)"}
    assert time.monotonic() - start >= len(named.asked) - 1, "one request a second"


def test_what_was_visited_lately_is_left_out_and_a_second_failure_makes_a_dead_link(named: Site) -> None:
    for path, days, failures in (
        ("/here", 3, 0),
        ("/moved", 3, 0),
        ("/closed", 3, 0),
        ("/busy", 3, 0),
        ("/gone", 40, 1),
    ):
        Link.objects.create(url=named.at(path), checked=TODAY - timedelta(days=days), failures=failures)
    Link.objects.create(url="https://example.org/unnamed", checked=TODAY, failures=5)
    assert "1 failed" in run()
    assert {path for _, path, _ in named.asked} == {"/gone"}
    (dead,) = waiting.dead_links()
    assert (dead.link.url, dead.link.failures) == (named.at("/gone"), 2)
    assert [entry.pk for entry in dead.entries] == ["qupath"]
    assert not Link.objects.filter(pk="https://example.org/unnamed").exists()
    assert "Every address has been visited lately." in run()
    named.asked.clear()
    run("--older-than", "2", "--limit", "1")
    assert len({path for _, path, _ in named.asked}) == 1


def test_a_check_that_is_broken_off_goes_on_where_it_was(
    named: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = links.due(30)
    walk = links.visits(urls, visitor)
    real = links.visits

    def two_then_broken_off(*_: Any) -> Iterator[visiting.Visit]:
        yield next(walk)
        yield next(walk)
        walk.close()  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr(links, "visits", two_then_broken_off)
    with pytest.raises(KeyboardInterrupt):
        links.check(urls, visitor)
    monkeypatch.setattr(links, "visits", real)
    assert Link.objects.count() == 2
    rest = links.due(30)
    assert len(rest) == len(urls) - 2
    links.check(rest, visitor)
    assert Link.objects.count() == len(urls)


def test_a_host_that_asks_for_patience_is_left_alone_for_this_run(named: Site, visitor: Visitor) -> None:
    report = links.check([named.at("/very-busy"), named.at("/here"), named.at("/closed")], visitor)
    assert (report.there, report.failed, report.later) == (0, 0, 3)
    assert [path for _, path, _ in named.asked] == ["/very-busy"]
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--limit", "0"], "--limit must be at least 1; it is 0."),
        (["--limit", "-3"], "--limit must be at least 1; it is -3."),
        (["--older-than", "-1"], "--older-than must lie between 0 and"),
        (["--older-than", "99999999999"], "--older-than must lie between 0 and"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(db: None, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(*arguments)


def test_offline_it_says_so_and_changes_nothing(catalog_loaded: None) -> None:
    for number, entry in enumerate(Entry.objects.all()[:6]):
        Claim.objects.filter(entry=entry).update(source=f"https://host-{number}.invalid/page")
    Claim.objects.exclude(source__contains=".invalid").update(source="https://host-0.invalid/page")
    blank: dict[str, Any] = dict.fromkeys(
        ("homepage", "repository", "documentation", "weights", "source", "citation"), ""
    )
    Entry.objects.update(**blank, tutorials=[], maintenance={}, sources={})
    Link.objects.create(url="https://host-0.invalid/page", checked=TODAY - timedelta(days=99), failures=1)
    Link.objects.create(url="https://example.org/unnamed", checked=TODAY, failures=1)
    before = list(Link.objects.values())
    with pytest.raises(CommandError, match="This machine is offline") as told:
        call_command("check_links")
    assert told.value.returncode == 2
    assert list(Link.objects.values()) == before


def test_a_network_that_fails_on_the_way_spoils_no_link(named: Site, visitor: Visitor) -> None:
    Entry.objects.update(homepage="https://host-0.invalid/", tutorials=[], source="")
    Claim.objects.update(source="https://host-1.invalid/")
    urls = [f"https://host-{number}.invalid/" for number in range(8)]
    with pytest.raises(links.OfflineError):
        links.check(urls, visitor)
    assert not Link.objects.exists()


def test_hosts_that_are_gone_are_noted_while_others_answer(named: Site, visitor: Visitor) -> None:
    urls = [*(f"https://host-{number}.invalid/" for number in range(6)), named.at("/here")]
    report = links.check(urls, visitor)
    assert (report.there, report.failed) == (1, 6)
    assert Link.objects.get(pk="https://host-3.invalid/").note == "the host is not known"


def test_a_page_says_when_its_links_answered(named: Site, client: Client) -> None:
    Link.objects.create(url=named.at("/here"), checked=date(2026, 11, 20), status=200)
    Link.objects.create(url=named.at("/moved"), checked=date(2026, 11, 21), status=500, failures=1)
    page = client.get("/tools/fiji/").content.decode()
    assert 'link answered on <time datetime="2026-11-20">' in page
    assert 'the address did not answer on <time datetime="2026-11-21">' in page
