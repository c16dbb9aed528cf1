"""``logging``: what agents do, in Python's logging."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from agentcore import Agent, ExecutionContext, PluginManager
from agentcore.errors import ModelError, RunCancelledError
from agentcore.models import ScriptedModel
from agentcore.testing import Gate
from agentcore.types import ToolCall

SECRET = "the cat is out"


def search(text: str) -> str:
    """Search."""
    return f"{SECRET}: {text}"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Any:
    """Delivers what waits, and returns the records."""
    caplog.set_level(logging.DEBUG, logger="agentcore.events")

    async def told(plugins: PluginManager) -> list[Any]:
        await plugins.flush()
        return [each for each in caplog.records if each.name == "agentcore.events"]

    return told


async def test_a_run_is_logged(enable: Any, told: Any) -> None:
    """Each event is a record, in order; an end is news, all else is for debugging, and its facts are attributes."""
    plugins = enable(logging={})
    model = ScriptedModel([ToolCall("1", "search", {"text": SECRET}), SECRET], name="tiny")
    result = await Agent("clerk", model=model, tools=[search], plugins=plugins).run(SECRET)
    records = await told(plugins)
    assert [(each.event, each.levelname) for each in records] == [
        ("agent_start", "DEBUG"),
        ("model_start", "DEBUG"),
        ("model_complete", "INFO"),
        ("tool_start", "DEBUG"),
        ("tool_execute", "INFO"),
        ("model_start", "DEBUG"),
        ("model_complete", "INFO"),
        ("agent_complete", "INFO"),
    ]
    end = records[-1]
    assert (end.agent, end.outcome, end.run, end.requests) == ("clerk", "ok", result.context.context_id, 2)
    assert end.getMessage().startswith(f"agent_complete run={end.run[:8]} agent=clerk outcome=ok duration=")
    assert {each.model for each in records if hasattr(each, "model")} == {"tiny"}


async def test_nothing_that_was_said_is_logged(enable: Any, told: Any) -> None:
    """Neither inputs, answers, arguments nor results are in a record, nor the text of an error."""
    plugins = enable(logging={})
    model = ScriptedModel([ToolCall("1", "search", {"text": SECRET}), ModelError(SECRET, model="tiny")])
    with pytest.raises(ModelError):
        await Agent("clerk", model=model, tools=[search], plugins=plugins).run(SECRET)
    records = await told(plugins)
    assert not [each for each in records if SECRET in str(vars(each)) + each.getMessage()]
    assert [each.error for each in records if each.levelname == "WARNING"] == ["ModelError", "ModelError"]


async def test_a_cached_answer_is_told(enable: Any, told: Any) -> None:
    """An answer out of a cache says so."""
    plugins = enable(logging={}, cache={})
    agent = Agent("clerk", model=ScriptedModel(["a"]), plugins=plugins)
    await agent.run("Go.")
    await agent.run("Go.")
    ends = [each for each in await told(plugins) if each.event == "model_complete"]
    assert [getattr(each, "cached", False) for each in ends] == [False, True]
    assert "cached=True" in ends[1].getMessage()


async def test_a_name_cannot_forge_a_line(enable: Any, told: Any) -> None:
    """A model that asks for a tool with a strange name writes no line and no colour of its own."""
    plugins = enable(logging={})
    model = ScriptedModel([ToolCall("1", "x\n\x1b[31mroot logged in", {}), "done"])
    await Agent("clerk", model=model, tools=[search], plugins=plugins).run("Go.")
    [record] = [each for each in await told(plugins) if each.event == "tool_error"]
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()


async def test_the_configuration_chooses(enable: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Events, level and logger are those of the table."""
    caplog.set_level(logging.DEBUG)
    plugins = enable(logging={"logger": "house.agents", "level": "debug", "events": ["agent_*", "model_error"]})
    await Agent("clerk", model=ScriptedModel(["a"]), plugins=plugins).run("Go.")
    await plugins.flush()
    records: list[Any] = [each for each in caplog.records if each.name == "house.agents"]
    assert [(each.event, each.levelname) for each in records] == [("agent_start", "DEBUG"), ("agent_complete", "DEBUG")]


async def test_a_handler_that_blocks_keeps_no_agent_waiting(enable: Any) -> None:
    """What a handler does, it does on another thread, while the run goes on to its end."""
    gate = Gate()

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            gate.block()

    logger, handler = logging.getLogger("slow.agents"), Slow()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    plugins = enable(logging={"logger": "slow.agents"})
    try:
        await Agent("clerk", model=ScriptedModel(["a"]), plugins=plugins).run("Go.")
        await gate.until_reached()
    finally:
        gate.open()
        await plugins.aclose()
        logger.removeHandler(handler)


async def test_a_cancelled_run_is_no_warning(enable: Any, told: Any) -> None:
    """Who cancels a run knows it."""
    plugins = enable(logging={})
    agent = Agent("clerk", model=ScriptedModel(["a"], delay=30), plugins=plugins)
    context = ExecutionContext("clerk")
    context.cancel()
    with pytest.raises(RunCancelledError):
        await agent.run("Go.", context=context)
    [end] = [each for each in await told(plugins) if each.event == "agent_error"]
    assert (end.outcome, end.levelname) == ("cancelled", "INFO")
