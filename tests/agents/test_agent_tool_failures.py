"""Tools that fail, and what plugins make of calls."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import (
    Agent,
    PluginManager,
    Tool,
    ToolCall,
    hookimpl,
)
from agentcore.errors import InputError, ToolError, ToolNotFoundError

Make = Callable[..., Agent]
Recorder = Any


def stock(item: str, limit: int = 5) -> dict[str, int]:
    """Say how many of an item are in stock."""
    return {item: limit}


def call(name: str, id: str = "1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


# --- failures ---


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyError("bolt"), "error: KeyError: 'bolt'"),
        (ToolError("out of bolts", hint="ask for nuts."), "error: out of bolts\nhint: ask for nuts."),
        (InputError("not that"), "error: not that"),
    ],
    ids=["any error", "tool error", "input error"],
)
async def test_a_tool_that_fails_is_told_to_the_model(
    make: Make, recorder: Recorder, error: Exception, message: str
) -> None:
    """And the run goes on."""

    def fails() -> None:
        raise error

    assert (await make(call("fails"), "done", tools=[fails]).run("x")).output.answer == "done"
    assert recorder.last_message == message
    end = recorder.one("tool_error")
    assert (end.error, end.outcome, end.tool) == (error, "error", "fails")


@pytest.mark.parametrize("count", [1, 3])
async def test_a_tool_may_end_the_run_when_it_fails(make: Make, recorder: Recorder, count: int) -> None:
    """The caller gets its very error with its cause, and the calls beside it are cancelled."""
    cause = KeyError("cause")

    def fails() -> None:
        try:
            raise cause
        except KeyError as error:
            raise ValueError("fatal") from error

    async def waits() -> None:
        await asyncio.Event().wait()

    calls = [call("waits", str(number)) for number in range(count - 1)] + [call("fails", "9")]
    with pytest.raises(ValueError, match="fatal") as caught:
        await make(calls, "never", tools=[Tool(fails, on_error="raise"), waits]).run("x")
    assert caught.value.__cause__ is cause
    assert recorder.end().error is caught.value
    assert sorted(each.outcome for each in recorder.all("tool_error")) == ["cancelled"] * (count - 1) + ["error"]


async def test_an_unknown_tool_is_told_with_the_nearest_one(make: Make, recorder: Recorder) -> None:
    """The call has its events like any other."""
    await make(call("stocks", item="bolt"), "done", tools=[stock]).run("x")
    assert recorder.last_message == "error: there is no tool 'stocks'\nhint: did you mean 'stock'? Known: 'stock'."
    assert isinstance(recorder.one("tool_error").error, ToolNotFoundError)
    assert recorder.one("tool_start").tool == "stocks"


async def test_arguments_that_do_not_fit_are_told(make: Make, recorder: Recorder) -> None:
    """With each field at fault; the function is not called."""
    called: list[str] = []

    def pick(item: str, count: int) -> None:
        called.append(item)

    await make(call("pick", count="many", colour="red"), "done", tools=[pick]).run("x")
    assert recorder.last_message == (
        "error: the arguments do not fit 'pick': item: Field required; count: Input should be a valid integer, "
        "unable to parse string as an integer; colour: Extra inputs are not permitted"
    )
    assert called == []
    assert recorder.one("tool_error").arguments == {"count": "many", "colour": "red"}


async def test_a_result_that_cannot_be_written_is_the_tools_failure(make: Make, recorder: Recorder) -> None:
    """The run goes on."""

    class Broken:
        def __repr__(self) -> str:
            raise ZeroDivisionError("no repr")

    def give() -> Any:
        return Broken()

    await make(call("give"), "done", tools=[give]).run("x")
    assert recorder.last_message.startswith("error: ")


# --- what plugins make of it ---


async def test_a_plugin_may_rewrite_a_call_and_its_result(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The tool gets the new arguments, and the model the new result."""

    class Rewrites:
        @hookimpl
        def tool_call(self, call: ToolCall) -> ToolCall:
            return ToolCall(call.id, "stock", {**call.arguments, "limit": 9})

        @hookimpl
        def tool_result(self, call: ToolCall, result: Any) -> Any:
            return [call.name, result]

    pm.register(Rewrites())
    await make(call("inventory", item="bolt"), "done", tools=[stock]).run("x")
    assert recorder.last_message == '["stock",{"bolt":9}]'
    end = recorder.one("tool_execute")
    assert (end.tool, end.arguments, end.result) == ("stock", {"item": "bolt", "limit": 9}, ["stock", {"bolt": 9}])


async def test_a_replaced_call_is_validated(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The replacement must fit, too."""

    class Careless:
        @hookimpl
        def tool_call(self, call: ToolCall) -> ToolCall:
            return ToolCall(call.id, call.name, {"limit": "none"})

    pm.register(Careless())
    await make(call("stock", item="bolt"), "done", tools=[stock]).run("x")
    assert "item: Field required" in recorder.last_message


class Brings:
    """Brings tools for every agent."""

    def __init__(self, *tools: Any) -> None:
        self.tools = tools
        self.asked = 0

    @hookimpl
    async def register_tools(self) -> list[Any]:
        self.asked += 1
        return list(self.tools)


async def test_plugins_bring_tools_for_every_agent(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """They are asked once, and the agent's own tool of the same name wins."""

    def own(item: str) -> str:
        return "own"

    plugin = Brings(stock, Tool(stock, name="own"))
    pm.register(plugin)
    agent = make([call("own", "1", item="a"), call("stock", "2", item="a")], "done", "again", tools=[own])
    await agent.run("x")
    await agent.run("x")
    assert plugin.asked == 1
    assert [each.name for each in recorder.all("model_start")[0].request.tools] == ["stock", "own"]
    assert [each.content for each in recorder.all("model_start")[1].request.messages[-2:]] == ["own", '{"a":5}']


async def test_tools_come_and_go_with_their_plugins(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The next run has what there is then."""
    agent = make("one", "two", "three")
    await agent.run("x")
    pm.register(Brings(stock), "brings")
    await agent.run("x")
    pm.unregister("brings")
    await agent.run("x")
    assert [len(each.request.tools) for each in recorder.all("model_start")] == [0, 1, 0]


async def test_two_plugins_cannot_bring_tools_of_one_name(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The run says so, and what to do."""
    pm.register(Brings(stock), "one")
    pm.register(Brings(stock), "other")
    with pytest.raises(ToolError, match="two tools are named 'stock'"):
        await make("never").run("x")
    assert recorder.end().outcome == "error"
