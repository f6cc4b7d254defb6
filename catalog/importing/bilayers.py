"""Config files of Bilayers: one algorithm in a container, with its inputs, outputs and parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from catalog.importing import mapping, texts
from catalog.importing.records import Record, UnusableError

ORIGIN = "Bilayers"
PAGES = "https://github.com/bilayer-containers/bilayers/tree/main/algorithms"
_SUFFIX = re.compile(r"[_-](inference|training|segmentation_cli)$")


def recognise(data: Any) -> bool:
    return isinstance(data, dict) and {"docker_image", "exec_function"} <= data.keys()


def parts(data: Any) -> Iterator[Any]:
    yield data


def record(data: Any, today: date) -> Record:
    """Return what one config file says. It bears no date, so it counts as read today.

    Raises
    ------
    UnusableError
        If it names no folder of its own, or neither input nor output.
    """
    if not isinstance(data, dict):
        raise UnusableError("not_a_record", "This is no Bilayers config, which is a mapping.")
    folder = texts.words(data.get("algorithm_folder_name"), 60)
    if not re.fullmatch(r"[a-z0-9_-]+", folder):
        raise UnusableError(
            "wrong_id", "`algorithm_folder_name` must be the name of its folder, such as cellpose_inference."
        )
    given, made = _flows(data, "inputs"), _flows(data, "outputs")
    if not given or not made:
        raise UnusableError("no_flow", "The config names no input or no output, so nothing can be said of it.")
    bare = _SUFFIX.sub("", folder)
    cited = [c for c in texts.listed(data.get("citations")) if isinstance(c, dict)]
    name = bare.replace("_", " ")
    names = [n for c in cited if (n := texts.words(c.get("name"), 80))]
    licences = {found for c in cited if (found := texts.licence(c.get("license")))}
    dois = [d for c in cited if (d := texts.doi(c.get("doi")))]
    return Record(
        origin=ORIGIN,
        kind="tool",
        name=next((n for n in names if texts.folded(n) == texts.folded(name)), name[:1].upper() + name[1:]),
        slug=texts.slug(bare),
        source=f"{PAGES}/{folder}",
        read=today,
        summary=_summary(made),
        about_images=any(flow.get("type") == "image" for flow in given),
        facts=_facts(licences, dois),
        otherwise={"homepage": f"{PAGES}/{folder}"} | ({"use_as": ["command_line"]} if _container(data) else {}),
        claims=_claims(data, given, made),
        dois=frozenset(dois),
    )


def _flows(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [flow for flow in texts.listed(data.get(key)) if isinstance(flow, dict)]


def _facts(licences: set[str], dois: list[str]) -> dict[str, Any]:
    """Return what the citations say of the algorithm inside: its licence and paper, if they agree on one."""
    found = {
        "licence": next(iter(licences)) if len(licences) == 1 else "",
        "citation": dois[0] if len(dois) == 1 else "",
    }
    return {field: value for field, value in found.items() if value}


def _container(data: dict[str, Any]) -> bool:
    return all(texts.words(texts.within(data, "docker_image", part), 100) for part in ("org", "name"))


def _claims(
    data: dict[str, Any], given: list[dict[str, Any]], made: list[dict[str, Any]]
) -> dict[tuple[str, str], float]:
    images = [flow for flow in given if flow.get("type") == "image"]
    formats = [str(f).lower() for flow in images for f in texts.listed(flow.get("format"))]
    kinds = [str(s) for flow in made if flow.get("type") == "image" for s in texts.listed(flow.get("subtype"))]
    kinds += [str(flow.get("type")) for flow in made if flow.get("type") != "image"]
    names = [str(parameter.get("name")).lower() for parameter in _flows(data, "parameters")]
    return mapping.strongest(
        [
            mapping.meaning("inputs", formats),
            mapping.meaning("outputs", kinds),
            mapping.meaning("parameters", names),
        ]
    )


def _summary(made: list[dict[str, Any]]) -> str:
    labels = any("label" in texts.listed(flow.get("subtype")) for flow in made)
    return f"Algorithm that Bilayers offers in a container{'; it returns label images' if labels else ''}."
