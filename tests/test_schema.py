"""The OpenAPI schema: valid, without a warning, and as it was when somebody last looked at it."""

from __future__ import annotations

import difflib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate
from playwright.sync_api import Browser, expect

from config import calls

SNAPSHOT = Path(__file__).resolve().parents[1] / "docs" / "openapi.yaml"
CURE = "If the API was meant to change, run `python manage.py spectacular --file docs/openapi.yaml` and commit it."


@pytest.fixture(scope="module")
def generated() -> str:
    said = StringIO()
    call_command("spectacular", fail_on_warn=True, validate=True, stdout=said)
    return said.getvalue()


@pytest.fixture(scope="module")
def schema(generated: str) -> Any:
    return yaml.safe_load(generated)


def operations(schema: Any) -> list[tuple[str, str, Any]]:
    return [(path, method, said) for path, methods in schema["paths"].items() for method, said in methods.items()]


def test_it_is_as_it_was_committed(generated: str) -> None:
    kept = SNAPSHOT.read_text().splitlines()
    changes = "\n".join(difflib.unified_diff(kept, generated.strip().splitlines(), "committed", "now", lineterm=""))
    assert not changes, f"{CURE}\n{changes}"


def test_it_is_openapi_3_1_and_served_in_both_forms(client: Client, schema: Any) -> None:
    served = client.get("/api/v1/schema/")
    assert served["Content-Type"] == "application/json"
    assert served.json()["openapi"].startswith("3.1.")
    validate(served.json())
    assert served.json()["paths"] == schema["paths"]
    other = client.get("/api/v1/schema/", headers={"Accept": "application/yaml"})
    assert yaml.safe_load(other.content)["paths"] == schema["paths"]


def test_every_operation_says_what_it_does_and_how_it_refuses(schema: Any) -> None:
    for path, method, said in operations(schema):
        assert said["summary"], (path, method)
        assert said["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, (path, method)
        refused = [r for status, r in said["responses"].items() if status.startswith("4")]
        assert all(r == {"$ref": "#/components/responses/Problem"} for r in refused), (path, method)
        if method == "get" and "{" not in path:
            assert "200" in said["responses"], path


def test_what_belongs_to_somebody_needs_the_owners_token(schema: Any) -> None:
    for path, _, said in operations(schema):
        private = path.startswith(("/api/v1/samples/", "/api/v1/jobs/"))
        assert bool(said.get("security")) == private, path
        assert not any(p["name"] == "Authorization" for p in said.get("parameters", ())), path


def test_the_page_to_try_it_shows_every_operation_and_shape(client: Client, schema: Any) -> None:
    page = client.get("/api/v1/docs/").content.decode()
    for path, _, said in operations(schema):
        assert f'id="{said["operationId"]}"' in page
        assert path in page
    subjects, shapes = calls.everything()
    assert all(named for _, named in subjects)
    names = {shape.name for shape in shapes}
    linked = {field.shape for shape in shapes for field in shape.fields if field.shape}
    assert linked <= names
    assert "Problem" in names


@pytest.mark.browser
@pytest.mark.usefixtures("catalog_loaded")
def test_a_call_can_be_tried_on_the_page(browser: Browser, live_server: Any) -> None:
    site = str(live_server)
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith(site) else None)
    page.goto(f"{site}/api/v1/docs/#recommendations_retrieve")
    call = page.locator("#recommendations_retrieve")
    call.get_by_role("button", name="Try it").click()
    expect(call.get_by_role("region", name="Answer")).to_contain_text('"query": "goal.main=count&obj.kind=nucleus"')
    expect(call.get_by_role("region", name="command")).to_contain_text(f"curl '{site}/api/v1/recommendations/?goal")
    assert complaints == []
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []

    page.locator("#samples_retrieve summary").click()
    page.locator("#samples_retrieve-sample_id").fill("00000000-0000-0000-0000-000000000000")
    page.locator("#samples_retrieve").get_by_role("button", name="Try it").click()
    expect(page.locator("#samples_retrieve").get_by_role("region", name="Answer")).to_contain_text(
        "owner_token_missing"
    )
