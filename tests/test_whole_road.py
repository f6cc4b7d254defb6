"""The whole road in a real browser: from the first question to a table of measured nuclei, with real processes."""

from __future__ import annotations

import os
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.runner_fixtures import ROOT, Site, _broker, _database, wait_for

pytestmark = pytest.mark.browser

GOLDEN = ROOT / "analysis_runner" / "tools" / "nuclei-3d" / "golden"
MINUTES = 60_000
ANSWERS = {
    "goal.main": ["count"],
    "obj.kind": ["nucleus"],
    "img.modality": ["confocal"],
    "img.dims": ["d3_aniso", "d3"],
    "obj.crowding": ["some_touch"],
    "img.time": ["no"],
    "goal.assay": ["none"],
}
"""What she knows; to everything else she is not sure."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site of its own with web, worker and dispatcher, started as `make run` starts it."""
    folder = tmp_path_factory.mktemp("road")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, drop = _database(folder)
    site = Site(
        folder,
        os.environ
        | {
            "TQ_DATA_DIR": str(folder),
            "TQ_DATABASE_URL": url,
            "TQ_BROKER_URL": _broker(),
            "TQ_HOST": "127.0.0.1",
            "TQ_PORT": str(port),
        },
    )
    address = f"http://127.0.0.1:{port}"
    try:
        site.start("manage.py", "serve")
        wait_for(lambda: "All tools are set up." in site.log(), 400)
        yield address
    finally:
        for process in list(site.running):
            process.terminate()
            process.wait(30)
        drop()


def visitor(browser: Browser, width: int, scripts: bool) -> BrowserContext:
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    context.set_default_timeout(30_000)
    return context


def sound(page: Page, scripts: bool) -> None:
    """No accessibility rule broken, and nothing wider than the window."""
    if not scripts:
        return
    assert [v["id"] for v in Axe().run(page).response["violations"]] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def answer(page: Page) -> str:
    """Answer the question on the page as the simulated user; returns its id."""
    box = page.locator("fieldset input[type=radio], fieldset input[type=checkbox]").first
    question = str(box.get_attribute("name"))
    known = ANSWERS.get(question, [])
    offered = [v for v in known if page.locator(f'fieldset input[name="{question}"][value="{v}"]').count()]
    heading = page.locator("h1").inner_text()
    if offered:
        page.locator(f'fieldset input[name="{question}"][value="{offered[0]}"]').check(force=True)
        page.get_by_role("button", name="Continue").click()
    else:
        page.get_by_role("button", name=re.compile("not sure")).click()
    expect(page.locator("h1")).not_to_have_text(heading)
    return question


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (360, True), (360, False)])
def test_from_the_first_question_to_measured_nuclei(browser: Browser, address: str, width: int, scripts: bool) -> None:
    context = visitor(browser, width, scripts)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((address, "data:")) else None)
    page.goto(address)
    page.get_by_role("link", name=re.compile("Start")).first.click()
    asked = []
    for _ in range(12):
        asked.append(answer(page))
        if {"img.dims", "img.modality", "obj.kind"} <= set(asked) or not page.locator("fieldset").count():
            break
    assert asked[0] == "goal.main"
    page.get_by_role("link", name=re.compile("results", re.IGNORECASE)).first.click()
    sound(page, scripts)

    page.locator('a[href^="/run/nuclei-3d/"]').first.click()
    sound(page, scripts)
    sample = next(p for p in GOLDEN.iterdir() if p.suffix in {".tif", ".tiff"})
    page.locator("input[type=file]").set_input_files(sample)
    page.get_by_role("button", name=re.compile("Upload")).click()
    expect(page.get_by_role("button", name=re.compile("^Run"))).to_be_visible(timeout=2 * MINUTES)
    sound(page, scripts)
    page.get_by_role("button", name=re.compile("^Run")).click()

    expect(page.locator("table.table").first).to_be_visible(timeout=3 * MINUTES)
    expect(page.locator("h2").first).to_contain_text(re.compile(r"\d+ nuclei"))
    found = int(re.search(r"(\d+) nuclei", page.locator("h2").first.inner_text()).group(1))  # type: ignore[union-attr]
    assert found > 5
    assert page.locator("img.overlay").first.bounding_box()["width"] > 200  # type: ignore[index]
    sound(page, scripts)

    with page.expect_download() as download:
        page.locator('a[href*="table.csv"]').first.click()
    rows = Path(download.value.path()).read_text().splitlines()
    assert len(rows) == found + 1
    with page.expect_download() as download:
        page.locator('a[href*="labels.ome.tif"]').first.click()
    assert Path(download.value.path()).read_bytes()[:2] in {b"II", b"MM"}
    assert elsewhere == [], "a page asked somebody else for something"

    result = page.url
    stranger = browser.new_context(java_script_enabled=False).new_page()
    assert stranger.goto(result).status == 404  # type: ignore[union-attr]
    picture = page.locator("img.overlay").first.get_attribute("src")
    page.get_by_role("button", name=re.compile("[Dd]elete")).first.click()
    assert page.request.get(f"{address}{picture}").status in {404, 410}
    context.close()


def test_another_answer_can_be_changed_by_keyboard_alone(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/find/?goal.main=count&obj.kind=nucleus&img.dims=d2")
    change = page.locator('a[href*="ask=obj.kind"]')
    change.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("find")
    expect(page.locator('input[name="obj.kind"][value="nucleus"]')).to_be_checked()
    page.locator('input[name="obj.kind"][value="nucleus"]').focus()
    page.keyboard.press("Space")
    page.locator('input[name="obj.kind"][value="spot"]').focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("obj.kind=spot"))
    assert "goal.main=count" in page.url
    assert "img.dims=d2" in page.url
    assert "nucleus" not in page.url


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("notes.tif", b"these are my notes, not an image\n" * 30, "not"),
        ("empty.tif", b"", "empty"),
    ],
)
def test_a_bad_file_gets_a_sentence_and_a_cure(
    browser: Browser, address: str, name: str, content: bytes, says: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}/run/nuclei-2d/")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/tiff", "buffer": content})
    page.get_by_role("button", name=re.compile("Upload")).click()
    alert = page.locator('[role="alert"], .notice--error').first
    expect(alert).to_contain_text(says)
    assert "Traceback" not in page.content()


def test_the_site_is_up_and_says_nothing_of_itself(address: str) -> None:
    with urllib.request.urlopen(f"{address}/find/") as answered:
        headers = dict(answered.headers)
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
