"""Which entry of the catalog a foreign record speaks of, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from catalog.importing import texts
from catalog.importing.records import Record
from catalog.models import Entry


class Match(NamedTuple):
    """An entry that a record may speak of, what they share, and whether that settles it."""

    slug: str
    by: str
    certain: bool


class Known:
    """The entries of the catalog by everything that can identify one."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.names: set[str] = set()
        self._words: dict[str, dict[str, set[str]]] = {
            by: defaultdict(set) for by in ("name", "alias", "repository", "homepage", "DOI")
        }
        for entry in Entry.objects.all():
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take one more entry into account."""
        self.kinds[entry.slug] = entry.kind
        self.names.add(entry.name.casefold())
        self._words["name"][texts.folded(entry.name)].add(entry.slug)
        for alias in entry.aliases:
            self._words["alias"][texts.folded(alias)].add(entry.slug)
        for by, address in (("repository", entry.repository), ("homepage", entry.homepage)):
            if address:
                self._words[by][texts.same_address(address)].add(entry.slug)
        if entry.citation:
            self._words["DOI"][entry.citation.casefold()].add(entry.slug)

    def match(self, record: Record) -> Match | None:
        """Return the entry that a record speaks of.

        A name alone settles it only for a record about images: a sequencing tool may bear the name of one of ours.
        An address or a paper settles it only together with a similar name: a plugin shares both with its host.
        """
        named = self._named(record)
        shared = self._shared(record)
        if named and (record.about_images or any(slug == named.slug for slug, _ in shared)):
            return named
        for slug, by in shared:
            if self._similar(record, slug):
                return Match(slug, by, certain=True)
        return Match(*shared[0], certain=False) if shared and record.about_images else None

    def _named(self, record: Record) -> Match | None:
        if self.kinds.get(record.slug) == record.kind:
            return Match(record.slug, "slug", certain=True)
        for by in ("name", "alias"):
            for word in (record.name, *record.aliases):
                if len(found := self._of_kind(by, texts.folded(word), record.kind)) == 1:
                    return Match(found[0], by, certain=True)
        return None

    def _shared(self, record: Record) -> list[tuple[str, str]]:
        """Return the entries with the same address or paper, where only one has it."""
        given = [
            ("repository", texts.same_address(record.facts.get("repository", ""))),
            ("homepage", texts.same_address(record.facts.get("homepage", ""))),
            *(("DOI", doi.casefold()) for doi in sorted(record.dois)),
        ]
        found = [(self._of_kind(by, word, record.kind), by) for by, word in given if word]
        return [(slugs[0], by) for slugs, by in found if len(slugs) == 1]

    def _of_kind(self, by: str, word: str, kind: str) -> list[str]:
        return [slug for slug in self._words[by].get(word, ()) if self.kinds[slug] == kind]

    def _similar(self, record: Record, slug: str) -> bool:
        ours, theirs = texts.folded(slug), texts.folded(record.name)
        return ours == theirs or (min(len(ours), len(theirs)) >= 5 and (ours in theirs or theirs in ours))
