"""Plugins that come and go on some threads while others call their hooks."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agentcore import ExecutionContext, PluginManager, Settings, hookimpl

ROUNDS = 150


@pytest.fixture(autouse=True)
def restless_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


class Counting:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl
    async def tool_start(self, tool: str) -> None:
        """Count."""
        self.calls += 1


def on_threads(*functions: Callable[[], None]) -> list[BaseException]:
    """Run the functions at once; returns what they raised."""
    barrier = threading.Barrier(len(functions))
    raised: list[BaseException] = []

    def run(function: Callable[[], None]) -> None:
        barrier.wait()
        try:
            function()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in functions]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return raised


def calling(manager: PluginManager, given: dict[str, Any], times: int = ROUNDS) -> Callable[[], None]:
    """A function that calls a hook many times on a loop of its own."""

    async def call() -> None:
        for _ in range(times):
            await manager.hook.tool_start(**given)

    return lambda: asyncio.run(call())


def test_registering_while_others_call(arguments: Callable[..., dict[str, Any]]) -> None:
    """Plugins may be registered, unregistered and scoped on one thread while hooks are called on others: nothing is
    raised, a plugin that stays gets every call, and afterwards only those who are registered are called."""
    manager = PluginManager()
    staying = Counting()
    manager.register(staying, "staying")
    given = {**arguments("tool_start"), "context": ExecutionContext("shared")}

    def come_and_go(name: str) -> Callable[[], None]:
        def change() -> None:
            for _ in range(ROUNDS):
                manager.register(Counting(), name)
                manager.unregister(name)

        return change

    def scopes() -> None:
        for _ in range(ROUNDS):
            manager.scope(providers=[Counting()])

    def look() -> None:
        for _ in range(ROUNDS):
            manager.explain("tool_start")
            manager.statuses()

    callers = [calling(manager, given) for _ in range(3)]
    assert on_threads(*callers, come_and_go("x"), come_and_go("y"), scopes, look) == []
    assert staying.calls == 3 * ROUNDS
    last = Counting()
    manager.register(last, "last")
    calling(manager, given, 1)()
    assert (last.calls, staying.calls) == (1, 3 * ROUNDS + 1)


async def test_plugin_that_comes_while_a_call_is_compiled(arguments: Callable[..., dict[str, Any]]) -> None:
    """A plugin that another thread registers while a hook is compiled takes part from the next call on."""
    newcomer = Counting()
    registering = threading.Thread(target=lambda: manager.register(newcomer, "newcomer"))

    class Interrupted(Settings):
        def timeout_for(self, hook: str, plugin: str) -> float | None:
            if registering.ident is None:
                registering.start()
                # It cannot end while the hook is compiled, and must not be lost.
                registering.join(0.1)
            return super().timeout_for(hook, plugin)

    manager = PluginManager(Interrupted())
    manager.register(Counting(), "first")
    await manager.hook.tool_start(**arguments("tool_start"))
    registering.join()
    before = newcomer.calls
    await manager.hook.tool_start(**arguments("tool_start"))
    assert newcomer.calls == before + 1


def test_no_call_is_compiled_from_what_was(arguments: Callable[..., dict[str, Any]]) -> None:
    """A plugin gets every call that is made after ``register`` has returned, though others compile that hook then."""
    manager = PluginManager()
    given = arguments("tool_start")
    stop = threading.Event()
    missed: list[int] = []

    def call_on() -> None:
        async def call() -> None:
            while not stop.is_set():
                await manager.hook.tool_start(**given)

        asyncio.run(call())

    def register() -> None:
        async def check() -> None:
            for index in range(ROUNDS):
                newcomer = Counting()
                manager.register(newcomer, f"p{index}")
                before = newcomer.calls
                await manager.hook.tool_start(**given)
                if newcomer.calls == before:
                    missed.append(index)
                manager.unregister(f"p{index}")

        try:
            asyncio.run(check())
        finally:
            stop.set()

    assert on_threads(call_on, register) == []
    assert missed == []


def test_one_plugin_is_registered_once(arguments: Callable[..., dict[str, Any]]) -> None:
    """Of several threads that register under one name one succeeds."""
    manager = PluginManager()

    def register() -> None:
        manager.register(Counting(), "one")

    raised = on_threads(*[register] * 8)
    assert [type(each).__name__ for each in raised] == ["PluginValidationError"] * 7
    assert len(manager.implementations("tool_start")) == 1


async def test_many_tasks(arguments: Callable[..., dict[str, Any]]) -> None:
    """Thousands of calls at once on one loop are all delivered."""
    manager = PluginManager()
    counting = Counting()
    manager.register(counting)
    contexts = [ExecutionContext(str(index)) for index in range(2000)]
    await asyncio.gather(*(manager.hook.tool_start(**arguments("tool_start", context=context)) for context in contexts))
    assert counting.calls == 2000
