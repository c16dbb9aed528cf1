"""Tools: what they are, and what runs make of them."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from agentcore import (
    Agent,
    BaseAgent,
    Deny,
    ExecutionContext,
    Limits,
    Message,
    ModelResponse,
    PluginManager,
    Tool,
    ToolCall,
    current_context,
    hookimpl,
    tool,
)
from agentcore._tools import as_text
from agentcore.errors import InputError, LimitError, ToolError, ToolNotFoundError
from agentcore.models import ModelProfile, ScriptedModel

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


def told(recorder: Recorder) -> str:
    """What the model was told last."""
    content = recorder.all("model_start", "triage")[-1].request.messages[-1].content
    assert isinstance(content, str)
    return content


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
    assert told(recorder) == "error: RuntimeError: the function raised StopIteration"
    assert isinstance(recorder.one("tool_error").error.__cause__, StopIteration)


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
    assert told(recorder) == message
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
    assert told(recorder) == "error: there is no tool 'stocks'\nhint: did you mean 'stock'? Known: 'stock'."
    assert isinstance(recorder.one("tool_error").error, ToolNotFoundError)
    assert recorder.one("tool_start").tool == "stocks"


async def test_arguments_that_do_not_fit_are_told(make: Make, recorder: Recorder) -> None:
    """With each field at fault; the function is not called."""
    called: list[str] = []

    def pick(item: str, count: int) -> None:
        called.append(item)

    await make(call("pick", count="many", colour="red"), "done", tools=[pick]).run("x")
    assert told(recorder) == (
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
    assert told(recorder).startswith("error: ")


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
    assert told(recorder) == '["stock",{"bolt":9}]'
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
    assert "item: Field required" in told(recorder)


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


# --- models without tool calling of their own ---


ACTIONS = ModelProfile(tools="actions")


def action(name: str, **arguments: Any) -> dict[str, Any]:
    return {"action": name, "arguments": arguments}


def answer(output: Any) -> dict[str, Any]:
    return {"action": "answer", "output": output}


async def test_tools_are_offered_as_actions(make: Make, recorder: Recorder) -> None:
    """In the instructions and in the schema of the answer; the conversation is told in plain turns."""
    agent = make(action("stock", item="bolt"), answer("There are 5."), tools=[stock], profile=ACTIONS)
    assert (await agent.run("How many?")).output.answer == "There are 5."
    first, second = (each.request for each in recorder.all("model_start"))
    assert list(first.tools) == []
    choices = first.output_schema["anyOf"]
    assert [each["properties"]["action"]["const"] for each in choices] == ["stock", "answer"]
    assert choices[0]["properties"]["arguments"] == {"$ref": "#/$defs/stock_input"}
    assert first.output_schema["$defs"]["stock_input"] == Tool(stock).spec.parameters
    assert choices[1]["properties"]["output"] == {"type": "string"}
    system = first.messages[0].content
    assert '{"action": "stock", "arguments": {...}}: Say how many of an item are in stock.' in system
    assert "    item: str | Its name." in system
    assert '{"action": "answer", "output": "<your answer>"}' in system
    assert second.messages[-2:] == (
        Message("assistant", '{"action": "stock", "arguments": {"item": "bolt"}}'),
        Message("user", 'Result of the action:\n{"bolt":5}'),
    )
    assert recorder.one("tool_execute").tool == "stock"


async def test_an_answer_among_actions_may_be_an_object(make: Make, recorder: Recorder) -> None:
    """It is validated like any other; a fence round the action does not matter."""
    output = "label: Literal['bug', 'question'], count: int"
    agent = make(
        action("stock", item="bolt"),
        '```json\n{"action": "answer", "output": {"label": "bug", "count": 5}}\n```',
        output=output,
        tools=[stock],
        profile=ACTIONS,
        retries=0,
    )
    assert (await agent.run("x")).output.model_dump() == {"label": "bug", "count": 5}
    schema = recorder.all("model_start")[0].request.output_schema
    assert schema["anyOf"][1]["properties"]["output"] == {"$ref": "#/$defs/triage_output"}
    assert schema["$defs"]["triage_output"]["required"] == ["label", "count"]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("no JSON", "is not a JSON object"),
        ("[1]", 'the answer has no "action"'),
        ('{"name": "stock"}', 'the answer has no "action"'),
        ('{"action": 7}', 'the answer has no "action"'),
        ('{"action": "stock"}', 'the action "stock" has no "arguments"'),
        ('{"action": "answer"}', 'the action "answer" has no "output"'),
        ('{"action": "stock", "arguments": "bolt"}', '"arguments" of the action "stock" must be an object'),
        ('{"action": "answer", "output": 7}', "answer: Input should be a valid string"),
    ],
)
async def test_what_is_no_action_is_asked_for_again(make: Make, recorder: Recorder, said: str, complaint: str) -> None:
    """The model is told what is wrong with it."""
    agent = make(said, answer("done"), tools=[stock], profile=ACTIONS)
    assert (await agent.run("x")).output.answer == "done"
    assert complaint.lower() in told(recorder).lower()
    assert complaint.lower() in str(recorder.one("model_retry").error).lower()


async def test_an_unknown_action_is_an_unknown_tool(make: Make, recorder: Recorder) -> None:
    """The model is told the nearest one."""
    await make(action("stok", item="x"), answer("done"), tools=[stock], profile=ACTIONS).run("x")
    assert "did you mean 'stock'?" in told(recorder)


async def test_a_tool_may_be_called_answer(make: Make, recorder: Recorder) -> None:
    """The action that is the answer is then called otherwise."""

    def answer(question: str) -> str:
        """Ask the oracle."""
        return question.upper()

    def final_answer(question: str) -> str:
        """Ask another."""
        return question

    agent = make(
        action("answer", question="why"),
        action("final_answer", question="how"),
        {"action": "final_final_answer", "output": "done"},
        tools=[answer, final_answer],
        profile=ACTIONS,
        retries=0,
    )
    assert (await agent.run("x")).output.answer == "done"
    assert [each.result for each in recorder.all("tool_execute")] == ["WHY", "how"]
    request = recorder.all("model_start")[0].request
    assert request.output_schema["anyOf"][-1]["properties"]["action"]["const"] == "final_final_answer"
    assert '{"action": "final_final_answer", "output"' in request.messages[0].content


async def test_without_tools_there_are_no_actions(make: Make, recorder: Recorder) -> None:
    """The answer is asked for as ever."""
    assert (await make("plain", profile=ACTIONS).run("x")).output.answer == "plain"
    assert recorder.one("model_start").request.output_schema is None


async def test_actions_have_ids_of_their_own(make: Make, recorder: Recorder) -> None:
    """The model gives none, and events need them."""
    said = [action("stock", item="bolt")] * 2
    await make(*said, answer("done"), tools=[stock], profile=ACTIONS).run("x")
    assert len({each.call_id for each in recorder.all("tool_execute")}) == 2


# --- agents are tools ---


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
    assert told(recorder) == "denied: no doubling"
    assert recorder.end("doubler").outcome == "denied"
    assert recorder.one("tool_error").outcome == "denied"


def endless(make: Make, **options: Any) -> Agent:
    """An agent whose model only ever calls the agent itself."""
    agents: list[Agent] = []

    async def again(text: str, context: ExecutionContext) -> str:
        return str((await agents[0].run(text, context=context)).output.answer)

    agents.append(make(lambda request: call("again", text="deeper"), tools=[again], **options))
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
