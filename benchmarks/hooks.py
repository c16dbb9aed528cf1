"""One awaited call of the hook ``tool_execute``, with implementations that do nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import agentcore
from agentcore import ExecutionContext, PluginManager
from benchmarks._measure import Repeat, measure
from benchmarks._peers import installed
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_CONTEXT: Final = ExecutionContext("benchmark")
_ARGUMENTS: Final = {"query": "how to reset the password", "limit": 5}
_RESULT: Final = ["page 3", "page 8"]
_TARGETS: Final = {0: 1.5, 1: 2.5, 3: 4.7, 10: 12.0}
_SYNC_TARGETS: Final = {1: 1.8, 10: 5.5}


class _Observer:
    @agentcore.hookimpl
    async def tool_execute(self, context: ExecutionContext, tool: str, duration: float) -> None:
        pass


class _SyncObserver:
    @agentcore.hookimpl
    def tool_execute(self, context: ExecutionContext, tool: str, duration: float) -> None:
        pass


def ours(count: int, plugin: Callable[[], object] = _Observer) -> Repeat:
    """Build agentcore's own."""
    plugins = PluginManager()
    for number in range(count):
        plugins.register(plugin(), f"plugin{number}")
    return _awaiting(plugins.hook)


def _awaiting(hook: Any) -> Repeat:
    """Await one call, of a hook that awaits its implementations."""

    async def repeat(times: int) -> None:
        context, arguments, result = _CONTEXT, _ARGUMENTS, _RESULT
        for _ in range(times):
            await hook.tool_execute(
                context=context,
                tool="search",
                arguments=arguments,
                result=result,
                call_id="1",
                duration=0.1,
                outcome="ok",
            )

    return repeat


def by_hand(count: int) -> Repeat:
    """The limit: bound methods, awaited one after another, without isolation."""
    first = _Observer().tool_execute
    rest = tuple(_Observer().tool_execute for _ in range(count - 1))

    async def none(times: int) -> None:
        for _ in range(times):
            pass

    async def one(times: int) -> None:
        context = _CONTEXT
        for _ in range(times):
            await first(context, "search", 0.1)

    async def several(times: int) -> None:
        context = _CONTEXT
        for _ in range(times):
            await first(context, "search", 0.1)
            for each in rest:
                await each(context, "search", 0.1)

    return {0: none, 1: one}.get(count, several)


def pluggy_awaiting(count: int) -> Repeat:
    """pluggy collects the coroutines, and the caller awaits one after another."""
    hook = _pluggy_hook(count)

    async def repeat(times: int) -> None:
        context, arguments, result = _CONTEXT, _ARGUMENTS, _RESULT
        for _ in range(times):
            for each in hook.tool_execute(
                context=context,
                tool="search",
                arguments=arguments,
                result=result,
                call_id="1",
                duration=0.1,
                outcome="ok",
            ):
                await each

    return repeat


def pluggy_gathering(count: int) -> Repeat:
    """pluggy collects the coroutines, and the caller gathers them: a task for each."""
    hook = _pluggy_hook(count)

    async def repeat(times: int) -> None:
        context, arguments, result = _CONTEXT, _ARGUMENTS, _RESULT
        for _ in range(times):
            await asyncio.gather(
                *hook.tool_execute(
                    context=context,
                    tool="search",
                    arguments=arguments,
                    result=result,
                    call_id="1",
                    duration=0.1,
                    outcome="ok",
                )
            )

    return repeat


def _pluggy_hook(count: int) -> Any:
    import pluggy

    return _filled(pluggy.PluginManager("benchmark"), pluggy, count).hook


def apluggy(count: int) -> Repeat:
    """``ahook`` of apluggy."""
    import apluggy  # type: ignore[import-untyped]

    return _awaiting(_filled(apluggy.PluginManager("benchmark"), apluggy, count).ahook)


def _filled(manager: Any, library: Any, count: int) -> Any:
    """Give a manager of pluggy's kind the specification and the implementations."""
    specified: Callable[[Any], Any] = library.HookspecMarker("benchmark")
    implemented: Callable[[Any], Any] = library.HookimplMarker("benchmark")

    class Specification:
        @specified
        def tool_execute(
            self, context: Any, tool: Any, arguments: Any, result: Any, call_id: Any, duration: Any, outcome: Any
        ) -> None: ...

    class Observer:
        @implemented
        async def tool_execute(self, context: ExecutionContext, tool: str, duration: float) -> None:
            pass

    manager.add_hookspecs(Specification)
    for _ in range(count):
        manager.register(Observer())
    return manager


def google_adk(count: int) -> Repeat:
    """``run_after_tool_callback`` of ADK's plugin manager, which has four arguments."""
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.plugins.plugin_manager import PluginManager as AdkManager

    class Observer(BasePlugin):
        async def after_tool_callback(self, *, tool: Any, tool_args: Any, tool_context: Any, result: Any) -> None:
            pass

    manager: Any = AdkManager([Observer(f"plugin{number}") for number in range(count)])

    async def repeat(times: int) -> None:
        context, arguments, result = _CONTEXT, _ARGUMENTS, _RESULT
        for _ in range(times):
            await manager.run_after_tool_callback(
                tool="search", tool_args=arguments, tool_context=context, result=result
            )

    return repeat


def pyee(count: int) -> Repeat:
    """``emit`` of pyee's synchronous emitter, with the three arguments that are used."""
    from pyee import EventEmitter

    emitter = EventEmitter()
    for _ in range(count):
        # A bound method of its own each time: the emitter keeps one of equal listeners.
        emitter.add_listener("tool_execute", _SyncObserver().tool_execute)

    async def repeat(times: int) -> None:
        context = _CONTEXT
        for _ in range(times):
            emitter.emit("tool_execute", context, "search", 0.1)

    return repeat


_ASYNC: Final[Mapping[str, Callable[[int], Repeat]]] = {
    "by hand": by_hand,
    "ADK": google_adk,
    "pluggy, awaiting each": pluggy_awaiting,
    "pluggy and gather": pluggy_gathering,
    "apluggy": apluggy,
}


_PACKAGES: Final = {"ADK": "google.adk", "apluggy": "apluggy", "pyee": "pyee"}
"""What may not be installed, by the contestant's name."""


async def rows() -> list[Row]:
    """Measure what is installed."""
    missing = _PACKAGES.keys() - set(installed(_PACKAGES))
    others = {name: make for name, make in _ASYNC.items() if name not in missing}
    contestants: dict[str, Repeat] = {}
    for count in _TARGETS:
        contestants[f"async {count} agentcore"] = ours(count)
        contestants.update({f"async {count} {name}": make(count) for name, make in others.items()})
    for count in _SYNC_TARGETS:
        contestants[f"sync {count} agentcore"] = ours(count, _SyncObserver)
        if "pyee" not in missing:
            contestants[f"sync {count} pyee"] = pyee(count)
    figures = await measure(contestants)
    return [_row("async", count, target, figures) for count, target in _TARGETS.items()] + [
        _row("sync", count, target, figures) for count, target in _SYNC_TARGETS.items()
    ]


def _row(kind: str, count: int, target: float, figures: Mapping[str, Figure]) -> Row:
    prefix = f"{kind} {count} "
    of_row = {name.removeprefix(prefix): figure for name, figure in figures.items() if name.startswith(prefix)}
    return Row(
        what=f"hook call, {count} {kind} implementations",
        unit="awaits",
        ours=of_row.pop("agentcore"),
        target=f"≤ {target}",
        others=of_row,
    )
