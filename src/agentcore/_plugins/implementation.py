"""Hook implementations as the relay calls them: settled when they are registered, not when they are called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from inspect import Parameter, iscoroutinefunction
from typing import Any, Literal, TypeAlias

from attrs import define

from agentcore._plugins.specification import HookSpecification, signature_of
from agentcore.errors import PluginValidationError, nearest
from agentcore.types import DeliveryMode

__all__ = ["Implementation", "Mode", "call_mode", "unknown_arguments", "wanted_arguments"]

Mode: TypeAlias = Literal["async", "sync", "thread", "handler"]
"""How it is called; ``handler`` is :meth:`Provider.handle_event`, which takes all arguments in one mapping."""


@define(kw_only=True, eq=False)
class Implementation:
    """One plugin's function for one hook."""

    plugin: str
    hook: str
    function: Callable[..., Any]
    mode: Mode
    positional: tuple[str, ...]
    """The arguments it takes by position, in its own order."""
    keywords: tuple[str, ...]
    """The arguments it takes by name."""
    tryfirst: bool
    trylast: bool
    wrapper: bool
    before: tuple[str, ...]
    after: tuple[str, ...]
    priority: int
    timeout: float | None
    """Seconds for one execution; None leaves it to the watchdog and the configuration's default."""
    delivery: DeliveryMode
    """As its plugin declares it; the configuration may say otherwise."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Every argument of the hook that it wants."""
        return self.positional + self.keywords


def call_mode(function: Callable[..., Any], *, blocking: bool) -> Mode:
    """Say how *function* is called; one that turns out to return an awaitable is awaited all the same."""
    if blocking:
        return "thread"
    while isinstance(function, functools.partial):
        function = function.func
    is_function = hasattr(function, "__code__") or hasattr(function, "__func__")
    return "async" if iscoroutinefunction(function if is_function else type(function).__call__) else "sync"


def wanted_arguments(
    specification: HookSpecification[..., Any], function: Callable[..., Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hook's arguments that *function* takes, by position and by name."""
    positional: list[str] = []
    keywords: list[str] = []
    in_order = True
    for name, parameter in signature_of(function).parameters.items():
        if name in specification.arguments and parameter.kind not in _VARIADIC:
            by_position = in_order and parameter.kind is not Parameter.KEYWORD_ONLY
            (positional if by_position else keywords).append(name)
        else:
            # It keeps its own default, and so whatever follows can only be passed by name.
            in_order = False
    return tuple(positional), tuple(keywords)


def unknown_arguments(
    plugin: str, specification: HookSpecification[..., Any], function: Callable[..., Any]
) -> Iterator[PluginValidationError]:
    """Yield an error for each argument that *function* demands and the hook does not have; one where it does not say
    what it takes.
    """
    try:
        parameters = signature_of(function).parameters
    except ValueError as error:
        unknown = PluginValidationError(
            f"plugin {plugin!r} implements {specification.name!r} with {function!r}, which does not say what it takes",
            plugin=plugin,
            hint="write a function around it.",
        )
        unknown.__cause__ = error
        yield unknown
        return
    for name, parameter in parameters.items():
        known = name in specification.arguments or parameter.kind in _VARIADIC
        if not known and parameter.default is Parameter.empty:
            yield _unknown_argument(plugin, specification, name)


_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def _unknown_argument(plugin: str, specification: HookSpecification[..., Any], argument: str) -> PluginValidationError:
    return PluginValidationError(
        f"plugin {plugin!r} implements {specification.name!r} with the argument {argument!r}, which the hook does not"
        f" have: {specification.name}({', '.join(specification.arguments)})",
        plugin=plugin,
        hint=nearest(argument, specification.arguments),
    )
