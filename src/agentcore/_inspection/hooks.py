"""Whether a plugin fits the hooks, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import getattr_static, isclass, isfunction, ismodule
from typing import Any

from agentcore._inspection.findings import PlacedFinding, place_of
from agentcore._plugins import SPECIFICATIONS, HookSpecification
from agentcore._plugins.fitting import Fault, faults
from agentcore._plugins.marked import Marked, marked_in, marks_of
from agentcore._provider import Provider
from agentcore.errors import PluginValidationError

__all__ = ["hook_findings", "implementations_in"]


def hook_findings(
    plugin: Any, name: str, specifications: Mapping[str, HookSpecification[..., Any]] = SPECIFICATIONS
) -> list[PlacedFinding]:
    """Hold a plugin against the hooks, as a strict registration would; a class is looked at without being built, and
    what only its building decides is not known.
    """
    target = object.__new__(plugin) if isclass(plugin) and _can_be_bare(plugin) else plugin
    later = _has_events_later(plugin)
    try:
        found = implementations_in(target, name)
    except PluginValidationError as error:
        return [_of_later(plugin, name)] if later else [_of_fault(Fault(error), plugin)]
    wrong = [_of_fault(each, plugin) for each in faults(target, name, found, specifications, annotations=True)]
    wrong += [] if isinstance(target, Provider) else _unmarked(target, name)
    hooks = list(dict.fromkeys(each.hook for each in found if each.hook in specifications))
    if wrong:
        return wrong
    path, line = place_of(plugin)
    if not hooks:
        advice = "mark its functions with @agentcore.hookimpl, or name the object that has them: 'package.module:name'."
        return [PlacedFinding("hooks", "warning", f"{name!r} implements no hook", advice, path, line)]
    more = [_of_later(plugin, name)] if later else []
    return [PlacedFinding("hooks", "ok", f"{name!r} implements {', '.join(hooks)}", "", path, line), *more]


def implementations_in(plugin: object, name: str) -> list[Marked]:
    """Return what *plugin* implements; a provider's start and end are not counted.

    Raises:
        PluginValidationError: It is a provider or a function, and cannot serve as a plugin.
    """
    found = list(marked_in(plugin, name))
    if not isinstance(plugin, Provider):
        return found
    return [each for each in found if each.handler or hasattr(each.function, "__self__")]


def _can_be_bare(plugin: type) -> bool:
    new: Any = plugin.__new__
    return new is object.__new__


def _has_events_later(plugin: object) -> bool:
    """Whether a class of providers may know its events when it is built, and not before."""
    return isclass(plugin) and issubclass(plugin, Provider) and not plugin.events and "__init__" in vars(plugin)


def _of_later(plugin: object, name: str) -> PlacedFinding:
    return PlacedFinding("hooks", "ok", f"{name!r} knows its events when it is built", "", *place_of(plugin))


def _of_fault(fault: Fault, plugin: object) -> PlacedFinding:
    own = fault.marked is not None and not fault.marked.handler
    path, line = place_of(fault.marked.function if own and fault.marked is not None else plugin)
    check = fault.marked.hook if fault.marked is not None else "plugin"
    return PlacedFinding(check, "problem", fault.error.message, fault.error.hint, path, line)


def _unmarked(plugin: object, name: str) -> Iterator[PlacedFinding]:
    """Yield the functions that are named as a hook and not marked: nobody would call them."""
    for hook in SPECIFICATIONS:
        function = getattr_static(plugin, hook, None)
        plain = getattr(function, "__func__", function)
        if not isfunction(plain) or marks_of(plain) or (ismodule(plugin) and plain.__module__ != plugin.__name__):
            continue
        message = f"{name!r} has a function {hook!r}, which is not marked, and will not be called"
        yield PlacedFinding(hook, "warning", message, "mark it with @agentcore.hookimpl.", *place_of(plain))
