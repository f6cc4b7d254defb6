"""Deciding what waits for a curator. Of two who decide at once one is first, and the other is told so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalog import cards, history, judging, loading
from catalog.models import Claim, Concern, Entry, Option


class DecisionError(Exception):
    """A decision could not be carried out; everything is as it was."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Evidence:
    """Where an accepted value can be checked, and the day on which somebody read it there."""

    source: str = ""
    read: date | None = None


def reject(pk: int, by: str, reason: str) -> Concern:
    with transaction.atomic():
        return _decide(pk, Concern.State.REJECTED, by, reason)


def accept(pk: int, by: str, reason: str, evidence: Evidence | None = None, *, write: bool = True) -> Concern:
    """Accept a concern and write what it proposes into the catalog; with `write=False` only note the decision.

    Raises
    ------
    DecisionError
        If somebody has decided before, the catalog has changed since, or the checks refuse what would be written.
    """
    with transaction.atomic():
        concern = _decide(pk, Concern.State.ACCEPTED, by, reason)
        if write and writes(concern):
            _write(concern, evidence or Evidence(concern.source, concern.seen))
    return concern


def writes(concern: Concern) -> bool:
    """Whether accepting it changes the catalog by itself: it names one fact and its value, or brings a whole card."""
    if concern.kind == Concern.Kind.SUGGESTION:
        return bool((concern.proposed or {}).get("card"))
    return bool(concern.field) and (concern.proposed is not None or _is_claim(concern))


def holds(concern: Concern) -> Any:
    """Return what the catalog says now of the fact or claim that a concern is about; None where it says nothing."""
    entry = Entry.objects.filter(pk=concern.entry).first()
    if entry is None or not concern.field:
        return None
    if _is_claim(concern):
        claim = _claim(entry, concern.field)
        return claim.strength if claim else None
    return getattr(entry, concern.field, None)


def _decide(pk: int, state: Concern.State, by: str, reason: str) -> Concern:
    """Mark a concern as decided; one UPDATE with a WHERE decides who was first."""
    if not reason.strip():
        raise DecisionError("no_reason", "Say in a few words why, for those who ask later.")
    won = Concern.objects.filter(pk=pk, state=Concern.State.OPEN).update(
        state=state, decided=timezone.now(), decided_by=by, reason=reason.strip()
    )
    concern = Concern.objects.filter(pk=pk).first()
    if concern is None:
        raise DecisionError("gone", "This concern does not exist any more.")
    if not won:
        sentence = f"{concern.decided_by or 'Somebody'} has decided this before you: {concern.get_state_display()}."
        raise DecisionError("decided_before", sentence)
    if isinstance(concern.proposed, dict) and concern.proposed.pop("contact", ""):
        concern.save(update_fields=["proposed"])  # nobody will be asked any more
    return concern


def _write(concern: Concern, evidence: Evidence) -> None:
    if concern.kind == Concern.Kind.SUGGESTION:
        _write_card(concern)
        return
    entry = Entry.objects.select_for_update().filter(pk=concern.entry).first()
    if entry is None:
        raise DecisionError("entry_gone", f"The catalog has no entry {concern.entry!r} any more. Reject this.")
    now = holds(concern)
    if now == concern.proposed:
        return
    if now != concern.held:
        sentence = f"The catalog has changed since and says {now!r} now. Edit the entry by hand, or reject this."
        raise DecisionError("changed_since", sentence)
    write = _write_claim if _is_claim(concern) else _write_fact
    write(entry, concern, evidence)
    loading.follow(entry)


def _write_fact(entry: Entry, concern: Concern, evidence: Evidence) -> None:
    name = concern.field
    if name not in cards.EntryCard.model_fields or name in {"claims", "sources"}:
        raise DecisionError("no_such_fact", f"A card has no fact {name!r}. Reject this.")
    setattr(entry, name, concern.proposed)
    if name in cards.FIELDS_WITH_SOURCE:
        if not evidence.source or not evidence.read:
            raise DecisionError("no_source", "Say where this can be checked, and on which day you read it there.")
        entry.sources[name] = {"source": evidence.source, "read": evidence.read.isoformat()}
    _refuse_mistakes(entry)
    history.note(entry, f"{concern.get_kind_display()}; {concern.reason}")
    entry.save()


def _write_claim(entry: Entry, concern: Concern, evidence: Evidence) -> None:
    claim = _claim(entry, concern.field)
    if claim and (claim.follows_from or concern.proposed is None):
        _take_away(claim, concern)
        claim = None
    if concern.proposed is not None:
        _state(entry, claim, concern, evidence)
    _refuse_mistakes(entry)


def _take_away(claim: Claim, concern: Concern) -> None:
    if claim.follows_from and concern.proposed is None:
        sentence = f"It follows from the entry's {claim.follows_from} and would come back. Change that, or reject this."
        raise DecisionError("follows", sentence)
    if claim.follows_from:
        Claim.objects.filter(pk=claim.pk).delete()
    else:
        history.delete(claim, f"{concern.get_kind_display()}; {concern.reason}")


def _state(entry: Entry, claim: Claim | None, concern: Concern, evidence: Evidence) -> None:
    strength = concern.proposed
    if not isinstance(strength, int | float) or not 0 <= strength <= 1:
        raise DecisionError("no_strength", f"The strength of a claim lies between 0 and 1; it is {strength!r}.")
    if not evidence.source:
        raise DecisionError("no_source", "Say where this can be checked; a claim without a source is none.")
    option = _option(concern.field)
    if option is None:
        raise DecisionError("no_such_option", f"There is no option {concern.field!r} any more. Reject this.")
    if claim is None:
        last = entry.claims.filter(follows_from="").aggregate(last=Max("block"))["last"]
        claim = Claim(entry=entry, option=option, block=0 if last is None else last + 1, position=0)
    claim.strength, claim.source, claim.read, claim.confirmed = strength, evidence.source, evidence.read, None
    history.note(claim, f"{concern.get_kind_display()}; {concern.reason}")
    claim.save()


def _write_card(concern: Concern) -> None:
    """Add the suggested card as a tool of its own."""
    suggested: dict[str, Any] = concern.proposed or {}
    slug = str(suggested.get("slug", ""))
    try:
        raw = judging.parse(suggested["card"])
    except judging.UnreadableError as error:
        raise DecisionError("refused", str(error)) from error
    if Entry.objects.filter(pk=slug).exists():
        raise DecisionError("name_taken", f"There is an entry {slug!r} already. Add what is new to it by hand.")
    card, mistakes = judging.judge(Entry.Kind.TOOL, slug, raw)
    if mistakes or card is None:
        raise DecisionError("refused", _told(mistakes))
    loading.add(slug, card, Entry.Kind.TOOL)


def _refuse_mistakes(entry: Entry) -> None:
    if mistakes := judging.judge_entry(entry):
        raise DecisionError("refused", _told(mistakes))


def _told(mistakes: list[cards.Mistake]) -> str:
    return "The checks of the catalog refuse this. " + " ".join(f"{m.key} {m.sentence}" for m in mistakes[:5])


def _is_claim(concern: Concern) -> bool:
    return "=" in concern.field


def _claim(entry: Entry, field: str) -> Claim | None:
    option = _option(field)
    return entry.claims.filter(option=option).first() if option else None


def _option(field: str) -> Option | None:
    question, _, value = field.partition("=")
    return Option.objects.filter(question_id=question, value=value).first()
