"""Tools for models without tool calling of their own: a JSON union of actions that they answer with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from pydantic import BaseModel

from agentcore._tools import Tool
from agentcore.errors import OutputError
from agentcore.types import JsonSchema

__all__ = ["action_instructions", "action_schema", "read_action"]

_ANSWER: Final = "answer"


def _answer_action(tools: Collection[str]) -> str:
    """The name of the action that is the answer, which no tool has."""
    name = _ANSWER
    while name in tools:
        name = f"final_{name}"
    return name


def action_schema(tools: Mapping[str, Tool], output: type[BaseModel], text_field: str | None) -> JsonSchema:
    """Write the schema of one action: a call of one of *tools*, or the answer.

    Args:
        tools: By name.
        output: The model of the answer.
        text_field: Its only field, where the answer is plain text.
    """
    # Few agents need it, and it takes long to import.
    from pydantic.json_schema import models_json_schema

    models = [each.parameters for each in tools.values()] + [output]
    # Written together, so that definitions of the same name in two models do not get in each other's way.
    schemas, definitions = models_json_schema([(each, "validation") for each in models])
    written = [schemas[each, "validation"] for each in models]
    answer: JsonSchema = {"type": "string"} if text_field else written[-1]
    choices = [_action(name, "arguments", schema) for name, schema in zip(tools, written, strict=False)]
    choices.append(_action(_answer_action(tools), "output", answer))
    return {"anyOf": choices, **definitions}


def _action(name: str, key: str, schema: JsonSchema) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"action": {"const": name}, key: schema},
        "required": ["action", key],
        "additionalProperties": False,
    }


def action_instructions(tools: Mapping[str, Tool], text_field: str | None) -> str:
    """Tell a model which actions there are and how to write one."""
    # Few agents need it.
    from agentcore._signature import describe

    output = '"<your answer>"' if text_field else "{...}"
    lines = ["Answer with one JSON object: an action to take, or the answer.", "Actions:"]
    for name, tool in tools.items():
        lines.append(f'- {{"action": "{name}", "arguments": {{...}}}}: {tool.description}')
        lines += [f"    {line}" for line in describe(tool.parameters).splitlines()]
    lines.append(
        f'- {{"action": "{_answer_action(tools)}", "output": {output}}}: the answer, when you have what you need.'
    )
    return "\n".join(lines)


def read_action(value: Any, tools: Collection[str]) -> tuple[str | None, Any]:
    """Return the tool that is asked for with its arguments, or None with the answer.

    Args:
        value: The JSON value that was answered.
        tools: The names of those that are offered.

    Raises:
        OutputError: It is not an action.
    """
    given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    action = given.get("action")
    if not isinstance(action, str):
        raise OutputError('the answer has no "action"')
    answers = action == _answer_action(tools)
    key = "output" if answers else "arguments"
    if key not in given:
        raise OutputError(f'the action "{action}" has no "{key}"')
    if answers:
        return None, given[key]
    if not isinstance(given[key], dict):
        raise OutputError(f'"{key}" of the action "{action}" must be an object')
    return action, given[key]
