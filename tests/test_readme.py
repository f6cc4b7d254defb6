"""What is written about the project is true: settings, files, commands, and the files around the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PARTS = ("analysis_runner", "catalog", "config", "portals", "recommender", "scripts", "website")
INSIDE = {"TQ_IN", "TQ_OUT"}
"""Told to a program in the sandbox; nobody sets them."""
PAGES = sorted(path for path in ROOT.glob("*.md"))
IN_TABLE = dict(re.findall(r"^\| `(TQ_[A-Z_]+)` \| .+ \| (.+) \|$", README, re.MULTILINE))


def names_in(path: Path) -> set[str]:
    return set(re.findall(r"\bTQ_[A-Z_]*[A-Z]\b", path.read_text()))


def used() -> set[str]:
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    return set().union(*map(names_in, files)) - INSIDE


def literal_defaults() -> dict[str, str]:
    """Return the defaults that config/settings.py writes as plain values."""
    calls = [n for n in ast.walk(ast.parse((ROOT / "config/settings.py").read_text())) if isinstance(n, ast.Call)]
    found = {}
    for call in calls:
        match [a.value if isinstance(a, ast.Constant) else None for a in call.args]:
            case [str(name), str() | int() | float() as default] if name.startswith("TQ_") and default != "":
                found[name] = str(default)
    return found


def test_the_table_lists_every_setting_and_no_other() -> None:
    assert set(IN_TABLE) == used()


@pytest.mark.parametrize(("name", "default"), literal_defaults().items(), ids=lambda value: str(value))
def test_the_table_tells_the_default_of_a_setting(name: str, default: str) -> None:
    assert f"`{default}`" in IN_TABLE[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)`?(?=[\s`].*(?:#|`))", text)) <= targets


def test_folders_in_the_readme_exist() -> None:
    for name in re.findall(r"^\| (`[a-z_]+/`(?:, `[a-z_]+/`)*) \|", README, re.MULTILINE):
        for folder in re.findall(r"`([a-z_]+)/`", name):
            assert (ROOT / folder).is_dir(), folder


def test_the_citation_has_what_the_format_requires() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert all("name" in author or "family-names" in author for author in citation["authors"])
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{citation["version"]}"' in project
    assert f'license = "{citation["license"]}"' in project


def test_decisions_are_numbered_once_and_say_context_decision_and_consequences() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert len(numbers) == len(set(numbers))
    for path in decisions:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert all(f"**{part}" in text for part in ("Context", "Decision", "Consequences")), path.name


SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = sorted(name for name, service in SERVICES.items() if service.get("restart") != "no")
OURS = sorted(name for name, service in SERVICES.items() if service.get("image") == "twenty-questions")


def test_compose_has_every_service_that_the_design_names() -> None:
    assert {"web", "worker", "beat", "dispatcher", "postgres", "redis"} <= set(SERVICES)


@pytest.mark.parametrize("name", LASTING)
def test_a_service_that_lasts_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_no_more_rights_than_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert ("seccomp=unconfined" in service["security_opt"]) == (name == "worker")
    assert "privileged" not in service


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_told_settings_that_exist(name: str) -> None:
    told = {key for key in SERVICES[name]["environment"] if key.startswith("TQ_")}
    assert told <= set(IN_TABLE)
    assert {"TQ_PRODUCTION", "TQ_SECRET_KEY", "TQ_ALLOWED_HOSTS", "TQ_DATABASE_URL", "TQ_BROKER_URL"} <= told


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_have_no_value_and_no_default(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"SECRET|PASSWORD|AUTH|_URL$", key):
            assert re.search(r"\$\{[A-Z_]+:\?[^}]+\}", value), key


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_services_that_exist(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        lasting = other in LASTING
        assert how["condition"] == ("service_healthy" if lasting else "service_completed_successfully")


def test_the_database_and_the_broker_are_reached_from_inside_only() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis", "worker", "dispatcher", "beat"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_the_image_is_not_run_as_root_and_holds_all_that_runs() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER tq"
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {*PARTS, "fixtures", "manage.py", "requirements.lock"} <= sent
