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
    names = dict(Entry.objects.filter(slug__in={h for e in entries for h in e.hosts}).values_list("slug", "name"))
    rows = {
        "Price": [e.get_cost_display() for e in entries],
        "Licence": [e.licence for e in entries],
        "Comes as": [", ".join(facets.USES.get(u, u) for u in e.use_as) for e in entries],
        "Runs inside": [", ".join(names.get(h, h) for h in e.hosts) or "nothing else needed" for e in entries],
        "Runs on": [", ".join(facets.PLATFORMS.get(p, p) for p in e.platforms) for e in entries],
        "How widely used": [e.get_reach_display() for e in entries],
        "Maintenance": [e.maintenance.get("state", "") for e in entries],
    }
    told = (
        Row(
            label,
            tuple(
                Cell(t or SILENT, source=e.source, verified=e.read is not None)
                for e, t in zip(entries, texts, strict=True)
            ),
        )
        for label, texts in rows.items()
        if any(texts)
    )
    return Group("Plain facts", tuple(sorted(told, key=lambda row: not row.differs)))


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
