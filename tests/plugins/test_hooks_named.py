"""``@hookimpl.<hook>``: implementations that name their hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tools import hookimpl_types

from agentcore import ExecutionContext, PluginManager, ToolCall, hookimpl
from agentcore._hookimpl import Hookimpl
from agentcore._plugins import SPECIFICATIONS

Arguments = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("hook", list(SPECIFICATIONS))
async def test_every_hook_can_be_named(manager: PluginManager, arguments: Arguments, hook: str) -> None:
    """A function of any name is called for the hook that it was marked with."""
    called: list[int] = []

    class Plugin:
        @getattr(hookimpl, hook)
        def listens(self, **_: object) -> None:
            called.append(len(_))

    manager.register(Plugin(), "plugin")
    await getattr(manager.hook, hook)(**arguments(hook))
    assert called == [0], "what it leaves out is not passed"


async def test_what_it_takes_is_passed_by_name(manager: PluginManager, context: ExecutionContext) -> None:
    """In the function's own order, beside what says that the rest is left out."""
    seen: list[object] = []

    @hookimpl.agent_start
    async def noted(input: object, agent: str, **_: object) -> None:
        seen.extend((agent, input))

    manager.register(noted, "noted")
    await manager.hook.agent_start(context=context, agent="triage", input={"ticket": "x"})
    assert seen == ["triage", {"ticket": "x"}]


async def test_options_come_before_the_name(manager: PluginManager, context: ExecutionContext) -> None:
    """They are those of ``@hookimpl(...)``."""
    order: list[str] = []

    class First:
        @hookimpl(tryfirst=True).tool_call
        def early(self, call: ToolCall, **_: object) -> None:
            order.append("first")

    class Second:
        @hookimpl.tool_call
        def late(self, call: ToolCall, **_: object) -> None:
            order.append("second")

    manager.register(First(), "first")
    manager.register(Second(), "second")
    await manager.hook.tool_call(context=context, call=ToolCall("1", "search", {}))
    assert order == ["first", "second"]


def test_a_name_that_no_hook_has() -> None:
    """The error names the nearest hook, where the decorator stands."""
    with pytest.raises(AttributeError, match=r"there is no hook 'agent_strat'\nhint: did you mean 'agent_start'"):
        hookimpl.agent_strat  # type: ignore[attr-defined]  # noqa: B018


def test_an_option_that_there_is_not() -> None:
    """It is told at once, and not when a function comes."""
    with pytest.raises(TypeError, match="tiemout"):
        hookimpl(tiemout=3)  # type: ignore[call-overload]


def test_options_add_up() -> None:
    """Each call has those of the one before; the last word wins."""
    assert repr(hookimpl(timeout=3)(tryfirst=True, timeout=5)) == "hookimpl(timeout=5, tryfirst=True)"
    assert repr(hookimpl) == "hookimpl"


def test_every_hook_is_offered() -> None:
    """Editors that ask at run time are told of each; what is private is not a hook."""
    assert set(SPECIFICATIONS) <= set(dir(hookimpl))
    assert not hasattr(hookimpl, "_pytestfixturefunction")


def test_type_checkers_know_the_same_hooks() -> None:
    """The generated types say what the specifications say: ``python -m tools.hookimpl_types`` writes them."""
    assert hookimpl_types.TARGET.read_text(encoding="utf-8") == hookimpl_types.stub()


def test_the_decorator_is_one_of_its_class() -> None:
    """What options return marks functions as it does."""
    assert isinstance(hookimpl, Hookimpl)
    assert isinstance(hookimpl(timeout=3), Hookimpl)
