"""Tests that run tests."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import importlib_metadata  # noqa: F401  # it takes the stdlib's finder over, for ever; what pytester imports it forgets
import pytest

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def pytester_in_process(pytester: pytest.Pytester) -> Run:
    """Runs a file of tests in this process, as a project's own run would."""

    def run(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
        pytester.makepyfile(dedent(text))
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)

    return run
