"""Implementations that hang are ended: by the watchdog where nobody set a timeout, else after theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import pytest
from plugin_faults import NEVER, hangs

from agentcore import PluginManager, ProviderMiddleware, Settings, hookimpl
from agentcore.errors import HookTimeoutError


async def _hangs_deep() -> None:
    async def generate() -> AsyncIterator[int]:
        await hangs()
        yield 1

    async for _ in generate():
        pass


async def _hangs_in_anext() -> None:
    async def generate() -> AsyncIterator[int]:
        await hangs()
        yield 1

    await anext(generate(), None)


class _Awaitable:
    def __await__(self) -> Any:
        return hangs().__await__()


async def _hangs_in_awaitable() -> None:
    await _Awaitable()


async def _hangs_in_task() -> None:
    await asyncio.create_task(hangs())


async def _hangs_in_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(hangs())


async def _fails_when_cancelled() -> None:
    try:
        await hangs()
    except asyncio.CancelledError as error:
        raise ConnectionError("lost") from error


async def _hides_the_cancellation() -> None:
    try:
        await hangs()
    except BaseException:
        raise ConnectionError("lost") from None


HANGING = [
    hangs,
    _hangs_deep,
    _hangs_in_anext,
    _hangs_in_awaitable,
    _hangs_in_task,
    _hangs_in_group,
    _fails_when_cancelled,
    _hides_the_cancellation,
]
TIMEOUTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "watchdog": ({"hook_timeout": 0.1}, {}),
    "its own": ({}, {"timeout": 0.1}),
    "the hook's": ({"hooks": {"tool_start": {"timeout": 0.1}}}, {"timeout": NEVER}),
    "the plugin's": ({"hooks": {"tool_start": {"timeout": NEVER}}, "delivery": {"slow": {"timeout": 0.1}}}, {}),
}


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize(
    ("who", "function"),
    [*(("watchdog", each) for each in HANGING), *((who, hangs) for who in TIMEOUTS if who != "watchdog")],
    ids=lambda each: getattr(each, "__name__", each),
)
async def test_hanging_implementation_is_ended(
    function: Callable[[], Any],
    who: str,
    kind: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    quiet: Callable[[], None],
) -> None:
    """What hangs, or awaits what hangs, is cancelled in time and reported; the next one runs."""
    settings, options = TIMEOUTS[who]
    ran: list[str] = []
    manager = make_manager(
        Settings(**settings),
        last=plugin(tool_start=lambda: ran.append("last")),
        slow=plugin(tool_start=hookimpl(**options)(function if kind == "async" else lambda: function())),
    )
    await manager.hook.tool_start(**arguments("tool_start"))

    assert ran == ["last"]
    assert failures.kinds == [("slow", "tool_start", HookTimeoutError)]
    assert str(failures.error) == "plugin 'slow' did not finish 'tool_start' within 0.1 s"
    assert failures.error.timeout == 0.1
    assert isinstance(failures.error, TimeoutError)
    if function in (_fails_when_cancelled, _hides_the_cancellation):
        assert isinstance(failures.error.__cause__, ConnectionError)
    quiet()


async def _call_in_generator(call: Callable[[], Any]) -> None:
    async def generate() -> AsyncIterator[None]:
        yield await call()

    async for _ in generate():
        pass


async def _call_in_anext(call: Callable[[], Any]) -> None:
    async def generate() -> AsyncIterator[None]:
        yield await call()

    await anext(generate(), None)


async def _call_in_ending_generator(call: Callable[[], Any]) -> None:
    async def generate() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await call()

    generator = generate()
    await anext(generator)
    await generator.aclose()


async def _call_in_awaitable(call: Callable[[], Any]) -> None:
    class Awaitable:
        def __await__(self) -> Any:
            return self.work().__await__()

        async def work(self) -> None:
            await call()

    await Awaitable()


async def _call_in_old_generator(call: Callable[[], Any]) -> None:
    class Awaitable:
        def __await__(self) -> Any:
            yield from call().__await__()

    await Awaitable()


@pytest.mark.parametrize(
    "within",
    [_call_in_generator, _call_in_anext, _call_in_ending_generator, _call_in_awaitable, _call_in_old_generator],
)
async def test_hook_is_watched_wherever_it_is_called(
    within: Callable[[Callable[[], Any]], Any],
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    quiet: Callable[[], None],
) -> None:
    """The watchdog finds what hangs below async generators and awaitables of the caller's own, too."""
    manager = make_manager(hasty, hanging=plugin(tool_start=hangs))
    async with asyncio.timeout(NEVER / 2):
        await within(lambda: manager.hook.tool_start(**arguments("tool_start")))
    assert failures.kinds == [("hanging", "tool_start", HookTimeoutError)]
    quiet()


async def test_infinite_timeout_waits(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """With an infinite timeout of its own an implementation takes longer than others may."""
    ended: list[str] = []
    released = asyncio.Event()

    @hookimpl(timeout=float("inf"))
    async def patient() -> None:
        await released.wait()
        ended.append("patient")

    manager = make_manager(hasty, patient=plugin(tool_start=patient), hanging=plugin(tool_start=hangs))
    call = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    other = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    # The first to run is the hanging one; when both of its calls were ended, time enough has gone by once.
    while len(failures.told) < 2:
        await asyncio.sleep(0.01)
    await PluginManager(hasty).hook.agent_start(**arguments("agent_start"))
    released.set()
    await asyncio.gather(call, other)
    assert ended == ["patient", "patient"]
    assert {each[0] for each in failures.told} == {"hanging"}


async def test_own_timeout_error_passes_as_it_is(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A TimeoutError that an implementation raises within its time is not taken for the end of its time."""

    @hookimpl(timeout=NEVER)
    async def impatient() -> None:
        async with asyncio.timeout(0):
            await hangs()

    manager = make_manager(impatient=plugin(tool_start=impatient))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("impatient", "tool_start", TimeoutError)]


@pytest.mark.parametrize("limit", [None, 5.0], ids=["no limit", "within its limit"])
async def test_value_within_its_time(
    limit: float | None, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """An implementation with a limit that keeps it is like any other, also where there is nothing to wait for."""

    async def shout(output: str) -> str:
        return output.upper()

    manager = PluginManager()
    manager.register(plugin(agent_output=hookimpl(timeout=limit)(shout)), "async")
    manager.register(plugin(agent_output=hookimpl(timeout=limit)(lambda output: output + "!")), "sync")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "DONE!"


async def test_hanging_middleware_is_ended(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    quiet: Callable[[], None],
) -> None:
    """A step of middleware that hangs ends the execution that it surrounds, whatever limit that one has."""

    class Hanging(ProviderMiddleware):
        async def pre_execute(self, provider: str, event: str, data: Any) -> None:
            if event == "tool_start":
                await hangs()

    manager = make_manager(
        hasty,
        limited=plugin(tool_start=hookimpl(timeout=0.1)(lambda: None)),
        plain=plugin(tool_start=lambda: None),
    )
    manager.add_middleware(Hanging())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("plain", "tool_start", HookTimeoutError), ("limited", "tool_start", HookTimeoutError)]
    quiet()
