"""The plugin manager."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from agentcore._config import Settings, ensure_state_dir
from agentcore._context import ContextManager, ExecutionContext
from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.compiler import Compiler
from agentcore._plugins.delivering import Delivering
from agentcore._plugins.hooks import SPECIFICATIONS, Hooks, new_hooks
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.lifecycle import Lifecycle
from agentcore._plugins.naming import canonical_name
from agentcore._plugins.ordering import Place, in_order, places
from agentcore._plugins.plan import checked_middleware
from agentcore._plugins.registry import Registry
from agentcore._plugins.relay import HookCall
from agentcore._plugins.roster import Roster
from agentcore._plugins.specification import HookSpecification
from agentcore._plugins.status import PluginStatus
from agentcore._plugins.watchdog import watch
from agentcore.errors import PluginValidationError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from agentcore._delivery.lane import LaneStatus
    from agentcore._delivery.lanes import Flushed

__all__ = ["PluginManager"]

logger = logging.getLogger("agentcore.plugins")


class PluginManager:
    """Holds plugins and calls their hooks: ``await plugins.hook.agent_start(context=..., ...)``.

    A manager made by hand holds what is registered with it, and nothing else; :meth:`load` finds what is installed.

    Args:
        settings: The configuration; None takes the defaults, without reading a file or the environment.
        parent: A manager whose plugins take part here, too; see :meth:`scope`.
        name: Of a scope; see there.
    """

    hook: Hooks
    """Every hook as an async function."""
    contexts: ContextManager
    """The contexts of the runs that use this manager."""
    ready: bool
    """Whether every plugin here has been started up."""
    unheard: set[str]
    """The hooks that are known to have no implementation: what would only come back from them need not be sent."""
    derived: dict[Any, Any]
    """What others have worked out from the plugins, as tools by name; emptied when plugins come and go."""

    def __init__(
        self, settings: Settings | None = None, *, parent: PluginManager | None = None, name: str = ""
    ) -> None:
        self.settings: Settings = settings or (parent.settings if parent else Settings())
        self.parent = parent
        self.name = name
        self.is_worker = False
        """Whether the process is there to deliver, as ``agentcore worker`` is."""
        self.contexts = parent.contexts if parent else ContextManager()
        self.hook = new_hooks()
        self.ready = False
        self.unheard = set()
        self.derived = {}
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self._registry: Registry = Registry(parent._registry.specifications if parent else SPECIFICATIONS)
        self._hidden: frozenset[str] = frozenset()
        self._middleware: list[tuple[ProviderMiddleware, str]] = []
        self._scopes: weakref.WeakSet[PluginManager] = weakref.WeakSet()
        self._roster: Roster = Roster(self.settings, parent._roster if parent else None)
        self._lifecycle = Lifecycle(self)
        self._compiler: Compiler = Compiler(self)
        self.delivering: Delivering = Delivering(self)
        """What is between the hooks here and the plugins that have lanes."""
        # One for a manager and its scopes: hooks are compiled on any thread, and a change reaches all of them.
        self._lock: threading.RLock = parent._lock if parent else threading.RLock()
        with self._lock:
            self._outdate()
            if parent is not None:
                parent._scopes.add(self)

    # --- plugins ---

    def load(self) -> None:
        """Load the plugins that are installed and enabled.  A second time loads what has come to be enabled since.

        A plugin that cannot be loaded is ``failed`` in :meth:`statuses`, and the others go on; see
        :meth:`check_loaded`.
        """
        for found in self._roster.load():
            self._enter(found.plugin, found.name)

    def check_loaded(self) -> None:
        """Raise where nothing that may still be registered could let an agent run.

        Raises:
            PluginLoadError: A required plugin was found and failed.
        """
        self._roster.check_loaded()

    def check_required(self) -> None:
        """Raise where no agent may run; :meth:`startup` does so, before the first run.

        Raises:
            PluginLoadError: A required plugin failed.
            PluginNotFoundError: The config names a plugin that is neither installed nor registered.
        """
        self._roster.check()

    def register(self, plugin: object, name: str | None = None) -> str:
        """Register a module, an object with hookimpls, or a :class:`Provider`; returns its name.

        Where the configuration disables the name, the plugin is listed as disabled and not called.

        Args:
            plugin: It belongs to the caller, who keeps it usable until :meth:`aclose`.
            name: None takes the provider's, the module's or the class's own.

        Raises:
            PluginValidationError: It does not fit the hooks, or the name is taken.
        """
        name = name or canonical_name(plugin)
        with self._lock:
            if self._roster.admits(name):
                self._join(plugin, name)
        return name

    def _join(self, plugin: object, name: str) -> None:
        hooks = self._registry.register(plugin, name)
        try:
            for hook in hooks:
                self.implementations(hook)
        except PluginValidationError:
            self._registry.unregister(name)
            raise
        self._roster.registered(name, hooks)
        self._lifecycle.entered(name)
        self._outdate()

    def _enter(self, plugin: object, name: str) -> None:
        """Register a plugin that was discovered: what it raises is its failure."""
        try:
            with self._lock:
                self._join(plugin, name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._roster.failed(name, "validation", error)

    def unregister(self, name: str) -> object:
        """Take a plugin out and return it; it is not shut down.

        Raises:
            PluginNotFoundError: No plugin of this name is registered.
        """
        with self._lock:
            plugin = self._registry.unregister(self._known(name))
            self._roster.removed(name)
            self._leave(name)
        return plugin

    def expel(self, name: str, error: BaseException) -> None:
        """Take out a plugin that could not be started up, and list it as failed."""
        with self._lock:
            if name in self._registry.plugins:
                self._registry.unregister(name)
                self._roster.failed(name, "setup", error, announced=True)
                self._leave(name)

    def _leave(self, name: str) -> None:
        self._lifecycle.left(name)
        self.drop_middleware(name)

    async def announce_failures(self) -> None:
        """Log the plugins that could not be loaded and tell ``plugin_error`` of them, each once."""
        for status in self._roster.unannounced():
            stage, error = status.stage or "import", status.error or Exception()
            logger.warning("plugin %r failed at %s: %s: %s", status.name, stage, type(error).__name__, error)
            await self.hook.plugin_error(context=None, plugin=status.name, hook=stage, error=error)

    def block(self, name: str) -> None:
        """Take a plugin out, if it is there, and refuse its name from now on."""
        with self._lock:
            self._registry.block(name)
            self._roster.blocked(name)
            self._leave(name)

    def get_plugin(self, name: str) -> object | None:
        """Return the plugin of this name; None where none is registered."""
        plugin = self._registry.plugins.get(name)
        return self.parent.get_plugin(name) if plugin is None and self.parent else plugin

    def get_config(self, name: str) -> BaseModel | None:
        """Return the validated config of a plugin that was loaded; None where it takes none."""
        return self._roster.configs.get(name) or (self.parent.get_config(name) if self.parent else None)

    def statuses(self) -> list[PluginStatus]:
        """What became of each plugin, installed or registered, by name."""
        with self._lock:
            return self._roster.statuses()

    def _known(self, name: str) -> str:
        if name not in self._registry.plugins:
            raise self._roster.unknown(name)
        return name

    # --- hooks ---

    def add_hookspecs(self, namespace: ModuleType | type) -> None:
        """Add the hooks that *namespace* specifies with ``@hookspec``; they are called as events.

        With ``@hookspec(firstresult=True)`` the first answer wins.
        """
        with self._lock:
            for hook, plugins in self._registry.add_specifications(namespace).items():
                self._roster.gained(hook, plugins)
            self._outdate()

    def add_middleware(self, middleware: ProviderMiddleware, *, plugin: str = "") -> None:
        """Put *middleware* around every execution; what was added first is outermost.

        Args:
            middleware: It belongs to the caller.
            plugin: With which it leaves; empty keeps it.

        Raises:
            PluginValidationError: It is none.
        """
        with self._lock:
            self._middleware.append((checked_middleware(middleware, plugin), plugin))
            self._outdate()

    def drop_middleware(self, plugin: str) -> None:
        """Remove the middleware that came with *plugin*."""
        with self._lock:
            self._middleware = [each for each in self._middleware if each[1] != plugin]
            self._outdate()

    @property
    def specifications(self) -> Mapping[str, HookSpecification[..., Any]]:
        """Every hook that can be called here, by name."""
        return self._registry.specifications

    def implementations(self, hook: str) -> list[Implementation]:
        """The implementations of a hook, wrappers first, each group in the order in which it runs."""
        with self._lock:
            ordered = in_order(self._found(hook), self.settings.order_for(hook))
        return sorted(ordered, key=lambda each: not each.wrapper)

    def explain(self, hook: str) -> list[Place]:
        """Say in which order the implementations of a hook run, and why."""
        return places(self.implementations(hook), self.settings.order_for(hook))

    def _found(self, hook: str) -> list[Implementation]:
        inherited = self.parent._found(hook) if self.parent else []
        return [each for each in inherited if each.plugin not in self._hidden] + self._registry.implementations(hook)

    def _all_middleware(self) -> Iterator[ProviderMiddleware]:
        if self.parent is not None:
            yield from self.parent._all_middleware()
        yield from (middleware for middleware, _ in self._middleware)

    # --- compiled calls ---

    def _outdate(self) -> None:
        """Have every hook compiled anew when it is called next, and newcomers started up before the next run; here
        and in the scopes.
        """
        self.ready = False
        self.unheard.clear()
        self.derived.clear()
        self._compiler.outdate()
        self.delivering.outdate()
        for scope in list(self._scopes):
            scope._outdate()

    def call_of(self, plugin: str, hook: str) -> HookCall:
        """Compile the call of one plugin's own implementations, without anybody else's."""
        watch(self.settings.hook_timeout)
        return self._compiler.call_of(plugin, hook)

    async def report(self, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException) -> None:
        """Book a plugin's failure, log it, and tell ``plugin_error``."""
        owner = self.owner(plugin)
        if hook == "agentcore_startup":
            owner._lifecycle.failed(plugin, error)
            hook = "setup"
        # The first of a kind is told in full; a plugin that fails at every event must not fill the log.
        level = logging.WARNING if owner._roster.stumbled(plugin, hook, error) else logging.DEBUG
        logger.log(level, "plugin %r failed in %r: %s: %s", plugin, hook, type(error).__name__, error)
        if hook != "plugin_error":
            await self.hook.plugin_error(context=context, plugin=plugin, hook=hook, error=error)

    def owner(self, plugin: str) -> PluginManager:
        """The manager, this one or one around it, with which *plugin* is registered."""
        parent = self.parent
        return self if parent is None or plugin in self._registry.plugins else parent.owner(plugin)

    # --- scopes ---

    def scope(
        self,
        *,
        providers: Iterable[object] = (),
        enabled: Iterable[str] = (),
        disabled: Iterable[str] = (),
        name: str = "",
    ) -> PluginManager:
        """Make a manager for an agent or a run: this one's plugins, without *disabled*, and more.

        What comes and goes here later comes and goes there, too.

        Args:
            providers: Plugins for the scope alone.
            enabled: Installed plugins that the configuration leaves out, loaded for the scope alone.
            disabled: Plugins that take no part in it.
            name: The agent's for whom it is; empty for a run's.  Under it a durable provider's lane is found again when
                the program is started anew; without one, what it is owed lives no longer than the scope.

        Raises:
            PluginNotFoundError: *enabled* or *disabled* names a plugin that is not there.
            PluginLoadError: A plugin of *enabled* cannot be loaded.
        """
        scope = PluginManager(parent=self, name=name)
        scope._hidden = frozenset(self._named(disabled))
        for name in enabled:
            if self.get_plugin(name) is None:
                found = scope._roster.load_one(name)
                scope._join(found.plugin, found.name)
        for provider in providers:
            # One that takes part already must not do so twice.
            if all(each is not provider for each in scope._taking_part().values()):
                scope.register(provider)
        return scope

    def _taking_part(self) -> dict[str, object]:
        inherited = self.parent._taking_part() if self.parent else {}
        return {name: each for name, each in inherited.items() if name not in self._hidden} | self._registry.plugins

    def _named(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if self.get_plugin(name) is None and not self._roster.knows(name):
                raise self._roster.unknown(name)
            yield name

    @property
    def root(self) -> PluginManager:
        """The manager that this one is a scope of, however deep; itself where it is none."""
        return self if self.parent is None else self.parent.root

    # --- delivery ---

    async def acknowledged(self, ticket: int) -> None:
        """Wait until what a run was promised is safe in the journal.  A run does so by itself before it returns."""
        await self.delivering.journal.acknowledged(ticket)

    async def flush(self, timeout: float | None = None) -> Flushed:
        """Wait until every event that lanes have accepted is delivered or given up, here and in the scopes.

        Args:
            timeout: Seconds to wait at most; None waits for as long as it takes.

        Returns:
            What still waits; true where nothing does.
        """
        from agentcore._delivery.lanes import Flushed

        found = await asyncio.gather(*(each.delivering.flush(timeout) for each in self._family()))
        return Flushed(waiting={lane: count for each in found for lane, count in each.waiting.items()})

    async def lanes(self) -> list[LaneStatus]:
        """How the lanes of this process are doing, by plugin, here and in the scopes."""
        found = [status for each in self._family() for status in await each.delivering.statuses()]
        return sorted(found, key=lambda each: (each.lane, each.mode))

    def _family(self) -> list[PluginManager]:
        with self._lock:
            scopes = list(self._scopes)
        return [self, *(each for scope in scopes for each in scope._family())]

    # --- life ---

    @property
    def state_dir(self) -> Path:
        """The folder for what plugins keep; made when it is first asked for."""
        return ensure_state_dir(self.settings.state_dir)

    async def startup(self) -> None:
        """Start up the plugins that have not been, and collect middleware; a run does so by itself.

        Raises:
            PluginLoadError: A required plugin failed.
            PluginNotFoundError: The config names a plugin that is neither installed nor registered.
            ConfigError: The config names middleware that cannot be used, or a hook that there is not.
        """
        if self.parent is not None and not self.parent.ready:
            await self.parent.startup()
        # Agents do so, too; a program that calls hooks itself may do it on several loops, one after the other.
        watch(self.settings.hook_timeout)
        await self._lifecycle.startup()
        await self.delivering.open()
        with self._lock:
            self.ready = self._lifecycle.settled

    def closes(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have *close* called when the plugins are shut down."""
        self.root._closing.append(close)

    async def aclose(self) -> None:
        """Shut every plugin down that was started up, and close what was made for it.  A second time does nothing.

        Scopes come first; what cannot be closed is logged.
        """
        with self._lock:
            scopes = list(self._scopes)
        for scope in scopes:
            await scope.aclose()
        await self.delivering.drain()
        await self._lifecycle.shutdown()
        await self.delivering.aclose()
        while self._closing:
            try:
                await self._closing.pop(0)()
            except Exception as error:
                logger.warning("closing failed: %s: %s", type(error).__name__, error)
        with self._lock:
            self._outdate()

    async def __aenter__(self) -> PluginManager:
        await self.startup()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()
