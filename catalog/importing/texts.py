"""Values of foreign records made safe: one line of plain text, a web address, a DOI, a day, a licence; else nothing."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from catalog import cards

EARLIEST = date(1990, 1, 1)
_DOI = re.compile(r"10\.\d{4,9}/[!#-;=?-~]{1,100}")
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{1,59}")
_SPELT = {
    "bsd": "", "bsd2": "BSD-2-Clause", "bsd3": "BSD-3-Clause", "bsd3clauselicense": "BSD-3-Clause",
    "apache2": "Apache-2.0", "apachelicense20": "Apache-2.0", "mitlicense": "MIT", "ccby40": "CC-BY-4.0",
    "gplv2": "GPL-2.0", "gplv3": "GPL-3.0", "proprietary": "proprietary",
    "other": "", "notlicensed": "", "freeware": "", "unknown": "", "none": "", "licensedetails": "",
}  # fmt: skip
"""Spellings of licences without punctuation, with their SPDX identifier; empty where the words name no licence."""
_KNOWN = {
    re.sub(r"[^a-z0-9]", "", name.lower()): name
    for name in (
        "MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "GPL-1.0", "GPL-2.0", "GPL-3.0",
        "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0",
        "LGPL-2.1-or-later", "LGPL-3.0-or-later", "LGPL-3.0-only", "AGPL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later",
        "MPL-1.1", "MPL-2.0", "EPL-1.0", "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "CECILL-2.1", "CECILL-B", "CECILL-C",
        "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-3.0",
        "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-4.0", "Unlicense", "ISC", "Zlib", "0BSD",
        "Artistic-1.0", "Artistic-2.0", "BSL-1.0", "PSF-2.0", "Python-2.0", "NCSA", "AFL-3.0", "WTFPL", "CPL-1.0",
        "OSL-3.0", "ECL-2.0", "UPL-1.0", "BSD-Source-Code", "CDDL-1.0",
    )
}  # fmt: skip


def words(value: Any, longest: int) -> str:
    """Return one line of plain text, or nothing if it is too long, holds markup, or is no text at all."""
    if not isinstance(value, str) or len(value) > 10 * longest:
        return ""
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in unicodedata.normalize("NFC", value))
    line = " ".join(visible.split())
    return "" if len(line) > longest or "<" in line or ">" in line else line


def listed(value: Any, most: int = 200) -> list[Any]:
    """Return a list, bounded; a single value is a list of one."""
    if value is None or value == "":
        return []
    return value[:most] if isinstance(value, list) else [value]


def within(value: Any, *path: str) -> Any:
    """Return what lies at a path of nested mappings, or nothing."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def web(value: Any) -> str:
    """Return an http or https address with a public-looking host and no user in it, or nothing."""
    address = words(value, 300).rstrip(",;")
    try:
        cards.web_address(address)
        parts = urlsplit(address)
        sound = "@" not in parts.netloc and "." in (parts.hostname or "") and (parts.port or 1) > 0
    except ValueError:
        return ""
    return address if sound else ""


def doi(value: Any) -> str:
    """Return a DOI without its resolver, or nothing."""
    bare = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", words(value, 200), flags=re.IGNORECASE)
    return bare if _DOI.fullmatch(bare) else ""


def day(value: Any, today: date) -> date:
    """Return the day that a record names; today where it names none, or one that cannot be."""
    try:
        found = date.fromisoformat(str(value)[:10])
    except ValueError:
        return today
    return found if EARLIEST <= found <= today else today


def licence(value: Any) -> str:
    """Return an SPDX identifier that we know under its own or a common spelling, or nothing."""
    said = words(value, 80)
    bare = re.sub(r"[^a-z0-9]", "", said.lower())
    if bare in _SPELT:
        return _SPELT[bare]
    return _KNOWN.get(bare, "") if _SPDX.fullmatch(said.replace(" ", "-") or "?") else ""


def slug(value: Any) -> str:
    """Return a name as it would stand in an address of this site."""
    plain = unicodedata.normalize("NFKD", words(value, 120)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")


def folded(value: str) -> str:
    """Return a name without case, space and punctuation, for comparing; a name that has nothing else stays."""
    return "".join(c for c in unicodedata.normalize("NFKD", value).casefold() if c.isalnum()) or value


def same_address(value: str) -> str:
    """Return a web address in the one form in which two spellings of it are equal."""
    parts = urlsplit(value.strip().lower())
    host = (parts.hostname or "").removeprefix("www.")
    path = parts.path.rstrip("/").removesuffix(".git").removesuffix("/index.html").rstrip("/")
    return host + path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
