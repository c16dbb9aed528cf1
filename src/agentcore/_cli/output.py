"""Results on stdout: text, JSON and tables."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, TextIO

import attrs
from pydantic_core import to_json, to_jsonable_python

from agentcore._cli.failures import FailureError, PipeClosedError

__all__ = ["Output", "json_text", "jsonable", "printable"]

_WIDE: Final = 160
"""Columns of a table that goes to a file or a pipe."""

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Output:
    """What a command's results are written to, each at once.

    Args:
        stream: None takes the stdout of the moment, which stays the target whatever is redirected later.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self.is_terminal = self._stream.isatty()

    def text(self, text: str) -> None:
        """Write *text* as it is; on a terminal without what would steer it."""
        self._write(printable(text) if self.is_terminal else text)

    def line(self, text: str) -> None:
        """Write *text* and a line end."""
        self.text(f"{text}\n")

    def json(self, value: Any, *, indent: int | None = 2) -> None:
        """Write *value* as JSON; on one line where *indent* is None."""
        self._write(f"{json_text(value, indent=indent)}\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], *, fixed: int = 1) -> None:
        """Write a table; what does not fit into a cell goes on in the next line, except in the first *fixed* columns.

        On a terminal it is as wide as that, and where that is too narrow each row gets lines of its own.
        """
        from agentcore._cli.tables import table_text

        cells = [[printable(cell) for cell in row] for row in rows]
        width = None if self.is_terminal else _WIDE
        self._write(table_text(columns, cells, fixed=fixed, stream=self._stream, width=width))

    def _write(self, text: str) -> None:
        try:
            # In the stream's own way where it has bytes: a locale's encoding may lack characters, JSON is in UTF-8.
            binary = getattr(self._stream, "buffer", None)
            if binary is None:
                self._stream.write(text)
            else:
                self._stream.flush()
                binary.write(text.encode("utf-8", "backslashreplace").replace(b"\n", os.linesep.encode()))
            self._stream.flush()
        except BrokenPipeError as error:
            raise PipeClosedError from error
        except OSError as error:
            raise FailureError(f"the results cannot be written: {error.strerror}", hint="") from error


def printable(text: str) -> str:
    """Return *text* without characters that would move a terminal's cursor or colour it."""
    return _UNPRINTABLE.sub("", text)


def jsonable(value: Any) -> Any:
    """Return *value* as JSON values; what JSON has nothing for as its ``repr``."""
    for write in (_as_utf8, _as_ascii):
        # It may refer to itself, hold bytes that are no text, or have a serializer that raises whatever it likes.
        with suppress(Exception):
            return json.loads(write(value))
    return _shown(value)


def _as_utf8(value: Any) -> bytes:
    return to_json(value, fallback=_odd, inf_nan_mode="strings")


def _as_ascii(value: Any) -> str:
    # Escapes halves of characters, as models write them when they are cut off, and UTF-8 has no place for.
    return json.dumps(to_jsonable_python(value, fallback=_odd), allow_nan=False)


def _odd(value: Any) -> Any:
    """What pydantic does not know."""
    return attrs.asdict(value, recurse=False) if attrs.has(value.__class__) else repr(value)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # a result is worth a line, whatever its repr does
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Write JSON values as JSON."""
    separators = (",", ":") if indent is None else None
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
