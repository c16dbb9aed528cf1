"""The plugin manager."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from agentcore._context import ContextManager, ExecutionContext
from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.closing import close
from agentcore._plugins.compiler import Compiler
from agentcore._plugins.delivering import Delivering, flush
from agentcore._plugins.failure_log import FailureLog
from agentcore._plugins.hooks import SPECIFICATIONS, Hooks, new_hooks
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.lifecycle import Lifecycle
from agentcore._plugins.membership import enter, join, leave
from agentcore._plugins.naming import canonical_name
from agentcore._plugins.ordering import Place, in_order, places
from agentcore._plugins.plan import checked_middleware
from agentcore._plugins.registry import Registry
from agentcore._plugins.relay import HookCall
from agentcore._plugins.reporting import announce_failures, report
from agentcore._plugins.roster import Roster
from agentcore._plugins.scoping import family, fill, found, named
from agentcore._plugins.specification import HookSpecification
from agentcore._plugins.status import PluginStatus
from agentcore._plugins.watchdog import watch

if TYPE_CHECKING:
    from pydantic import BaseModel

    from agentcore._config import Settings
    from agentcore._delivery.lane import LaneStatus
    from agentcore._delivery.lanes import Flushed
    from agentcore._delivery.replay import Replayed
    from agentcore._plugins.replaying import Progress, Since

__all__ = ["PluginManager"]


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
        self.settings: Settings = settings or (parent.settings if parent else _defaults())
        self.parent = parent
        self.name = name
        self.is_worker = False
        """Whether the process is there to deliver, as ``agentcore worker`` is."""
        self.failure_log: FailureLog | None = None
        """Where failures are kept for ``agentcore plugins``; None keeps none."""
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
        for each in self._roster.load():
            enter(self, each.plugin, each.name)

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
                join(self, plugin, name)
        return name

    def unregister(self, name: str) -> object:
        """Take a plugin out and return it; it is not shut down.

        Raises:
            PluginNotFoundError: No plugin of this name is registered.
        """
        with self._lock:
            plugin = self._registry.unregister(self._known(name))
            self._roster.removed(name)
            leave(self, name)
        return plugin

    async def announce_failures(self) -> None:
        """Log the plugins that could not be loaded and tell ``plugin_error`` of them, each once."""
        await announce_failures(self)

    def block(self, name: str) -> None:
        """Take a plugin out, if it is there, and refuse its name from now on."""
        with self._lock:
            self._registry.block(name)
            self._roster.blocked(name)
            leave(self, name)

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
            ordered = in_order(found(self, hook), self.settings.order_for(hook))
        return sorted(ordered, key=lambda each: not each.wrapper)

    def explain(self, hook: str) -> list[Place]:
        """Say in which order the implementations of a hook run, and why."""
        return places(self.implementations(hook), self.settings.order_for(hook))

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

    async def report(
        self, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException
    ) -> BaseException:
        """Book a plugin's failure, log it, and tell ``plugin_error``; returns what may be kept of *error*."""
        return await report(self, context, plugin, hook, error)

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
        scope._hidden = frozenset(named(self, disabled))
        fill(scope, providers=providers, enabled=enabled)
        return scope

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
        return await flush(family(self), timeout)

    async def lanes(self) -> list[LaneStatus]:
        """How the lanes of this process are doing, by plugin, here and in the scopes."""
        statuses = [status for each in family(self) for status in await each.delivering.statuses()]
        return sorted(statuses, key=lambda each: (each.lane, each.mode))

    async def replay(
        self,
        plugin: str,
        *,
        since: Since = None,
        run: str | None = None,
        hook: str | None = None,
        restart: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Replayed:
        """Send the events that are in the journal through one plugin again, in order, whatever its delivery is.

        They have their ids, by which the plugin knows those that it has.  One that fails is sent again as often as the
        plugin's delivery says, then it is given up, which the result tells; a plugin that fails at everything ends the
        replay.  A replay that was interrupted, in whichever way, goes on with the next call that asks for the same.

        Args:
            plugin: Its name.
            since: From the first event on that was sent since then, or within that time; None takes all.
            run: The id of a run, or the beginning of one: only its events, and of a root all of its tree.
            hook: One of the events that the plugin implements; None takes all of them.
            restart: Whether to begin anew where the same replay was interrupted.
            dry_run: Whether to say only what would be sent.
            progress: Called with the numbers of events delivered, to be sent, and given up.

        Raises:
            PluginNotFoundError: No plugin of this name is registered.
            PluginError: It does not implement *hook*, is being replayed already, or fails at every event.
            JournalError: The journal cannot be used.
        """
        from agentcore._plugins.replaying import replay

        return await replay(
            self, plugin, since=since, run=run, hook=hook, restart=restart, dry_run=dry_run, progress=progress
        )

    # --- life ---

    @property
    def state_dir(self) -> Path:
        """The folder for what plugins keep; made when it is first asked for."""
        from agentcore._config import ensure_state_dir

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

    async def aclose(self, *, timeout: float | None = None) -> None:
        """Shut every plugin down that was started up, and close what was made for it.  A second time does nothing.

        Scopes come first; what cannot be closed is logged.

        Args:
            timeout: Seconds for which lanes go on delivering; None takes the configured ``shutdown_timeout``.
        """
        await close(self, self.settings.shutdown_timeout if timeout is None else timeout)

    async def __aenter__(self) -> PluginManager:
        await self.startup()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()


def _defaults() -> Settings:
    # Imported with the first manager: `import agentcore` makes none, and stays light.
    from agentcore._config import Settings

    return Settings()
