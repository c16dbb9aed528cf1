"""Every hook is documented, with an example, and has a test."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentcore._plugins import SPECIFICATIONS, HookKind, HookSpecification
from agentcore._plugins.specification import EventHook

if TYPE_CHECKING:
    from _reference.pages import Page

pytestmark = pytest.mark.providers

KINDS = {
    HookKind.EVENT: "Event: ",
    HookKind.VALUE: "Value hook: ",
    HookKind.COLLECT: "Collecting hook: ",
    HookKind.FIRST: "First answer wins: ",
}
TESTS = Path(__file__).parents[1]
SOURCES = [
    each.read_text(encoding="utf-8")
    for each in TESTS.rglob("test_*.py")
    # Those here are about the words, and not about what a hook does.
    if Path(__file__).parent not in each.parents
]


def lacking(hook: HookSpecification[..., Any], tests: Iterable[str]) -> list[str]:
    """Say what is missing: in the contract of *hook*, and among *tests*, the sources of tests."""
    contract = inspect.getdoc(hook.function) or ""
    found = {
        "kind": contract.startswith(KINDS[hook.kind]),
        "when": any(each.startswith("Fires ") for each in contract.split("\n\n")[1:]),
        "example": _defines(contract, hook.name),
        "test": any(_tests(each, hook.name) for each in tests),
    }
    return [each for each, is_there in found.items() if not is_there]


def _defines(contract: str, name: str) -> bool:
    source = "".join(each.source for each in doctest.DocTestParser().get_examples(contract))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(each, kinds) and each.name == name for each in ast.parse(source).body)


def _tests(source: str, name: str) -> bool:
    """Whether it implements the hook, calls it, or looks for it in what was recorded."""
    return (
        re.search(rf"\bdef {name}\(|\bhookimpl(\(.*\))?\.{name}\b|\bhook\.{name}\(|['\"]{name}['\"]", source)
        is not None
    )


@pytest.mark.parametrize("hook", SPECIFICATIONS)
def test_a_hook_is_whole(hook: str) -> None:
    """It says which kind it is and when it fires, has an example, and, besides those for all hooks, a test."""
    assert lacking(SPECIFICATIONS[hook], SOURCES) == []


def whole() -> None:
    """Event: something happened.

    Fires once.

    Example:
        >>> @hookimpl
        ... def whole(): ...
    """


def bare() -> None: ...


def of_no_kind() -> None:
    """Something happened.

    Fires once.

    Example:
        >>> @hookimpl
        ... def of_no_kind(): ...
    """


def at_no_time() -> None:
    """Event: something happened.

    Example:
        >>> @hookimpl
        ... def at_no_time(): ...
    """


def of_another() -> None:
    """Event: something happened.

    Fires once.

    Example:
        >>> @hookimpl
        ... def whole(): ...
    """


FAULTS: dict[Any, list[str]] = {
    bare: ["kind", "when", "example"],
    of_no_kind: ["kind"],
    at_no_time: ["when"],
    of_another: ["example"],
}


@pytest.mark.parametrize(("function", "missing"), FAULTS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_a_contract_lacks_is_found(function: Any, missing: list[str]) -> None:
    """Each of them has a test, and lacks something else."""
    hook = EventHook(function)
    assert lacking(hook, [f"def {hook.name}(self): ..."]) == missing


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("@hookimpl\ndef whole(self): ...", []),
        ("@hookimpl(tryfirst=True).whole\ndef note(self): ...", []),
        ("await manager.hook.whole()", []),
        ("hook_recorder.assert_order('whole')", []),
        ("def wholesale(): ...", ["test"]),
        ("the whole of it", ["test"]),
    ],
)
def test_a_hook_without_a_test_is_found(source: str, missing: list[str]) -> None:
    """What names something else, or only mentions the word, is no test of it."""
    assert lacking(EventHook(whole), [source]) == missing


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages of the reference on hooks, by name."""
    hooks: Any = import_module("_reference.hooks")
    made: list[Page] = list(hooks.pages())
    return {each.name: each.text for each in made}


@pytest.mark.parametrize("hook", SPECIFICATIONS)
def test_a_hook_has_a_page(hook: str, pages: dict[str, str]) -> None:
    """It has the signature with the contract, the kind, what a result and a failure mean, and a program."""
    text = pages[f"hooks/{hook}"]
    for part in (f".. autofunction:: agentcore.hookspecs.{hook}\n", "* - Kind", "* - Result", "* - A failure"):
        assert part in text
    _, _, block = text.partition(".. code-block:: python\n")
    lines = [each.removeprefix("   ") for each in block.splitlines()]
    assert f"def {hook}(" in block
    compile("\n".join(lines), hook, "exec")
    assert f":doc:`{hook}`" in pages["hooks/index"]
