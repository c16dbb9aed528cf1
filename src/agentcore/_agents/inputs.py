"""What a caller gives a run, as the fields of its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from agentcore._tools import validation_problems
from agentcore.errors import InputError

__all__ = ["fields_of", "misfit"]


def fields_of(agent: str, model: type[BaseModel] | None, declared: type | None, input: Any) -> Mapping[str, Any]:
    """Return the fields that *input* stands for: a mapping, an instance of a class with them, or the only one's value.

    Args:
        agent: The name of who takes it.
        model: The agent's input model; None where it has none.
        declared: The class of which the model was made; None where it was made of something else.
        input: As it was given.

    Raises:
        InputError: It is one value, and the agent needs more of them.
    """
    if isinstance(input, BaseModel) and _has_fields_of(model, input):
        return {name: getattr(input, name) for name in type(input).model_fields}
    if isinstance(input, Mapping):
        return cast("Mapping[str, Any]", input)
    if declared is not None and model is not None and isinstance(input, declared):
        return {name: getattr(input, name) for name in model.model_fields}
    return {_only_field(agent, model): input}


def _has_fields_of(model: type[BaseModel] | None, input: BaseModel) -> bool:
    """Whether a pydantic model holds the fields, and is not the value of one of them."""
    return model is None or not model.model_fields.keys().isdisjoint(type(input).model_fields)


def _only_field(agent: str, model: type[BaseModel] | None) -> str:
    if model is None:
        return "input"
    names = list(model.model_fields)
    required = [name for name in names if model.model_fields[name].is_required()]
    if len(names) == 1 or len(required) == 1:
        return (required or names)[0]
    raise InputError(
        f"agent {agent!r} takes the fields {', '.join(map(repr, names))}, and one value was given",
        hint=f"name them: run({', '.join(f'{name}=...' for name in names)}).",
    )


def misfit(agent: str, model: type[BaseModel], error: ValueError) -> InputError:
    """Say what is wrong with an input that does not validate."""
    problems = validation_problems(error) if isinstance(error, ValidationError) else str(error)
    return InputError(
        f"the input does not fit agent {agent!r}: {problems}", hint=f"it takes: {', '.join(model.model_fields)}."
    )
