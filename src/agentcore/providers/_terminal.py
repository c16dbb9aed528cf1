"""Questions on the terminal that started the program, whatever its standard streams are."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

__all__ = ["ask_terminal"]

_LOOK: Final = 0.1
"""Seconds between two looks at whether the question still stands."""


def ask_terminal(question: str, timeout: float | None, withdrawn: threading.Event) -> str | None:
    """Ask, and wait for a line; blocks.

    Args:
        question: Shown as it is.
        timeout: Seconds; None waits for ever.
        withdrawn: Set by another thread when the answer is not wanted any more.

    Returns:
        The line without its end; None where none came in time, the question was withdrawn, or there is no end.

    Raises:
        OSError: There is no terminal.
    """
    deadline = None if timeout is None else monotonic() + timeout

    def over() -> bool:
        return withdrawn.is_set() or (deadline is not None and monotonic() >= deadline)

    return _ask(question, over)


if sys.platform == "win32":  # pragma: no cover
    import msvcrt
    from time import sleep

    def _ask(question: str, over: Callable[[], bool]) -> str | None:
        if not sys.__stderr__ or not sys.__stderr__.isatty():
            raise OSError("there is no terminal")
        for each in question:
            msvcrt.putwch(each)
        line = ""
        while not over():
            if not msvcrt.kbhit():
                sleep(_LOOK)
            elif (key := msvcrt.getwche()) in "\r\n":
                msvcrt.putwch("\n")
                return line
            else:
                line = line[:-1] if key == "\b" else line + key
        return None

else:
    import termios

    def _ask(question: str, over: Callable[[], bool]) -> str | None:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        try:
            if os.tcgetpgrp(terminal) != os.getpgrp():
                # The system would stop the whole program, with all its agents.
                raise OSError("the terminal belongs to another program")
            # What was typed before the question was seen is no answer to it.
            with suppress(termios.error):
                termios.tcflush(terminal, termios.TCIFLUSH)
            os.write(terminal, question.encode())
            line = _read_line(terminal, over)
            if line is None:
                os.write(terminal, b"\n")
            return line
        finally:
            os.close(terminal)

    def _read_line(terminal: int, over: Callable[[], bool]) -> str | None:
        line = b""
        while not over():
            if not select.select([terminal], [], [], _LOOK)[0]:
                continue
            read = os.read(terminal, 1024)
            if not read:
                return None
            line += read
            if line.endswith(b"\n"):
                return line.decode(errors="replace").strip()
        return None
