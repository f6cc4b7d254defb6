"""A facility's colour, made readable: the same hue, as dark or as light as each theme needs.

Contrast and relative luminance as in WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError

Rgb = tuple[float, float, float]
BLACK: Rgb = (0.0, 0.0, 0.0)
WHITE: Rgb = (1.0, 1.0, 1.0)
TEXT = 4.5
"""Least contrast of text with what it stands on (WCAG AA)."""
STEPS = 100


@dataclass(frozen=True)
class Theme:
    """What the colour stands on, from the website's own tokens, and what it is mixed with to be seen there."""

    surface: str
    paper: str
    sunken: str
    towards: Rgb


LIGHT = Theme("#ffffff", "#f6f8f8", "#ecf1f0", BLACK)
DARK = Theme("#111819", "#090e0f", "#182224", WHITE)


@dataclass(frozen=True)
class Accent:
    """The colours of one theme, each a hex value; they take the place of the tokens of these names."""

    accent: str
    accent_strong: str
    accent_wash: str
    accent_line: str
    on_accent: str


def check_colour(value: str) -> None:
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        raise ValidationError(
            f"{value[:40]!r} is not a colour. Write # and six of 0-9 and a-f, such as #0b6e4f.", "wrong_colour"
        )


def accent(colour: str, theme: Theme) -> Accent:
    """Return the colour for one theme: as it is where it can be read, otherwise mixed with black or white until it can.

    The wash behind chosen options is mostly surface, so that strong accent text on it can be read as well.
    """
    surface = rgb(theme.surface)
    wash = rgb(_hex(_mix(surface, rgb(colour), 0.12)))
    plain = _readable(rgb(colour), [surface, rgb(theme.paper), rgb(theme.sunken), wash], theme.towards)
    strong = _mix(plain, theme.towards, 0.3)
    on = max((BLACK, WHITE), key=lambda ink: min(contrast(ink, plain), contrast(ink, strong)))
    return Accent(_hex(plain), _hex(strong), _hex(wash), _hex(_mix(surface, plain, 0.45)), _hex(on))


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: Rgb, behind: list[Rgb], towards: Rgb) -> Rgb:
    """Mix as little as is needed; at the last step it is black or white, which can be read on every theme."""
    mixtures = (rgb(_hex(_mix(colour, towards, step / STEPS))) for step in range(STEPS + 1))
    return next((m for m in mixtures if all(contrast(m, b) >= TEXT for b in behind)), towards)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (a + (b - a) * share for a, b in zip(colour, other, strict=True))
    return red, green, blue


def rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in colour)
