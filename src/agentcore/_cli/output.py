"""Results on stdout: text, JSON and tables."""

from __future__ import annotations

import json
import os
import re
import select
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TextIO

import attrs
from pydantic_core import to_json, to_jsonable_python

from agentcore._cli.failures import FailureError, PipeClosedError

if TYPE_CHECKING:
    from rich.console import RenderableType

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
        self._write(self._table_text(columns, rows, fixed))

    def _table_text(self, columns: Sequence[str], rows: Iterable[Sequence[str]], fixed: int) -> str:
        from agentcore._cli.tables import table_text

        cells = [[printable(cell) for cell in row] for row in rows]
        return table_text(columns, cells, fixed=fixed, stream=self._stream, width=self._width)

    @property
    def _width(self) -> int | None:
        return None if self.is_terminal else _WIDE

    def shown(self, shape: RenderableType) -> None:
        """Write what rich draws; on a terminal as wide as that."""
        from agentcore._cli.tables import drawn

        self._write(drawn(shape, stream=self._stream, width=self._width))

    @contextmanager
    def updated_table(
        self, columns: Sequence[str], *, fixed: int = 1
    ) -> Generator[Callable[[Iterable[Sequence[str]]], None], None, None]:
        """Yield what writes the rows of a table: on a terminal over those before, else below them."""
        if not self.is_terminal:
            yield lambda rows: self.table(columns, rows, fixed=fixed)
            return
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(file=self._stream, emoji=False)
        with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
            yield lambda rows: live.update(
                Text.from_ansi(self._table_text(columns, rows, fixed).rstrip("\n")), refresh=True
            )

    def check_reader(self) -> None:
        """Notice that nobody reads any more, before there is anything to write.

        Raises:
            PipeClosedError: The reader of a pipe has gone.
        """
        if self.is_terminal or not hasattr(select, "poll"):
            return
        watched = select.poll()
        try:
            watched.register(self._stream.fileno(), 0)
        except OSError:
            # It is no file: somebody calls the command from within a program.
            return
        if any(state & select.POLLERR for _, state in watched.poll(0)):
            raise PipeClosedError

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
