"""Probabilities as people read them: a percentage, "about 1 in 3", and the width of a bar."""

from __future__ import annotations

from math import log

from django import template

register = template.Library()

_ODDS = (
    (0.01, "about 1 in 100"),
    (0.02, "about 1 in 50"),
    (1 / 30, "about 1 in 30"),
    (0.05, "about 1 in 20"),
    (1 / 15, "about 1 in 15"),
    (0.1, "about 1 in 10"),
    (0.125, "about 1 in 8"),
    (1 / 6, "about 1 in 6"),
    (0.2, "about 1 in 5"),
    (0.25, "about 1 in 4"),
    (1 / 3, "about 1 in 3"),
    (0.4, "about 2 in 5"),
    (0.5, "about 1 in 2"),
    (0.6, "about 3 in 5"),
    (2 / 3, "about 2 in 3"),
    (0.75, "about 3 in 4"),
    (0.8, "about 4 in 5"),
    (0.9, "about 9 in 10"),
    (0.95, "about 19 in 20"),
)
LEAST = 0.0075
"""Below this a chance is only said to be small."""
WIDEST_BITS = 4.0
"""Bits at which a reason's bar is full: an answer that makes an entry sixteen times as likely."""


@register.filter
def percent(probability: float) -> str:
    """Return a whole percentage; the ends say that nothing is impossible or certain."""
    if probability < LEAST:
        return "<1%"
    if probability > 0.99:
        return ">99%"
    return f"{probability * 100:.0f}%"


@register.filter
def odds(probability: float) -> str:
    """Return the chance in words, as the nearest simple fraction."""
    if probability < LEAST:
        return "less than 1 in 100"
    if probability > 0.97:
        return "nearly certain"
    return min(_ODDS, key=lambda fraction: abs(log(fraction[0] / probability)))[1]


@register.filter
def width(probability: float) -> str:
    """Return the width of a bar that is 100 wide, never so short that it cannot be seen."""
    return f"{min(max(probability * 100, 1.0), 100.0):.1f}"


@register.filter
def bits_width(bits: float) -> str:
    return width(abs(bits) / WIDEST_BITS)


@register.filter
def signed(bits: float) -> str:
    """Return bits with their sign and one decimal, with a true minus."""
    return f"{bits:+.1f}".replace("-", "\N{MINUS SIGN}")


@register.filter
def grouped(number: int) -> str:
    """Return a number with its thousands set apart."""
    return f"{number:,}"


@register.filter
def host(url: str) -> str:
    """Return the host of a web address, which is what a reader needs to judge a source by."""
    return url.split("//", 1)[-1].split("/", 1)[0].removeprefix("www.")
