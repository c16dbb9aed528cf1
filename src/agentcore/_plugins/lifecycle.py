"""Starting plugins up and shutting them down, each once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from agentcore._middleware import ProviderMiddleware
from agentcore.errors import ConfigError

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager

__all__ = ["Lifecycle"]

_POLL_SECONDS = 0.005


class Lifecycle:
    """Of the plugins of one manager."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager
        self._waiting: set[str] = set()
        self._started: set[str] = set()
        self._failed: dict[str, BaseException] = {}
        self._lock = threading.Lock()
        self._configured = False

    def entered(self, plugin: str) -> None:
        """A plugin was registered."""
        self._waiting.add(plugin)

    def left(self, plugin: str) -> None:
        """A plugin was taken out."""
        self._waiting.discard(plugin)
        self._started.discard(plugin)

    def failed(self, plugin: str, error: BaseException) -> None:
        """The startup of a plugin raised."""
        self._failed[plugin] = error

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None, None]:
        # A lock of asyncio belongs to one loop, and runs on several may come here at once.
        while not self._lock.acquire(blocking=False):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            self._lock.release()

    async def startup(self) -> None:
        """Call ``agentcore_startup`` of the plugins that wait for it; those that fail are taken out.

        Raises:
            PluginLoadError: A required plugin is not there; every later call says so again.
        """
        async with self._alone():
            self._configure()
            while self._waiting:
                await self._start(frozenset(self._waiting))
            await self._manager.announce_failures()
            self._manager.check_required()

    async def _start(self, plugins: frozenset[str]) -> None:
        # The implementations are those of the waiting plugins alone: nobody is started twice.
        newcomers = self._manager.only(plugins)
        await newcomers.hook.agentcore_startup(plugins=self._manager)
        # Only now: where the startup is cancelled they go on waiting.
        self._waiting -= plugins
        self._started |= plugins - self._failed.keys()
        self._expel()
        for middleware in await newcomers.hook.register_middleware():
            self._manager.add_middleware(middleware)

    def _expel(self) -> None:
        for plugin, error in self._failed.items():
            self._manager.expel(plugin, error)
        self._failed.clear()

    def _configure(self) -> None:
        """Add the middleware that the configuration names."""
        if self._configured or self._manager.parent is not None:
            return
        for source in self._manager.settings.middleware:
            self._manager.add_middleware(_configured(source))
        self._configured = True

    async def shutdown(self) -> None:
        """Call ``agentcore_shutdown`` of those that were started."""
        async with self._alone():
            stopping, self._started = self._started, set()
            self._waiting |= stopping
            if stopping:
                await self._manager.only(stopping).hook.agentcore_shutdown(plugins=self._manager)


def _configured(source: str) -> ProviderMiddleware:
    from agentcore._plugins.loading import import_plugin

    try:
        found = import_plugin(source)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"the middleware {source!r} cannot be imported: {error}", hint='write it as "package.module:name".'
        ) from error
    made = found() if isinstance(found, type) else found
    if not isinstance(made, ProviderMiddleware):
        raise ConfigError(f"{source!r} is {type(made).__name__!r}, not a ProviderMiddleware")
    return made
