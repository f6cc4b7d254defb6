"""The whole catalog as plain pages with relative links: they work from a folder, a memory stick, or below any path."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from catalog import sheets
from catalog.exporting import biotools, jsonld, tables
from catalog.exporting.described import Described, everything
from catalog.models import Entry, Option, Question

FACETS = ("goal.main", "obj.kind", "img.modality")
STYLES = ("tokens.css", "base.css", "layout.css", "components.css", "forms.css", "pages.css")
MANIFEST = "files.txt"
"""Names every file of the site, so that the next export takes away what is gone, and touches nothing else."""
MARK = "# All files of this copy of Twenty Questions; the next export takes away those that are gone."
"""First line of the manifest: a list of somebody else's files with the same name is not taken for ours."""


class Shelf(NamedTuple):
    """The entries that suit one option."""

    option: Option
    path: str
    entries: list[Entry]


class FolderInUseError(ValueError):
    """The folder holds something that is not a site of ours."""


def write(folder: Path, address: str = "") -> list[str]:
    """Write the site; return the names of all its files. The same catalog gives the same bytes.

    Raises
    ------
    FolderInUseError
        If the folder holds files that are not of an earlier export.
    """
    before = _written_before(folder)
    now: list[str] = []
    for name, content in pages(address):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        now.append(name)
    for name in before - set(now):
        (folder / name).unlink(missing_ok=True)
    (folder / MANIFEST).write_text("\n".join([MARK, *sorted(now)]) + "\n", encoding="utf-8")
    return now


def _written_before(folder: Path) -> set[str]:
    manifest = folder / MANIFEST
    mark, *names = manifest.read_text(encoding="utf-8", errors="replace").split("\n") if manifest.is_file() else [""]
    if mark == MARK:
        return {n for n in names if n and not PurePosixPath(n).is_absolute() and ".." not in PurePosixPath(n).parts}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUseError(
            f"{folder} holds other files. Name an empty folder, or one that holds an earlier export."
        )
    return set()


def pages(address: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield every file of the site by its path."""
    described = everything()
    entries = {d.entry.slug: d.entry for d in described}
    names = {slug: entry.name for slug, entry in entries.items()}
    facets = _facets(described)
    yield from _files(described, address, names)
    kinds = {kind: [e for e in entries.values() if e.kind == kind] for kind in Entry.Kind.values}
    context = {"facets": facets, "tools": len(kinds["tool"]), "models": len(kinds["model"])}
    yield "index.html", _page("index", "", context)
    for kind, listed in kinds.items():
        by_name = sorted(listed, key=lambda e: (e.name.casefold(), e.slug))
        yield f"{kind}s.html", _page("list", "", {"title": f"All {kind}s", "entries": by_name})
    for facet in facets:
        for shelf in facet["shelves"]:
            shown = {"title": shelf.option.text, "above": facet["question"].text, "entries": shelf.entries}
            yield shelf.path, _page("list", "../", shown)
    guests: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries.values():
        for host in dict.fromkeys([*entry.hosts, *entry.runs_in]):
            guests[host].append(entry)
    for one in described:
        yield _path(one.entry), _entry_page(one, entries, names, guests[one.entry.slug])


def _files(described: list[Described], address: str, names: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield what is not a page: styles, the search, and the data of the whole catalog."""
    for sheet in STYLES:
        yield f"css/{sheet}", _static(f"website/css/{sheet}")
    yield "favicon.svg", _static("website/favicon.svg")
    yield "search.js", (Path(__file__).parent / "site_files" / "search.js").read_bytes()
    index = json.dumps([_indexed(d.entry) for d in described], ensure_ascii=True, separators=(",", ":"))
    yield "search-index.json", index.encode()
    yield "search-index.js", f"window.twentyQuestionsIndex={index};\n".encode()
    yield "entries.csv", tables.entries(described).encode()
    yield "claims.csv", tables.claims(described).encode()
    graph = jsonld.document(jsonld.thing(d, f"{address}{_path(d.entry)}", names) for d in described)
    yield "catalog.jsonld", _json(graph)
    yield "biotools.json", _json(biotools.page(described, address))


def _facets(described: list[Described]) -> list[dict[str, Any]]:
    """Return the questions to browse by, each with the entries that suit its options, the best first."""
    shelves: dict[int, list[tuple[float, str, Entry]]] = defaultdict(list)
    for entry, claims in described:
        for claim in claims:
            if claim.strength > 0 and claim.option.question_id in FACETS:
                shelves[claim.option_id].append((-claim.strength, entry.name.casefold(), entry))
    return [
        {"question": question, "shelves": [_shelf(o, shelves[o.pk]) for o in question.options.all() if shelves[o.pk]]}
        for question in Question.objects.filter(pk__in=FACETS).prefetch_related("options")
    ]


def _shelf(option: Option, found: list[tuple[float, str, Entry]]) -> Shelf:
    ordered = sorted(found, key=lambda f: (f[0], f[1], f[2].slug))
    return Shelf(option, f"browse/{option.question_id}.{option.value}.html", [entry for _, _, entry in ordered])


def _entry_page(one: Described, entries: dict[str, Entry], names: dict[str, str], guests: list[Entry]) -> bytes:
    entry = one.entry
    thing = jsonld.thing(one, f"{entry.slug}.html", names)
    context = {
        "entry": entry,
        "jsonld": jsonld.embedded(thing),
        "sections": sheets.sections(one.claims),
        "platforms": [jsonld.SYSTEMS.get(p, p) for p in entry.platforms],
        "homes": [entries[s] for s in dict.fromkeys([*entry.hosts, *entry.runs_in]) if s in entries],
        "guests": guests,
        "own": sheets.single_sources(entry),
    }
    return _page("entry", "../", context)


def _path(entry: Entry) -> str:
    return f"{entry.kind}s/{entry.slug}.html"


def _page(template: str, root: str, context: dict[str, Any]) -> bytes:
    shown = render_to_string(f"catalog/site/{template}.html", {"root": root, "sheets": STYLES, **context})
    return shown.encode()


def _indexed(entry: Entry) -> dict[str, str]:
    words = [entry.name, entry.slug, *entry.aliases, *entry.keywords, *entry.assays, *entry.made_for, entry.summary]
    return {"name": entry.name, "path": _path(entry), "words": " ".join(words).lower()}


def _static(name: str) -> bytes:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(f"The style sheet {name} is not among the static files.")
    return Path(found).read_bytes()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()
