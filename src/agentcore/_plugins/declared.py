"""How events get to a plugin: what it declares of it, and what is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from attrs import evolve, fields

from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore.errors import PluginValidationError, nearest
from agentcore.types import Delivery, DeliveryMode

if TYPE_CHECKING:
    from agentcore._config import DeliveryOptions
    from agentcore._plugins.implementation import Implementation
    from agentcore._plugins.manager import PluginManager

__all__ = ["checked_mode", "declared_delivery", "delivery_of", "lane_name", "may_be_laned", "mode_of"]

_MODES: Final[tuple[DeliveryMode, ...]] = get_args(DeliveryMode)

_PROCESS: Final = frozenset({"agentcore_startup", "agentcore_shutdown"})


def declared_delivery(plugin: object, name: str) -> Delivery:
    """Return what the attribute ``delivery`` of *plugin* says; of a plugin without one, inline.

    Raises:
        PluginValidationError: It is a text that names no mode.
    """
    found = getattr(plugin, "delivery", None)
    if isinstance(found, str):
        return Delivery(mode=checked_mode(found, name))
    # Anything else may be a plugin's own affair.
    return found if isinstance(found, Delivery) else Delivery()


def checked_mode(mode: str, plugin: str) -> DeliveryMode:
    """Return *mode* if it is one.

    Raises:
        PluginValidationError: It is none.
    """
    for each in _MODES:
        if mode == each:
            return each
    raise PluginValidationError(
        f"plugin {plugin!r} asks for the delivery {mode!r}", plugin=plugin, hint=nearest(mode, _MODES)
    )


def delivery_of(plugin: str, manager: PluginManager) -> Delivery:
    """Return how *plugin*, one of *manager*'s own, is delivered to where a hook says nothing else."""
    declared = declared_delivery(manager.get_plugin(plugin), plugin)
    options: DeliveryOptions = manager.settings.delivery_of(plugin)
    said: dict[str, Any] = {each.name: getattr(options, each.name) for each in fields(Delivery)}
    return evolve(declared, **{key: value for key, value in said.items() if value is not None})


def mode_of(implementation: Implementation, manager: PluginManager) -> DeliveryMode:
    """Return how events get to *implementation*, of one of *manager*'s own plugins."""
    if implementation.wrapper or not may_be_laned(manager.specifications[implementation.hook]):
        return "inline"
    options = manager.settings.delivery_of(implementation.plugin)
    mode = options.of(implementation.hook).mode or options.mode or implementation.delivery
    return "background" if mode == "durable" and lane_name(implementation.plugin, manager) is None else mode


def lane_name(plugin: str, manager: PluginManager) -> str | None:
    """Return the name of a plugin's lane in the journal; None where no other process would know it."""
    if manager.parent is None:
        return plugin
    return f"{manager.name}.{plugin}" if manager.name else None


def may_be_laned(specification: HookSpecification[..., object]) -> bool:
    """Whether somebody else than the agent may wait for the implementations of a hook: only for those of events."""
    return specification.kind is HookKind.EVENT and specification.name not in _PROCESS
