"""Contexts that are pickled: for processes, and for journals."""

import asyncio
import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore import Event, ExecutionContext, FunctionAgent, PluginManager, Usage


def again(context: ExecutionContext) -> ExecutionContext:
    twin = pickle.loads(pickle.dumps(context))
    assert isinstance(twin, ExecutionContext)
    return twin


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers())), st.integers(0, 3))
def test_a_context_survives(metadata: dict[str, Any], depth: int) -> None:
    """Identity, ancestry, metadata, state, usage, times and outcome are as they were."""
    context = ExecutionContext("root", metadata=metadata)
    for _ in range(depth):
        context.add_usage(Usage(requests=1))
        context = context.fork()
    context.state["note"] = metadata
    context.add_usage(Usage(input_tokens=3))
    context.outcome = "error"
    twin = again(context)
    assert [each.context_id for each in (twin, *twin.ancestors)] == [
        each.context_id for each in (context, *context.ancestors)
    ]
    assert (twin.agent_id, twin.metadata, twin.state) == (context.agent_id, metadata, {"note": metadata})
    assert (twin.usage, twin.root.total_usage) == (context.usage, context.root.total_usage)
    assert (twin.start_time, twin.end_time, twin.outcome) == (context.start_time, context.end_time, "error")


def test_a_parent_elsewhere_survives(parent: ExecutionContext) -> None:
    """A context that came by headers keeps where it came from."""
    twin = again(ExecutionContext.from_headers(parent.to_headers(), "there"))
    assert twin.parent_id == parent.context_id
    assert twin.root_id == parent.root_id


def test_what_is_left_of_the_time_survives(parent: ExecutionContext) -> None:
    """A deadline is a point in time, wherever it is looked at."""
    parent.limit_time(60)
    assert again(parent).remaining == pytest.approx(parent.remaining, abs=5)
    assert again(ExecutionContext("endless")).remaining is None


def test_a_cancellation_survives(parent: ExecutionContext) -> None:
    """The reason comes along."""
    parent.cancel("no longer needed")
    twin = again(parent)
    assert twin.cancelled
    assert twin.cancel_reason == "no longer needed"


def test_twins_number_their_events_apart(parent: ExecutionContext) -> None:
    """Both go on counting, and no two events have the same id."""
    ids = [Event("agent_start", each).id for each in (parent, again(parent), again(parent), copy.copy(parent))]
    assert len(set(ids)) == 4


def test_the_task_and_the_plugins_stay_here() -> None:
    """A context can be pickled in the middle of its run."""

    def work(text: str, context: ExecutionContext) -> ExecutionContext:
        assert context.plugins is not None
        return again(context)

    result = asyncio.run(FunctionAgent(work, plugins=PluginManager()).run("x"))
    assert result.output.plugins is None
    assert result.output.context_id == result.context.context_id


async def test_the_twin_of_a_run_becomes_a_parent() -> None:
    """What a run's context was sent to is part of that run, and not the run itself."""

    def send(text: str, context: ExecutionContext) -> ExecutionContext:
        return again(context)

    agent = FunctionAgent(send, plugins=PluginManager())
    sent = (await agent.run("x")).output
    result = await agent.run("x", context=sent)
    assert result.context.parent is sent
    assert result.context.root_id == sent.context_id


def test_a_fresh_twin_becomes_the_run() -> None:
    """A context that no run has used yet may be sent ahead."""
    fresh = again(ExecutionContext("request", metadata={"tenant": "acme"}))

    def work(text: str) -> str:
        return text

    assert FunctionAgent(work, plugins=PluginManager()).run_sync("x", context=fresh).context is fresh


def read(context: ExecutionContext) -> tuple[str, str | None, dict[str, Any]]:
    """Runs in another process."""
    child = context.fork("worker")
    return child.root_id, child.parent_id, child.metadata


def test_a_context_crosses_into_another_process(parent: ExecutionContext) -> None:
    """A worker process forks what it was given."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(read, parent).result(timeout=60) == (parent.context_id, parent.context_id, parent.metadata)
