"""The page on testing."""

import re
from pathlib import Path

import importlib_metadata  # noqa: F401  # it takes the stdlib's finder over, for ever; what pytester imports it forgets
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def test_every_test_on_the_page_passes(pytester: pytest.Pytester):
    """As a project of one's own would run them."""
    text = "\n\n".join(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(text)
    count = len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE))
    assert count > 1
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=count)
