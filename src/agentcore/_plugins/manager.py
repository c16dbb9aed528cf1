"""The plugin manager."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from agentcore._config import Settings, ensure_state_dir
from agentcore._context import ContextManager, ExecutionContext
from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.hooks import SPECIFICATIONS, Hooks
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.lifecycle import Lifecycle
from agentcore._plugins.ordering import Place, in_order, places
from agentcore._plugins.plan import Plan
from agentcore._plugins.registry import Registry
from agentcore._plugins.relay import HookCall, Step, compile_relay
from agentcore._plugins.roster import Roster
from agentcore._plugins.status import PluginStatus
from agentcore._plugins.watchdog import watch
from agentcore._plugins.wrappers import wrap
from agentcore._provider import Provider

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["PluginManager"]

logger = logging.getLogger("agentcore.plugins")


class PluginManager:
    """Holds plugins and calls their hooks: ``await plugins.hook.agent_start(context=..., ...)``.

    A manager made by hand holds what is registered with it, and nothing else; :meth:`load` finds what is installed.

    Args:
        settings: The configuration; None takes the defaults, without reading a file or the environment.
        parent: A manager whose plugins take part here, too; see :meth:`scope`.
    """

    hook: Hooks
    """Every hook as an async function."""
    contexts: ContextManager
    """The contexts of the runs that use this manager."""
    ready: bool
    """Whether every plugin here has been started up."""
    derived: dict[Any, Any]
    """What others have worked out from the plugins, as tools by name; emptied when plugins come and go."""

    def __init__(self, settings: Settings | None = None, *, parent: PluginManager | None = None) -> None:
        self.settings: Settings = settings or (parent.settings if parent else Settings())
        self.parent = parent
        self.contexts = parent.contexts if parent else ContextManager()
        self.hook = Hooks()
        self.ready = False
        self.derived = {}
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self._registry: Registry = Registry(parent._registry.specifications if parent else SPECIFICATIONS)
        self._hidden: frozenset[str] = frozenset()
        self._middleware: list[ProviderMiddleware] = []
        self._scopes: weakref.WeakSet[PluginManager] = weakref.WeakSet()
        self._roster = Roster(self.settings)
        self._lifecycle = Lifecycle(self)
        self._outdate()
        if parent is not None:
            parent._scopes.add(self)

    # --- plugins ---

    def load(self) -> None:
        """Load the plugins that are installed and enabled.  A second time loads what has come to be enabled since.

        A plugin that cannot be loaded is ``failed`` in :meth:`statuses`, and the others go on; see
        :meth:`check_required`.
        """
        for loaded in self._roster.load():
            self._enter(loaded.plugin, loaded.name)
        self._outdate()

    def check_required(self) -> None:
        """Raise where the program must not start.

        Raises:
            PluginLoadError: A required plugin is not loaded.
            PluginNotFoundError: The config names a plugin that is not there.
        """
        self._roster.check(self._registry.plugins)

    def register(self, plugin: object, name: str | None = None) -> str:
        """Register a module, an object with hookimpls, or a :class:`Provider`; returns its name.

        Where the configuration disables the name, the plugin is listed as disabled and not called.

        Args:
            plugin: It belongs to the caller, who keeps it usable until :meth:`aclose`.
            name: None takes the provider's, the module's or the class's own.

        Raises:
            PluginValidationError: It does not fit the hooks, or the name is taken.
        """
        name = name or _canonical_name(plugin)
        if self._roster.admit(name, plugin):
            self._roster.registered(name, self._registry.register(plugin, name))
            self._lifecycle.entered(name)
            self._outdate()
        return name

    def _enter(self, plugin: object, name: str) -> None:
        """Register a plugin that was discovered: what it raises is its failure."""
        try:
            hooks = self._registry.register(plugin, name)
        except Exception as error:
            self._roster.failed(name, "validation", error)
        else:
            self._roster.registered(name, hooks)
            self._lifecycle.entered(name)

    def unregister(self, name: str) -> object:
        """Take a plugin out and return it; it is not shut down.

        Raises:
            PluginNotFoundError: No plugin of this name is registered.
        """
        plugin = self._registry.unregister(self._known(name))
        self._roster.removed(name)
        self._lifecycle.left(name)
        self._outdate()
        return plugin

    def expel(self, name: str, error: BaseException) -> None:
        """Take out a plugin that could not be started up, and list it as failed."""
        self._registry.unregister(name)
        self._roster.failed(name, "setup", error)
        self._outdate()

    async def announce_failures(self) -> None:
        """Tell ``plugin_error`` of the plugins that could not be loaded, each once."""
        for status in self._roster.unannounced():
            await self.hook.plugin_error(
                context=None, plugin=status.name, hook=status.stage or "import", error=status.error or Exception()
            )

    def block(self, name: str) -> None:
        """Take a plugin out, if it is there, and refuse its name from now on."""
        self._registry.block(name)
        self._roster.blocked(name)
        self._lifecycle.left(name)
        self._outdate()

    def get_plugin(self, name: str) -> object | None:
        """Return the plugin of this name; None where none is registered."""
        plugin = self._registry.plugins.get(name)
        return self.parent.get_plugin(name) if plugin is None and self.parent else plugin

    def get_config(self, name: str) -> BaseModel | None:
        """Return the validated config of a plugin that was loaded; None where it takes none."""
        return self._roster.configs.get(name) or (self.parent.get_config(name) if self.parent else None)

    def statuses(self) -> list[PluginStatus]:
        """What became of each plugin, installed or registered, by name."""
        return self._roster.statuses()

    def _known(self, name: str) -> str:
        if name not in self._registry.plugins:
            raise self._roster.unknown(name, self._registry.plugins)
        return name

    # --- hooks ---

    def add_hookspecs(self, namespace: ModuleType | type) -> None:
        """Add the hooks that *namespace* specifies with ``@hookspec``; they are called as events.

        With ``@hookspec(firstresult=True)`` the first answer wins.
        """
        self._registry.add_specifications(namespace)
        self._outdate()

    def add_middleware(self, middleware: ProviderMiddleware) -> None:
        """Put *middleware* around every execution; what was added first is outermost."""
        self._middleware.append(middleware)
        self._outdate()

    def implementations(self, hook: str) -> list[Implementation]:
        """The implementations of a hook, wrappers first, each group in the order in which it runs."""
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
        yield from self._middleware

    # --- compiled calls ---

    def _outdate(self) -> None:
        """Have every hook compiled anew when it is called next, and newcomers started up before the next run; here
        and in the scopes.
        """
        self.ready = False
        self.derived.clear()
        for name in self._registry.specifications:
            setattr(self.hook, name, partial(self._first_call, name))
        for scope in list(self._scopes):
            scope._outdate()

    def _first_call(self, name: str, /, *args: Any, **arguments: Any) -> Any:
        call = self._compile(name)
        setattr(self.hook, name, call)
        watch(self.settings.hook_timeout)
        return call(*args, **arguments)

    def _compile(self, name: str) -> HookCall:
        found = self.implementations(name)
        call = compile_relay(self._plan(name, [each for each in found if not each.wrapper]))
        wrappers = [each for each in found if each.wrapper]
        return wrap(call, self._plan(name, wrappers)) if wrappers else call

    def _plan(self, name: str, implementations: list[Implementation]) -> Plan:
        # Middleware surrounds providers; those who ask for it are not yet surrounded.
        middleware = [] if name == "register_middleware" else list(self._all_middleware())
        return Plan(
            self._registry.specifications[name],
            implementations,
            timeouts=self._timeout,
            default_timeout=self.settings.hook_timeout,
            pre_steps=list(_steps(middleware, "pre_execute")),
            post_steps=list(_steps(reversed(middleware), "post_execute")),
            report=self._report,
        )

    def _timeout(self, implementation: Implementation) -> float | None:
        configured = self.settings.timeout_for(implementation.hook, implementation.plugin)
        return implementation.timeout if configured is None else configured

    async def _report(self, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException) -> None:
        owner = self._owner(plugin)
        if hook == "agentcore_startup":
            owner._lifecycle.failed(plugin, error)
            hook = "setup"
        # The first of a kind is told in full; a plugin that fails at every event must not fill the log.
        level = logging.WARNING if owner._roster.stumbled(plugin, hook, error) else logging.DEBUG
        logger.log(level, "plugin %r failed in %r: %s: %s", plugin, hook, type(error).__name__, error)
        if hook != "plugin_error":
            await self.hook.plugin_error(context=context, plugin=plugin, hook=hook, error=error)

    def _owner(self, plugin: str) -> PluginManager:
        manager = self
        while plugin not in manager._registry.plugins and manager.parent is not None:
            manager = manager.parent
        return manager

    # --- scopes ---

    def scope(
        self, *, providers: Iterable[object] = (), enabled: Iterable[str] = (), disabled: Iterable[str] = ()
    ) -> PluginManager:
        """Make a manager for an agent or a run: this one's plugins, without *disabled*, and more.

        What comes and goes here later comes and goes there, too.

        Args:
            providers: Plugins for the scope alone.
            enabled: Installed plugins that the configuration leaves out, loaded for the scope alone.
            disabled: Plugins that take no part in it.

        Raises:
            PluginNotFoundError: *enabled* or *disabled* names a plugin that is not there.
            PluginLoadError: A plugin of *enabled* cannot be loaded.
        """
        scope = PluginManager(parent=self)
        scope._hidden = frozenset(self._root._named(disabled))
        for name in enabled:
            if self.get_plugin(name) is None:
                loaded = self._root._roster.load_one(name)
                scope.register(loaded.plugin, name)
        for provider in providers:
            scope.register(provider)
        return scope

    def _named(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if self.get_plugin(name) is None and not self._roster.knows(name):
                raise self._roster.unknown(name, self._registry.plugins)
            yield name

    @property
    def _root(self) -> PluginManager:
        return self if self.parent is None else self.parent._root

    def only(self, names: Iterable[str]) -> PluginManager:
        """Make a scope of the named plugins alone; failures are still told to all."""
        scope = PluginManager(parent=self)
        wanted = set(names)
        scope._hidden = frozenset(each for each in self._all_names() if each not in wanted)
        scope._report = self._report  # type: ignore[method-assign]
        return scope

    def _all_names(self) -> Iterator[str]:
        yield from self._registry.plugins
        if self.parent is not None:
            yield from self.parent._all_names()

    # --- life ---

    @property
    def state_dir(self) -> Path:
        """The folder for what plugins keep; made when it is first asked for."""
        return ensure_state_dir(self.settings.state_dir)

    async def startup(self) -> None:
        """Start up the plugins that have not been, and collect middleware; a run does so by itself.

        Raises:
            PluginLoadError: A required plugin failed.
        """
        if self.parent is not None and not self.parent.ready:
            await self.parent.startup()
        await self._lifecycle.startup()
        self.ready = True

    def closes(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have *close* called when the plugins are shut down."""
        self._root._closing.append(close)

    async def aclose(self) -> None:
        """Shut every plugin down that was started up, and close what was made for it.  A second time does nothing."""
        await self._lifecycle.shutdown()
        closing, self._closing = self._closing, []
        for close in closing:
            await close()
        self._outdate()

    async def __aenter__(self) -> PluginManager:
        await self.startup()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()


def _canonical_name(plugin: object) -> str:
    if isinstance(plugin, Provider):
        return plugin.name or type(plugin).__name__.lower()
    if isinstance(plugin, (ModuleType, type)) or callable(plugin):
        return str(getattr(plugin, "__name__", type(plugin).__name__.lower()))
    name = getattr(plugin, "name", None)
    return name if isinstance(name, str) and name else type(plugin).__name__.lower()


def _steps(middleware: Iterable[ProviderMiddleware], step: str) -> Iterator[Step]:
    for each in middleware:
        if getattr(type(each), step) is not getattr(ProviderMiddleware, step):
            bound: Step = getattr(each, step)
            yield bound
