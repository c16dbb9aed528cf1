"""Pages in reStructuredText, and what they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent
from typing import NamedTuple

__all__ = ["Page", "code", "heading", "table", "toctree"]


class Page(NamedTuple):
    """One page."""

    name: str
    """Its path below the reference, without a suffix."""
    text: str


def heading(title: str, line: str = "=") -> str:
    """Return *title*, underlined by *line*, with the blank line that follows it."""
    return f"{title}\n{line * len(title)}\n\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table; cells are in reStructuredText."""
    lines = [".. list-table::", f"   :header-rows: {1 if any(head) else 0}", f"   :widths: {widths}", ""]
    for row in ([head] if any(head) else []) + list(rows):
        lines += [f"   {'* ' if number == 0 else '  '}- {_cell(each)}".rstrip() for number, each in enumerate(row)]
    return "\n".join(lines) + "\n\n"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def code(text: str, language: str) -> str:
    """Return a block of code."""
    return f".. code-block:: {language}\n\n{indent(text.strip(chr(10)), '   ')}\n\n"


def toctree(names: Iterable[str]) -> str:
    """Return a table of contents that leads to *names*, relative to the page; the page itself does not show it."""
    return "\n".join([".. toctree::", "   :hidden:", "   :titlesonly:", "", *(f"   {each}" for each in names)]) + "\n\n"
