"""Records of bio.tools, as its API and its content repository write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from catalog.importing import mapping, texts
from catalog.importing.records import Record, UnusableError

ORIGIN = "bio.tools"
COSTS = {"Free of charge": "free", "Free of charge (with restrictions)": "freemium", "Commercial": "paid"}
SYSTEMS = {"Linux": "linux", "Mac": "macos", "Windows": "windows"}
TYPES = {
    "Desktop application": "desktop",
    "Plug-in": "plugin",
    "Library": "library",
    "Command-line tool": "command_line",
    "Web application": "web",
}
_SAID_AS = {
    "desktop": "Program with windows",
    "plugin": "Plugin",
    "library": "Library",
    "command_line": "Command-line program",
    "web": "Web application",
}
_TERM = re.compile(r"https?://edamontology\.org/((?:operation|topic|format|data)_[\w-]{1,60})")


def recognise(data: Any) -> bool:
    """Tell whether this is a record of bio.tools, a list of them, or a page of its API."""
    if isinstance(data, dict) and isinstance(data.get("list"), list):
        return "count" in data or any(map(recognise, data["list"][:5]))
    if isinstance(data, list):
        return any(recognise(item) for item in data[:5] if isinstance(item, dict))
    return isinstance(data, dict) and "homepage" in data and bool({"biotoolsID", "toolType", "topic"} & data.keys())


def parts(data: Any) -> Iterator[Any]:
    """Yield each single record."""
    if isinstance(data, dict) and isinstance(data.get("list"), list):
        yield from data["list"]
    elif isinstance(data, list):
        yield from data
    else:
        yield data


def record(data: Any, today: date) -> Record:
    """Return what one record says.

    Raises
    ------
    UnusableError
        If it has no name or no id that could be its own.
    """
    if not isinstance(data, dict):
        raise UnusableError("not_a_record", "This is no record of bio.tools, which is a JSON object.")
    name = texts.words(data.get("name"), 80)
    if not name:
        raise UnusableError("no_name", "The record has no name of at most 80 plain characters.")
    source = _page(data)
    ids = list(_terms(data))
    formats = list(_formats(data))
    known = mapping.terms()
    uses = [TYPES[t] for t in texts.listed(data.get("toolType")) if isinstance(t, str) and t in TYPES]
    facts = _facts(data, uses)
    return Record(
        origin=ORIGIN,
        kind="tool",
        name=name,
        slug=texts.slug(data.get("biotoolsID") or name),
        source=source,
        read=texts.day(data.get("lastUpdate"), today),
        summary=_summary(uses, [known[i].label for i in ids if i in known]),
        about_images=mapping.about_images(ids),
        facts=facts,
        otherwise={"platforms": ["web"]} if "web" in uses and "platforms" not in facts else {},
        claims=mapping.strongest(known[i].suits for i in [*ids, *formats] if i in known),
        dois=frozenset(d for p in _papers(data) if (d := texts.doi(p.get("doi")))),
    )


def _page(data: dict[str, Any]) -> str:
    """Return the record's page in bio.tools; of one that is not registered there, the homepage that it names."""
    identity = data.get("biotoolsID")
    if not identity and (homepage := texts.web(data.get("homepage"))):
        return homepage
    if not re.fullmatch(r"[\w.~-]{1,100}", str(identity), re.ASCII) or not identity:
        raise UnusableError(
            "wrong_id", f"The record has no biotoolsID that bio.tools gives, but {str(identity)[:60]!r}."
        )
    return f"https://bio.tools/{identity}"


def _facts(data: dict[str, Any], uses: list[str]) -> dict[str, Any]:
    systems = [SYSTEMS[s] for s in texts.listed(data.get("operatingSystem")) if isinstance(s, str) and s in SYSTEMS]
    cost = data.get("cost")
    found = {
        "homepage": texts.web(data.get("homepage")),
        "repository": next(iter(_links(data, "link", "Repository")), ""),
        "licence": texts.licence(data.get("license")),
        "cost": COSTS.get(cost, "") if isinstance(cost, str) else "",
        "platforms": sorted(set(systems)),
        "use_as": list(dict.fromkeys(uses)),
        "citation": _citation(data),
        "documentation": next(
            iter([*_links(data, "documentation", "User manual"), *_links(data, "documentation")]), ""
        ),
    }
    return {field: value for field, value in found.items() if value}


def _terms(data: dict[str, Any]) -> Iterator[str]:
    """Yield the EDAM ids of the operations and topics."""
    for topic in texts.listed(data.get("topic")):
        yield from _id(topic)
    for function in texts.listed(data.get("function")):
        for operation in texts.listed(texts.within(function, "operation")):
            yield from _id(operation)


def _formats(data: dict[str, Any]) -> Iterator[str]:
    """Yield the EDAM ids of the formats that go in."""
    for function in texts.listed(data.get("function")):
        for given in texts.listed(texts.within(function, "input")):
            for form in texts.listed(texts.within(given, "format")):
                yield from _id(form)


def _id(term: Any) -> Iterator[str]:
    if found := _TERM.fullmatch(str(texts.within(term, "uri"))):
        yield found[1]


def _papers(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [paper for paper in texts.listed(data.get("publication")) if isinstance(paper, dict)]


def _citation(data: dict[str, Any]) -> str:
    """Return the DOI of the primary paper; of the only paper, if none is called primary."""
    papers = _papers(data)
    primary = [p for p in papers if "Primary" in texts.listed(p.get("type"))]
    chosen = primary[:1] or (papers if len(papers) == 1 else [])
    return texts.doi(chosen[0].get("doi")) if chosen else ""


def _links(data: dict[str, Any], key: str, kind: str = "") -> list[str]:
    links = [x for x in texts.listed(data.get(key)) if isinstance(x, dict)]
    return [a for x in links if (not kind or kind in texts.listed(x.get("type"))) and (a := texts.web(x.get("url")))]


def _summary(uses: list[str], labels: list[str]) -> str:
    what = _SAID_AS[uses[0]] if uses else "Tool"
    about = [label[:1].lower() + label[1:] for label in dict.fromkeys(labels)][:4]
    under = f" under {' and '.join(filter(None, [', '.join(about[:-1]), about[-1]]))}" if about else ""
    return f"{what} that bio.tools lists{under}."
