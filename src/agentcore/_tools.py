"""Tools: typed functions that a model may call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from agentcore._context import ExecutionContext
from agentcore.errors import InputError, ToolError
from agentcore.types import JsonSchema, ToolSpec

if TYPE_CHECKING:
    from agentcore._signature import FieldsValidator

__all__ = ["Tool", "ToolFunction", "as_text", "as_tools", "tool", "validation_problems"]

ToolFunction: TypeAlias = Callable[..., Any]
"""A function with annotated parameters; those annotated :class:`ExecutionContext` get the run's."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")

F = TypeVar("F", bound=ToolFunction)


class Tool:
    """A function that a model may call, with what the model is told of it.

    Args:
        function: Sync or async.  Its annotations are the schema, its docstring the description.
        name: What the model calls it: at most 64 letters, digits, ``_`` and ``-``; None takes the function's.
        description: None takes the docstring's first paragraph.
        blocking: Run a sync function on a thread.
        on_error: ``"tell"`` tells the model that the function failed, and the run goes on; ``"raise"`` ends the run.
        parameters: The arguments' model, where the annotations do not say it.
    """

    def __init__(
        self,
        function: ToolFunction,
        *,
        name: str | None = None,
        description: str | None = None,
        blocking: bool = False,
        on_error: Literal["tell", "raise"] = "tell",
        parameters: type[BaseModel] | None = None,
    ) -> None:
        # Imported with the first tool: `import agentcore` makes none, and stays light.
        from agentcore._signature import input_model_of, parameters_of_type

        self.name: str = name or str(getattr(function, "__name__", type(function).__name__))
        if not _NAME.fullmatch(self.name):
            raise ToolError(
                f"{self.name!r} cannot be a tool's name",
                hint="use at most 64 letters, digits, '_' and '-'; give a lambda or an object a name with name=.",
            )
        self.description: str = description if description is not None else _summary(function)
        self.on_error = on_error
        self._function = function
        self._blocking = blocking
        self.parameters: type[BaseModel] = parameters or input_model_of(function, skip=(ExecutionContext,))
        self._context_names = parameters_of_type(function, (ExecutionContext,))

    @cached_property
    def _validator(self) -> FieldsValidator:
        from agentcore._signature import fields_validator

        return fields_validator(self.parameters)

    @cached_property
    def spec(self) -> ToolSpec:
        """What a model is told."""
        schema: JsonSchema = self.parameters.model_json_schema()
        return ToolSpec(self.name, self.description, schema)

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as the function takes them.

        Raises:
            InputError: They do not fit; the message is made to be told to the model.
        """
        try:
            return self._validator(arguments)[0]
        except ValidationError as error:
            raise InputError(f"the arguments do not fit {self.name!r}: {validation_problems(error)}") from error

    async def execute(self, arguments: Mapping[str, Any], context: ExecutionContext) -> Any:
        """Call the function with validated *arguments*; whatever it raises passes."""
        if self._context_names:
            arguments = {**arguments, **dict.fromkeys(self._context_names, context)}
        if self._blocking:
            result = await asyncio.to_thread(_portable, partial(self._function, **arguments))
        else:
            result = self._function(**arguments)
        return await result if hasattr(result, "__await__") else result

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Call the function itself, as if it had never become a tool."""
        return self._function(*args, **keywords)

    def __repr__(self) -> str:
        return f"<Tool {self.name!r}>"


def _portable(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except StopIteration as error:
        # A future refuses it, and whoever waits for the future would wait for ever.
        raise RuntimeError("the function raised StopIteration") from error


@overload
def tool(function: ToolFunction, /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = ...,
    description: str | None = ...,
    blocking: bool = ...,
    on_error: Literal["tell", "raise"] = ...,
) -> Callable[[ToolFunction], Tool]: ...
def tool(
    function: ToolFunction | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    blocking: bool = False,
    on_error: Literal["tell", "raise"] = "tell",
) -> Tool | Callable[[ToolFunction], Tool]:
    """Make a tool of a function; see :class:`Tool`.

    Example:
        >>> @tool
        ... def search(query: str, limit: int = 5) -> list[str]:
        ...     \"\"\"Search the handbook.\"\"\"
        ...     return [f"page {number} on {query}" for number in range(limit)]
    """
    make = partial(Tool, name=name, description=description, blocking=blocking, on_error=on_error)
    return make if function is None else make(function)


def as_tools(given: Iterable[Any]) -> dict[str, Tool]:
    """Return tools by name, made of tools, functions, and whatever has an ``as_tool()``.

    Raises:
        ToolError: Two have the same name, or one cannot be a tool.
    """
    tools: dict[str, Tool] = {}
    for each in given:
        made = _as_tool(each)
        if made.name in tools:
            raise ToolError(f"two tools are named {made.name!r}", hint="name one of them with Tool(..., name=...).")
        tools[made.name] = made
    return tools


def _as_tool(given: Any) -> Tool:
    if isinstance(given, Tool):
        return given
    if hasattr(given, "as_tool"):
        made: Tool = given.as_tool()
        return made
    if callable(given):
        return Tool(given)
    raise ToolError(f"{given!r} cannot be a tool", hint="give a function, a Tool or an agent.")


def as_text(result: Any) -> str:
    """Write what a tool returned for a model: a string as it is, everything else as JSON where that is possible."""
    if isinstance(result, str):
        return result
    try:
        return to_json(result, fallback=repr, inf_nan_mode="strings").decode()
    except ValueError:
        # It contains itself, or bytes that are no text.
        return repr(result)


def validation_problems(error: ValidationError) -> str:
    """List what pydantic found wrong, in one line, without the values."""
    problems = [
        f"{'.'.join(str(part) for part in each['loc']) or 'value'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
    ]
    return "; ".join(problems)


def _summary(function: ToolFunction) -> str:
    return " ".join((getdoc(function) or "").partition("\n\n")[0].split())
