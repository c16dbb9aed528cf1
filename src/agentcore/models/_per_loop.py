"""Things that belong to one event loop, as connections do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["PerLoop"]

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Gives each event loop a thing of its own, and closes it with the loop.

    ``asyncio.run`` closes the asynchronous generators of its loop before the loop itself.  That is the one moment at
    which connections that nobody closed can still be closed, so each thing is held by such a generator.
    """

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[T]]) -> None:
        """Take what makes a thing: entered on first use, left at the end."""
        self._make = make
        self._held: WeakKeyDictionary[asyncio.AbstractEventLoop, _Held[T]] = WeakKeyDictionary()

    async def get(self) -> T:
        """Return the running loop's."""
        held = self._held.get(asyncio.get_running_loop())
        return held.value if held is not None else await self._start()

    async def _start(self) -> T:
        # A connection refers to its loop, so a closed loop does not leave by itself.
        for loop in [loop for loop in self._held if loop.is_closed()]:
            del self._held[loop]
        held = _Held(self._make())
        await held.start()
        # Another call may have come first while this one waited.
        first = self._held.setdefault(asyncio.get_running_loop(), held)
        if first is not held:
            await held.aclose()
        return first.value

    async def aclose(self) -> None:
        """Close the things of every loop; it may be called from any of them."""
        held, here = dict(self._held), asyncio.get_running_loop()
        self._held.clear()
        for loop, each in held.items():
            if loop is here:
                await each.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(each.aclose(), loop))


class _Held(Generic[T]):
    """A thing, and the generator that closes it."""

    value: T

    def __init__(self, manager: AbstractAsyncContextManager[T]) -> None:
        self._generator = _hold(manager)

    async def start(self) -> None:
        self.value = await anext(self._generator)

    async def aclose(self) -> None:
        await self._generator.aclose()


async def _hold(manager: AbstractAsyncContextManager[T]) -> AsyncGenerator[T, None]:
    value = await manager.__aenter__()
    try:
        yield value
    finally:
        # Closing the generator is how this ends, and nothing that the thing should hear of as an error.
        await manager.__aexit__(None, None, None)
