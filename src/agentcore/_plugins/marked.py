"""The implementations that a plugin holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from inspect import isasyncgenfunction, isclass, isgeneratorfunction, isroutine
from typing import Any, Final, NamedTuple, cast

from agentcore._markers import PROJECT, hookimpl
from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore._provider import Provider
from agentcore.errors import PluginValidationError

__all__ = ["Marked", "check_generator", "marked_in", "marks_of"]

_MARK = f"{PROJECT}_impl"
_COMPUTED: Final = (property, cached_property)
"""Attributes that are not read: nobody knows what reading them does."""


class Marked(NamedTuple):
    """A function with the hook that it implements."""

    hook: str
    function: Callable[..., Any]
    handler: bool = False
    """Whether it is a provider's :meth:`Provider.handle_event`."""


def marks_of(function: object) -> Mapping[str, Any]:
    """Return what pluggy's marker noted on *function*; empty where it is not marked."""
    marks = getattr(function, _MARK, None)
    return cast("Mapping[str, Any]", marks) if type(marks) is dict else {}


def marked_in(plugin: object, name: str) -> Iterator[Marked]:
    """Find the implementations of the plugin that is to be registered as *name*.

    Raises:
        PluginValidationError: It is a provider or a function, and cannot serve as a plugin.
    """
    if isinstance(plugin, Provider):
        yield from _handled(plugin, name)
    elif marks_of(plugin) or isroutine(plugin):
        yield _alone(plugin, name)
        return
    elif isclass(plugin) and issubclass(plugin, Provider):
        raise PluginValidationError(
            f"plugin {name!r} is the class {plugin.__name__!r}, and providers are registered as instances",
            plugin=name,
            hint=f"write {plugin.__name__}().",
        )
    for attribute in dir(plugin):
        if attribute.startswith("__") or isinstance(getattr(type(plugin), attribute, None), _COMPUTED):
            continue
        value = getattr(plugin, attribute, None)
        if (marks := marks_of(value)) and callable(value):
            yield Marked(marks.get("specname") or attribute, value)


def _alone(function: Any, name: str) -> Marked:
    marks = marks_of(function)
    if not marks:
        raise PluginValidationError(
            f"plugin {name!r} is a function that is not marked as an implementation",
            plugin=name,
            hint="mark it with @agentcore.hookimpl.",
        )
    return Marked(str(marks.get("specname") or getattr(function, "__name__", "")), function)


def _handled(provider: Provider, name: str) -> Iterator[Marked]:
    if isinstance(provider.events, str) or not (provider.events or _has_marked(type(provider))):
        fault = f"lists the text {provider.events!r} as its events" if provider.events else "lists no events"
        raise PluginValidationError(
            f"the provider {name!r} {fault}", plugin=name, hint='set events = ("agent_complete", …) on the class.'
        )
    for event in provider.events:
        yield Marked(event, provider.handle_event, handler=True)
    yield Marked("agentcore_startup", hookimpl(_bare(provider.initialize)))
    yield Marked("agentcore_shutdown", hookimpl(_bare(provider.aclose)))


def _has_marked(provider: type) -> bool:
    return any(marks_of(getattr(provider, each, None)) for each in dir(provider))


def _bare(method: Callable[[], Any]) -> Callable[[], Any]:
    """A function of its own that calls *method*: marking the method would mark the class's."""
    return lambda: method()


def check_generator(plugin: str, specification: HookSpecification[..., Any], function: Callable[..., Any]) -> None:
    """Refuse what is or is not a generator function against its mark: it would never run.

    Raises:
        PluginValidationError: A wrapper is no generator function, or something else is one.
    """
    wrapper = bool(marks_of(function).get("wrapper"))
    while isinstance(function, partial):
        function = function.func
    if wrapper and not isgeneratorfunction(function):
        fault = "marks its {!r} as a wrapper, and it is not a generator function"
        hint = "a wrapper is a plain function with one 'yield', around which the other implementations run."
    elif isasyncgenfunction(function) or (
        # What a collecting hook gathers may well be generated.
        isgeneratorfunction(function) and not wrapper and specification.kind is not HookKind.COLLECT
    ):
        fault = "implements {!r} as a generator function, which nobody would run"
        hint = "mark it with wrapper=True where it is meant to run around the others, or remove the 'yield'."
    else:
        return
    raise PluginValidationError(f"plugin {plugin!r} {fault.format(specification.name)}", plugin=plugin, hint=hint)
