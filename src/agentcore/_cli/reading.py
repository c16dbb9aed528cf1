"""Lines of a file or of standard input, as they come."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Final

from agentcore.errors import InputError

__all__ = ["count_lines", "opened", "read_lines"]

_CHUNK: Final = 1 << 16


@contextmanager
def opened(name: str) -> Generator[int, None, None]:
    """Open the file *name*, or standard input for ``-``; yields its descriptor.

    Raises:
        InputError: It cannot be opened.
    """
    if name == "-":
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(f"the batch {name!r} cannot be read: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def count_lines(name: str) -> int | None:
    """Return how many lines the file *name* has; None where reading it would use it up."""
    path = Path(name)
    if name == "-" or not path.is_file():
        return None
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


async def read_lines(descriptor: int) -> AsyncIterator[tuple[int, bytes]]:
    """Yield each line that is not blank with its number, counted from 1, as soon as it has arrived.

    Holds one piece of the file, or one line where that is longer.
    """
    number = 0
    rest: list[bytes] = []
    while chunk := await _off_loop(lambda: os.read(descriptor, _CHUNK)):
        *whole, last = chunk.split(b"\n")
        for line in whole:
            number += 1
            text = b"".join([*rest, line])
            rest.clear()
            if text.strip():
                yield number, text
        rest.append(last)
    text = b"".join(rest)
    if text.strip():
        yield number + 1, text


async def _off_loop(read: Callable[[], bytes]) -> bytes:
    """Call *read* on a thread that nobody waits for: a read from a terminal ends when somebody types."""
    loop = asyncio.get_running_loop()
    read_on: asyncio.Future[bytes] = loop.create_future()

    def settle(chunk: bytes, error: OSError | None) -> None:
        if read_on.cancelled():
            return
        if error is None:
            read_on.set_result(chunk)
        else:
            read_on.set_exception(error)

    def work() -> None:
        chunk, failure = b"", None
        try:
            chunk = read()
        except OSError as error:
            failure = error
        # Where the loop was closed meanwhile, nobody wants it any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, chunk, failure)

    Thread(target=work, name="agentcore-read", daemon=True).start()
    return await read_on
