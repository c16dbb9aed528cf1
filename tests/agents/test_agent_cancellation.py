"""Runs that are cancelled: by their task, by their context, and by what runs in them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agentcore import (
    Agent,
    ExecutionContext,
    ModelRequest,
    PluginManager,
    Provider,
    ToolCall,
)
from agentcore.errors import DeadlineError, RunCancelledError

Make = Callable[..., Agent]
Recorder = Any

VALUE_HOOKS = ("agent_input", "agent_output", "model_request", "model_response", "tool_call", "tool_result")


class AtEvent(Provider):
    """Does something at the k-th hook call of the runs, before or after everybody else is told."""

    name = "at-event"

    def __init__(self, number: int, act: Callable[[], None], events: tuple[str, ...], *, first: bool) -> None:
        self.events = events
        self.priority = 1 if first else -1
        self.number = number
        self.act = act
        self.seen = 0
        self.where = ("", "")

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        self.seen += 1
        if self.seen == self.number:
            self.where = (event, data["context"].agent_id)
            self.act()
            # Long enough for whatever was asked for to arrive here.
            for _ in range(3):
                await asyncio.sleep(0)


async def look(query: str) -> str:
    """Look something up."""
    await asyncio.sleep(0)
    return query.upper()


def nested(make: Make, *, at_once: bool) -> Agent:
    """An agent that calls a tool and another agent, one after the other or both at once."""

    async def think(request: ModelRequest) -> Any:
        await asyncio.sleep(0)
        calls = [ToolCall("1", "look", {"query": "a"}), ToolCall("2", "helper", {"text": "b"})]
        told = sum(message.role == "tool" for message in request.messages)
        if at_once:
            return "done" if told else calls
        return calls[told] if told < 2 else "done"

    async def help_(request: ModelRequest) -> Any:
        await asyncio.sleep(0)
        return "helped"

    return make(think, name="boss", tools=[look, make(help_, name="helper")])


class Interrupted:
    """One run of nested agents that something happened to at its k-th hook call."""

    def __init__(self, make: Make, pm: PluginManager, recorder: Recorder) -> None:
        self.make = make
        self.pm = pm
        self.recorder = recorder

    async def run(
        self, number: int, act: Callable[["Interrupted"], None], *, at_once: bool, first: bool = False
    ) -> AtEvent:
        self.recorder.told.clear()
        self.context = ExecutionContext("boss")
        events = (*self.recorder.events[:-1], *VALUE_HOOKS)
        plugin = AtEvent(number, lambda: act(self), events, first=first)
        self.pm.register(plugin)
        self.task = asyncio.create_task(nested(self.make, at_once=at_once).run("Go.", context=self.context))
        await asyncio.wait([self.task])
        self.pm.unregister(plugin.name)
        self.recorder.check()
        assert self.pm.contexts.live() == []
        return plugin

    @property
    def error(self) -> BaseException | None:
        return asyncio.CancelledError() if self.task.cancelled() else self.task.exception()


@pytest.fixture
def interrupted(make: Make, pm: PluginManager, recorder: Recorder) -> Interrupted:
    return Interrupted(make, pm, recorder)


def cancel_task(run: Interrupted) -> None:
    run.task.cancel()


def cancel_context(run: Interrupted) -> None:
    run.context.cancel("stop")


def end_time(run: Interrupted) -> None:
    run.context.limit_time(-1)


at_every_event = pytest.mark.parametrize("at_once", [False, True], ids=["in turn", "at once"])


@at_every_event
@pytest.mark.parametrize("first", [False, True], ids=["told before", "told after"])
@pytest.mark.parametrize(
    ("act", "error", "outcome"),
    [
        (cancel_task, asyncio.CancelledError, "cancelled"),
        (cancel_context, RunCancelledError, "cancelled"),
        (end_time, DeadlineError, "timeout"),
    ],
    ids=["task", "context", "deadline"],
)
async def test_wherever_a_run_is_interrupted_every_start_has_its_end(
    interrupted: Interrupted,
    act: Callable[[Interrupted], None],
    error: type[BaseException],
    outcome: str,
    first: bool,
    at_once: bool,
) -> None:
    """At each hook call in turn: every pair of events is whole, and the caller is told who did it."""
    number = 0
    while True:
        number += 1
        plugin = await interrupted.run(number, act, at_once=at_once, first=first)
        if plugin.seen < number:
            break
        if plugin.where == ("agent_complete", "boss"):
            # The run had ended: only its task can still be cancelled.
            assert isinstance(interrupted.error, asyncio.CancelledError if act is cancel_task else type(None))
            assert interrupted.context.outcome == "ok"
        else:
            assert isinstance(interrupted.error, error), plugin.where
            assert interrupted.context.outcome == outcome
            assert {each.outcome for each in interrupted.recorder.all("agent_error")} == {outcome}
    assert number >= 30
    assert interrupted.task.result().output.answer == "done"


@at_every_event
async def test_wherever_a_task_was_cancelled_without_stopping_the_pairs_are_whole(
    interrupted: Interrupted, at_once: bool
) -> None:
    """A cancellation that arrives at the next point where the run waits, whatever that is."""

    async def go_on(self: AtEvent, event: str, data: Mapping[str, Any]) -> None:
        self.seen += 1
        if self.seen == self.number:
            self.where = (event, data["context"].agent_id)
            self.act()

    number = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AtEvent, "handle_event", go_on)
        while True:
            number += 1
            plugin = await interrupted.run(number, cancel_task, at_once=at_once)
            if plugin.seen < number:
                break
            # One that came when the run waited for nothing any more is the task's, and not the run's.
            assert isinstance(interrupted.error, asyncio.CancelledError), plugin.where
            assert interrupted.context.outcome in ("cancelled", "ok")
    assert number >= 30
