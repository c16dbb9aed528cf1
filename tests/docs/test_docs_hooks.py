"""The catalogue of hooks in the documentation is the one in the code."""

import re
from pathlib import Path

from agentcore._plugins import SPECIFICATIONS

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"


def test_every_hook_is_documented_with_its_exact_arguments() -> None:
    """The page's headings are the hooks, with the arguments that callers pass."""
    documented = re.findall(r"^### `(\w+)\((.*)\)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [
        (name, ", ".join(each for each in hook.arguments if each != "event")) for name, hook in SPECIFICATIONS.items()
    ]
    assert sorted(documented) == sorted(expected)


def test_every_hook_has_a_contract() -> None:
    """Each specification says in its docstring what it is for."""
    assert [name for name, hook in SPECIFICATIONS.items() if not (hook.function.__doc__ or "").strip()] == []
