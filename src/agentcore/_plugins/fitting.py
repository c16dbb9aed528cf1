"""Whether a plugin fits the hooks: the one check, when it is registered and whenever somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from agentcore._markers import implementation_options
from agentcore._plugins.annotations import annotation_faults
from agentcore._plugins.declared import checked_mode, may_be_laned
from agentcore._plugins.implementation import unknown_arguments
from agentcore._plugins.marked import Marked, check_generator, marks_of
from agentcore._plugins.specification import HookSpecification
from agentcore.errors import PluginValidationError, nearest
from agentcore.hookspecs import API_VERSION

__all__ = ["Fault", "faults", "misfits"]

_VERSION: Final = "agentcore_api"
"""The attribute by which a plugin says for which hooks it was written."""


class Fault(NamedTuple):
    """One reason for which a plugin cannot be registered."""

    error: PluginValidationError
    marked: Marked | None = None
    """The implementation at fault; None where it is the plugin as a whole."""


def faults(
    plugin: object,
    name: str,
    found: Iterable[Marked],
    specifications: Mapping[str, HookSpecification[..., Any]],
    *,
    annotations: bool,
) -> Iterator[Fault]:
    """Yield every reason for which a plugin does not fit the hooks.

    Args:
        plugin: It.
        name: Its name.
        found: Its implementations.
        specifications: The hooks, by name.
        annotations: Whether annotations must agree with the hooks'.
    """
    if (wrong := _wrong_version(plugin, name)) is not None:
        yield Fault(wrong)
    for marked in found:
        specification = specifications.get(marked.hook)
        if specification is not None:
            for error in misfits(name, specification, marked, annotations=annotations):
                yield Fault(error, marked)
        elif not marks_of(marked.function).get("optionalhook"):
            yield Fault(_unknown_hook(name, marked.hook, specifications), marked)


def misfits(
    plugin: str, specification: HookSpecification[..., Any], marked: Marked, *, annotations: bool = False
) -> Iterator[PluginValidationError]:
    """Yield what is wrong with one implementation of a hook that there is."""
    if marked.handler:
        return
    yield from _raised(check_generator, plugin, specification, marked.function)
    yield from _raised(_check_delivery, plugin, specification, marked)
    unknown = list(unknown_arguments(plugin, specification, marked.function))
    yield from unknown
    if annotations and not unknown:
        wrapper = bool(marks_of(marked.function).get("wrapper"))
        yield from annotation_faults(plugin, specification, marked.function, wrapper=wrapper)


def _raised(check: Callable[..., None], *arguments: Any) -> Iterator[PluginValidationError]:
    try:
        check(*arguments)
    except PluginValidationError as error:
        yield error


def _unknown_hook(plugin: str, hook: str, known: Mapping[str, object]) -> PluginValidationError:
    return PluginValidationError(
        f"plugin {plugin!r} implements {hook!r}, which is not a hook", plugin=plugin, hint=nearest(hook, known)
    )


def _wrong_version(plugin: object, name: str) -> PluginValidationError | None:
    version = getattr(plugin, _VERSION, API_VERSION)
    if version == API_VERSION:
        return None
    return PluginValidationError(
        f"plugin {name!r} was written for version {version!r} of the hooks ({_VERSION}), and this is {API_VERSION}",
        plugin=name,
        hint="install a version of the plugin, or of agentcore-framework, that goes with the other.",
    )


def _check_delivery(plugin: str, specification: HookSpecification[..., Any], marked: Marked) -> None:
    mode = implementation_options(marked.function).delivery
    if mode is None or checked_mode(mode, plugin) == "inline":
        return
    wrapper = bool(marks_of(marked.function).get("wrapper"))
    if wrapper or not may_be_laned(specification):
        fault = "with a wrapper" if wrapper else "whose result the agent waits for"
        raise PluginValidationError(
            f"plugin {plugin!r} asks for the delivery {mode!r} of {specification.name!r}, {fault}",
            plugin=plugin,
            hint="only implementations of events can be delivered from a lane; remove 'delivery'.",
        )
