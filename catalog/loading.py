"""Cards into the database and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from catalog import cards, deriving, reading
from catalog.models import Claim, Entry, Option, Question, Revision

FIXTURES = Path(settings.BASE_DIR) / "fixtures"

_QUESTION_FIELDS = [f for f in cards.QuestionCard.model_fields if f != "options"]
_ENTRY_FIELDS = [f for f in cards.EntryCard.model_fields if f != "claims"]


class CatalogError(Exception):
    """The cards have mistakes; nothing was loaded."""

    def __init__(self, mistakes: list[cards.Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__(
            f"{len(mistakes)} mistakes in the cards, so nothing was loaded:\n" + "\n".join(map(str, mistakes))
        )


class EditedError(Exception):
    """The database holds changes that the cards do not."""


def load(folder: Path = FIXTURES, *, discard_edits: bool = False) -> bool:
    """Make the database say what the cards say; return False if it did already.

    Raises
    ------
    CatalogError
        If any card has a mistake; the database is then as it was.
    EditedError
        If a curator's changes in the database would be lost.
    """
    digest = reading.digest(folder)
    if Revision.current() == digest:
        return False
    catalog = reading.read_catalog(folder)
    if not catalog.questions or not catalog.entries:
        catalog.mistakes.append(cards.Mistake(folder, "questions and tools", "are not there; name a folder of cards."))
    if catalog.mistakes:
        raise CatalogError(catalog.mistakes)
    with transaction.atomic():
        found = Revision.objects.select_for_update().first()
        if found and found.digest == digest and not found.edits:
            return False
        if found and found.edits and not discard_edits:
            raise EditedError(
                f"{found.edits} changes were made in the database since the cards were loaded; loading "
                "would lose them. Write them back with dump_catalog first, or give --discard-edits."
            )
        _load_questions(catalog)
        _load_entries(catalog)
        Revision.objects.all().delete()
        Revision.objects.create(digest=digest)
    return True


def _load_questions(catalog: cards.Catalog) -> None:
    Question.objects.all().delete()
    Question.objects.bulk_create(
        Question(id=name, **{f: _stored(getattr(card, f)) for f in _QUESTION_FIELDS})
        for name, card in catalog.questions.items()
    )
    Option.objects.bulk_create(
        Option(question_id=name, position=place, **option.model_dump())
        for name, card in catalog.questions.items()
        for place, option in enumerate(card.options)
    )


def add(slug: str, card: cards.EntryCard, kind: str) -> Entry:
    """Put one new card into the database, beside what is there."""
    entry = _entry(slug, card, kind)
    entry.save(force_insert=True)
    options = _options()
    Claim.objects.bulk_create([*_stated(slug, card, options), *_following(slug, card, options)])
    return entry


def follow(entry: Entry) -> None:
    """Work out again what follows from the facts of an entry, after one of them changed."""
    entry.claims.exclude(follows_from="").delete()
    Claim.objects.bulk_create(_following(entry.slug, card_of(entry), _options()))
    Revision.edited()


def _entry(slug: str, card: cards.EntryCard, kind: str) -> Entry:
    return Entry(slug=slug, kind=kind, **{f: _stored(getattr(card, f), f) for f in _ENTRY_FIELDS})


def _options() -> dict[tuple[str, str], int]:
    return {(o.question_id, o.value): o.pk for o in Option.objects.all()}


def _load_entries(catalog: cards.Catalog) -> None:
    Entry.objects.all().delete()
    Entry.objects.bulk_create(
        _entry(slug, card, kind)
        for kind, group in ((Entry.Kind.TOOL, catalog.tools), (Entry.Kind.MODEL, catalog.models))
        for slug, card in group.items()
    )
    options = _options()
    Claim.objects.bulk_create(
        (
            claim
            for slug, card in catalog.entries.items()
            for claims in (_stated(slug, card, options), _following(slug, card, options))
            for claim in claims
        ),
        batch_size=500,
    )


def _stated(slug: str, card: cards.EntryCard, options: Mapping[tuple[str, str], int]) -> Iterable[Claim]:
    for number, block in enumerate(card.claims):
        for place, (value, strength) in enumerate(block.statements()):
            yield Claim(
                entry_id=slug, option_id=options[block.question, value], strength=strength, source=block.source,
                read=block.read, confirmed=block.confirmed, block=number, position=place,
            )  # fmt: skip


def _following(slug: str, card: cards.EntryCard, options: Mapping[tuple[str, str], int]) -> Iterable[Claim]:
    """Yield the claims that follow from the card's facts, where the card itself states nothing."""
    source = card.source or card.homepage or card.repository or card.documentation or ""
    own = {str(name): found for name, found in card.sources.items()}
    for place, found in enumerate(deriving.unstated(card)):
        if (found.question, found.option) in options:
            at = own.get(found.fact)
            yield Claim(
                entry_id=slug, option_id=options[found.question, found.option], strength=found.strength,
                source=at.source if at else source, read=at.read if at else card.read,
                follows_from=found.fact, block=len(card.claims), position=place,
            )  # fmt: skip


def _stored(value: Any, field: str = "") -> Any:
    """Return what the database column holds for a card's value."""
    if isinstance(value, cards.Maintenance):
        return value.model_dump(mode="json", exclude_none=True)
    if field == "sources":
        return {name: found.model_dump(mode="json") for name, found in value.items()}
    if value is None and field in {"read"}:
        return None
    if value is None and field == "maintenance":
        return {}
    return "" if value is None and field else value


def dump(folder: Path = FIXTURES, *, force: bool = False) -> list[Path]:
    """Write the database as cards; return the files whose bytes changed, were added or were removed.

    Raises
    ------
    EditedError
        If the cards in the folder are not those that were loaded, so that writing would lose what they say.
    """
    found = Revision.objects.first()
    if (
        any((folder / kind).is_dir() for kind in reading.KINDS)
        and not force
        and (found is None or found.digest != reading.digest(folder))
    ):
        raise EditedError(
            f"The cards in {folder} have changed since they were loaded; writing would lose that. "
            "Load them first, or give --force."
        )
    wanted = {folder / "questions" / f"{q.pk}.yaml": cards.write(_question_card(q)) for q in _questions()}
    for entry in Entry.objects.prefetch_related("claims__option"):
        wanted[folder / f"{entry.kind}s" / f"{entry.slug}.yaml"] = cards.write(card_of(entry))
    changed = [p for p, text in wanted.items() if not p.exists() or p.read_bytes() != text.encode()]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
    for path in set(reading.paths(folder)) - set(wanted):
        path.unlink()
        changed.append(path)
    if folder.resolve() == FIXTURES.resolve():
        Revision.objects.update(digest=reading.digest(folder), edits=0)
    return changed


def _questions() -> Iterable[Question]:
    return Question.objects.prefetch_related("options")


def _question_card(question: Question) -> cards.QuestionCard:
    options = [{f: getattr(option, f) for f in cards.OptionCard.model_fields} for option in question.options.all()]
    return cards.QuestionCard.model_validate({f: getattr(question, f) for f in _QUESTION_FIELDS} | {"options": options})


def card_of(entry: Entry) -> cards.EntryCard:
    """Return what the database holds of an entry as a card, without what follows from its facts."""
    shape = cards.ToolCard if entry.kind == Entry.Kind.TOOL else cards.ModelCard
    blocks: dict[tuple[Any, ...], dict[str, Any]] = {}
    for claim in entry.claims.all():
        if claim.follows_from:
            continue
        block = blocks.setdefault(
            (claim.block, claim.option.question_id, claim.source, claim.read, claim.confirmed),
            {
                "question": claim.option.question_id,
                "suits": {},
                "unsuited": [],
                "source": claim.source,
                "read": claim.read,
                "confirmed": claim.confirmed,
            },
        )
        if claim.strength:
            block["suits"][claim.option.value] = claim.strength
        else:
            block["unsuited"].append(claim.option.value)
    return shape.model_validate(facts_of(entry) | {"claims": list(blocks.values())})


def facts_of(entry: Entry) -> dict[str, Any]:
    """Return the facts of an entry as its card has them, without its claims; what is unknown is left out."""
    values = {f: getattr(entry, f) for f in _ENTRY_FIELDS}
    return {f: v for f, v in values.items() if v not in ("", {}, None)}
