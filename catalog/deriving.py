"""What follows from the facts of a card: nobody states again in a claim what its licence or platforms already say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from catalog.cards import EntryCard

OPEN = re.compile(
    r"(A?GPL|LGPL|MPL|EPL|EUPL|CDDL|OSL)-\d|BSD-[23]-Clause|MIT|Apache-2\.0|ISC|Zlib|Unlicense|CC0-1\.0|CECILL-2\.1"
    r"|CC-BY(-SA)?-\d|ECL-2\.0|UPL-1\.0|0BSD|Artistic-2\.0|PSF-2\.0|Python-2\.0|NCSA|BSL-1\.0|AFL-3\.0"
)
"""SPDX identifiers of licences that let anyone read, change and use a program, companies too."""
RESTRICTED = re.compile(r"non-?commercial|academic|-NC\b|-NC-", re.IGNORECASE)
HOST_ECOSYSTEM = {"imagej": "fiji", "imagej2": "fiji", "python": "napari", "bioconductor": "r"}
"""Hosts that the question about programs in use names differently."""
ECOSYSTEMS = {"fiji", "cellprofiler", "qupath", "napari", "ilastik", "icy", "knime", "galaxy", "matlab", "r", "omero"}
MAYBE = 0.7
FEW = 3
"""An entry made for at most so many named assays is chosen for them, hardly for any other experiment."""
LOCAL = {"desktop", "plugin", "library", "command_line"}


class Facts(Protocol):
    """What a card and an entry of the database share."""

    @property
    def licence(self) -> str | None: ...
    @property
    def cost(self) -> str | None: ...
    @property
    def platforms(self) -> Sequence[str]: ...
    @property
    def use_as(self) -> Sequence[str]: ...
    @property
    def hosts(self) -> Sequence[str]: ...


class Derived(NamedTuple):
    """One statement that follows from a fact."""

    question: str
    option: str
    strength: float
    fact: str


def derive(card: Facts) -> Iterator[Derived]:
    """Yield what follows from a card's licence, price, platforms, way of use and hosts; nothing where one is unknown.

    A statement on the card itself counts before one that follows.
    """
    for fact, question, strengths in (
        ("cost", "me.cost", _price(card)),
        ("licence", "me.cost", _terms(card)),
        ("platforms", "me.os", _systems(card)),
        ("use_as", "me.run", _places(card)),
        ("use_as", "me.privacy", _privacy(card)),
        ("hosts", "me.ecosystem", _ecosystems(card)),
    ):
        for option, strength in strengths.items():
            yield Derived(question, option, strength, fact)


def unstated(card: EntryCard) -> Iterator[Derived]:
    """Yield what follows from a card's facts and named assays where no claim of the card speaks of it."""
    stated = {(b.question, value): strength for b in card.claims for value, strength in b.statements()}
    for found in (*derive(card), *_any_experiment(stated)):
        if (found.question, found.option) not in stated:
            yield found


def _any_experiment(stated: Mapping[tuple[str, str], float]) -> Iterator[Derived]:
    """Yield that an entry serves experiments without a name, unless it is made for a few that have one."""
    made_for = sum(question == "goal.assay" and strength == 1 for (question, _), strength in stated.items())
    if not 1 <= made_for <= FEW:
        yield Derived("goal.assay", "none", 1.0, "assays")


def is_open(licence: str | None) -> bool:
    """Whether a licence lets anybody use, read and change a program."""
    return bool(licence and OPEN.match(licence) and not RESTRICTED.search(licence))


def _price(card: Facts) -> Mapping[str, float]:
    known = {"free": 1.0, "freemium": MAYBE, "paid": 0.0}
    return {"free": known[card.cost]} if card.cost in known else {}


def _terms(card: Facts) -> Mapping[str, float]:
    if not card.licence:
        return {}
    if RESTRICTED.search(card.licence):
        return {"open": 0.0, "commercial_use": 0.0}
    if is_open(card.licence):
        return {"open": 1.0, "commercial_use": 1.0}
    return {"open": 0.0, "commercial_use": 1.0} if card.licence == "proprietary" and card.cost == "paid" else {}


def _systems(card: Facts) -> Mapping[str, float]:
    if not card.platforms:
        return {}
    anywhere = "web" in card.platforms
    runs = {"win": "windows", "linux": "linux", "mac_intel": "macos", "mac_arm": "macos"}
    return {option: float(anywhere or system in card.platforms) for option, system in runs.items()}


def _places(card: Facts) -> Mapping[str, float]:
    ways = set(card.use_as)
    if not ways:
        return {}
    places = {"install": float(bool(ways & LOCAL)), "browser": float("web" in ways)}
    if ways & {"library", "command_line"}:
        places["server"] = MAYBE
    if "notebook" in ways:
        places["cloud"] = MAYBE
    return places


def _privacy(card: Facts) -> Mapping[str, float]:
    ways = set(card.use_as)
    if not ways:
        return {}
    inside = float(bool(ways & LOCAL))
    return {"no": inside, "eu": inside, "anonymised": 1.0}


def _ecosystems(card: Facts) -> Mapping[str, float]:
    return {HOST_ECOSYSTEM.get(host, host): 1.0 for host in card.hosts if HOST_ECOSYSTEM.get(host, host) in ECOSYSTEMS}
