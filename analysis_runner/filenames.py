"""What a visitor called a file, made fit to be shown. It is never part of a path."""

from __future__ import annotations

import unicodedata

LONGEST = 120


def shown(name: str) -> str:
    """Return the last part of a file name without controls, invisible and direction marks, at most 120 characters."""
    last = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode()).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    plain = " ".join(plain.split())
    if len(plain) > LONGEST:
        stem, dot, ending = plain.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        plain = plain[: LONGEST - len(ending) - 1] + "…" + ending
    return plain.strip(". ") or "image"
