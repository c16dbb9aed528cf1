"""The example in every hook's contract works when the hook is called."""

from __future__ import annotations

import builtins
import dis
import doctest
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest

from agentcore import PluginManager, ProviderMiddleware, hookspecs
from agentcore._plugins import SPECIFICATIONS

GIVEN = "from agentcore import Deny, hookimpl\n"
"""What the module's docstring says that every example stands below."""


def _contract(hook: str) -> str:
    return inspect.getdoc(getattr(hookspecs, hook)) or ""


def _example(hook: str) -> Any:
    """Run the example's source, and return the implementation that it makes."""
    source = "".join(each.source for each in doctest.DocTestParser().get_examples(_contract(hook)))
    made: dict[str, Any] = {}
    exec(compile(GIVEN + source, f"<example of {hook}>", "exec"), made)
    return made[hook]


@pytest.mark.parametrize("hook", SPECIFICATIONS)
def test_an_example_knows_its_names(hook: str) -> None:
    """What it names, on whichever way through it, it has imported or made."""
    function = _example(hook)
    assert _unknown(function.__code__, {*function.__globals__, *dir(builtins)}) == set()


def _unknown(code: CodeType, known: set[str]) -> set[str]:
    named = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"} - known
    return named.union(*(_unknown(each, known) for each in code.co_consts if isinstance(each, CodeType)))


class Ended(ProviderMiddleware):
    """Notes the executions that ended well."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str]] = []

    def post_execute(self, provider: str, event: str, result: Any) -> None:
        """Note it."""
        self.noted.append((provider, event))


@pytest.mark.parametrize("hook", SPECIFICATIONS)
async def test_an_example_works(
    hook: str, arguments: Callable[..., dict[str, Any]], failures: Any, plugin: Callable[..., Any]
) -> None:
    """Registered as it is, the example's implementation is called and does not fail."""
    ended = Ended()
    manager = PluginManager()
    manager.add_middleware(ended)
    manager.register(plugin(**{hook: _example(hook)}), "example")
    if hook != "plugin_error":
        manager.register(failures, "failures")
    result = await getattr(manager.hook, hook)(**arguments(hook))
    assert failures.told == []
    # What brings middleware has none around it.
    assert ended.noted == [("example", hook)] or (hook == "register_middleware" and result)
