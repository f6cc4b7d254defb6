"""The parameters of a run, checked against what the tool's description allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from analysis_runner.descriptions import Parameter, Tool
from analysis_runner.refusals import Refusal

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
JSON_TYPES = {"float": "number", "int": "integer", "bool": "boolean", "choice": "string"}


class WrongParameters(Refusal):
    """One sentence a field in `fields`."""

    def __init__(self, tool: Tool, fields: dict[str, str]) -> None:
        name, sentence = next(iter(fields.items()))
        words = {parameter.name: parameter.text for parameter in tool.parameters}
        super().__init__(
            400, "wrong_parameter", f"{words.get(name, name)}: {sentence}", f"Change '{name}' and send it again."
        )
        self.fields = fields


def check(tool: Tool, given: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter: as given, else from the sample's metadata, else the default.

    Raises
    ------
    Refusal
        400 `unknown_parameter`, or `WrongParameters` with a sentence for each.
    """
    names = [parameter.name for parameter in tool.parameters]
    if unknown := sorted(set(given) - set(names)):
        known = f"{tool.name} has: {', '.join(names)}." if names else f"{tool.name} has none."
        raise Refusal(400, "unknown_parameter", f"'{unknown[0]}' is not a parameter of {tool.name}.", known)
    values, wrong = {}, {}
    for parameter in tool.parameters:
        value = given.get(parameter.name)
        try:
            values[parameter.name] = default(parameter, found) if value in (None, "") else _value(parameter, value)
        except ValueError as error:
            wrong[parameter.name] = str(error)
    if wrong:
        raise WrongParameters(tool, wrong)
    return values


def default(parameter: Parameter, found: Mapping[str, Any]) -> Any:
    """Return what the sample's own metadata says, else the description's default; None if neither says."""
    if parameter.default_from == "time_step":
        known = found.get("time_step_s")
    elif parameter.default_from:
        known = (found.get("pixel_size_um") or {}).get(parameter.default_from[-1])
    else:
        known = None
    return parameter.default if known is None else known


def schema(tool: Tool) -> dict[str, Any]:
    """Return the JSON Schema of the tool's parameters."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {parameter.name: _schema(parameter) for parameter in tool.parameters},
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": [JSON_TYPES[parameter.type], "null"],
        "title": parameter.text,
        "description": " ".join(filter(None, [parameter.help, f"In {parameter.unit}." if parameter.unit else ""])),
        "default": parameter.default,
    }
    if parameter.choices:
        said["enum"] = [*(choice.value for choice in parameter.choices), None]
    if parameter.minimum is not None:
        said["minimum"] = parameter.minimum
    if parameter.maximum is not None:
        said["maximum"] = parameter.maximum
    return said


def _value(parameter: Parameter, given: Any) -> Any:
    if parameter.type == "bool":
        word = str(given).strip().lower()
        if word not in TRUE | FALSE:
            raise ValueError(f"'{_short(given)}' is neither yes nor no.")
        return word in TRUE
    if parameter.type == "choice":
        options = [choice.value for choice in parameter.choices]
        if str(given) not in options:
            raise ValueError(f"'{_short(given)}' is not one of {', '.join(options)}.")
        return str(given)
    return _number(parameter, given)


def _number(parameter: Parameter, given: Any) -> float | int:
    try:
        if isinstance(given, bool):
            raise ValueError
        number = float(str(given).strip().replace(",", ".", 1))
    except ValueError:
        raise ValueError(f"'{_short(given)}' is not a number.") from None
    if not math.isfinite(number):
        raise ValueError("the number must be finite.")
    if parameter.type == "int" and number != int(number):
        raise ValueError(f"{number:g} is not a whole number.")
    if parameter.minimum is not None and number < parameter.minimum:
        raise ValueError(f"{number:g} is below {parameter.minimum:g}, the least allowed.")
    if parameter.maximum is not None and number > parameter.maximum:
        raise ValueError(f"{number:g} is above {parameter.maximum:g}, the most allowed.")
    return int(number) if parameter.type == "int" else number


def _short(given: Any) -> str:
    return str(given)[:40]
