"""Files of other registries, read without trust: bounded in size, depth, number of values and aliases."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from catalog.importing.records import Refusal, UnusableError

SUFFIXES = {".json", ".yaml", ".yml"}
MAX_JSON = 256 * 2**20
MAX_YAML = 8 * 2**20
MAX_JSON_VALUES = 10_000_000
MAX_FILES = 50_000
MAX_VALUES = 400_000
MAX_ALIASES = 1_000
MAX_DEPTH = 60
_Base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_all(path: Path) -> Iterator[tuple[str, Any] | Refusal]:
    """Yield each readable file below a path with its content, and a refusal for each other one.

    YAML values come as text, as they stand in the file: nothing in it can become an object, a number or a date.
    """
    if path.is_file():
        yield _tried(path, path.name)
        return
    if not path.is_dir():
        yield Refusal(str(path), "no_such_file", "There is no such file or folder. Name one that exists.")
        return
    for number, file in enumerate(_files(path)):
        if number == MAX_FILES:
            yield Refusal(
                str(path), "too_many_files", f"The folder has more than {MAX_FILES} files. Import a part of it."
            )
            return
        yield _tried(file, file.relative_to(path).as_posix())


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in a fixed order; links are not followed, hidden folders not entered."""
    for here, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            if path.suffix.lower() in SUFFIXES and not path.is_symlink() and path.is_file():
                yield path


def _tried(path: Path, name: str) -> tuple[str, Any] | Refusal:
    try:
        return name, load(path)
    except UnusableError as error:
        return Refusal(name, error.code, str(error))


def load(path: Path) -> Any:
    """Return the content of a JSON or YAML file.

    Raises
    ------
    UnusableError
        If it is too large, too deep, not text, or not what its name says.
    """
    is_json = path.suffix.lower() == ".json"
    limit = MAX_JSON if is_json else MAX_YAML
    try:
        if path.stat().st_size > limit:
            raise UnusableError("too_large", f"The file has more than {limit // 2**20} MB. Split it.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnusableError("unreadable", f"The file cannot be opened: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnusableError("not_text", "The file is not UTF-8 text. Save it as UTF-8.") from error
    return _json(text) if is_json else from_yaml(text)


def _json(text: str) -> Any:
    if sum(map(text.count, ",[{")) > MAX_JSON_VALUES:
        raise UnusableError("too_many_values", f"The file has more than {MAX_JSON_VALUES} values. Split it.")
    try:
        return json.loads(text)
    except RecursionError:
        raise UnusableError("too_deep", "The file is nested too deeply to be a record.") from None
    except ValueError as error:
        raise UnusableError("not_json", f"The file is not JSON: {str(error)[:120]}.") from error


def from_yaml(text: str) -> Any:
    """Return the content of one YAML document, every value as text.

    Raises
    ------
    UnusableError
        If it is not YAML, or built to exhaust whoever reads it.
    """
    try:
        _measure(text)
        data = yaml.load(text, _Base)  # noqa: S506  # the base loader makes nothing but text, lists and mappings
    except yaml.YAMLError as error:
        raise UnusableError("not_yaml", f"The file is not YAML: {' '.join(str(error).split())[:160]}.") from error
    except (RecursionError, ValueError, TypeError) as error:
        if isinstance(error, UnusableError):
            raise
        raise UnusableError("not_yaml", "The file is YAML of a kind that no record has.") from error
    _walk(data)
    return data


def _measure(text: str) -> None:
    """Refuse a document with too many values, aliases or levels before anything is built of it."""
    depth = values = aliases = 0
    for event in yaml.parse(text, Loader=_Base):
        values += isinstance(event, yaml.ScalarEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise UnusableError("too_deep", f"The file is nested more than {MAX_DEPTH} levels deep.")
        if values > MAX_VALUES or aliases > MAX_ALIASES:
            raise UnusableError(
                "too_many_values", f"The file has more than {MAX_VALUES} values or {MAX_ALIASES} aliases."
            )


def _walk(data: Any) -> None:
    """Refuse a document whose aliases multiply it, or lead back into it."""
    left, seen = [(data, 0)], 0
    while left:
        value, depth = left.pop()
        seen += 1
        if seen > MAX_VALUES or depth > MAX_DEPTH:
            raise UnusableError("too_many_values", "The aliases of the file multiply its content beyond measure.")
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        left += [(part, depth + 1) for part in inner]
