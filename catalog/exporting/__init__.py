"""The whole catalog in the forms that others read: bio.tools JSON, JSON-LD, tables, and pages that need no server."""

from __future__ import annotations
