"""Agents that are functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import getdoc, isawaitable
from typing import Any, Concatenate, TypeVar, cast, overload

from pydantic import BaseModel

from agentcore._agents.base import RESERVED_INPUTS, BaseAgent
from agentcore._agents.typing import OutputT, P
from agentcore._context import ExecutionContext

__all__ = ["FunctionAgent"]

ResultT = TypeVar("ResultT")


class FunctionAgent(BaseAgent[OutputT, Any, P]):
    """Any callable as an agent: its parameters are the input, what it returns is the output.

    Example:
        >>> async def shout(text: str) -> str:
        ...     return text.upper()
        >>> agent = FunctionAgent(shout)

    Args:
        function: Sync or async; parameters annotated :class:`ExecutionContext` get the run's.  Type checkers compare
            the fields of a run with the others where that parameter is the first, or there is none.
        name: None takes the function's.
        **options: As for :class:`BaseAgent`.
    """

    @overload
    def __init__(
        self,
        function: Callable[Concatenate[ExecutionContext, P], Awaitable[OutputT]],
        *,
        name: str | None = ...,
        **options: Any,
    ) -> None: ...
    @overload
    def __init__(
        self, function: Callable[Concatenate[ExecutionContext, P], OutputT], *, name: str | None = ..., **options: Any
    ) -> None: ...
    @overload
    def __init__(
        self: FunctionAgent[ResultT, ...],
        function: Callable[Concatenate[Any, ExecutionContext, ...], Awaitable[ResultT]],
        *,
        name: str | None = ...,
        **options: Any,
    ) -> None: ...
    @overload
    def __init__(
        self: FunctionAgent[ResultT, ...],
        function: Callable[Concatenate[Any, ExecutionContext, ...], ResultT],
        *,
        name: str | None = ...,
        **options: Any,
    ) -> None: ...
    @overload
    def __init__(
        self, function: Callable[P, Awaitable[OutputT]], *, name: str | None = ..., **options: Any
    ) -> None: ...
    @overload
    def __init__(self, function: Callable[P, OutputT], *, name: str | None = ..., **options: Any) -> None: ...
    def __init__(self, function: Callable[..., Any], *, name: str | None = None, **options: Any) -> None:
        # Imported with the first agent: `import agentcore` makes none, and stays light.
        from agentcore._signature import input_model_of, parameters_of_type

        super().__init__(name or str(getattr(function, "__name__", type(function).__name__)), **options)
        self._function = function
        self._context_names = parameters_of_type(function, (ExecutionContext,))
        input_model = input_model_of(function, skip=(ExecutionContext,), reserved=RESERVED_INPUTS)
        self.input_model: type[BaseModel] | None = input_model

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> OutputT:
        result = self._function(**input, **dict.fromkeys(self._context_names, context))
        return cast("OutputT", await result if isawaitable(result) else result)

    @property
    def description(self) -> str:
        return " ".join((getdoc(self._function) or self.name).partition("\n\n")[0].split())
