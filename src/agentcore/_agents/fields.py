"""What the fields of an agent may be called."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel

from agentcore.errors import InputError

__all__ = ["refuse_reserved"]


def refuse_reserved(agent: str, model: type[BaseModel], reserved: Collection[str]) -> None:
    """Raise where an input field has a name that ``run()`` takes for itself."""
    for name in model.model_fields:
        if name in reserved:
            raise InputError(
                f"agent {agent!r} has an input field {name!r}, which run() takes for itself",
                hint=f"call it otherwise; taken are: {', '.join(sorted(reserved))}.",
            )
