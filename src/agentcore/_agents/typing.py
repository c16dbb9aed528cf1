"""How agents are typed: what goes in, as a value and as fields, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeVar

from agentcore._context import ExecutionContext
from agentcore._plugins import PluginManager
from agentcore._run import Limits
from agentcore.models import Model
from agentcore.types import ModelSettings

__all__ = ["AgentOptions", "InputT", "OutputModelT", "OutputT", "P", "RunOptions"]

OutputT = TypeVar("OutputT", default=Any)
OutputModelT = TypeVar("OutputModelT", bound=BaseModel, default=Any)
InputT = TypeVar("InputT", default=Any)
"""The class that the input is declared by; Any where a text declares it, which type checkers do not read."""
P = ParamSpec("P", default=...)
"""The input by field: what makes an instance of the class, or the parameters of the function."""


class RunOptions(TypedDict, total=False):
    """What :meth:`BaseAgent.run` takes beside the input."""

    context: ExecutionContext | None
    providers: Iterable[object]
    enabled: Iterable[str]
    disabled: Iterable[str]
    plugins: PluginManager | None


class AgentOptions(TypedDict, total=False):
    """What :class:`DeclarativeAgent` takes beside its name and signatures."""

    instructions: str
    tools: Iterable[Any]
    model: str | Model | None
    types: Mapping[str, type] | None
    settings: ModelSettings | None
    retries: int
    limits: Limits | None
    memory: bool | Mapping[str, Any] | None
    providers: Iterable[object]
    enabled: Iterable[str]
    disabled: Iterable[str]
    plugins: PluginManager | None
