"""Plugins that do what a plugin must not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from agentcore._provider import Provider
from agentcore.testing._gate import Gate

__all__ = ["BlockingPlugin", "CancellingPlugin", "FailingPlugin", "SlowPlugin"]


class _Stub(Provider):
    """Misbehaves at each of its hooks, and counts how often it was called."""

    def __init__(self, *hooks: str, name: str = "") -> None:
        """Take the hooks.

        Args:
            *hooks: One or more, of whatever kind.
            name: Empty takes the class's name in lower case.
        """
        self.events: Sequence[str] = hooks
        self.name = name
        self.calls = 0
        """How often it was called."""


class FailingPlugin(_Stub):
    """Raises at each of its hooks.

    Example:
        >>> plugin_manager.register(FailingPlugin("agent_start", error=SystemExit(3)))
    """

    def __init__(self, *hooks: str, error: BaseException | None = None, name: str = "") -> None:
        """Take the hooks.

        Args:
            *hooks: One or more.
            error: What it raises; None makes a :class:`RuntimeError`.
            name: Empty takes the class's name in lower case.
        """
        super().__init__(*hooks, name=name)
        self.error: BaseException = error or RuntimeError("broken")

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> Any:
        self.calls += 1
        raise self.error.with_traceback(None)


class SlowPlugin(_Stub):
    """Waits at each of its hooks, without blocking the loop, until :meth:`release`; half a minute at most.

    Args:
        *hooks: One or more.
        stubborn: Whether it swallows cancellation and goes on waiting.
        name: Empty takes the class's name in lower case.
    """

    def __init__(self, *hooks: str, stubborn: bool = False, name: str = "") -> None:
        super().__init__(*hooks, name=name)
        self.gate: Gate = Gate()
        self._stubborn = stubborn

    def release(self) -> None:
        """Let it go on, now and at every further call."""
        self.gate.open()

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> Any:
        self.calls += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            if not self._stubborn:
                raise
            await self.gate.wait()


class BlockingPlugin(_Stub):
    """Blocks the thread, and with it the event loop, at each of its hooks until :meth:`release`, which another thread
    must call; half a minute at most.
    """

    def __init__(self, *hooks: str, name: str = "") -> None:
        super().__init__(*hooks, name=name)
        self.gate: Gate = Gate()

    def release(self) -> None:
        """Let it go on, now and at every further call."""
        self.gate.open()

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> Any:
        self.calls += 1
        self.gate.block()


class CancellingPlugin(_Stub):
    """Is cancelled at each of its hooks, by nobody else.

    Args:
        *hooks: One or more.
        run: Whether it cancels the run instead, through its context.
        name: Empty takes the class's name in lower case.
    """

    def __init__(self, *hooks: str, run: bool = False, name: str = "") -> None:
        super().__init__(*hooks, name=name)
        self._run = run

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> Any:
        self.calls += 1
        if not self._run:
            raise asyncio.CancelledError
        data["context"].cancel("cancelled by a plugin")
