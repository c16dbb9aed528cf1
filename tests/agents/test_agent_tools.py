"""Tools: what they are, and how runs call them."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from agentcore import (
    Agent,
    ExecutionContext,
    Message,
    ModelResponse,
    Tool,
    ToolCall,
    current_context,
    tool,
)
from agentcore._tools import as_text
from agentcore.errors import InputError, ToolError
from agentcore.models import ScriptedModel

Make = Callable[..., Agent]
Recorder = Any
Gate = Any


def stock(item: str, limit: int = 5) -> dict[str, int]:
    """Say how many of an item
    are in stock.

    Not to be told.

    Args:
        item: Its name.
    """
    return {item: limit}


def call(name: str, id: str = "1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


# --- what a tool is ---


def test_a_function_says_what_the_model_is_told() -> None:
    """Its name, the first paragraph of its docstring, and its parameters."""
    spec = Tool(stock).spec
    assert spec.name == "stock"
    assert spec.description == "Say how many of an item are in stock."
    assert spec.parameters["required"] == ["item"]
    assert spec.parameters["properties"]["item"]["description"] == "Its name."
    assert spec.parameters["properties"]["limit"]["default"] == 5


def test_the_decorator_makes_a_tool() -> None:
    """With or without arguments; the function can be called as before."""

    @tool
    def plain(a: int) -> int:
        return a

    @tool(name="other", description="Told.", blocking=True, on_error="raise")
    def named(a: int) -> int:
        return a

    assert (plain.name, plain.description, plain(1)) == ("plain", "", 1)
    assert (named.name, named.description, named.on_error, named(a=2)) == ("other", "Told.", "raise", 2)
    assert repr(named) == "<Tool 'other'>"


@pytest.mark.parametrize("name", ["", "two words", "9lives", "ä", "x" * 65, "<lambda>"])
def test_a_name_that_models_cannot_write_is_refused(name: str) -> None:
    """The error says how it may be written."""
    function = (lambda: None) if name in ("", "<lambda>") else stock
    with pytest.raises(ToolError, match="cannot be a tool's name") as caught:
        Tool(function, name=name)
    assert "at most 64 letters" in caught.value.hint


def test_what_cannot_be_a_tool_is_refused() -> None:
    """The error says what can."""
    with pytest.raises(ToolError, match="7 cannot be a tool") as caught:
        Agent("triage", tools=[7])
    assert caught.value.hint == "give a function, a Tool or an agent."


def test_two_tools_cannot_have_one_name() -> None:
    """The model could not tell them apart."""
    with pytest.raises(ToolError, match="two tools are named 'stock'") as caught:
        Agent("triage", tools=[stock, Tool(stock)])
    assert "name=" in caught.value.hint


async def test_any_callable_is_a_tool(make: Make) -> None:
    """Functions, methods, partials and objects, sync or async."""

    class Shelf:
        """A shelf."""

        def count(self, item: str) -> int:
            return len(item)

        async def __call__(self, item: str) -> int:
            return len(item) * 2

    def add(number: int, item: str) -> int:
        return number + len(item)

    shelf = Shelf()
    tools = [shelf.count, Tool(shelf, name="shelf"), Tool(partial(add, 1), name="add")]
    calls = [call(name, name, item="bolt") for name in ("count", "shelf", "add")]
    agent = make(calls, "done", tools=tools)
    await agent.run("x")
    model = agent._model
    assert isinstance(model, ScriptedModel)
    assert [each.content for each in model.requests[1].messages[-3:]] == ["4", "8", "5"]


def test_arguments_become_what_the_function_takes() -> None:
    """They are validated and converted, and defaults are filled in."""

    class Size(BaseModel):
        width: int

    def fit(size: Size, tags: set[str], scale: float = 1) -> None: ...

    made = Tool(fit).validate({"size": {"width": "3"}, "tags": ["a", "a"]})
    assert made == {"size": Size(width=3), "tags": {"a"}, "scale": 1}


def test_a_parameter_may_have_constraints() -> None:
    """The model is told of them, and they are checked."""

    def pick(count: int = Field(ge=1, le=3)) -> None: ...

    picking = Tool(pick)
    assert picking.spec.parameters["properties"]["count"]["maximum"] == 3
    with pytest.raises(InputError, match="'pick': count: Input should be less than or equal to 3"):
        picking.validate({"count": 4})


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is", "as it is"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (None, "null"),
        (float("nan"), '"NaN"'),
        ({(1, 2): 3}, '{"1,2":3}'),
        (b"text", '"text"'),
        (b"\xff", r"b'\xff'"),
        ({"half": "\ud800"}, r"{'half': '\ud800'}"),
    ],
    ids=["text", "object", "none", "nan", "pair", "bytes", "no text", "half a pair"],
)
def test_a_result_is_told_as_text(result: Any, text: str) -> None:
    """As JSON where that is possible, and somehow where it is not."""
    assert as_text(result) == text


def test_results_that_have_no_json_are_told_all_the_same() -> None:
    """An object by its repr, and one that contains itself, too."""
    around: list[Any] = []
    around.append(around)

    class Thing:
        def __repr__(self) -> str:
            return "<thing>"

    class Point(BaseModel):
        x: int = 1

    assert as_text(around) == "[[...]]"
    assert as_text([Thing()]) == '["<thing>"]'
    assert as_text(Point()) == '{"x":1}'


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.binary() | st.dates(), st.lists))
def test_any_result_can_be_told(result: Any) -> None:
    """Whatever a tool returns, there is a text."""
    assert isinstance(as_text(result), str)


# --- calls ---


async def test_the_model_is_told_what_the_tool_returned(make: Make, recorder: Recorder) -> None:
    """The conversation holds the call and its answer, and the request the tools."""
    agent = make(call("stock", item="bolt"), "There are 5.", tools=[stock], instructions="Help.")
    assert (await agent.run("How many bolts?")).output.answer == "There are 5."
    first, second = (each.request for each in recorder.all("model_start"))
    assert first.tools == second.tools == [Tool(stock).spec]
    assert second.messages == (
        Message("system", "Help."),
        Message("user", "How many bolts?"),
        Message("assistant", "", (call("stock", item="bolt"),)),
        Message("tool", '{"bolt":5}', tool_call_id="1"),
    )


async def test_words_beside_a_call_stay_in_the_conversation(make: Make, recorder: Recorder) -> None:
    """Some models think aloud."""
    answer = ModelResponse(text="Let me see.", tool_calls=(call("stock", item="bolt"),))
    await make(answer, "done", tools=[stock]).run("x")
    assert recorder.all("model_start")[1].request.messages[1].content == "Let me see."


async def test_several_calls_are_made_at_once_and_told_in_order(make: Make, recorder: Recorder, gate: Gate) -> None:
    """The first waits for the second, and still comes first."""

    async def slow() -> str:
        await gate.open.wait()
        return "slow"

    def quick() -> str:
        gate.open.set()
        return "quick"

    await make([call("slow", "1"), call("quick", "2")], "done", tools=[slow, quick]).run("x")
    assert [(each.tool_call_id, each.content) for each in recorder.all("model_start")[1].request.messages[-2:]] == [
        ("1", "slow"),
        ("2", "quick"),
    ]
    assert [each.tool for each in recorder.all("tool_execute")] == ["quick", "slow"]


async def test_a_tool_gets_the_runs_context(make: Make) -> None:
    """By annotation, and as the current one; the model does not see the parameter."""
    seen: list[Any] = []

    async def look(where: ExecutionContext, item: str, again: ExecutionContext | None = None) -> str:
        seen.extend([where, again, current_context()])
        return item

    looking = Tool(look)
    assert list(looking.spec.parameters["properties"]) == ["item"]
    calls = [call("look", "1", item="a"), call("look", "2", item="b")]
    result = await make(call("look", item="a"), calls, "done", tools=[looking]).run("x")
    assert seen == [result.context] * 9


async def test_a_blocking_tool_runs_on_a_thread(make: Make, recorder: Recorder) -> None:
    """With the run's context; an async function is awaited on the loop."""

    def where() -> list[Any]:
        context = current_context()
        return [threading.current_thread() is threading.main_thread(), context.agent_id if context else None]

    async def there() -> list[Any]:
        return where()

    tools = [Tool(where, blocking=True), Tool(there, blocking=True)]
    await make([call("where", "1"), call("there", "2")], "done", tools=tools).run("x")
    assert [each.content for each in recorder.all("model_start")[1].request.messages[-2:]] == [
        '[false,"triage"]',
        '[true,"triage"]',
    ]


async def test_a_blocking_tool_that_stops_an_iteration_does_not_stop_the_run(make: Make, recorder: Recorder) -> None:
    """Futures refuse StopIteration, and a run must not wait for one for ever."""

    def first() -> str:
        return str(next(iter(())))

    assert (await make(call("first"), "done", tools=[Tool(first, blocking=True)]).run("x")).output.answer == "done"
    assert recorder.last_message == "error: RuntimeError: the function raised StopIteration"
    assert isinstance(recorder.one("tool_error").error.__cause__, StopIteration)
