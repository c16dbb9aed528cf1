"""What runs take: fields, one value, models, and what does not fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, field_validator

from agentcore import Agent, BaseAgent, ExecutionContext, FunctionAgent, PluginManager, hookimpl
from agentcore.errors import InputError, SignatureError
from agentcore.models import ScriptedModel

Make = Callable[..., Agent]
Recorder = Any


class Order(BaseModel):
    """An order."""

    id: int
    item: str = "bolt"


class Echo(BaseAgent[dict[str, Any]]):
    """Returns its input."""

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> dict[str, Any]:
        return input


class Picky(Echo):
    """Takes an order."""

    input_model = Order


def both(a: int, b: str = "x") -> tuple[int, str]:
    return a, b


# --- the forms ---


FORMS: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, str]]] = [
    ("fields", (), {"a": 1}, (1, "x")),
    ("all fields", (), {"a": 1, "b": "y"}, (1, "y")),
    ("mapping", ({"a": 1, "b": "y"},), {}, (1, "y")),
    ("mapping and field", ({"a": 1},), {"b": "y"}, (1, "y")),
    ("value", (1,), {}, (1, "x")),
    ("value and field", (1,), {"b": "y"}, (1, "y")),
    ("value of another type", ("7",), {}, (7, "x")),
]


@pytest.mark.parametrize(("args", "fields", "output"), [each[1:] for each in FORMS], ids=[each[0] for each in FORMS])
async def test_input_comes_in_many_forms(
    pm: PluginManager, args: tuple[Any, ...], fields: dict[str, Any], output: tuple[int, str]
) -> None:
    """By field, as a mapping, or as the value of the only field that must be given."""
    assert (await FunctionAgent(both, plugins=pm).run(*args, **fields)).output == output


async def test_a_pydantic_model_gives_its_fields(pm: PluginManager) -> None:
    """Whether it is of the agent's class or of another with fields of the same names."""

    class Other(BaseModel):
        id: int
        item: str

    agent = Picky("picky", plugins=pm)
    assert (await agent.run(Order(id=1))).output == {"id": 1, "item": "bolt"}
    assert (await agent.run(Order(id=1), item="nut")).output == {"id": 1, "item": "nut"}
    assert (await agent.run(Other(id=2, item="nut"))).output == {"id": 2, "item": "nut"}


async def test_a_pydantic_model_may_be_the_value_of_the_only_field(make: Make, pm: PluginManager) -> None:
    """Where the agent has none of its fields, it is a value like any other."""

    def take(order: Order) -> int:
        return order.id

    assert (await FunctionAgent(take, plugins=pm).run(Order(id=3))).output == 3
    agent = make("done", input="order: Order", types={"Order": Order})
    assert (await agent.run(Order(id=3))).output.answer == "done"


async def test_an_agent_without_an_input_model_takes_anything(pm: PluginManager) -> None:
    """One value is called input."""
    agent = Echo("echo", plugins=pm)
    assert (await agent.run(a=1)).output == {"a": 1}
    assert (await agent.run({"b": 2})).output == {"b": 2}
    assert (await agent.run("hello")).output == {"input": "hello"}
    assert (await agent.run(Order(id=1))).output == {"id": 1, "item": "bolt"}
    assert (await agent.run()).output == {}


async def test_the_callers_mapping_stays_as_it_is(pm: PluginManager, recorder: Recorder) -> None:
    """The run has a copy of its own."""

    class Grabby(Echo):
        async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> dict[str, Any]:
            input["mine"] = True
            return input

    given = {"a": 1}
    await Grabby("grabby", plugins=pm).run(given)
    assert given == {"a": 1}


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1), st.integers() | st.text() | st.none()))
def test_any_mapping_reaches_an_agent_that_takes_any(fields: dict[str, Any]) -> None:
    """Whatever the names are, those of run()'s own arguments among them."""
    assert Echo("echo", plugins=PluginManager()).run_sync(fields).output == fields


async def test_a_model_that_takes_more_gets_no_more_than_its_fields(pm: PluginManager) -> None:
    """An agent's fields are those of its model."""

    class Loose(BaseModel):
        model_config = ConfigDict(extra="ignore")
        id: int

    class Takes(Echo):
        input_model = Loose

    assert (await Takes("takes", plugins=pm).run(id=1, more=2)).output == {"id": 1}


# --- what does not fit ---


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "a: Field required"),
        ({"a": "one"}, "a: Input should be a valid integer"),
        ({"a": 1, "c": 2}, "c: Extra inputs are not permitted"),
        ({"b": 1, "c": 2}, "a: Field required; b: Input should be a valid string; c: Extra inputs"),
    ],
    ids=["missing", "of another type", "unknown", "all of it"],
)
async def test_input_that_does_not_fit_is_refused(pm: PluginManager, fields: dict[str, Any], message: str) -> None:
    """The error names the agent, each field at fault, and the fields that there are; it shows no values."""
    with pytest.raises(InputError) as caught:
        await FunctionAgent(both, plugins=pm).run(**fields)
    assert caught.value.message.startswith("the input does not fit agent 'both': ")
    assert message in caught.value.message
    assert caught.value.hint == "it takes: a, b."
    assert "one" not in str(caught.value).split()


async def test_a_value_alone_needs_one_field_to_go_to(make: Make) -> None:
    """The error shows how to name them."""
    with pytest.raises(InputError, match="takes the fields 'a', 'b', and one value was given") as caught:
        await make("done", input="a: str, b: str").run("x")
    assert caught.value.hint == "name them: run(a=..., b=...)."


async def test_a_value_goes_to_the_only_field_even_if_it_may_be_left_out(make: Make, recorder: Recorder) -> None:
    """There is no other that could be meant."""
    await make("done", input="text: str = 'hello'").run("bye")
    assert recorder.end().input == {"text": "bye"}


async def test_a_validator_of_the_users_own_has_its_say(pm: PluginManager) -> None:
    """Its words are in the error."""

    class Positive(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def check(cls, n: int) -> int:
            if n <= 0:
                raise ValueError("must be positive")
            return n

    class Takes(Echo):
        input_model = Positive

    with pytest.raises(InputError, match="n: Value error, must be positive"):
        await Takes("takes", plugins=pm).run(n=0)


@pytest.mark.parametrize("name", ["context", "providers", "enabled", "disabled", "plugins"])
def test_a_field_cannot_have_the_name_of_an_argument_of_run(name: str) -> None:
    """It could not be passed; the error shows the place when the agent is made."""
    with pytest.raises(SignatureError, match=f"'{name}' is reserved") as caught:
        Agent("triage", input=f"text: str, {name}: str")
    assert caught.value.position == len("text: str, ")
    assert caught.value.hint == f"write '{name}_'"


def test_a_function_cannot_have_it_either() -> None:
    """Unless the parameter takes the run's context."""

    def work(providers: str) -> None: ...

    with pytest.raises(SignatureError, match="'providers' is reserved"):
        FunctionAgent(work)


# --- what plugins make of it ---


class Rewrites:
    """Replaces the input."""

    def __init__(self, input: Any) -> None:
        self.input = input

    @hookimpl
    def agent_input(self, input: Mapping[str, Any]) -> Any:
        return self.input


async def test_a_plugin_may_replace_the_input(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """Everybody sees the replacement, the model and the events."""
    pm.register(Rewrites({"text": "rewritten"}))
    await make("done").run("as it was")
    assert recorder.one("agent_start").input == recorder.end().input == {"text": "rewritten"}
    assert recorder.one("model_start").request.messages[-1].content == "rewritten"


async def test_a_replacement_is_validated_again(pm: PluginManager, recorder: Recorder) -> None:
    """It may be of another type that fits."""
    pm.register(Rewrites({"a": "5"}))
    assert (await FunctionAgent(both, plugins=pm).run(a=1)).output == (5, "x")
    assert recorder.end().input == {"a": 5, "b": "x"}


async def test_a_replacement_of_an_agent_without_a_model_is_copied(pm: PluginManager) -> None:
    """What the plugin keeps is not what the run has."""
    kept = {"a": 1}
    pm.register(Rewrites(kept))
    output = (await Echo("echo", plugins=pm).run(b=2)).output
    assert output == kept
    assert output is not kept


# --- agents that are functions ---


async def test_functions_may_be_sync_or_async(pm: PluginManager) -> None:
    """And so may other callables."""

    async def slow(text: str) -> str:
        return text.upper()

    class Shouts:
        """Shouts."""

        def __call__(self, text: str) -> str:
            return text.upper()

    def quick(text: str) -> str:
        return text.upper()

    functions: list[Callable[..., Any]] = [quick, slow, Shouts()]
    for function in functions:
        assert (await FunctionAgent(function, name="shout", plugins=pm).run(text="hi")).output == "HI"


async def test_a_function_gets_its_context_where_it_asks_for_it(pm: PluginManager) -> None:
    """By annotation, whatever the parameter is called, and as often as it likes; nobody passes it."""

    def plain(text: str, where: ExecutionContext) -> Any:
        return [where]

    def optional(text: str, context: ExecutionContext | None = None) -> Any:
        return [context]

    def twice(one: ExecutionContext, text: str, *, other: "ExecutionContext") -> Any:
        return [one, other]

    def partly(number: int, text: str, context: ExecutionContext) -> Any:
        return [context]

    class Method:
        def work(self, text: str, context: ExecutionContext) -> Any:
            return [context]

        def __call__(self, text: str, context: ExecutionContext) -> Any:
            return [context]

    for function in (plain, optional, twice, partial(partly, 1), Method().work, Method()):
        result = await FunctionAgent(function, name="work", plugins=pm).run(text="x")
        assert set(result.output) == {result.context}


def test_a_function_gives_its_name_and_description() -> None:
    """The first paragraph of the docstring tells others what the agent does."""

    def shout(text: str) -> str:
        """Say it
        loudly.

        Not to be told.
        """
        return text.upper()

    agent = FunctionAgent(shout)
    assert (agent.name, agent.description) == ("shout", "Say it loudly.")
    assert FunctionAgent(both, name="pair").description == "pair"


@pytest.mark.parametrize(
    ("agent", "description"),
    [
        (Echo("echo"), "Returns its input."),
        (Agent("triage", instructions=" Label the ticket.\n\nBe quick. "), "Label the ticket."),
        (Agent("triage"), "The agent triage."),
    ],
    ids=["subclass", "instructions", "nothing"],
)
def test_an_agent_says_what_it_is_for(agent: BaseAgent[Any], description: str) -> None:
    """In the words of its author."""
    assert agent.description == description


def test_a_subclass_without_a_docstring_is_called_by_its_name() -> None:
    """The docstring of the base class says nothing of it."""

    class Silent(BaseAgent[None]):
        async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> None: ...

    assert Silent("silent").description == "silent"


async def test_run_agent_is_for_runs_alone() -> None:
    """A declared agent needs the plugins of a run."""
    agent = Agent("triage", model=ScriptedModel(["done"]))
    with pytest.raises(RuntimeError, match="within a run"):
        await agent.run_agent({"text": "x"}, ExecutionContext("triage"))


def test_run_sync_is_for_code_that_is_not_async() -> None:
    """It returns what run() returns, and takes what run() takes."""
    context = ExecutionContext("request")
    result = FunctionAgent(both, plugins=PluginManager()).run_sync(a=1, context=context)
    assert result.output == (1, "x")
    assert result.context is context


async def test_run_sync_says_what_to_do_where_a_loop_is_running(make: Make) -> None:
    """It would have to block the loop."""
    with pytest.raises(RuntimeError, match=r"hint: write 'await agent.run\(\.\.\.\)'"):
        make("done").run_sync("x")


# --- classes ---


@dataclass
class Parcel:
    """What is sent."""

    to: str
    order: Order
    weight: float = 1.0


class Wanted(TypedDict):
    """What is looked for."""

    query: str


@pytest.mark.parametrize(
    ("declared", "given", "told"),
    [
        pytest.param(Order, Order(id=7), {"id": 7, "item": "bolt"}, id="model"),
        pytest.param(
            Parcel, Parcel("Ada", Order(id=7)), {"to": "Ada", "order": Order(id=7), "weight": 1.0}, id="dataclass"
        ),
        pytest.param(Wanted, {"query": "bolts"}, {"query": "bolts"}, id="typed dict"),
        pytest.param(Wanted, "bolts", {"query": "bolts"}, id="value of a typed dict's only field"),
    ],
)
async def test_an_instance_of_the_declared_class_is_the_input(
    pm: PluginManager, declared: type, given: Any, told: dict[str, Any]
) -> None:
    """An agent that is declared by a class takes what the class makes."""
    seen: list[Mapping[str, Any]] = []

    class Listens:
        @hookimpl
        def agent_start(self, input: Mapping[str, Any]) -> None:
            seen.append(input)

    agent = Agent("sender", input=declared, model=ScriptedModel(["done"]), providers=[Listens()], plugins=pm)
    await agent.run(given)
    assert [dict(each) for each in seen] == [told]
