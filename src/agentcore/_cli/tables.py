"""Tables for people, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["drawn", "table_text"]

_WORD: Final = 20
"""Columns that a word gets without being broken: more would leave a path no neighbours."""
_GAP: Final = 2
"""Columns between two columns of a table."""


def table_text(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, fixed: int, stream: TextIO, width: int | None
) -> str:
    """Return a table, or where words would be broken to fit, lines for each row.

    Args:
        columns: Their names.
        rows: Their cells.
        fixed: How many columns, from the first on, are not wrapped.
        stream: Where it will be written, which decides on the style.
        width: In columns; None takes the terminal's, and only there lines take the table's place.
    """
    from rich.console import Console, Group

    console = Console(file=stream, width=width, emoji=False)
    widths = _widths(columns, rows, fixed)
    if width is None and sum(widths) + _GAP * (len(widths) - 1) > console.width:
        shown: RenderableType = Group(*_records(columns, rows, fixed))
    else:
        shown = _table(columns, rows, fixed, widths)
    return drawn(shown, stream=stream, width=width)


def drawn(shape: RenderableType, *, stream: TextIO, width: int | None) -> str:
    """Return what rich makes of *shape*, for *stream*, as wide as that is where *width* is None."""
    from rich.console import Console

    console = Console(file=stream, width=width, emoji=False)
    with console.capture() as capture:
        console.print(shape)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], fixed: int) -> list[int]:
    """Return what each column needs: all of it where it is fixed, else its longest word."""
    found: list[int] = []
    for number, name in enumerate(columns):
        cells = [name, *(row[number] for row in rows)]
        pieces = cells if number < fixed else [word[:_WORD] for cell in cells for word in cell.split()]
        found.append(max(map(len, pieces), default=0))
    return found


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], fixed: int, widths: Sequence[int]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, (name, width) in enumerate(zip(columns, widths, strict=True)):
        table.add_column(name, no_wrap=number < fixed, overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _records(columns: Sequence[str], rows: Iterable[Sequence[str]], fixed: int) -> Iterator[RenderableType]:
    """Yield the fixed columns of each row as a line, and below it the others that hold something."""
    from rich.table import Table
    from rich.text import Text

    for number, row in enumerate(rows):
        if number:
            yield ""
        yield Text("  ".join(row[:fixed]))
        grid = Table.grid(padding=(0, _GAP))
        grid.add_column(no_wrap=True, min_width=max(map(len, columns)) + _GAP)
        grid.add_column(overflow="fold")
        for name, cell in zip(columns[fixed:], row[fixed:], strict=True):
            if cell:
                grid.add_row(f"{' ' * _GAP}{name}", Text(cell))
        yield grid
