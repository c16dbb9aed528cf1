"""Tables that fit the terminal: what does not fit beside each other stands below, and no number is ever cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

__all__ = ["MARK", "Cells", "print_tables"]

_NARROWEST: Final = 12
"""Characters of the first column, which is cut where space is short."""

_COMFORTABLE: Final = 20
"""Rather than cut the first column to less, the table is divided."""

_UNLIMITED: Final = 100_000

MARK: Final = "▶"
"""Before what the eye should find; such a cell is coloured, too."""


class Cells(NamedTuple):
    """One column."""

    header: str
    """A line break in it is kept, as in the values."""
    values: Sequence[str]
    is_text: bool = False
    """Whether it stands on the left, unlike numbers."""


def print_tables(console: Console, names: Cells, parts: Sequence[Sequence[Cells]], *, total: bool) -> None:
    """Print *parts* in one table or, where it would be too wide, in one for each part.

    Args:
        console: Where to print; its width is what must do.
        names: The first column of each table.
        parts: The other columns.
        total: Whether the last row is a sum.
    """
    whole = _table([names, *(column for part in parts for column in part)], total)
    if _shrink(console, whole, _COMFORTABLE):
        console.print(whole)
        return
    available = console.width
    for index, part in enumerate(parts):
        table = _table([names, *part], total)
        _shrink(console, table, _NARROWEST)
        if index > 0:
            console.print()
        # Wider than the terminal if need be: a line that is broken can be read, a number that is cut cannot.
        console.width = max(available, _width(console, table))
        console.print(table)
        console.width = available


def _table(columns: Sequence[Cells], total: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    header_lines = max(each.header.count("\n") for each in columns)
    for index, each in enumerate(columns):
        header = "\n" * (header_lines - each.header.count("\n")) + each.header
        justify: JustifyMethod = "left" if each.is_text or index == 0 else "right"
        table.add_column(header, no_wrap=True, overflow="ellipsis", justify=justify)
    # Not as markup: names may look like it.
    rows = list(zip(*(map(_text, each.values) for each in columns), strict=True))
    for row in rows[:-1]:
        table.add_row(*row)
    if total:
        table.add_section()
    table.add_row(*rows[-1])
    return table


def _text(value: str) -> Text:
    return Text(value, style="bold yellow" if value.startswith(MARK) else "")


def _shrink(console: Console, table: Table, narrowest: int) -> bool:
    """Cut the first column of *table* as far as it must, to *narrowest* at most; say whether it fits then."""
    excess = _width(console, table) - console.width
    if excess > 0:
        names = table.columns[0]
        natural = max(console.measure(cell).maximum for cell in names.cells)
        names.max_width = max(natural - excess, min(natural, narrowest))
    return _width(console, table) <= console.width


def _width(console: Console, table: Table) -> int:
    return Measurement.get(console, console.options.update_width(_UNLIMITED), table).maximum
