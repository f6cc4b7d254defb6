"""The project's settings, and one empty view beside it: the floor that Django itself sets."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
