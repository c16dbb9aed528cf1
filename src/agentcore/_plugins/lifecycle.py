"""Starting plugins up and shutting them down, each once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Final

from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.membership import expel
from agentcore.errors import PluginValidationError, nearest

if TYPE_CHECKING:
    from agentcore._config import Settings
    from agentcore._plugins.manager import PluginManager

__all__ = ["Lifecycle", "check_hook_tables", "configured_middleware"]

_POLL_SECONDS: Final = 0.005

_NEAR: Final = 0.8
"""How alike, by difflib's ratio, the name of an unknown hook is to be taken for a slip."""

_within: Final[ContextVar[tuple[object, ...]]] = ContextVar("agentcore_lifecycle", default=())
"""The startups and shutdowns that this code is part of."""


class Lifecycle:
    """Of the plugins of one manager."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager
        self._waiting: set[str] = set()
        self._started: set[str] = set()
        self._unasked: set[str] = set()
        """Those that were started up, and not yet asked for middleware."""
        self._failed: dict[str, BaseException] = {}
        self._lock = threading.Lock()
        self._going_on: object = None
        self._configured = False

    def entered(self, plugin: str) -> None:
        """A plugin was registered."""
        self._waiting.add(plugin)

    def left(self, plugin: str) -> None:
        """A plugin was taken out."""
        for each in (self._waiting, self._started, self._unasked):
            each.discard(plugin)

    def failed(self, plugin: str, error: BaseException) -> None:
        """The startup of a plugin raised."""
        self._failed[plugin] = error

    @property
    def settled(self) -> bool:
        """Whether no plugin waits for anything."""
        return not self._waiting and not self._unasked

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[bool, None]:
        """Wait until nobody else starts up or shuts down; False where the caller is part of what is going on."""
        if self._going_on is not None and self._going_on in _within.get():
            yield False
            return
        # A lock of asyncio belongs to one loop, and runs on several may come here at once.
        while not self._lock.acquire(blocking=False):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        self._going_on = object()
        token = _within.set((*_within.get(), self._going_on))
        try:
            yield True
        finally:
            _within.reset(token)
            self._going_on = None
            self._lock.release()

    async def startup(self) -> None:
        """Call ``agentcore_startup`` of the plugins that wait for it; those that fail are taken out.

        Returns at once where a plugin's own startup comes here, as by running an agent.

        Raises:
            PluginLoadError: A required plugin failed; every later call says so again.
            PluginNotFoundError: The config names a plugin that is neither installed nor registered.
            ConfigError: The config names middleware that cannot be used, or a hook that there is not.
        """
        async with self._alone() as first:
            if not first:
                return
            self._configure()
            while not self.settled:
                for plugin in self._in_order("agentcore_startup", self._waiting):
                    await self._start(plugin)
                for plugin in self._in_order("register_middleware", self._unasked):
                    await self._ask(plugin)
            await self._manager.announce_failures()
            self._manager.check_required()
            check_hook_tables(self._manager)

    def _in_order(self, hook: str, plugins: Iterable[str]) -> list[str]:
        """Return *plugins* in the order of their implementations; those without one come last."""
        waiting = set(plugins)
        found = [each.plugin for each in self._manager.implementations(hook) if each.plugin in waiting]
        return list(dict.fromkeys([*found, *sorted(waiting)]))

    async def _start(self, plugin: str) -> None:
        if plugin not in self._waiting:
            return
        await self._manager.delivering.call(plugin, partial(self._tell, plugin, "agentcore_startup"))
        # Only now: where the startup is cancelled it goes on waiting, and the others have been started up.
        self._waiting.discard(plugin)
        if plugin in self._failed:
            expel(self._manager, plugin, self._failed.pop(plugin))
        else:
            self._started.add(plugin)
            self._unasked.add(plugin)

    async def _tell(self, plugin: str, hook: str) -> None:
        await self._manager.call_of(plugin, hook)(plugins=self._manager)

    async def _ask(self, plugin: str) -> None:
        if plugin not in self._unasked:
            return
        found = await self._manager.call_of(plugin, "register_middleware")()
        self._unasked.discard(plugin)
        # Where it was started up before, as before a shutdown, it brings the same again.
        self._manager.drop_middleware(plugin)
        for middleware in found:
            try:
                self._manager.add_middleware(middleware, plugin=plugin)
            except PluginValidationError as error:
                await self._manager.report(None, plugin, "register_middleware", error)

    def _configure(self) -> None:
        """Add the middleware that the configuration names."""
        if self._configured or self._manager.parent is not None:
            return
        for middleware in configured_middleware(self._manager.settings):
            self._manager.add_middleware(middleware)
        self._configured = True

    async def shutdown(self) -> None:
        """Call ``agentcore_shutdown`` of those that were started."""
        async with self._alone():
            for plugin in self._in_order("agentcore_shutdown", self._started):
                if plugin in self._started:
                    self._started.discard(plugin)
                    self._waiting.add(plugin)
                    await self._manager.delivering.call(plugin, partial(self._tell, plugin, "agentcore_shutdown"))


def check_hook_tables(manager: PluginManager) -> None:
    """Refuse tables of the configuration that are meant for a hook and name none.

    What is near to no name may be the hook of a plugin that is not here.

    Raises:
        ConfigError: A name is nearly that of a hook.
    """
    settings, known = manager.settings, vars(manager.hook)
    for hook in settings.hooks:
        if hook not in known and get_close_matches(hook, known, n=1, cutoff=_NEAR):
            raise settings.error(f"{hook!r} is not a hook", "hooks", hook, hint=nearest(hook, known))


def configured_middleware(settings: Settings) -> list[ProviderMiddleware]:
    """Make the middleware that the configuration names, outermost first.

    Raises:
        ConfigError: One cannot be imported or made, or is none.
    """
    return [_configured(settings, source) for source in settings.middleware]


def _configured(settings: Settings, source: str) -> ProviderMiddleware:
    from agentcore._plugins.loading import import_plugin

    try:
        found = import_plugin(source)
        made = found() if isinstance(found, type) else found
    except (Exception, SystemExit) as error:
        raise settings.error(
            f"the middleware {source!r} cannot be made: {type(error).__name__}: {error}",
            "middleware",
            hint='write it as "package.module:name", where name is an instance or a class without arguments.',
        ) from error
    if not isinstance(made, ProviderMiddleware):
        raise settings.error(f"{source!r} is {type(made).__name__!r}, not a ProviderMiddleware", "middleware")
    return made
