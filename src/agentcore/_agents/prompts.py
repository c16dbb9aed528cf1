"""What a declared agent tells its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from agentcore.models import ModelProfile
from agentcore.types import JsonSchema

__all__ = ["instructions_for", "render_input"]


def instructions_for(
    instructions: str, output: type[BaseModel], schema: JsonSchema | None, profile: ModelProfile
) -> str:
    """Write the system message.

    Args:
        instructions: The author's; may be empty.
        output: The output model.
        schema: What the answer must fit; None for plain text.
        profile: The model's.
    """
    parts = [instructions.strip()] if instructions.strip() else []
    if schema is None:
        field = next(iter(output.model_fields.values()))
        if field.description:
            parts.append(f"Answer with: {field.description}.")
        return "\n\n".join(parts)
    # Imported with the first agent whose answer is no plain text: `import agentcore` stays light.
    from agentcore._signature import describe

    parts.append(f"Answer with one JSON object that has these fields:\n{describe(output)}")
    if profile.structure != "json_schema":
        parts.append(
            f"It must fit this JSON Schema:\n{to_json(schema).decode()}\nWrite the JSON object and nothing else."
        )
    return "\n\n".join(parts)


def render_input(input: Mapping[str, Any]) -> str:
    """Write the user message: the value itself where there is one field, else a line for each."""
    if len(input) == 1:
        return _render(next(iter(input.values())))
    return "\n".join(f"{name}: {_render(value)}" for name, value in input.items())


def _render(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value, fallback=str).decode()
