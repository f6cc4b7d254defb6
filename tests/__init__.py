"""The tests. Fixtures of the runner stand in a module of their own, whose asserts pytest explains as in any test."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.runner_fixtures")
