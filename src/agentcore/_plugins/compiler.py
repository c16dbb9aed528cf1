"""The compiled calls of one plugin manager."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from agentcore._plugins.calls import compile_call
from agentcore._plugins.declared import delivery_of, mode_of
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.lane_calls import LaneCall
from agentcore._plugins.ordering import in_order
from agentcore._plugins.relay import HookCall
from agentcore._plugins.scoping import all_middleware
from agentcore._plugins.screening import SCREEN, may_be_screened, screened
from agentcore._plugins.watchdog import watch

if TYPE_CHECKING:
    from agentcore._middleware import ProviderMiddleware
    from agentcore._plugins.manager import PluginManager

__all__ = ["Compiler"]

_OFF: Final = ("", "0", "false", "no", "off")
"""What an environment variable says for no; empty is as good as not there."""


class Compiler:
    """Compiles each hook when it is first called, and anew when plugins have come or gone."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager

    def outdate(self) -> None:
        """Have every hook compiled anew when it is called next."""
        for name in self._manager.specifications:
            setattr(self._manager.hook, name, partial(self._first_call, name))

    def _first_call(self, name: str, /, *args: Any, **arguments: Any) -> Any:
        manager = self._manager
        # Under the lock: what comes meanwhile must not be outdone by a call that does not know of it.
        with manager._lock:
            found = manager.implementations(name)
            call = self._compile(name, found)
            setattr(manager.hook, name, call)
            if not found:
                manager.unheard.add(name)
        watch(manager.settings.hook_timeout)
        return call(*args, **arguments)

    def call_of(self, plugin: str, hook: str) -> HookCall:
        """Compile the call of one plugin's own implementations, without anybody else's."""
        with self._manager._lock:
            own = [each for each in self._manager._registry.implementations(hook) if each.plugin == plugin]
            return self._compile(hook, in_order(own, self._manager.settings.order_for(hook)))

    def lane_call_of(self, plugin: str, hook: str, *, whole: bool = False) -> LaneCall:
        """Compile what is called on the lane of a plugin of the manager's own.

        Args:
            plugin: The plugin.
            hook: An event.
            whole: Whether what the agents wait for is called as well, as when the event is replayed.
        """
        manager = self._manager
        with manager._lock:
            own = [each for each in manager._registry.implementations(hook) if each.plugin == plugin]
            laned = [each for each in own if mode_of(each, manager) != "inline" or (whole and not each.wrapper)]
            return LaneCall(
                manager.specifications[hook],
                self._traced(in_order(laned, manager.settings.order_for(hook)), on_lane=True),
                timeouts=self._lane_timeout,
                middleware=list(all_middleware(manager)),
                report=manager.report,
            )

    def _lane_timeout(self, implementation: Implementation) -> float:
        manager, plugin = self._manager, implementation.plugin
        configured = manager.settings.timeout_for(implementation.hook, plugin)
        declared = (configured, implementation.timeout, delivery_of(plugin, manager).timeout)
        return next((each for each in declared if each is not None), manager.settings.hook_timeout)

    def _compile(self, name: str, found: list[Implementation]) -> HookCall:
        manager = self._manager
        # Middleware surrounds providers; those who ask for it are not yet surrounded.
        middleware: list[ProviderMiddleware] = [] if name == "register_middleware" else list(all_middleware(manager))
        specification = manager.specifications[name]
        inline: list[Implementation] = []
        laned: list[Implementation] = []
        for each in found:
            mode = mode_of(each, manager.owner(each.plugin))
            (inline if mode == "inline" else laned).append(each)
        call = compile_call(
            specification,
            self._traced(inline),
            settings=manager.settings,
            middleware=middleware,
            report=manager.report,
            post=manager.delivering.post(specification, laned),
        )
        if may_be_screened(specification) and manager.implementations(SCREEN):
            return screened(call, specification, manager)
        return call

    def _traced(self, found: list[Implementation], *, on_lane: bool = False) -> list[Implementation]:
        """Return *found*, each telling what it does where the environment asks for that."""
        asked = os.environ.get("AGENTCORE_TRACE", "").strip().lower()
        if asked in _OFF or not found:
            return found
        from agentcore._plugins.summaries import Summarize
        from agentcore._plugins.tracing import traced

        manager, summarize = self._manager, Summarize(values=asked == "values")
        everybody = manager.implementations(found[0].hook)
        return [
            traced(each, everybody, lane=mode_of(each, manager) if on_lane else "", summarize=summarize)
            for each in found
        ]
