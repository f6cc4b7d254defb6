"""Whether a record says otherwise than an entry, field by field; silence and a part of the same are no difference."""

from __future__ import annotations

import re
from typing import Any

from catalog.importing import texts
from catalog.importing.records import Record

SETS = {"platforms", "use_as", "hosts", "runs_in"}
ADDRESSES = {"homepage", "repository", "weights"}


def differs(field: str, held: Any, record: Record) -> bool:
    """Tell whether a record contradicts what an entry holds in one field."""
    said = record.facts[field]
    if field in SETS:
        return not set(said) <= set(held)
    if field == "documentation":
        return False  # There is more than one page of documentation on most tools; another is no contradiction.
    if field in ADDRESSES:
        return texts.same_address(held) != texts.same_address(said)
    if field == "citation":
        return held.casefold() not in {said.casefold(), *(doi.casefold() for doi in record.dois)}
    if field == "licence":
        return _bare_licence(held) != _bare_licence(said)
    if field == "framework":
        return said.casefold() not in held.casefold()
    return bool(held != said)


def wanted(field: str, held: Any, said: Any) -> Any:
    """Return what the field would say if the record were believed: of several values, all."""
    return list(dict.fromkeys([*held, *said])) if field in SETS else said


def _bare_licence(value: str) -> str:
    """Return a licence without '-only' and '-or-later', between which some registries cannot tell."""
    return re.sub(r"-(only|or-later)$", "", value.strip()).casefold()
