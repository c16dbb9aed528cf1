"""Hooks that collect what the implementations return, and those that take the first answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from plugin_faults import cancels_itself, exits, hangs, raises

from agentcore import Document, Hit, PluginManager, Settings, hookimpl
from agentcore.errors import HookTimeoutError, ModelConnectionError, ModelError, ModelNotFoundError


def hit(text: str) -> Hit:
    """A document that was found."""
    return Hit(document=Document(text=text), score=1.0, source="store")


async def test_collects_in_order(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """All results come in one list, those of the first implementation first; None and nothing add nothing."""

    async def two() -> list[Hit]:
        return [hit("b"), hit("c")]

    def generated() -> Iterator[Hit]:
        yield hit("d")
        yield hit("e")

    manager = PluginManager()
    manager.register(plugin(knowledge_query=generated), "generated")
    manager.register(plugin(knowledge_query=lambda: ()), "empty")
    manager.register(plugin(knowledge_query=lambda: None), "none")
    manager.register(plugin(knowledge_query=two), "two")
    manager.register(plugin(knowledge_query=lambda: (hit("a"),)), "one")
    hits = await manager.hook.knowledge_query(**arguments("knowledge_query"))
    assert [each.document.text for each in hits] == ["a", "b", "c", "d", "e"]


def _number() -> Any:
    return 42


def _text() -> Any:
    return "text"


def _bytes() -> Any:
    return b"bytes"


def _one_result() -> Any:
    return hit("alone")


def _generator_that_raises() -> Iterator[Hit]:
    yield hit("lost")
    raise ValueError("broken")


def _generator_that_exits() -> Iterator[Hit]:
    yield hit("lost")
    sys.exit(1)


FAILING: list[tuple[Callable[..., Any], type[BaseException]]] = [
    (raises, ValueError),
    (exits, SystemExit),
    (cancels_itself, asyncio.CancelledError),
    (hangs, HookTimeoutError),
    (_number, TypeError),
    (_text, TypeError),
    (_bytes, TypeError),
    (_one_result, TypeError),
    (_generator_that_raises, ValueError),
    (_generator_that_exits, SystemExit),
]


@pytest.mark.parametrize(("function", "error"), FAILING, ids=[each.__name__.lstrip("_") for each, _ in FAILING])
async def test_failure_leaves_the_results_of_the_others(
    function: Callable[..., Any],
    error: type[BaseException],
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """A store that fails or answers with nonsense is reported once, and adds none or only what it had yielded."""
    manager = make_manager(
        hasty,
        last=plugin(knowledge_query=lambda: [hit("last")]),
        broken=plugin(knowledge_query=function),
        first=plugin(knowledge_query=lambda: [hit("first")]),
    )
    hits = await manager.hook.knowledge_query(**arguments("knowledge_query"))
    assert [each.document.text for each in hits if each.document.text != "lost"] == ["first", "last"]
    assert failures.kinds == [("broken", "knowledge_query", error)]


async def test_results_are_the_callers(plugin: Callable[..., Any]) -> None:
    """Each call makes a list of its own, which the caller may change."""
    kept = ["tool"]
    manager = PluginManager()
    manager.register(plugin(register_tools=lambda: kept), "one")
    first = await manager.hook.register_tools()
    first.append("more")
    assert await manager.hook.register_tools() == ["tool"]
    assert kept == ["tool"]


async def test_first_answer_wins(plugin: Callable[..., Any]) -> None:
    """The first implementation that answers ends the search; those before it that return None leave it to others."""
    asked: list[str] = []

    async def second(name: str) -> Any:
        asked.append("second")
        return f"model {name}"

    manager = PluginManager()
    manager.register(plugin(resolve_model=lambda name: asked.append("never")), "third")
    manager.register(plugin(resolve_model=second), "second")
    manager.register(plugin(resolve_model=lambda name: asked.append("first")), "first")
    hooks: Any = manager.hook
    assert await hooks.resolve_model(name="tiny") == "model tiny"
    assert asked == ["first", "second"]


async def test_false_answer_is_an_answer(plugin: Callable[..., Any]) -> None:
    """Only None is no answer."""
    manager = PluginManager()
    manager.register(plugin(resolve_model=lambda: "later"), "later")
    manager.register(plugin(resolve_model=lambda: 0), "zero")
    hooks: Any = manager.hook
    assert await hooks.resolve_model(name="tiny") == 0


@pytest.mark.parametrize("function", [raises, exits, cancels_itself, hangs], ids=lambda each: each.__name__)
async def test_failure_leaves_it_to_the_next(
    function: Callable[..., Any],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """One that fails is reported, and the next is asked."""
    manager = make_manager(hasty, next=plugin(resolve_model=lambda: "answer"), broken=plugin(resolve_model=function))
    hooks: Any = manager.hook
    assert await hooks.resolve_model(name="tiny") == "answer"
    assert [each[:2] for each in failures.told] == [("broken", "resolve_model")]


@pytest.mark.parametrize("later", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "error",
    [
        ModelError("the key is missing", model="tiny"),
        ModelNotFoundError("unknown", model="tiny"),
        ModelConnectionError("no server", model="tiny"),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_model_error_is_an_answer(
    error: ModelError,
    later: bool,
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A ModelError says that the name is the plugin's and cannot be served: it reaches the caller as it is."""

    async def fail_later() -> None:
        raise error from ValueError("cause")

    def fail() -> Any:
        if later:
            return fail_later()
        raise error from ValueError("cause")

    manager = make_manager(next=plugin(resolve_model=lambda: "answer"), owner=plugin(resolve_model=fail))
    with pytest.raises(type(error)) as caught:
        await manager.hook.resolve_model(name="tiny")
    assert caught.value is error
    assert isinstance(error.__cause__, ValueError)
    assert failures.told == []


async def test_model_error_of_an_event_is_a_failure(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """Elsewhere a ModelError is a failure as any other."""

    def fail() -> None:
        raise ModelError("no", model="tiny")

    manager = make_manager(broken=plugin(tool_start=fail, register_tools=fail))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert await manager.hook.register_tools() == []
    assert [each[1] for each in failures.told] == ["tool_start", "register_tools"]


async def test_limit_of_a_collecting_implementation(
    plugin: Callable[..., Any], failures: Any, make_manager: Callable[..., PluginManager]
) -> None:
    """A timeout of its own ends a store that is slow, whether its function is async or returns an awaitable."""
    manager = make_manager(
        sync=plugin(register_tools=hookimpl(timeout=0.05)(lambda: hangs())),
        asynchronous=plugin(register_tools=hookimpl(timeout=0.05)(hangs)),
        quick=plugin(register_tools=hookimpl(timeout=5)(lambda: ["tool"])),
    )
    assert await manager.hook.register_tools() == ["tool"]
    assert failures.kinds == [
        ("asynchronous", "register_tools", HookTimeoutError),
        ("sync", "register_tools", HookTimeoutError),
    ]
