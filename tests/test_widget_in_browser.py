"""The widget in a real browser, on pages of three origins: two of the facility, one of a stranger."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Browser, Frame, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("catalog_loaded")]

Hosting = Callable[[str], str]
FORGED = [
    {"twentyQuestions": {"height": 9}},
    {"twentyQuestions": {"height": "77px; position: fixed"}},
    {"twentyQuestions": {"height": None}},
    {"twentyQuestions": None},
    {"height": 9},
    "9",
    None,
]


@pytest.fixture
def hosting() -> Iterator[Hosting]:
    """Start a site that answers every address with one page; return its origin."""
    running: list[http.server.ThreadingHTTPServer] = []

    def host(page: str) -> str:
        class Site(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield host
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def page_text(live_server: Any) -> str:
    return (
        "<!doctype html><html lang=en><title>Our microscopes</title><main><h1>Our microscopes</h1>"
        f'<script src="{live_server}/embed.js" data-facility="demo" async></script></main>'
    )


@pytest.fixture
def facility(hosting: Hosting, page_text: str) -> list[str]:
    """Add a facility with two origins; return them."""
    origins = [hosting(page_text), hosting(page_text)]
    call_command("add_facility", "demo", name="Demo", origin=origins, colour="#c02060", stdout=StringIO())
    return origins


def inside(page: Page) -> Frame:
    expect(page.frame_locator("iframe").first.locator("h1")).to_be_visible()
    return next(frame for frame in page.frames if "/embed/demo/" in frame.url)


def height_follows(page: Page) -> float:
    """Wait until the frame is as tall as what it shows; return that height."""
    wanted = inside(page).evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
    page.wait_for_function(
        "h => Math.abs(document.querySelector('iframe').getBoundingClientRect().height - h) < 2", arg=wanted
    )
    assert inside(page).evaluate("document.documentElement.scrollHeight <= innerHeight + 1"), "two scroll bars"
    return float(wanted)


def test_the_interview_walks_to_a_ranking_in_the_facilitys_page(
    browser: Browser, facility: list[str], live_server: Any
) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    elsewhere: list[str] = []
    complaints: list[str] = []
    known = (str(live_server), *facility)
    page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith(known) else None)
    page.on("console", lambda m: complaints.append(m.text) if "favicon" not in m.location["url"] else None)
    page.goto(facility[1])
    heights = [height_follows(page)]
    for answer in ("count", "nucleus"):
        inside(page).locator(f'input[value="{answer}"]').check()
        inside(page).get_by_role("button", name="Continue").click()
        page.frame_locator("iframe").get_by_text("Change your answer to").nth(len(heights) - 1).wait_for(
            state="attached"
        )
        heights.append(height_follows(page))
    inside(page).get_by_role("link", name="Show results now").click()
    expect(page.frame_locator("iframe").locator("h1")).to_contain_text("What fits your answers")
    assert inside(page).url.endswith("/embed/demo/results/?goal.main=count&obj.kind=nucleus")
    heights.append(height_follows(page))
    assert len(set(heights)) > 1
    assert inside(page).locator(".places > li").count() == 3

    assert context.cookies() == []
    assert elsewhere == []
    assert complaints == []
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []


def test_a_tool_opens_in_a_tab_of_its_own(browser: Browser, facility: list[str], live_server: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(facility[0])
    inside(page)
    with context.expect_page() as opened:
        page.frame_locator("iframe").locator(".shortlist__name").first.click()
    assert opened.value.url.startswith(f"{live_server}/tools/")
    assert opened.value.evaluate("window.opener") is None


def test_a_strangers_page_shows_nothing(
    browser: Browser, facility: list[str], hosting: Hosting, page_text: str
) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(hosting(page_text))
    page.wait_for_function("document.querySelector('iframe') !== null")
    deadline = 50
    while not any("frame-ancestors" in c for c in complaints) and (deadline := deadline - 1):
        page.wait_for_timeout(100)
    assert any("frame-ancestors" in c for c in complaints), complaints
    assert all(frame.locator("form").count() == 0 for frame in page.frames)


def test_a_facilitys_page_within_a_strangers_page_shows_nothing(
    browser: Browser, facility: list[str], hosting: Hosting
) -> None:
    page = browser.new_page()
    page.goto(hosting(f'<!doctype html><title>Stranger</title><iframe src="{facility[0]}"></iframe>'))
    page.wait_for_timeout(1500)
    assert len(page.frames) == 3
    assert all(frame.locator("form").count() == 0 for frame in page.frames)


def test_forged_messages_have_no_effect(browser: Browser, facility: list[str], hosting: Hosting) -> None:
    page = browser.new_page()
    page.goto(facility[0])
    before = height_follows(page)
    stranger = hosting("<!doctype html><title>Stranger</title>")
    page.evaluate("a => { const f = document.createElement('iframe'); f.src = a; document.body.append(f); }", stranger)
    page.frame_locator("iframe").nth(1).locator("html").wait_for()
    other = next(frame for frame in page.frames if frame.url.startswith(stranger))
    for message in FORGED:
        page.evaluate("m => window.postMessage(m, '*')", message)
        other.evaluate("m => window.parent.postMessage(m, '*')", message)
        if message != FORGED[0]:  # a true number from the frame itself is what the page listens for
            inside(page).evaluate("m => window.parent.postMessage(m, '*')", message)
    page.wait_for_timeout(300)
    assert page.locator("iframe").first.bounding_box()["height"] == pytest.approx(before, abs=2)  # type: ignore[index]


def test_the_frame_works_without_javascript(browser: Browser, facility: list[str], live_server: Any) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800}).new_page()
    page.goto(f"{live_server}/embed/demo/")
    page.locator('input[value="count"]').check()
    page.get_by_role("button", name="Continue").click()
    assert page.url == f"{live_server}/embed/demo/?goal.main=count"
    page.get_by_role("link", name="Show results now").click()
    expect(page.locator("h1")).to_contain_text("What fits your answers")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_breaks_no_accessibility_rule_and_stores_nothing(
    browser: Browser, facility: list[str], live_server: Any, scheme: Any
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    for address in ("/embed/demo/", "/embed/demo/results/?goal.main=count&obj.kind=nucleus"):
        page.goto(f"{live_server}{address}")
        assert [v["id"] for v in Axe().run(page).response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
        assert page.evaluate("indexedDB.databases()") == []
