"""The page on testing."""

import re
from pathlib import Path

import pytest

from agentcore.testing import ProviderContract

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def test_every_test_on_the_page_passes(pytester: pytest.Pytester):
    """As a project of one's own would run them."""
    text = "\n\n".join(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(text)
    count = len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE))
    assert count > 1
    outcomes = pytester.runpytest_subprocess("-p", "no:cacheprovider").parseoutcomes()
    assert not outcomes.keys() - {"passed", "skipped"}
    # Those of the contract come on top.
    assert outcomes["passed"] > count


def test_every_test_of_the_contract_is_on_the_page():
    """By its name, with what it wants; and no other."""
    rows = re.findall(r"^\| (`test_it_.*?) \| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name.replace("…", "test_it_leaves_no") for row in rows for name in re.findall(r"`(\S+)`", row)}
    assert named == {each for each in dir(ProviderContract) if each.startswith("test_")}
