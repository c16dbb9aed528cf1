"""How a declared agent asks for its output, and how it reads what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from agentcore._agents.actions import action_instructions, action_schema, read_action
from agentcore._agents.prompts import instructions_for, render_input
from agentcore._tools import Tool, validation_problems
from agentcore.errors import OutputError
from agentcore.models import Model
from agentcore.types import JsonSchema, Message, ModelRequest, ModelResponse, ModelSettings, ToolCall

__all__ = ["Answers"]

Read: TypeAlias = tuple[Sequence[ToolCall], Any]
"""The tools that a model asks for, and the output where it asks for none."""

_call_ids: Final = count(1)


class Answers:
    """Between one agent and one model; made once for the two.

    Args:
        instructions: The agent's.
        input: Its input model.
        output: Its output model.
        model: Who is asked.
        tools: What it may call.
    """

    def __init__(
        self,
        instructions: str,
        input: type[BaseModel],
        output: type[BaseModel],
        model: Model,
        tools: Mapping[str, Tool],
    ) -> None:
        profile = model.profile
        self.model = model
        self.tools = tools
        self._only_input = text_field(input)
        self._validate_json = output.__pydantic_validator__.validate_json
        self._text_field = text_field(output)
        self._actions = bool(tools) and profile.tools == "actions"
        self._native = [each.spec for each in tools.values()] if not self._actions else []
        schema: JsonSchema | None = None if self._text_field is not None else output.model_json_schema()
        system = instructions_for(instructions, output, schema, profile)
        if self._actions:
            schema = action_schema(tools, output, self._text_field)
            system = "\n\n".join(part for part in (system, action_instructions(tools, self._text_field)) if part)
        self._schema = schema
        self._preamble: Sequence[Message] = (Message("system", system),) if system else ()

    def conversation(self, input: Mapping[str, Any]) -> list[Message]:
        """Begin a conversation by the run's question."""
        return [*self._preamble, Message("user", input[self._only_input] if self._only_input else render_input(input))]

    def request(self, messages: Sequence[Message], settings: ModelSettings) -> ModelRequest:
        """Ask for the next answer.  The messages are copied: the conversation goes on, the request stays."""
        return ModelRequest(tuple(messages), self._native, self._schema, settings)

    def read(self, response: ModelResponse) -> Read:
        """Read an answer.

        Raises:
            OutputError: It does not fit; the message is made to be told to the model.
        """
        if response.tool_calls:
            return response.tool_calls, None
        if self._actions:
            return self._read_action(response)
        if self._text_field is not None:
            return (), self._validated_text(self._text_field, response)
        try:
            return (), self._validate_json(response.text)
        except ValidationError:
            return (), self._validated(_json_in(response), response)

    def _validated_text(self, field: str, response: ModelResponse) -> Any:
        text = response.text.strip()
        if not text:
            raise OutputError("the answer is empty")
        return self._validated({field: text}, response)

    def _validated(self, value: Any, response: ModelResponse) -> Any:
        try:
            # As JSON, in which a strict model takes a date from a string.
            return self._validate_json(to_json(value, inf_nan_mode="constants"))
        except ValidationError as error:
            raise OutputError(f"the answer does not fit: {validation_problems(error)}{_cut(response)}") from error

    def _read_action(self, response: ModelResponse) -> Read:
        tool, value = read_action(_json_in(response), self.tools)
        if tool is not None:
            return (ToolCall(f"call-{next(_call_ids)}", tool, value),), None
        return (), self._validated({self._text_field: value} if self._text_field else value, response)

    def complaint(self, error: OutputError) -> str:
        """Tell the model what was wrong with its answer."""
        return f"{error.message[:1].upper()}{error.message[1:]}. Answer again, and correct this."

    def asked(self, response: ModelResponse, calls: Sequence[ToolCall]) -> Message:
        """The model's turn in which it asked for tools, for the conversation."""
        return Message("assistant", response.text, () if self._actions else calls)

    def told(self, results: Sequence[Message]) -> list[Message]:
        """The tools' answers, for the conversation."""
        if not self._actions:
            return list(results)
        return [Message("user", f"Result of the action:\n{each.content}") for each in results]


def text_field(model: type[BaseModel]) -> str | None:
    """Return the only field of *model*, where it is plain text; None where JSON is needed."""
    fields = model.model_fields
    if len(fields) != 1:
        return None
    name, field = next(iter(fields.items()))
    return name if field.annotation is str and not field.metadata and field.validation_alias is None else None


def _json_in(response: ModelResponse) -> Any:
    """Return the JSON object in an answer, past a code fence or the words round it."""
    text = response.text
    begin, end = text.find("{"), text.rfind("}")
    try:
        return from_json(text[begin : end + 1] if 0 <= begin < end else text)
    except ValueError as error:
        raise OutputError(f"the answer is not a JSON object: {error}{_cut(response)}") from error


def _cut(response: ModelResponse) -> str:
    return " (it was cut off at the longest length allowed)" if response.finish_reason == "length" else ""
