"""Which functions serve as implementations, and how they are called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property, partial, wraps
from typing import Any

import pytest

from agentcore import PluginManager, hookimpl


class Recorder:
    """Notes what it was called with."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def note(self, value: Any) -> None:
        """Note it."""
        self.seen.append(value)


@pytest.fixture
def recorder() -> Recorder:
    """Notes what implementations saw."""
    return Recorder()


def _function(note: Callable[[Any], None]) -> Any:
    def tool_execute(tool: str) -> None:
        note(tool)

    return tool_execute


def _async_function(note: Callable[[Any], None]) -> Any:
    async def tool_execute(tool: str) -> None:
        await asyncio.sleep(0)
        note(tool)

    return tool_execute


def _lambda_with_awaitable(note: Callable[[Any], None]) -> Any:
    return lambda tool: _async_function(note)(tool)


def _lambda_with_future(note: Callable[[Any], None]) -> Any:
    def tool_execute(tool: str) -> Awaitable[None]:
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: note(tool))
        future.get_loop().call_soon(future.set_result, None)
        return future

    return tool_execute


class _Callable:
    def __init__(self, note: Callable[[Any], None]) -> None:
        self._note = note

    def __call__(self, tool: str) -> None:
        self._note(tool)


class _AsyncCallable(_Callable):
    async def __call__(self, tool: str) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self._note(tool)


def _partial(note: Callable[[Any], None]) -> Any:
    return partial(lambda note, tool: note(tool), note)


def _async_partial(note: Callable[[Any], None]) -> Any:
    async def tool_execute(note: Callable[[Any], None], tool: str) -> None:
        note(tool)

    return partial(partial(tool_execute), note)


def _partial_of_async_callable(note: Callable[[Any], None]) -> Any:
    return partial(_AsyncCallable(note))


def _decorated(note: Callable[[Any], None]) -> Any:
    inner = _async_function(note)

    @wraps(inner)
    def tool_execute(*args: Any, **kwargs: Any) -> Any:
        return inner(*args, **kwargs)

    return tool_execute


def _bound_method(note: Callable[[Any], None]) -> Any:
    return _AsyncCallable(note).__call__


class _Slotted:
    __slots__ = ("_note",)

    def __init__(self, note: Callable[[Any], None]) -> None:
        self._note = note

    def __call__(self, tool: str) -> None:
        self._note(tool)


def _keyword_only(note: Callable[[Any], None]) -> Any:
    def tool_execute(*, tool: str) -> None:
        note(tool)

    return tool_execute


def _positional_only(note: Callable[[Any], None]) -> Any:
    def tool_execute(tool: str, /) -> None:
        note(tool)

    return tool_execute


@pytest.mark.parametrize(
    "make",
    [
        _function,
        _async_function,
        _lambda_with_awaitable,
        _lambda_with_future,
        _Callable,
        _AsyncCallable,
        _partial,
        _async_partial,
        _partial_of_async_callable,
        _decorated,
        _bound_method,
        _Slotted,
        _keyword_only,
        _positional_only,
    ],
)
@pytest.mark.parametrize("blocking", [False, True], ids=["on the loop", "on a thread"])
async def test_any_callable_serves(
    make: Callable[[Callable[[Any], None]], Any],
    blocking: bool,
    recorder: Recorder,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
) -> None:
    """Functions, lambdas, partials and callable objects, async or not, are called, and what they return is awaited."""
    if blocking and make is _lambda_with_future:
        pytest.skip("a future belongs to the loop, which a thread does not have")
    manager = PluginManager()
    manager.register(plugin(tool_execute=hookimpl(blocking=blocking)(make(recorder.note))), "one")
    await manager.hook.tool_execute(**arguments("tool_execute"))
    assert recorder.seen == ["search"]


async def test_methods_of_every_kind(recorder: Recorder, arguments: Callable[..., dict[str, Any]]) -> None:
    """Methods, class methods and static methods serve, whichever decorator comes first."""

    class Methods:
        @hookimpl
        async def tool_start(self, tool: str) -> None:
            recorder.note(("method", type(self).__name__, tool))

        @classmethod
        @hookimpl
        def tool_execute(cls, tool: str) -> None:
            recorder.note(("class", cls.__name__, tool))

        @staticmethod
        @hookimpl
        def tool_error(tool: str) -> None:
            recorder.note(("static", tool))

        @hookimpl
        @classmethod
        def agent_start(cls, agent: str) -> None:
            recorder.note(("class, marked", cls.__name__, agent))

        @hookimpl
        @staticmethod
        def agent_error(agent: str) -> None:
            recorder.note(("static, marked", agent))

    class Inherited(Methods):
        pass

    manager = PluginManager()
    manager.register(Inherited())
    for hook in ("tool_start", "tool_execute", "tool_error", "agent_start", "agent_error"):
        await getattr(manager.hook, hook)(**arguments(hook))
    assert recorder.seen == [
        ("method", "Inherited", "search"),
        ("class", "Inherited", "search"),
        ("static", "search"),
        ("class, marked", "Inherited", "triage"),
        ("static, marked", "triage"),
    ]


async def test_module_is_a_plugin(recorder: Recorder, arguments: Callable[..., dict[str, Any]]) -> None:
    """The functions of a module serve, and its name is the plugin's."""
    from types import ModuleType

    module = ModuleType("observer")
    vars(module)["tool_start"] = hookimpl(lambda tool: recorder.note(tool))
    manager = PluginManager()
    assert manager.register(module) == "observer"
    await manager.hook.tool_start(**arguments("tool_start"))
    assert recorder.seen == ["search"]


async def test_marked_function_is_a_plugin(recorder: Recorder, arguments: Callable[..., dict[str, Any]]) -> None:
    """One marked function is a plugin of its own, for the hook of its name or the one that the mark names."""

    @hookimpl
    def tool_start(tool: str) -> None:
        recorder.note(tool)

    @hookimpl(specname="tool_execute")
    async def observe(result: int) -> None:
        recorder.note(result)

    manager = PluginManager()
    assert [manager.register(tool_start), manager.register(observe)] == ["tool_start", "observe"]
    await manager.hook.tool_start(**arguments("tool_start"))
    await manager.hook.tool_execute(**arguments("tool_execute"))
    assert recorder.seen == ["search", 3]


async def test_properties_are_not_read(arguments: Callable[..., dict[str, Any]]) -> None:
    """Registering a plugin does not run its properties, and what is not marked is no implementation."""

    class Careful:
        ran = False

        @property
        def tool_start(self) -> Any:
            type(self).ran = True
            raise AssertionError("not to be read")

        @cached_property
        def connection(self) -> Any:
            type(self).ran = True
            raise AssertionError("not to be read")

        def tool_execute(self, tool: str) -> None:
            type(self).ran = True

    manager = PluginManager()
    manager.register(Careful())
    await manager.hook.tool_execute(**arguments("tool_execute"))
    assert not Careful.ran


async def test_specname(recorder: Recorder, arguments: Callable[..., dict[str, Any]]) -> None:
    """``specname`` names the hook, so that one plugin may implement a hook twice."""

    class Twice:
        @hookimpl(specname="tool_start")
        def first(self, tool: str) -> None:
            recorder.note("first")

        @hookimpl(specname="tool_start")
        async def second(self) -> None:
            recorder.note("second")

    manager = PluginManager()
    manager.register(Twice())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert sorted(recorder.seen) == ["first", "second"]


async def test_optionalhook_that_nobody_specifies(recorder: Recorder) -> None:
    """An optional implementation of an unknown hook is passed over."""
    manager = PluginManager()

    @hookimpl(optionalhook=True)
    def agent_explode(reason: str) -> None: ...

    manager.register(agent_explode)
    assert [each.status for each in manager.statuses()] == ["loaded"]
    assert not hasattr(manager.hook, "agent_explode")


async def test_order_and_mixture(recorder: Recorder, arguments: Callable[..., dict[str, Any]]) -> None:
    """Sync, async and blocking implementations of one hook are awaited one after the other, in order."""
    manager = PluginManager()

    def make(index: int, kind: str) -> Any:
        @hookimpl(specname="tool_start", blocking=kind == "thread")
        def function() -> None:
            recorder.note(index)

        @hookimpl(specname="tool_start")
        async def coroutine() -> None:
            await asyncio.sleep(0)
            recorder.note(index)

        return coroutine if kind == "async" else function

    kinds = ["sync", "async", "thread", "async", "sync", "thread"]
    for index, kind in enumerate(kinds):
        manager.register(make(index, kind), f"p{index}")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert recorder.seen == [5, 4, 3, 2, 1, 0]
