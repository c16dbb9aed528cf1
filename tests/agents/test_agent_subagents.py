"""Agents that are the tools of others."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import BaseModel, Field

from agentcore import (
    Agent,
    BaseAgent,
    Deny,
    ExecutionContext,
    Limits,
    ModelRequest,
    PluginManager,
    ToolCall,
    hookimpl,
)
from agentcore.errors import LimitError, ToolError

Make = Callable[..., Agent]
Recorder = Any


def call(name: str, id: str = "1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


class Doubler(BaseAgent[int]):
    """Doubles a number."""

    class Number(BaseModel):
        n: int = Field(description="to be doubled")

    input_model = Number

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> int:
        return int(input["n"]) * 2


async def test_an_agent_is_a_tool(make: Make, recorder: Recorder) -> None:
    """Its input is the parameters, its output the result, and each call a run with a forked context."""
    doubler = Doubler("doubler")
    calls = [call("doubler", "1", n=1), call("doubler", "2", n=2)]
    result = await make(calls, "done", tools=[doubler]).run("x", context=ExecutionContext("x", metadata={"t": 1}))
    assert [each.content for each in recorder.all("model_start")[1].request.messages[-2:]] == ["2", "4"]
    runs = recorder.all("agent_complete", "doubler")
    assert [each.input for each in runs] == [{"n": 1}, {"n": 2}]
    assert {each.context.parent for each in runs} == {result.context}
    assert len({each.context for each in runs}) == 2
    assert {each.context.metadata["t"] for each in runs} == {1}
    assert [each.parent for each in recorder.all("context_fork")] == [result.context] * 2
    spec = recorder.all("model_start")[0].request.tools[0]
    assert (spec.name, spec.description) == ("doubler", "Doubles a number.")
    assert spec.parameters["properties"]["n"]["description"] == "to be doubled"


def test_an_agent_may_be_a_tool_under_another_name() -> None:
    """With another description, too."""
    made = Doubler("doubler").as_tool(name="twice", description="Twice as much.")
    assert (made.spec.name, made.spec.description) == ("twice", "Twice as much.")


def test_an_agent_that_takes_anything_is_no_tool() -> None:
    """A model could not know what to give it."""

    class Anything(BaseAgent[None]):
        async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> None: ...

    with pytest.raises(ToolError, match="'anything' does not say what it takes") as caught:
        Anything("anything").as_tool()
    assert "input_model" in caught.value.hint


async def test_an_agent_whose_name_is_no_tools_needs_another(make: Make) -> None:
    """The error says how a name may be written."""
    with pytest.raises(ToolError, match="'my agent' cannot be a tool's name"):
        make("x", tools=[Doubler("my agent")])


async def test_a_sub_agent_that_is_denied_is_told_as_denied(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The run around it goes on, and so does its model."""

    class Guard:
        @hookimpl
        def agent_input(self, agent: str, input: Mapping[str, Any]) -> None:
            if agent == "doubler":
                raise Deny("no doubling")

    pm.register(Guard())
    await make(call("doubler", n=1), "done", tools=[Doubler("doubler")]).run("x")
    assert recorder.last_message == "denied: no doubling"
    assert recorder.end("doubler").outcome == "denied"
    assert recorder.one("tool_error").outcome == "denied"


def endless(make: Make, **options: Any) -> Agent:
    """An agent whose model only ever calls the agent itself."""
    agents: list[Agent] = []

    async def again(text: str, context: ExecutionContext) -> str:
        return str((await agents[0].run(text, context=context)).output.answer)

    def think(request: ModelRequest) -> ToolCall:
        return call("again", text="deeper")

    agents.append(make(think, tools=[again], **options))
    return agents[0]


async def test_sub_agents_keep_to_the_limit_of_the_runs_around_them(make: Make, recorder: Recorder) -> None:
    """Tokens are counted as they are spent, at whatever depth, and the error names the run that spent them."""
    agent = endless(make, limits=Limits(steps=None, tokens=40))
    with pytest.raises(LimitError, match="agent 'triage' has used 40 of 40 tokens"):
        await agent.run("x")
    assert len(recorder.all("model_start")) == 8
    assert recorder.told[-1].usage.total_tokens == 40


async def test_agents_that_call_each_other_without_end_come_to_one(make: Make, recorder: Recorder) -> None:
    """Nobody on the way is told and tries again: the whole run ends, and says what to look at."""
    with pytest.raises(LimitError, match="'triage' is to run inside of 33 runs") as caught:
        await endless(make).run("x")
    assert "each other's tools" in caught.value.hint
    assert [each.context.depth for each in recorder.all("agent_start")] == list(range(34))
    assert {each.outcome for each in recorder.all("agent_error")} == {"error"}
