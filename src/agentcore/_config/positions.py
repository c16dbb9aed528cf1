"""Where a key stands in a TOML text, which tomllib does not tell."""

import re
import tomllib
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from agentcore._config.shapes import is_mapping

__all__ = ["Position", "locate"]


class Position(NamedTuple):
    """A place in a text, both counted from 1."""

    line: int
    column: int


def locate(text: str, keys: Sequence[str | int]) -> Position | None:
    """Return where the statement stands that first sets *keys* in *text*, a valid TOML document.

    Args:
        text: The document.
        keys: The path to the value.  What follows the first number, the index into a list, is not looked for.

    Returns:
        The place of the last key; of its statement's begin where that key is written in some unusual way; None where
        there is no such key.
    """
    names = list(takewhile(lambda key: isinstance(key, str), keys))
    lines = text.split("\n")
    if not names or not _holds(_Prefix.of(lines, len(lines)).table, names):
        return None
    first = _first_line(lines, names)
    return _column(lines[first - 1 : _Prefix.of(lines, first).length], str(names[-1]), first)


class _Prefix(NamedTuple):
    """The first lines of a document, up to the end of a statement."""

    length: int
    table: dict[str, Any]

    @classmethod
    def of(cls, lines: Sequence[str], length: int) -> "_Prefix":
        """Return the shortest prefix of at least *length* lines that does not end within a statement."""
        while True:
            try:
                return cls(length, tomllib.loads("\n".join(lines[:length])))
            except tomllib.TOMLDecodeError:
                if length >= len(lines):
                    raise
                length += 1


def _first_line(lines: Sequence[str], names: Sequence[str | int]) -> int:
    """Return the number of the first line of the statement that sets *names*, which *lines* do somewhere."""
    low, high = 1, len(lines)
    while low < high:
        middle = (low + high) // 2
        if _holds(_Prefix.of(lines, middle).table, names):
            high = middle
        else:
            low = middle + 1
    return low


def _holds(table: Any, names: Sequence[str | int]) -> bool:
    for name in names:
        if not is_mapping(table) or name not in table:
            return False
        table = table[name]
    return True


def _column(statement: Sequence[str], name: str, first: int) -> Position:
    key = re.compile(rf"(?<![\w-])[\"']?{re.escape(name)}[\"']?(?=\s*[=.\]])")
    for number, line in enumerate(statement, first):
        if match := key.search(line):
            return Position(number, match.start() + 1)
    return Position(first, len(statement[0]) - len(statement[0].lstrip()) + 1)
