"""Implementations that do what a plugin must not."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

NEVER: Final = 30.0
"""Seconds: longer than any test should take, and no longer than a test that fails may."""


def raises() -> None:
    """Raise an error."""
    raise ValueError("broken")


def exits() -> None:
    """End the program."""
    sys.exit(3)


async def cancels_itself() -> None:
    """Be cancelled, by nobody else."""
    raise asyncio.CancelledError


async def hangs() -> None:
    """Wait for ever."""
    await asyncio.sleep(NEVER)


async def swallows() -> None:
    """Hang, and end in peace when it is cancelled."""
    try:
        await hangs()
    except asyncio.CancelledError:
        return
