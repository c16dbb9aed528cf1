"""How events reach a plugin, and who says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from agentcore._config import Settings
from agentcore._data import data
from agentcore._delivery.lane import retries_of
from agentcore._plugins import PluginManager
from agentcore._plugins.declared import declared_delivery, delivery_of, may_be_laned, mode_of
from agentcore._plugins.implementation import Implementation
from agentcore.types import Delivery

__all__ = ["DeliveryFact", "delivery_facts"]


@data
class DeliveryFact:
    """One thing that holds of a plugin's delivery."""

    name: str
    value: Any
    origin: str
    """Who says so."""


def delivery_facts(manager: PluginManager, name: str) -> Sequence[DeliveryFact]:
    """Return what holds of the delivery to the plugin *name*, which is registered: in general, then hook by hook."""
    settings, declared = manager.settings, declared_delivery(manager.get_plugin(name), name)
    delivery, default = delivery_of(name, manager), Delivery()
    facts = [
        DeliveryFact(field, getattr(delivery, field), _origin(field, declared, default, settings, name))
        for field in attrs.fields_dict(Delivery)
    ]
    return [*(_settled(each, manager, name) for each in facts), *_of_hooks(manager, name)]


def _origin(field: str, declared: Delivery, default: Delivery, settings: Settings, name: str) -> str:
    if getattr(settings.delivery_of(name), field) is not None:
        return f"[delivery.{name}]"
    return "the plugin" if getattr(declared, field) != getattr(default, field) else "the default"


def _settled(fact: DeliveryFact, manager: PluginManager, name: str) -> DeliveryFact:
    """Return *fact* with what stands for None."""
    settings = manager.settings
    if fact.name == "timeout" and fact.value is None:
        return DeliveryFact("timeout", settings.hook_timeout, f"hook_timeout ({settings.origin('hook_timeout')})")
    if fact.name == "retries":
        durable = bool(manager.delivering.durable_hooks(name))
        return DeliveryFact("retries", retries_of(delivery_of(name, manager), durable=durable), fact.origin)
    return fact


def _of_hooks(manager: PluginManager, name: str) -> Sequence[DeliveryFact]:
    """Return the modes of the plugin's implementations that are not the plugin's own."""
    general = delivery_of(name, manager).mode
    facts: Mapping[str, DeliveryFact] = {
        each.hook: DeliveryFact(f"mode of {each.hook}", mode, _origin_of_hook(manager.settings, each))
        for each in manager._registry.of(name)
        if may_be_laned(manager.specifications[each.hook]) and (mode := mode_of(each, manager)) != general
    }
    return list(facts.values())


def _origin_of_hook(settings: Settings, implementation: Implementation) -> str:
    if settings.delivery_of(implementation.plugin).of(implementation.hook).mode is not None:
        return f"[delivery.{implementation.plugin}.hooks.{implementation.hook}]"
    return "a wrapper is awaited" if implementation.wrapper else "the plugin"
