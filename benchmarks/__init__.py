"""Speed and quality, measured side by side with a floor in the same run. Never a test."""

from __future__ import annotations
