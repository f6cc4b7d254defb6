"""Records of other registries into the database: read, matched, compared; never over what a curator wrote."""

from __future__ import annotations
