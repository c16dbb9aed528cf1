"""Plugin managers and contexts for one test."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from agentcore import ExecutionContext
from agentcore._agents import process
from agentcore._config.loading import combined_settings
from agentcore._plugins import PluginManager

__all__ = ["MakeContext", "MakePluginManager", "as_default", "close_manager", "made_context", "made_manager", "making"]

_MODEL: Final = "scripted"
"""The default model's name: none that would be sought on the network or loaded."""


class MakePluginManager(Protocol):
    """Makes a plugin manager that knows nothing of the machine: nothing installed takes part until ``load()``, no
    configuration and no environment is read, and its state is kept in the test's folder.

    *settings* are those of the configuration file, by name: ``make_plugin_manager(hook_timeout=0.5)``.
    """

    def __call__(self, **settings: Any) -> PluginManager: ...


class MakeContext(Protocol):
    """Makes the context of a run of *agent*; a child where there is a *parent*.

    Args:
        agent: The agent's name.
        parent: The context to fork; None makes a root.
        metadata: Copied.
        timeout: Seconds it has; None sets no limit.
    """

    def __call__(
        self,
        agent: str = ...,
        *,
        parent: ExecutionContext | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> ExecutionContext: ...


@contextmanager
def making(folder: Path) -> Generator[MakePluginManager, None, None]:
    """Yield what makes managers whose state is in *folder*; they are closed at the end."""
    made: list[PluginManager] = []

    def make(**settings: Any) -> PluginManager:
        made.append(made_manager(folder, **settings))
        return made[-1]

    try:
        yield make
    finally:
        for manager in reversed(made):
            close_manager(manager)


def made_manager(folder: Path, **settings: Any) -> PluginManager:
    """Make a manager whose state is in *folder*; see :class:`MakePluginManager`."""
    overrides = {"state_dir": folder / ".agentcore", "model": _MODEL, **settings}
    return PluginManager(combined_settings(None, folder=folder, environ={}, overrides=overrides))


def close_manager(manager: PluginManager) -> None:
    """Shut its plugins down, from code that is not async."""
    # Not asyncio.run(): it would leave the thread without the loop that a plugin of pytest has made current.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(manager.aclose())
    finally:
        loop.close()


@contextmanager
def as_default(manager: PluginManager) -> Generator[PluginManager, None, None]:
    """Make *manager* the process's for a while."""
    before = process._manager
    process.set_plugin_manager(manager)
    try:
        yield manager
    finally:
        process.set_plugin_manager(before)


def made_context(
    agent: str = "agent",
    *,
    parent: ExecutionContext | None = None,
    metadata: Mapping[str, Any] | None = None,
    timeout: float | None = None,
) -> ExecutionContext:
    """See :class:`MakeContext`."""
    if parent is not None:
        return parent.fork(agent, metadata=metadata, timeout=timeout)
    context = ExecutionContext(agent, metadata=metadata)
    if timeout is not None:
        context.limit_time(timeout)
    return context
