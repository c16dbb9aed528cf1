"""A place where something waits until a test lets it go on."""

from __future__ import annotations

import asyncio
import threading
from typing import Final

__all__ = ["NEVER", "Gate"]

NEVER: Final = 30.0
"""Seconds: longer than any test should take, and no longer than a test that fails may."""

_POLL: Final = 0.001


class Gate:
    """Holds up whoever waits, on whichever thread and loop, until it is opened; half a minute at most."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._reached = threading.Event()

    @property
    def reached(self) -> bool:
        """Whether somebody was held up."""
        return self._reached.is_set()

    def open(self) -> None:
        """Let everybody go on, from now on."""
        self._open.set()

    async def wait(self) -> None:
        """Wait without blocking the loop."""
        self._reached.set()
        await _until(self._open)

    def block(self) -> None:
        """Wait, and block the thread."""
        self._reached.set()
        self._open.wait(NEVER)

    async def until_reached(self) -> None:
        """Wait until somebody is held up."""
        await _until(self._reached)


async def _until(event: threading.Event) -> None:
    # An event of asyncio belongs to one loop; a lane has a loop of its own.
    async with asyncio.timeout(NEVER):
        while not event.is_set():  # noqa: ASYNC110
            await asyncio.sleep(_POLL)
