"""The interview and the catalog in a real browser: by keyboard, with and without JavaScript, wide and narrow."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.test_pages import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("catalog_loaded")]


def test_no_page_breaks_an_accessibility_rule_or_scrolls_sideways(browser: Browser, live_server: object) -> None:
    trouble = []
    for width, scheme in ((1280, "light"), (360, "dark")):
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        for address in [*PAGES, "/no-such-page/"]:
            page.goto(f"{live_server}{address}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                trouble.append(f"{address} is wider than {width} px")
            trouble += [f"{address} {width}: {v['id']}" for v in Axe().run(page).response["violations"]]
        page.close()
    assert trouble == []


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_interview_loses_nothing(browser: Browser, live_server: object, script: bool) -> None:
    page = browser.new_context(java_script_enabled=script).new_page()
    elsewhere: list[str] = []
    page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith(str(live_server)) else None)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{live_server}/find/")

    _answer(page, ["count", "measure"])
    assert page.url == f"{live_server}/find/?goal.main=count&goal.main=measure"
    if script:
        assert page.evaluate("document.activeElement.id") == "question"
    second = page.locator("h1").inner_text()
    _press(page, "I’m not sure")  # noqa: RUF001
    third, asks = page.url, page.locator("h1").inner_text()
    assert third.endswith("=unsure")

    page.go_back()
    _wait_for(page, second)
    assert page.locator("header").count() == 1
    page.go_forward()
    _wait_for(page, asks)
    page.reload()
    _wait_for(page, asks)
    assert page.url == third

    page.get_by_role("link", name="Change your answer to: ").first.click()
    page.wait_for_url(f"{third}&ask=goal.main")
    assert page.locator("input:checked").count() == 2
    page.locator("input[value=count]").uncheck()
    _press(page, "Continue")
    assert page.url == third.replace("goal.main=count&", "")

    page.get_by_role("link", name="Show results now").click()
    page.wait_for_url("**/find/results/?**")
    assert page.get_by_role("heading", level=3).count() >= 3
    assert (elsewhere, complaints) == ([], [])


def test_the_catalog_is_searched_while_typing(browser: Browser, live_server: object) -> None:
    page = browser.new_page()
    page.goto(f"{live_server}/tools/")
    page.get_by_label("Name, assay or keyword").press_sequentially("trackmate")
    page.wait_for_url(f"{live_server}/tools/?q=trackmate")
    assert page.locator(".entry-card h3").first.inner_text() == "TrackMate"
    assert "of" in page.get_by_role("status").inner_text()


def test_a_question_is_answered_by_keyboard_alone(browser: Browser, live_server: object) -> None:
    page = browser.new_page()
    page.goto(f"{live_server}/find/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    with page.expect_response(lambda r: "from=goal.main" in r.url):
        page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server}/find/?goal.main=count")


def _answer(page: Page, values: list[str]) -> None:
    for value in values:
        page.locator(f"input[value={value}]").check()
    _press(page, "Continue")


def _press(page: Page, button: str) -> None:
    """Press a button and wait until another question is shown."""
    before = page.url
    page.get_by_role("button", name=button).click()
    page.wait_for_function("url => location.href !== url", arg=before)
    page.wait_for_load_state("load")
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')")


def _wait_for(page: Page, heading: str) -> None:
    page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=heading)
    page.wait_for_load_state("load")
