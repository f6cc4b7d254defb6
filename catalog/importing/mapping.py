"""The declared tables that say what foreign terms, tags and formats mean in our questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).parent
Meaning = Mapping[tuple[str, str], float]


class Term(NamedTuple):
    """A term of EDAM: what it says, and whether an export may say it back."""

    id: str
    label: str
    suits: Meaning
    back: bool


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return one of the mapping files beside this module."""
    data: Mapping[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return data


@cache
def terms() -> Mapping[str, Term]:
    """Return every EDAM term that says something, by its id."""
    edam = table("edam")
    return {
        name: Term(name, said["label"], _flat(said["suits"]), said.get("back", False))
        for name, said in {**edam["terms"], **edam["formats"]}.items()
    }


def about_images(ids: Iterable[str]) -> bool:
    """Tell whether one of these EDAM terms means that a program is about images."""
    known = {*table("edam")["images"], *(name for name in terms() if not re.search(r"_\d{4}$", name))}
    return not known.isdisjoint(ids)


def meaning(kind: str, names: Iterable[str]) -> dict[tuple[str, str], float]:
    """Return what words of one kind (tags, inputs, outputs, parameters) say together; the strongest counts."""
    known = table("tags")[kind]
    return strongest(_flat(known[name]) for name in names if name in known)


def strongest(meanings: Iterable[Meaning]) -> dict[tuple[str, str], float]:
    """Return all statements together, each at its greatest strength."""
    together: dict[tuple[str, str], float] = {}
    for said in meanings:
        for option, strength in said.items():
            together[option] = max(strength, together.get(option, 0.0))
    return together


def host(names: Iterable[str]) -> list[str]:
    """Return the cards of the programs that these links and words mean, each once."""
    known = table("tags")["runs_in"]
    return list(dict.fromkeys(known[name] for name in names if name in known))


def tag(value: str) -> str:
    """Return a tag in the form in which the table has it."""
    return re.sub(r"[\s_]+", "-", value.strip().lower())


def _flat(suits: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, str], float]:
    return {(question, option): s for question, options in suits.items() for option, s in options.items()}
