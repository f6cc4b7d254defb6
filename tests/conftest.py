"""What all tests share: the loaded catalog, and a plain word where something of this machine is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from catalog import loading

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
READY: list[bool] = []
"""Not empty once the test database is there."""
SHARED = Path(__file__).resolve().parents[2] / "shared"


def lacking(what: str, cure: str) -> None:
    """Skip the test, saying what this machine lacks and how to get it; with REQUIRE_ALL=1 fail instead."""
    sentence = f"{what} is not on this machine. {cure}"
    if REQUIRE_ALL:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; tests that need it are skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip("The reference data in ../shared is not on this machine; the project does not need it to work.")
    return SHARED


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that Playwright can drive."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        lacking("Chromium", "Install it with `apt-get install chromium`.")
    return str(path)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread.
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        yield playwright.chromium.launch(executable_path=chromium, args=arguments)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Load the catalog once into the test database; each test's changes are rolled back."""
    with django_db_blocker.unblock():
        loading.load()
    READY.append(True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Load the catalog again, for good, after a test that emptied the tables.

    Within a test it would be undone at its end, and cost each following one seconds.
    """
    if READY and "catalog_loaded" in getattr(item, "fixturenames", ()):
        with item.config.stash[blocking_manager_key].unblock():
            loading.load()


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """Each test starts with nothing counted against its address."""
    cache.clear()


@pytest.fixture
def catalog_loaded(db: None) -> None:
    """The catalog as it stands in fixtures/, also after a test that emptied the tables."""
    loading.load()


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_superuser("anna", "", "her password")


@pytest.fixture
def curator(anna: User) -> Client:
    client = Client()
    client.force_login(anna)
    return client
