"""The standard streams of a process that was begun without them."""

from __future__ import annotations

import os
import sys
from typing import IO, Final

__all__ = ["open_missing_streams"]

# Read-only where something is to be written, and the other way round: what needs the stream gets an error.  Only what
# is said on stderr may be lost.
_STREAMS: Final = (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))


def open_missing_streams() -> None:
    """Put the null device in the place of each standard stream that is closed.

    Else the next file that is opened would take its descriptor, and get what is meant for the stream.
    """
    for descriptor, (name, mode, flags) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, _null_stream(descriptor, mode, flags))


def _null_stream(descriptor: int, mode: str, flags: int) -> IO[str]:
    # The lowest descriptor that is free: the stream's own, unless something has taken it already.
    opened = os.open(os.devnull, flags)
    if opened == descriptor:
        os.set_inheritable(opened, True)
    return open(opened, mode, encoding="utf-8")
