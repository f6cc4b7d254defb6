"""A foreign record into the database: gaps are filled, differences wait for a curator, nothing is written over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from catalog import cards, history, loading
from catalog.importing.comparing import differs, wanted
from catalog.importing.matching import Known, Match
from catalog.importing.records import Record, UnusableError
from catalog.models import Claim, Concern, Entry, Option

FILLED = cards.FIELDS_WITH_SOURCE
"""Facts that an import may fill in; names, summaries and claims of an entry that a person read are hers."""


@dataclass
class Outcome:
    """What one record led to."""

    record: Record
    match: Match | None = None
    added: bool = False
    doubt: bool = False
    skipped: str = ""
    filled: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.added or self.doubt or self.filled or self.claimed or self.conflicts)


def merge(record: Record, known: Known) -> Outcome:
    """Bring one record into the database.

    Raises
    ------
    UnusableError
        If it would have become an entry, but not a valid one.
    """
    outcome = Outcome(record, known.match(record))
    with transaction.atomic():
        if outcome.match and not outcome.match.certain:
            state = _ask_whether_same(record, outcome)
            if state == Concern.State.REJECTED:
                outcome.match = None
            elif state == Concern.State.OPEN:
                return outcome
        if outcome.match is None:
            _add(record, known, outcome)
        else:
            _compare(record, Entry.objects.get(pk=outcome.match.slug), outcome)
    return outcome


def _add(record: Record, known: Known, outcome: Outcome) -> None:
    """Make a new entry, if it is of this catalog's field and something can be claimed of it."""
    claims: dict[tuple[str, str], float] = {}
    if record.about_images:
        options = set(Option.objects.values_list("question_id", "value"))
        claims = {key: strength for key, strength in record.claims.items() if key in options}
    outcome.skipped = _why_not(record, claims)
    if outcome.skipped:
        return
    if not cards.SLUG.fullmatch(record.slug):
        sentence = f"No address can be made of {record.name!r}. Give the record a name in Latin letters or digits."
        raise UnusableError("no_address", sentence)
    if record.slug in known.kinds or record.name.casefold() in known.names:
        sentence = f"An entry of another kind is called {record.name!r} already. Give the record another name."
        raise UnusableError("name_taken", sentence)
    loading.add(record.slug, _card(record, claims), record.kind)
    known.add(Entry.objects.get(pk=record.slug))
    outcome.added = True


def _why_not(record: Record, claims: dict[tuple[str, str], float]) -> str:
    """Return why a record does not become an entry: it is of another field, or nobody could find a use in it."""
    if not record.about_images:
        return "not_about_images"
    if not any(question.startswith("goal.") for question, _ in claims):
        return "no_goal"
    return "no_known_host" if record.kind == Entry.Kind.MODEL and not record.facts.get("runs_in") else ""


def _card(record: Record, claims: dict[tuple[str, str], float]) -> cards.EntryCard:
    """Return the record as a card; its claims are unverified, for nobody has read their source."""
    shape = cards.ToolCard if record.kind == Entry.Kind.TOOL else cards.ModelCard
    blocks: dict[str, dict[str, Any]] = {}
    for (question, option), strength in sorted(claims.items()):
        block = blocks.setdefault(question, {"question": question, "suits": {}, "source": record.source})
        block["suits"][option] = strength
    try:
        return shape.model_validate(
            {
                "name": record.name,
                "summary": record.summary[:300],
                **record.otherwise,
                **record.facts,
                "aliases": list(record.aliases),
                "keywords": list(record.keywords),
                "reach": "niche",
                "source": record.source,
                "read": record.read,
                "claims": list(blocks.values()),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnusableError("not_a_card", f"{where} {first['msg']}; it is {first['input']!r:.80}.") from error


def _compare(record: Record, entry: Entry, outcome: Outcome) -> None:
    """Fill what is empty, note what differs; what agrees stays as it is.

    An alias may name a companion of the entry, so what was matched by one fills nothing without a curator.
    """
    by_alias = outcome.match is not None and outcome.match.by == "alias"
    for name in FILLED:
        if not record.facts.get(name):
            continue
        held, said = getattr(entry, name), record.facts[name]
        if differs(name, held, record) if held else by_alias:
            if _dispute(record, entry, name, held, wanted(name, held, said)):
                outcome.conflicts.append(name)
        elif not held and not _rejected(entry, name, said):
            setattr(entry, name, said)
            entry.sources[name] = {"source": record.source, "read": record.read.isoformat()}
            outcome.filled.append(name)
    if outcome.filled:
        history.note(entry, f"imported from {record.source}")
        entry.save(update_fields=[*outcome.filled, "sources"])
        loading.follow(entry)
    _compare_claims(record, entry, outcome)


def _compare_claims(record: Record, entry: Entry, outcome: Outcome) -> None:
    """Note claims that the entry denies; add where it is silent, unless somebody has read what it claims."""
    held = {(c.option.question_id, c.option.value): c for c in entry.claims.select_related("option")}
    stated = [claim for claim in held.values() if not claim.follows_from]
    unread = not any(claim.verified for claim in stated)
    spoken = {question for question, _ in held}
    for (question, value), strength in sorted(record.claims.items()):
        if claim := held.get((question, value)):
            if claim.strength == 0 and _dispute(record, entry, f"{question}={value}", 0.0, strength):
                outcome.conflicts.append(f"{question}={value}")
        elif unread and question not in spoken and (option := _option(question, value)):
            block = max((c.block for c in held.values()), default=-1) + 1 + len(outcome.claimed)
            Claim.objects.create(
                entry=entry, option=option, strength=strength, source=record.source, block=block, position=0
            )
            outcome.claimed.append(f"{question}={value}")


def _option(question: str, value: str) -> Option | None:
    return Option.objects.filter(question_id=question, value=value).first()


def _dispute(record: Record, entry: Entry, name: str, held: Any, proposed: Any) -> bool:
    """Queue a difference for a curator, once; False if it waits already, or was decided before."""
    before = Concern.objects.filter(kind=Concern.Kind.CONFLICT, entry=entry.slug, field=name)
    if any(c.proposed == proposed and c.state != Concern.State.OPEN for c in before):
        return False
    said = {"held": held, "proposed": proposed, "seen": record.read}
    waiting = before.filter(state=Concern.State.OPEN, source=record.source).first()
    if waiting:
        changed = [waiting.held, waiting.proposed] != [held, proposed]
        if changed:
            Concern.objects.filter(pk=waiting.pk).update(**said)
        return changed
    Concern.objects.create(
        kind=Concern.Kind.CONFLICT, entry=entry.slug, field=name, source=record.source,
        statement=f"{record.origin} says otherwise.", **said,
    )  # fmt: skip
    return True


def _rejected(entry: Entry, name: str, said: Any) -> bool:
    """Tell whether a curator has refused this very value."""
    refused = Concern.objects.filter(entry=entry.slug, field=name, state=Concern.State.REJECTED)
    return said in [c.proposed for c in refused]


def _ask_whether_same(record: Record, outcome: Outcome) -> str:
    """Queue the question whether a record speaks of an entry; return how it stands.

    Accepted: the record counts as the entry's. Rejected: it becomes an entry of its own.
    """
    assert outcome.match is not None
    slug, by, _ = outcome.match
    asked = Concern.objects.filter(kind=Concern.Kind.CONFLICT, entry=slug, field="", source=record.source).first()
    if asked is None:
        sentence = f"{record.origin} has {record.name}, with the same {by}. Accept if it is the same, reject if not."
        asked = Concern.objects.create(
            kind=Concern.Kind.CONFLICT, entry=slug, field="", source=record.source, seen=record.read,
            proposed={"name": record.name}, statement=sentence,
        )  # fmt: skip
        outcome.doubt = True
    return str(asked.state)
