"""What models are asked for, and what is made of their answers."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from agentcore import Agent, BaseAgent, ExecutionContext, ModelResponse, ModelSettings, PluginManager, hookimpl
from agentcore._signature import describe
from agentcore.errors import OutputError
from agentcore.models import ModelProfile, ScriptedModel
from agentcore.types import Message, ModelRequest

Make = Callable[..., Agent]
Recorder = Any

LABEL = "label: Literal['bug', 'question'], urgent: bool = False"


def requests(agent: Agent) -> list[ModelRequest]:
    """What the agent's scripted model was asked."""
    model = agent._model
    assert isinstance(model, ScriptedModel)
    return model.requests


def output_model(agent: Agent) -> type[BaseModel]:
    """The model that the agent's signature became."""
    assert agent.output_model is not None
    model: type[BaseModel] = agent.output_model
    return model


def system(agent: Agent) -> str:
    first = requests(agent)[0].messages[0]
    assert first.role == "system"
    return first.content


# --- plain text ---


async def test_one_text_is_asked_for_as_plain_text(make: Make) -> None:
    """Without a schema and without a word about JSON; blanks around the answer are not part of it."""
    agent = make("  Hello there.\n", output="greeting: str")
    assert (await agent.run("Hi.")).output.greeting == "Hello there."
    (request,) = requests(agent)
    assert request.output_schema is None
    assert request.messages == (Message("user", "Hi."),)


async def test_the_description_of_the_text_is_told(make: Make) -> None:
    """After the author's instructions."""
    agent = make("Hello.", output="greeting: str | a short greeting", instructions=" Be kind. ")
    await agent.run("Hi.")
    assert system(agent) == "Be kind.\n\nAnswer with: a short greeting."


async def test_an_empty_answer_is_none(make: Make, recorder: Recorder) -> None:
    """The model is asked again."""
    agent = make("  ", "Hello.")
    assert (await agent.run("Hi.")).output.answer == "Hello."
    assert requests(agent)[1].messages[-1].content == "The answer is empty. Answer again, and correct this."


class Constrained(BaseModel):
    answer: str = Field(max_length=3)


class Aliased(BaseModel):
    answer: str = Field(alias="the-answer")


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("answer: str | None", {"answer": "x"}),
        ("answer: int", {"answer": 7}),
        ("answer: Literal['x']", {"answer": "x"}),
        ("a: str, b: str", {"a": "x", "b": "y"}),
        (Constrained, {"answer": "x"}),
        (Aliased, {"the-answer": "x"}),
    ],
    ids=["optional", "number", "choice", "two texts", "constrained", "under another name"],
)
async def test_everything_else_is_asked_for_as_json(make: Make, output: Any, answer: Mapping[str, Any]) -> None:
    """A text with constraints is not any text."""
    agent = make(answer, output=output, retries=0)
    assert (await agent.run("Hi.")).output.model_dump(by_alias=True) == answer
    assert requests(agent)[0].output_schema is not None


# --- JSON ---


async def test_the_schema_goes_with_the_request(make: Make) -> None:
    """And the fields are told in the words of their signature."""
    agent = make({"label": "bug"}, output=LABEL, instructions="Label it.")
    result = await agent.run("It crashes.")
    assert (result.output.label, result.output.urgent) == ("bug", False)
    assert isinstance(result.output, output_model(agent))
    (request,) = requests(agent)
    assert request.output_schema == output_model(agent).model_json_schema()
    first, _, rest = system(agent).partition("\n\n")
    assert first == "Label it."
    assert rest.splitlines()[0] == "Answer with one JSON object that has these fields:"
    assert rest.splitlines()[1:] == describe(output_model(agent)).splitlines()


@pytest.mark.parametrize("structure", ["json_object", "prompt"])
async def test_a_model_that_knows_no_schemas_is_told_the_schema(make: Make, structure: Any) -> None:
    """In its instructions."""
    agent = make({"label": "bug"}, output=LABEL, profile=ModelProfile(structure=structure))
    await agent.run("It crashes.")
    text = system(agent)
    assert "It must fit this JSON Schema:" in text
    assert json.loads(text.partition("Schema:\n")[2].splitlines()[0]) == output_model(agent).model_json_schema()


@pytest.mark.parametrize(
    "answer",
    [
        '{"label": "bug", "urgent": true}',
        '```json\n{"label": "bug", "urgent": true}\n```',
        'Here it is:\n{"label": "bug",\n "urgent": true}\nI hope this helps.',
        ' {"urgent": true, "label": "bug"} ',
    ],
    ids=["bare", "fenced", "among words", "among blanks"],
)
async def test_json_is_found_in_the_answer(make: Make, answer: str) -> None:
    """Past a code fence or the words round it."""
    result = await make(answer, output=LABEL, retries=0).run("x")
    assert result.output.model_dump() == {"label": "bug", "urgent": True}


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```"], ids=["bare", "fenced"])
async def test_a_strict_model_reads_json_as_json(make: Make, fence: str) -> None:
    """In JSON a date is a string, in a fence, too."""

    class Meeting(BaseModel):
        model_config = ConfigDict(strict=True)
        when: date
        rooms: tuple[str, ...]

    answer = fence.replace("{}", '{"when": "2026-01-31", "rooms": ["a"]}')
    result = await make(answer, output=Meeting, retries=0).run("x")
    assert result.output == Meeting(when=date(2026, 1, 31), rooms=("a",))


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "text": st.text(),
            "number": st.integers(-(2**53), 2**53),
            "share": st.floats(allow_nan=False, allow_infinity=False),
            "tags": st.lists(st.text(), max_size=3),
            "note": st.none() | st.text(),
        }
    ),
    st.sampled_from(["{}", "```json\n{}\n```", "Sure!\n{}\nBye."]),
)
def test_whatever_fits_comes_out_as_it_was_written(value: dict[str, Any], form: str) -> None:
    """Any values of the declared types, in any wrapping."""
    agent = Agent(
        "extract",
        output="text: str, number: int, share: float, tags: list[str], note: str | None",
        model=ScriptedModel([form.replace("{}", json.dumps(value))]),
        plugins=PluginManager(),
        retries=0,
    )
    assert agent.run_sync("x").output.model_dump() == value


@settings(deadline=None)
@given(st.text())
def test_no_answer_is_strange_enough_to_raise_anything_else(answer: str) -> None:
    """It fits, or it is an OutputError."""
    agent = Agent("extract", output="n: int", model=ScriptedModel([answer]), plugins=PluginManager(), retries=0)
    with pytest.raises(OutputError):
        agent.run_sync("x")


# --- asking again ---


async def test_an_answer_that_does_not_fit_is_asked_for_again(make: Make, recorder: Recorder) -> None:
    """The model sees its answer and what is wrong with it; the retry is an event between the two calls."""
    agent = make({"label": "complaint"}, "bug", {"label": "bug"}, output=LABEL)
    assert (await agent.run("It crashes.")).output.label == "bug"
    assert recorder.names() == [
        "agent_start",
        *["model_start", "model_complete", "model_retry"] * 2,
        "model_start",
        "model_complete",
        "agent_complete",
    ]
    first, second = recorder.all("model_retry")
    assert (first.attempt, first.delay, second.attempt) == (1, 0.0, 2)
    assert isinstance(first.error, OutputError)
    said, told = requests(agent)[1].messages[-2:]
    assert said == Message("assistant", '{"label": "complaint"}')
    assert told.role == "user"
    assert told.content.startswith("The answer does not fit: label: Input should be 'bug' or 'question'")
    assert told.content.endswith("Answer again, and correct this.")
    assert "is not a JSON object" in requests(agent)[2].messages[-1].content


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_a_model_is_asked_again_so_often(make: Make, recorder: Recorder, retries: int) -> None:
    """Then the run ends with what was wrong last, who asked whom, and what to do."""
    agent = make(*["no"] * 5, output=LABEL, retries=retries)
    times = {0: "once", 1: "2 times", 3: "4 times"}[retries]
    wrong = f"model 'scripted', asked {times} by agent '{agent.name}': the answer is not a JSON object"
    with pytest.raises(OutputError, match=wrong) as caught:
        await agent.run("x")
    assert "'retries'" in caught.value.hint
    assert len(requests(agent)) == retries + 1
    assert len(recorder.all("model_retry")) == retries


async def test_an_answer_that_was_cut_off_is_called_that(make: Make) -> None:
    """Asking again for the same would not help."""
    cut = ModelResponse(text='{"label": "bu', finish_reason="length")
    with pytest.raises(OutputError, match="cut off at the longest length allowed"):
        await make(cut, output=LABEL, retries=0).run("x")
    cut = ModelResponse(text='{"label": "bu"}', finish_reason="length")
    with pytest.raises(OutputError, match="cut off at the longest length allowed"):
        await make(cut, output=LABEL, retries=0).run("x")


async def test_what_was_asked_stays_as_it_was_asked(make: Make) -> None:
    """The conversation goes on, and the first request does not grow with it."""
    agent = make("no", {"label": "bug"}, output=LABEL)
    await agent.run("x")
    assert [len(each.messages) for each in requests(agent)] == [2, 4]


# --- the question ---


@pytest.mark.parametrize(
    ("input", "fields", "question"),
    [
        ("text: str", {"text": "hello"}, "hello"),
        ("n: int", {"n": 7}, "7"),
        ("tags: list[str]", {"tags": ["a", "b"]}, '["a","b"]'),
        ("text: str, n: int = 3, note?: str", {"text": "a\nb"}, "text: a\nb\nn: 3\nnote: null"),
        ("when: date", {"when": date(2026, 1, 31)}, '"2026-01-31"'),
    ],
    ids=["text", "number", "list", "fields", "date"],
)
async def test_the_input_is_the_question(make: Make, input: str, fields: dict[str, Any], question: str) -> None:
    """One text as it is, one value as JSON, several with their names."""
    agent = make("done", input=input)
    await agent.run(fields)
    assert requests(agent)[0].messages[-1] == Message("user", question)


async def test_settings_go_with_every_request(make: Make) -> None:
    """As the author set them."""
    settings = ModelSettings(temperature=0.2, max_tokens=50)
    agent = make("no", {"label": "bug"}, output=LABEL, settings=settings)
    await agent.run("x")
    assert [each.settings for each in requests(agent)] == [settings, settings]


# --- what plugins make of it ---


class Rewrites:
    """Replaces the output."""

    def __init__(self, replace: Callable[[Any], Any]) -> None:
        self.replace = replace

    @hookimpl
    def agent_output(self, output: Any) -> Any:
        return self.replace(output)


async def test_a_plugin_may_replace_the_output(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The caller and the events get the replacement."""
    pm.register(Rewrites(lambda output: output.model_copy(update={"answer": "rewritten"})))
    result = await make("done").run("x")
    assert result.output.answer == "rewritten"
    assert recorder.end().output is result.output


async def test_a_mapping_becomes_an_output(make: Make, pm: PluginManager) -> None:
    """It is validated again."""
    pm.register(Rewrites(lambda output: {"label": "question", "urgent": "yes"}))
    agent = make({"label": "bug"}, output=LABEL)
    result = await agent.run("x")
    assert isinstance(result.output, output_model(agent))
    assert result.output.model_dump() == {"label": "question", "urgent": True}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"label": "other"}, "does not fit: label: Input should be 'bug' or 'question'"),
        ("bug", "must be triage_output, and it is str"),
        (7, "must be triage_output, and it is int"),
    ],
    ids=["mapping", "text", "number"],
)
async def test_a_replacement_that_does_not_fit_ends_the_run(
    make: Make, pm: PluginManager, recorder: Recorder, made: Any, message: str
) -> None:
    """The error says what is wrong with it."""
    pm.register(Rewrites(lambda output: made))
    with pytest.raises(OutputError, match=message) as caught:
        await make({"label": "bug"}, output=LABEL).run("x")
    assert recorder.end().error is caught.value
    assert recorder.end().outcome == "error"


class Counts(BaseAgent[Any]):
    """Returns what it was given."""

    output_model: type[Any] | None = int

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> Any:
        return input["value"]


async def test_an_agent_of_ones_own_keeps_to_its_output_model(pm: PluginManager, recorder: Recorder) -> None:
    """An instance passes, of a subclass, too; anything else is an error."""
    agent = Counts("counts", plugins=pm)
    assert (await agent.run(value=7)).output == 7
    assert (await agent.run(value=True)).output is True
    with pytest.raises(OutputError, match="must be int, and it is str"):
        await agent.run(value="7")
    assert recorder.told[-1].outcome == "error"


async def test_an_agent_of_ones_own_may_return_a_mapping(pm: PluginManager) -> None:
    """It becomes an instance of the output model."""

    class Point(BaseModel):
        x: int

    class Points(Counts):
        output_model = Point

    assert (await Points("points", plugins=pm).run(value={"x": "3"})).output == Point(x=3)


async def test_an_agent_without_an_output_model_may_return_anything(pm: PluginManager) -> None:
    """And a plugin may make anything of it."""

    class Free(Counts):
        output_model = None

    assert (await Free("free", plugins=pm).run(value=["x"])).output == ["x"]
    pm.register(Rewrites(lambda output: {"was": output}))
    assert (await Free("free", plugins=pm).run(value=["x"])).output == {"was": ["x"]}


async def test_a_response_may_be_replaced_before_it_is_read(make: Make, pm: PluginManager) -> None:
    """What does not fit is asked for again, whoever wrote it."""

    class Translates:
        @hookimpl
        def model_response(self, response: ModelResponse) -> ModelResponse | None:
            return ModelResponse(text='{"label": "bug"}') if response.text == "Fehler" else None

        @hookimpl
        def model_request(self, request: ModelRequest) -> ModelRequest:
            return ModelRequest(messages=[*request.messages, Message("user", "On German, please.")])

    pm.register(Translates())
    agent = make("Fehler", output=LABEL, retries=0)
    assert (await agent.run("x")).output.label == "bug"
    assert requests(agent)[0].messages[-1].content == "On German, please."


def test_a_mapping_of_fields_declares_an_agent() -> None:
    """Types may be given as types."""
    agent = Agent("triage", output={"label": str, "count": int})
    assert {name: each.annotation for name, each in output_model(agent).model_fields.items()} == {
        "label": str,
        "count": int,
    }
