"""Background lanes: an agent waits for nobody, and nobody for anybody else."""

import asyncio
import contextlib
import gc
import logging
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from delivery_parts import Gate, Listener, echo, manager_in
from pydantic import BaseModel

from agentcore import (
    Delivery,
    ExecutionContext,
    FunctionAgent,
    PluginManager,
    Provider,
    ProviderMiddleware,
    current_context,
    hookimpl,
)
from agentcore.errors import HookTimeoutError, PluginValidationError
from agentcore.types import OnFull


async def test_agent_does_not_wait_for_the_provider() -> None:
    """A run returns while the provider is still at its event; a flush waits for it."""
    gate = Gate()
    listener = Listener("background", gate.wait)
    async with PluginManager() as pm:
        pm.register(listener)
        await echo(pm).run("x")
        await gate.until_reached()
        assert listener.heard == []
        late = await pm.flush(0.01)
        assert not late
        assert late.waiting == {"listener": 1}
        gate.open()
        assert await pm.flush()
        assert listener.outputs == ["x"]


async def test_provider_has_a_thread_of_its_own() -> None:
    """Events, startup and shutdown of a provider are on one thread, which is neither the agent's nor a neighbour's."""

    class Opening(Provider):
        delivery = "background"
        events = ("agent_complete",)

        def __init__(self, name: str) -> None:
            self.name = name
            self.seen: list[tuple[str, int, asyncio.AbstractEventLoop]] = []

        def _note(self, what: str) -> None:
            self.seen.append((what, threading.get_ident(), asyncio.get_running_loop()))

        async def initialize(self) -> None:
            self._note("initialize")

        async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
            self._note(event)

        async def aclose(self) -> None:
            self._note("aclose")

    one, other = Opening("one"), Opening("other")
    pm = PluginManager()
    pm.register(one)
    pm.register(other)
    async with pm:
        await echo(pm).run("x")
    assert [what for what, *_ in one.seen] == ["initialize", "agent_complete", "aclose"]
    places = [{(thread, loop) for _, thread, loop in each.seen} for each in (one, other)]
    assert [len(each) for each in places] == [1, 1]
    assert places[0] != places[1]
    assert threading.get_ident() not in {thread for each in places for thread, _ in each}


async def test_order_of_events_is_kept() -> None:
    """A provider hears of runs in the order in which they ended."""
    listener = Listener()
    async with PluginManager() as pm:
        pm.register(listener)
        agent = echo(pm)
        for number in range(300):
            await agent.run(number)
    assert listener.outputs == list(range(300))


async def test_what_is_delivered_is_a_snapshot() -> None:
    """What the agent changes afterwards, a provider that comes later does not see."""

    class Answer(BaseModel):
        words: list[str]

    gate = Gate()
    listener = Listener("background", gate.wait)
    async with PluginManager() as pm:
        pm.register(listener)

        async def work(text: str) -> Answer:
            return Answer(words=[text])

        context = ExecutionContext("a", {"tenant": "acme"})
        result = await FunctionAgent(work, plugins=pm).run("x", context=context)
        result.output.words.append("later")
        context.metadata["tenant"] = "other"
        context.state["late"] = True
        gate.open()
    (heard,) = listener.heard
    assert heard["output"] == Answer(words=["x"])
    assert heard["context"].metadata == {"tenant": "acme"}
    assert heard["context"].state == {}
    assert heard["context"].context_id == context.context_id
    assert heard["context"].outcome == "ok"


async def test_provider_knows_where_it_is() -> None:
    """The context of an event is the current one on a lane, too, with its ancestry, and the envelope speaks of it."""
    found: list[ExecutionContext | None] = []
    listener = Listener("background", lambda _: found.append(current_context()))
    async with PluginManager() as pm:
        pm.register(listener)
        inner = echo(pm, "inner")

        async def work(text: str) -> str:
            return str((await inner.run(text)).output)

        outer = await FunctionAgent(work, name="outer", plugins=pm).run("x")
        await pm.flush()
    assert [each.agent_id for each in found if each] == ["inner", "outer"]
    assert found[0] is listener.heard[0]["context"] is listener.heard[0]["event"].context
    assert found[0].parent_id == outer.context.context_id
    assert [each["event"].attempt for each in listener.heard] == [1, 1]
    assert not any(each["event"].recorded for each in listener.heard)


@pytest.mark.parametrize(
    ("on_full", "kept"), [("drop_oldest", [0, 3, 4]), ("drop_new", [0, 1, 2])], ids=["oldest", "new"]
)
async def test_full_queue_drops(on_full: OnFull, kept: list[int]) -> None:
    """Of more events than there is room for some are dropped, as is asked for, and counted."""
    gate = Gate()
    listener = Listener(Delivery(mode="background", queue=2, on_full=on_full), gate.wait)
    async with PluginManager() as pm:
        pm.register(listener)
        agent = echo(pm)
        await agent.run(0)
        await gate.until_reached()
        for number in range(1, 5):
            await agent.run(number)
        (status,) = await pm.lanes()
        assert (status.queued, status.dropped) == (3, 2)
        assert status.oldest is not None
        gate.open()
        await pm.flush()
        (status,) = await pm.lanes()
        assert (status.queued, status.delivered, status.dropped) == (0, 3, 2)
        assert status.oldest is None
    assert listener.outputs == kept


async def test_full_queue_may_hold_up_the_agent() -> None:
    """Where nothing may be dropped, an agent waits until there is room."""
    gate = Gate()
    listener = Listener(Delivery(mode="background", queue=1, on_full="wait"), gate.wait)
    async with PluginManager() as pm:
        pm.register(listener)
        agent = echo(pm)
        await agent.run(0)
        await gate.until_reached()
        await agent.run(1)
        third = asyncio.ensure_future(agent.run(2))
        done, _ = await asyncio.wait([third], timeout=0.05)
        assert not done
        gate.open()
        await third
    assert listener.outputs == [0, 1, 2]


async def test_one_that_blocks_keeps_nobody_waiting() -> None:
    """A provider that blocks its thread has neither the agent nor another provider wait."""
    gate = Gate()
    blocking, fine = Listener("background", gate.block, name="blocking"), Listener(name="fine")
    async with PluginManager() as pm:
        pm.register(blocking)
        pm.register(fine)
        agent = echo(pm)
        for number in range(20):
            await agent.run(number)
        while len(fine.heard) < 20:
            await asyncio.sleep(0.001)
        await gate.until_reached()
        assert blocking.heard == []
        gate.open()
    assert blocking.outputs == fine.outputs == list(range(20))


async def test_failure_on_a_lane_is_told_and_contained(caplog: pytest.LogCaptureFixture) -> None:
    """A failure is logged and told to plugin_error with its context, and the next events are delivered."""
    told: list[tuple[str, str, str, str]] = []

    class Told:
        @hookimpl
        def plugin_error(self, context: ExecutionContext, plugin: str, hook: str, error: BaseException) -> None:
            told.append((context.agent_id, plugin, hook, repr(error)))

    def act(data: Mapping[str, Any]) -> None:
        if data["output"] == 1:
            raise KeyError("one")

    listener = Listener("background", act)
    async with PluginManager() as pm:
        pm.register(listener)
        pm.register(Told())
        agent = echo(pm)
        for number in range(3):
            await agent.run(number)
        await pm.flush()
        (status,) = await pm.lanes()
    assert listener.outputs == [0, 2]
    assert told == [("echo", "listener", "agent_complete", "KeyError('one')")]
    assert (status.delivered, status.retried, status.dead) == (2, 0, 1)
    assert any("given up after 1 deliveries: agent_complete" in each for each in caplog.messages)


async def test_failed_event_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With retries a failure is repeated, what comes later of its run waits behind it, and other runs go on."""
    monkeypatch.setattr("agentcore._delivery.breaker.FIRST_DELAY", 0.01)
    failures = 2

    def act(data: Mapping[str, Any]) -> None:
        nonlocal failures
        if data["input"] == {"value": "bad"} and failures:
            failures -= 1
            raise ValueError("not yet")

    events = ("agent_start", "agent_complete")
    listener = Listener(Delivery(mode="background", retries=5), act, events=events)
    async with PluginManager() as pm:
        pm.register(listener)
        agent = echo(pm)
        bad = await agent.run("bad")
        good = await agent.run("good")
        assert await pm.flush(10)
        (status,) = await pm.lanes()
    heard = [(each["context"].context_id, each["event"].name, each["event"].attempt) for each in listener.heard]
    ids = bad.context.context_id, good.context.context_id
    assert heard == [
        (ids[1], "agent_start", 1),
        (ids[1], "agent_complete", 1),
        (ids[0], "agent_start", 3),
        (ids[0], "agent_complete", 1),
    ]
    assert (status.delivered, status.retried, status.dead) == (4, 2, 0)


async def test_execution_has_a_timeout() -> None:
    """One that hangs is ended after its time, which is reported, and the next is delivered."""
    told: list[BaseException] = []

    class Told:
        @hookimpl
        def plugin_error(self, error: BaseException) -> None:
            told.append(error)

    async def act(data: Mapping[str, Any]) -> None:
        if data["output"] == 0:
            await asyncio.Event().wait()

    listener = Listener(Delivery(mode="background", timeout=0.02), act)
    async with PluginManager() as pm:
        pm.register(listener)
        pm.register(Told())
        for number in range(2):
            await echo(pm).run(number)
        await pm.flush()
    assert listener.outputs == [1]
    assert [type(each) for each in told] == [HookTimeoutError]


async def test_middleware_surrounds_executions_on_lanes() -> None:
    """Middleware sees and changes what a provider on a lane is called with."""

    class Stamp(ProviderMiddleware):
        async def pre_execute(self, provider: str, event: str, data: Any) -> Any:
            return {**data, "output": f"{provider} {data['output']}"} if event == "agent_complete" else None

    listener = Listener()
    async with PluginManager() as pm:
        pm.add_middleware(Stamp())
        pm.register(listener)
        await echo(pm).run("x")
    assert listener.outputs == ["listener x"]


async def test_config_decides(tmp_path: Path) -> None:
    """What is configured for a plugin and for one of its hooks is taken instead of what the plugin declares."""
    table = {"listener": {"mode": "background", "hooks": {"agent_start": {"mode": "inline"}}}}
    main = threading.current_thread().name
    where: dict[str, str] = {}

    def act(data: Mapping[str, Any]) -> None:
        where[data["event"].name] = threading.current_thread().name

    pm = manager_in(tmp_path, delivery=table)
    pm.register(Listener("inline", act, events=("agent_start", "agent_complete")))
    async with pm:
        await echo(pm).run("x")
    assert where == {"agent_start": main, "agent_complete": "agentcore-listener"}
    assert not (tmp_path / "state").exists()


async def test_single_implementation_may_have_a_lane() -> None:
    """hookimpl(delivery=...) puts one implementation on a lane, and its plugin's others stay."""

    class Mixed:
        def __init__(self) -> None:
            self.threads: dict[str, str] = {}

        @hookimpl
        def agent_start(self) -> None:
            self.threads["start"] = threading.current_thread().name

        @hookimpl(delivery="background")
        def agent_complete(self) -> None:
            self.threads["complete"] = threading.current_thread().name

    mixed = Mixed()
    async with PluginManager() as pm:
        pm.register(mixed)
        await echo(pm).run("x")
    assert mixed.threads == {"start": threading.current_thread().name, "complete": "agentcore-mixed"}


class _Guard:
    @hookimpl(delivery="background")
    def tool_call(self) -> None:
        """Nobody would wait for its answer."""


class _Wrapping:
    @hookimpl(delivery="durable", wrapper=True)
    def agent_complete(self) -> Any:
        yield


class _Misspelt:
    delivery = "durabel"

    @hookimpl
    def agent_complete(self) -> None:
        """It would never be found."""


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (_Guard(), "asks for the delivery 'background' of 'tool_call', whose result the agent waits for"),
        (_Wrapping(), "asks for the delivery 'durable' of 'agent_complete', with a wrapper"),
        (_Misspelt(), "asks for the delivery 'durabel'\nhint: did you mean 'durable'?"),
    ],
    ids=["value hook", "wrapper", "misspelt"],
)
def test_delivery_that_cannot_be_is_refused(plugin: object, message: str) -> None:
    """What cannot come from a lane, or is no way to deliver, is refused when the plugin is registered."""
    with pytest.raises(PluginValidationError) as caught:
        PluginManager().register(plugin)
    assert message in str(caught.value)


async def test_run_with_a_provider_of_its_own_waits_for_its_lane() -> None:
    """A provider that is passed to one run has had every event when the run returns."""
    listener = Listener("durable")
    async with PluginManager() as pm:
        await echo(pm).run("x", providers=[listener])
        assert listener.outputs == ["x"]
        assert not [each for each in threading.enumerate() if each.name.startswith("agentcore-listener")]


async def test_agent_that_nobody_holds_leaves_nothing_behind() -> None:
    """What an agent's own provider is owed is delivered, though the agent is gone; then its thread ends."""
    listener = Listener()
    pm = PluginManager()
    agent = echo(pm, providers=[listener])
    await agent.run("x")
    gone = weakref.ref(agent)
    del agent
    for _ in range(500):
        gc.collect()
        if not [each for each in threading.enumerate() if each.name == "agentcore-listener"]:
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("the lane's thread is still there")
    assert gone() is None
    assert listener.outputs == ["x"]


async def test_end_waits_for_so_long_and_says_what_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the end lanes are drained within the time that is configured, and what is not delivered is named."""
    gate = Gate()
    pm = manager_in(tmp_path, shutdown_timeout=0.05)
    async with pm:
        pm.register(Listener("background", gate.wait))
        for number in range(3):
            await echo(pm).run(number)
        await gate.until_reached()
    assert "the plugin 'listener' did not get 3 of its events within 0.05 s" in caplog.messages


async def test_threads_end_with_the_manager() -> None:
    """After aclose no thread of a lane is left, and the manager can be used again."""
    listener = Listener()
    pm = PluginManager()
    pm.register(listener)
    for number in range(2):
        async with pm:
            await echo(pm).run(number)
        assert not [each for each in threading.enumerate() if each.name == "agentcore-listener"]
    assert listener.outputs == [0, 1]


async def test_thread_that_does_not_end_is_named(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """A provider that blocks its thread cannot keep the manager from closing."""
    gate = Gate()
    pm = manager_in(tmp_path, shutdown_timeout=0)
    pm.register(Listener("background", gate.block))
    async with pm:
        await echo(pm).run("x")
        await gate.until_reached()
        closing = asyncio.ensure_future(pm.aclose())
        done, _ = await asyncio.wait([closing], timeout=20)
        gate.open()
        assert done
    assert any("does not end: something on it blocks" in each for each in caplog.messages)


async def test_unregistered_plugin_is_left_alone() -> None:
    """What is posted for a plugin that has been taken out since is not delivered to it."""
    listener = Listener()
    async with PluginManager() as pm:
        pm.register(listener)
        await echo(pm).run(1)
        await pm.flush()
        pm.unregister("listener")
        await echo(pm).run(2)
        await pm.flush()
    assert listener.outputs == [1]


def test_logger_is_quiet_while_all_is_well(caplog: pytest.LogCaptureFixture) -> None:
    """Delivering says nothing."""
    caplog.set_level(logging.DEBUG, "agentcore.delivery")
    pm = PluginManager()
    pm.register(Listener())
    echo(pm).run_sync("x")
    asyncio.run(pm.aclose())
    assert [each for each in caplog.records if each.name == "agentcore.delivery"] == []


async def test_implementation_that_swallows_its_timeout_does_not_stop_its_lane(tmp_path: Path) -> None:
    """It is ended by force, as it is where agents wait for it."""

    class Stubborn:
        def __init__(self) -> None:
            self.outputs: list[str] = []

        @hookimpl(delivery="background")
        async def agent_complete(self, output: str) -> None:
            while output == "first":
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            self.outputs.append(output)

    stubborn = Stubborn()
    pm = manager_in(tmp_path, hook_timeout=0.05)
    pm.register(stubborn)
    async with pm:
        await echo(pm).run("first")
        await echo(pm).run("second")
        assert await pm.flush(20)
    assert stubborn.outputs == ["second"]
