"""Searching and filtering the catalog's entries. No word of a search needs to be spelt as the card spells it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.models import Claim, Entry, Option

GOAL = "goal.main"
MODALITY = "img.modality"
SUITS = 0.4
"""Strength from which a claim counts as "it does this" in a filter; below, it takes effort."""
_NAME, _ALIAS, _KEYWORD, _SUMMARY = 8, 6, 3, 1


@dataclass(frozen=True)
class Filters:
    """What a visitor asked for; an empty value asks for nothing."""

    words: str = ""
    goal: str = ""
    modality: str = ""
    host: str = ""
    platform: str = ""
    free: bool = False
    open: bool = False
    runs: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters in a query string, without its NUL bytes and overlong words."""

        def text(key: str) -> str:
            return query.get(key, "").replace("\0", "").strip()[:100]

        return cls(
            words=text("q"),
            goal=text("goal"),
            modality=text("modality"),
            host=text("host"),
            platform=text("platform"),
            free=bool(text("free")),
            open=bool(text("open")),
            runs=bool(text("runs")),
        )

    @property
    def chosen(self) -> dict[str, str]:
        """Return the query string's keys and values that ask for something."""
        words = {"q": self.words} if self.words else {}
        texts = {k: v for k in ("goal", "modality", "host", "platform") if (v := getattr(self, k))}
        return words | texts | {k: "1" for k in ("free", "open", "runs") if getattr(self, k)}


def find(kind: str, filters: Filters) -> list[Entry]:
    """Return the entries of a kind that pass the filters: best match first, then by name."""
    entries = [e for e in Entry.objects.filter(kind=kind) if _passes(e, filters)]
    for question, value in ((GOAL, filters.goal), (MODALITY, filters.modality)):
        if value:
            able = suited(question, value)
            entries = [e for e in entries if e.slug in able]
    if filters.words:
        scores = {e.slug: score(e, filters.words) for e in entries}
        entries = [e for e in entries if scores[e.slug]]
        return sorted(entries, key=lambda e: (-scores[e.slug], e.name.casefold()))
    return sorted(entries, key=lambda e: e.name.casefold())


def suited(question: str, value: str) -> set[str]:
    """Return the slugs that suit an option, or a wider or narrower one, and are not said to be unsuited to it."""
    options = list(Option.objects.filter(question_id=question))
    related = {value} | {o.value for o in options if value in o.includes}
    related |= {narrow for o in options if o.value == value for narrow in o.includes}
    claims = Claim.objects.filter(option__question_id=question, option__value__in=related)
    said = list(claims.values_list("entry_id", "option__value", "strength"))
    refused = {slug for slug, option, strength in said if option == value and strength == 0}
    return {slug for slug, _, strength in said if strength >= SUITS} - refused


def is_open(entry: Entry) -> bool:
    """Whether the licence lets anybody use, read and change it."""
    return bool(entry.licence) and not re.match(r"proprietary|LicenseRef-|.*-N[CD]\b", entry.licence, re.IGNORECASE)


def score(entry: Entry, words: str) -> int:
    """Return how well an entry matches a search: 0 unless every word is found somewhere."""
    fields = (
        (_NAME, _plain([entry.name, entry.slug])),
        (_ALIAS, _plain(entry.aliases)),
        (_KEYWORD, _plain(entry.keywords)),
        (_SUMMARY, _plain([entry.summary])),
    )
    wanted = _plain([words]).split()
    best = [max((w * _closeness(word, text) for w, text in fields), default=0) for word in wanted]
    return sum(best) if best and all(best) else 0


def _closeness(word: str, text: str) -> int:
    """Return 3 for a whole word, 2 for the beginning of one, 1 for a part, 0 for none."""
    if f" {word} " in text:
        return 3
    return 2 if f" {word}" in text else int(word in text)


def _plain(texts: Iterable[str]) -> str:
    """Return the texts in lower case, without accents and punctuation, padded so that words can be told apart."""
    decomposed = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return f" {' '.join(re.findall('[0-9a-z]+', bare))} "


def _passes(entry: Entry, filters: Filters) -> bool:
    return not (
        (filters.host and filters.host not in [*entry.hosts, *entry.runs_in])
        or (filters.platform and filters.platform not in entry.platforms)
        or (filters.free and entry.cost != Entry.Cost.FREE)
        or (filters.open and not is_open(entry))
        or (filters.runs and not entry.runs)
    )
