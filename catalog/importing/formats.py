"""Which registry a file comes from, and its records one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Protocol

from catalog.importing import bilayers, bioimageio, biotools
from catalog.importing.records import OutsideError, Record, Refusal, UnusableError


class Format(Protocol):
    """One registry's way of writing records."""

    def recognise(self, data: Any) -> bool: ...
    def parts(self, data: Any) -> Iterator[Any]: ...
    def record(self, data: Any, today: date) -> Record: ...


FORMATS: dict[str, Format] = {"biotools": biotools, "bioimageio": bioimageio, "bilayers": bilayers}
MAX_RECORDS = 200_000
UNKNOWN = "unknown_format"


def records(data: Any, where: str, *, form: str = "auto", today: date) -> Iterator[Record | Refusal]:
    """Yield each record of a file's content; a wrong one is named and does not stop the others."""
    chosen = FORMATS.get(form) or next((f for f in FORMATS.values() if f.recognise(data)), None)
    if chosen is None:
        yield Refusal(where, UNKNOWN, "This is no record of bio.tools, bioimage.io or Bilayers.")
        return
    for number, part in enumerate(chosen.parts(data), start=1):
        if number > MAX_RECORDS:
            yield Refusal(where, "too_many_records", f"The file has more than {MAX_RECORDS} records. Split it.")
            return
        here = _where(where, part, number)
        try:
            yield chosen.record(part, today)
        except OutsideError as error:
            yield Refusal(here, f"outside_{error.code}", str(error))
        except UnusableError as error:
            yield Refusal(here, error.code, str(error))


def _where(where: str, part: Any, number: int) -> str:
    name = part.get("biotoolsID") or part.get("id") or part.get("name") if isinstance(part, dict) else None
    return f"{where}, record {number}" + (f" ({str(name)[:60]!r})" if name else "")
