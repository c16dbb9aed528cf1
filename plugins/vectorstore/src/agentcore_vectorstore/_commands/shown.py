"""How matches and documents look on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any, Final

from agentcore_vectorstore._words import stems_of, telling_words
from agentcore_vectorstore.protocols import Match, Stored

__all__ = ["print_matches", "print_stored", "snippet"]

_SNIPPET: Final = 240
"""Characters of a text that a table shows."""

_WIDE: Final = 30
"""Characters at most of every other column, and at least of the text."""

_PIPED: Final = 200
"""Columns of what is no terminal."""

_DISPENSABLE: Final = ("words", "meaning", "when (UTC)", "where")
"""Columns that a narrow terminal does without, the first of them first; ``--json`` has them all."""

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_WORD: Final = re.compile(r"\w+")


def print_matches(matches: Sequence[Match], question: str) -> None:
    """Print a table, the words of *question* highlighted in the texts."""
    from rich.text import Text

    stems = {stem for word in telling_words(question) for stem in stems_of(word)}
    table = _table("score", "meaning", "words", "where", "when (UTC)", "from", "text", numbers=3)
    for match in matches:
        metadata = match.document.metadata
        text = Text(snippet(match.document.text, stems))
        for word in _WORD.finditer(text.plain):
            if not stems.isdisjoint(stems_of(word[0])):
                text.stylize("bold yellow", *word.span())
        numbers = (match.score, match.meaning, match.words)
        cells = ["" if number is None else f"{number:.2f}" for number in numbers]
        cells += [
            match.namespace,
            _when(metadata.get("time")),
            _cell(metadata.get("agent") or _name(metadata.get("source"))),
        ]
        table.add_row(*(Text(cell) for cell in cells), text)
    _print(table)


def print_stored(documents: Sequence[Stored]) -> None:
    """Print a table of documents."""
    from rich.text import Text

    table = _table("id", "where", "when (UTC)", "text", numbers=0)
    # Whole, for it may be wanted for another command.
    table.columns[0].no_wrap, table.columns[0].overflow = False, "fold"
    for each in documents:
        cells = (
            _cell(each.document.id),
            each.namespace,
            _when_seconds(each.stored),
            snippet(each.document.text, set()),
        )
        table.add_row(*map(Text, cells))
    _print(table)


def snippet(value: str, stems: set[str]) -> str:
    """Return the part of a text that has the most of *stems*, in printable characters."""
    # A stored text must not move the cursor or colour the terminal.
    text = _UNPRINTABLE.sub(" ", value).strip()
    if len(text) <= _SNIPPET:
        return text
    hits = [word.start() for word in _WORD.finditer(text[:100_000]) if not stems.isdisjoint(stems_of(word[0]))]
    start = max(hits, key=lambda at: sum(at <= other < at + _SNIPPET for other in hits), default=0)
    start = max(0, min(start - 30, len(text) - _SNIPPET))
    end = start + _SNIPPET
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"


def _table(*names: str, numbers: int) -> Any:
    from rich.table import Table

    table = Table(*names)
    for column in table.columns[:-1]:
        column.no_wrap, column.max_width = True, _WIDE
    table.columns[-1].min_width = _WIDE
    for column in table.columns[:numbers]:
        column.justify = "right"
    return table


def _name(source: Any) -> str:
    return str(source).rpartition("/")[2] if source else ""


def _print(table: Any) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPED)
    for name in _DISPENSABLE:
        if _needed(table) <= console.width:
            break
        _drop(table, name)
    console.print(table)


def _needed(table: Any) -> int:
    """Return the columns of a terminal that the table takes with a text of the least width."""
    *others, _ = table.columns
    longest = [max(len(str(cell)) for cell in (column.header, *column.cells)) for column in others]
    # Each has a border and a blank on either side of it.
    return 1 + sum(min(_WIDE, length) + 3 for length in (*longest, _WIDE))


def _drop(table: Any, name: str) -> None:
    table.columns = [column for column in table.columns if column.header != name]


def _cell(value: Any) -> str:
    return "" if value is None else snippet(str(value), set())


def _when(time: Any) -> str:
    return time[:19].replace("T", " ") if isinstance(time, str) else ""


def _when_seconds(time: float) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"
