"""pluggy's registry of plugins, and what it takes to register any plugin with it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import pluggy

from agentcore._markers import PROJECT, hookimpl, implementation_options
from agentcore._plugins.declared import declared_delivery, may_be_laned
from agentcore._plugins.fitting import faults, misfits
from agentcore._plugins.implementation import Implementation, call_mode, wanted_arguments
from agentcore._plugins.marked import Marked, marked_in, marks_of
from agentcore._plugins.specification import HookSpecification, specified_in
from agentcore._provider import Provider
from agentcore.errors import PluginValidationError

__all__ = ["Registry"]


class _StandIn:
    """What pluggy registers for each plugin: functions without arguments that lead to the real implementations.

    pluggy itself takes plain functions and methods only, and overlooks arguments that are keyword-only; here any
    callable serves, and every argument is checked (:func:`wanted_arguments`).
    """

    def add(self, marked: Marked, name: str) -> None:
        def stand_in() -> None: ...

        marks = marks_of(marked.function)
        # To pluggy a wrapper is a plain implementation: a stand-in is no generator, and we run wrappers ourselves.
        mark = hookimpl(
            specname=marked.hook,
            tryfirst=marks.get("tryfirst", False),
            trylast=marks.get("trylast", False),
            optionalhook=marks.get("optionalhook", False),
        )
        vars(stand_in)["target"] = marked
        setattr(self, name, mark(stand_in))


class Registry:
    """Plugins by name, and their implementations by hook."""

    def __init__(self, specifications: Mapping[str, HookSpecification[..., Any]]) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._plugins: dict[str, object] = {}
        # Of the maps in a chain only the first is ever written to.
        inherited = cast("MutableMapping[str, HookSpecification[..., Any]]", specifications)
        self.specifications: MutableMapping[str, HookSpecification[..., Any]] = ChainMap({}, inherited)
        """Those it was made with, a parent's for instance, which may gain more, and its own."""

    def register(self, plugin: object, name: str, *, annotations: bool = False) -> list[str]:
        """Register *plugin*; returns the hooks that it implements.

        Args:
            plugin: It.
            name: Its name.
            annotations: Whether its annotations must agree with the hooks'.

        Raises:
            PluginValidationError: The name or the plugin is taken, a hook or an argument is unknown, or an
                implementation cannot be what it is marked as.  Nothing has been registered then.
        """
        self._refuse_twins(plugin, name)
        found = list(marked_in(plugin, name))
        for fault in faults(plugin, name, found, self.specifications, annotations=annotations):
            raise fault.error
        stand_in = _StandIn()
        for index, marked in enumerate(found):
            stand_in.add(marked, f"implementation_{index}")
        self._pluggy.register(stand_in, name)
        self._plugins[name] = plugin
        return sorted({each.hook for each in found if each.hook in self.specifications})

    def add_specifications(self, namespace: object) -> dict[str, list[str]]:
        """Add the hooks that *namespace* specifies; returns the plugins that implement them already, by hook.

        Raises:
            PluginValidationError: It specifies none, or one that there is already, or an implementation that waits
                for one does not fit it.  Nothing has been added then.
        """
        made = specified_in(namespace)
        name = str(getattr(namespace, "__name__", namespace))
        if not made:
            raise PluginValidationError(
                f"{name!r} specifies no hooks", plugin=name, hint="mark its functions with @agentcore.hookspec."
            )
        for each in made:
            if each.name in self.specifications:
                raise PluginValidationError(f"{name!r} specifies {each.name!r}, which is a hook already", plugin=name)
        waiting = {each.name: self._settled(each) for each in made}
        self.specifications.update({each.name: each for each in made})
        return {hook: [each.plugin for each in found] for hook, found in waiting.items()}

    def _refuse_twins(self, plugin: object, name: str) -> None:
        if name in self._plugins:
            raise PluginValidationError(
                f"two plugins are named {name!r}: {self._plugins[name]!r} and {plugin!r}",
                plugin=name,
                hint="register one of them under another name, or disable one.",
            )
        for other, registered in self._plugins.items():
            if registered is plugin:
                raise PluginValidationError(f"this plugin is already registered as {other!r}", plugin=name)

    @staticmethod
    def _fit(
        plugin: str, specification: HookSpecification[..., Any], marked: Marked
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the arguments that it takes, by position and by name."""
        if marked.handler:
            return (), specification.arguments
        # What waited for a hook that a plugin has specified since has not been looked at.
        for error in misfits(plugin, specification, marked):
            raise error
        return wanted_arguments(specification, marked.function)

    def unregister(self, name: str) -> object:
        """Take a plugin out; returns it."""
        self._pluggy.unregister(name=name)
        return self._plugins.pop(name)

    def block(self, name: str) -> None:
        """Refuse a name from now on."""
        self._pluggy.set_blocked(name)
        self._plugins.pop(name, None)

    @property
    def plugins(self) -> dict[str, object]:
        """The registered plugins by name, in the order in which they came."""
        return self._plugins

    def implementations(self, hook: str) -> list[Implementation]:
        """The implementations of one hook, in the order in which they were registered."""
        return self._settled(self.specifications[hook])

    def of(self, plugin: str) -> list[Implementation]:
        """The implementations of one plugin, by hook."""
        found = [each for hook in self.specifications for each in self.implementations(hook)]
        return [each for each in found if each.plugin == plugin]

    def _settled(self, specification: HookSpecification[..., Any]) -> list[Implementation]:
        caller = getattr(self._pluggy.hook, specification.name, None)
        found: list[pluggy.HookImpl] = [] if caller is None else caller.get_hookimpls()
        settled = [self._settle(each, specification) for each in found]
        order = {name: index for index, name in enumerate(self._plugins)}
        return sorted(settled, key=lambda each: order[each.plugin])

    def _settle(self, found: pluggy.HookImpl, specification: HookSpecification[..., Any]) -> Implementation:
        marked: Marked = vars(found.function)["target"]
        plugin = self._plugins[found.plugin_name]
        options = implementation_options(marked.function)
        delivery = options.delivery or declared_delivery(plugin, found.plugin_name).mode
        positional, keywords = self._fit(found.plugin_name, specification, marked)
        return Implementation(
            plugin=found.plugin_name,
            hook=specification.name,
            function=marked.function,
            mode="handler" if marked.handler else call_mode(marked.function, blocking=options.blocking),
            positional=positional,
            keywords=keywords,
            tryfirst=found.tryfirst,
            trylast=found.trylast,
            wrapper=bool(marks_of(marked.function).get("wrapper")),
            before=options.before,
            after=options.after,
            priority=plugin.priority if isinstance(plugin, Provider) else 0,
            timeout=options.timeout,
            delivery=delivery if may_be_laned(specification) else "inline",
        )
