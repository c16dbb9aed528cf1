"""Tools for models without tool calling of their own."""

from collections.abc import Callable
from typing import Any

import pytest

from agentcore import (
    Agent,
    Message,
    Tool,
)
from agentcore.models import ModelProfile

Make = Callable[..., Agent]
Recorder = Any


def stock(item: str) -> int:
    """Say how many of an item are in stock.

    Args:
        item: Its name.
    """
    return 5


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
        Message("user", "Result of the action:\n5"),
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
    assert complaint.lower() in recorder.last_message.lower()
    assert complaint.lower() in str(recorder.one("model_retry").error).lower()


async def test_an_unknown_action_is_an_unknown_tool(make: Make, recorder: Recorder) -> None:
    """The model is told the nearest one."""
    await make(action("stok", item="x"), answer("done"), tools=[stock], profile=ACTIONS).run("x")
    assert "did you mean 'stock'?" in recorder.last_message


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
