"""Up to four entries side by side, differences first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog import facets, searching
from catalog.models import Claim, Entry, Question
from catalog.sheets import strength_words

MOST = 4
SILENT = "Not known"
ALONE = {"desktop", "web", "command_line"}
"""Kinds of program that run in no other, unless the card names one."""


@dataclass(frozen=True)
class Cell:
    """What is known of one entry on one line; `source` is empty where nothing is."""

    text: str
    suits: bool | None = None
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether two entries that the catalog speaks of say different things here."""
        return len({cell.text for cell in self.cells if cell.text != SILENT}) > 1


@dataclass(frozen=True)
class Group:
    """One question, or the plain facts; rows in which the entries differ first."""

    title: str
    rows: tuple[Row, ...]

    @property
    def differs(self) -> bool:
        return any(row.differs for row in self.rows)


def compared(entries: Sequence[Entry]) -> list[Group]:
    """Return what tells the entries apart, then what they share; groups with a difference stand first."""
    groups = [_facts(entries), *_questions(entries)]
    return sorted(groups, key=lambda group: not group.differs)


def _facts(entries: Sequence[Entry]) -> Group:
    homes = {slug for e in entries for slug in (*e.hosts, *e.runs_in)}
    names = dict(Entry.objects.filter(slug__in=homes).values_list("slug", "name"))
    told = {
        "Price": [_fact(e, "cost", e.get_cost_display()) for e in entries],
        "Licence": [_fact(e, "licence", e.licence) for e in entries],
        "Comes as": [_fact(e, "use_as", ", ".join(facets.USES.get(u, u) for u in e.use_as)) for e in entries],
        "Runs inside": [_home(e, names) for e in entries],
        "Runs on": [_fact(e, "platforms", ", ".join(facets.PLATFORMS.get(p, p) for p in e.platforms)) for e in entries],
        "How widely used": [Cell(e.get_reach_display()) for e in entries],
        "Maintenance": [_maintenance(e) for e in entries],
    }
    rows = (Row(label, tuple(cells)) for label, cells in told.items() if any(c.text != SILENT for c in cells))
    return Group("Plain facts", tuple(sorted(rows, key=lambda row: not row.differs)))


def _fact(entry: Entry, field: str, text: str) -> Cell:
    """Return one fact with its own source, where it was not found with the others."""
    own = entry.sources.get(field)
    return Cell(text or SILENT, source=own["source"] if own else entry.source, verified=bool(own or entry.read))


def _home(entry: Entry, names: Mapping[str, str]) -> Cell:
    inside = ", ".join(names.get(slug, slug) for slug in dict.fromkeys([*entry.hosts, *entry.runs_in]))
    alone = "nothing else needed" if ALONE & set(entry.use_as) else ""
    return _fact(entry, "hosts" if entry.hosts else "runs_in", inside or alone)


def _maintenance(entry: Entry) -> Cell:
    said = entry.maintenance
    source = said.get("source") or entry.source
    return Cell(said.get("state") or SILENT, source=source, verified=bool(said.get("as_of")))


def _questions(entries: Sequence[Entry]) -> list[Group]:
    said: defaultdict[str, dict[str, dict[str, Claim]]] = defaultdict(lambda: defaultdict(dict))
    for claim in Claim.objects.filter(entry__in=entries).select_related("option"):
        said[claim.option.question_id][claim.option.value][claim.entry_id] = claim
    return [
        Group(question.text, _rows(question, said[question.pk], entries))
        for question in Question.objects.filter(pk__in=said).prefetch_related("options")
    ]


def _rows(question: Question, said: Mapping[str, Mapping[str, Claim]], entries: Sequence[Entry]) -> tuple[Row, ...]:
    rows = (
        Row(option.text, tuple(_cell(said[option.value].get(entry.slug)) for entry in entries))
        for option in question.options.all()
        if option.value in said
    )
    return tuple(sorted(rows, key=lambda row: not row.differs))


def _cell(claim: Claim | None) -> Cell:
    if claim is None:
        return Cell(SILENT)
    return Cell(strength_words(claim.strength), claim.strength > 0, claim.source, claim.verified)


def named(names: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """Return the entries of these slugs or names, each once, and in plain words what could not be used."""
    found: dict[str, Entry] = {}
    problems = []
    for name in filter(None, (n.replace("\0", "").strip()[:80] for n in names)):
        entry = Entry.objects.filter(slug=name).first() or Entry.objects.filter(name__iexact=name).first()
        if entry is None:
            near = [e.name for kind in Entry.Kind for e in searching.find(kind, searching.Filters(words=name))[:2]]
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            problems.append(f"There is nothing called “{name}” in the catalog.{meant}")
        elif entry.slug not in found and len(found) == MOST:
            problems.append(f"Four fit side by side; {entry.name} was left out. Take another away first.")
        else:
            found[entry.slug] = entry
    return list(found.values()), problems[:MOST]
