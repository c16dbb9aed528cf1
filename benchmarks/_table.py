"""What was measured, as one Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

__all__ = ["Figure", "Row", "table"]


@frozen
class Figure:
    """One contestant's cost."""

    median: float
    least: float | None = None
    """None where it was measured once, or does not vary."""

    def times(self, factor: float) -> Figure:
        """Return the figure in another unit."""
        return Figure(self.median * factor, None if self.least is None else self.least * factor)

    def __str__(self) -> str:
        text = _short(self.median)
        return text if self.least is None else f"{text} ({_short(self.least)})"


@frozen(kw_only=True)
class Row:
    """One thing, done by agentcore and by others."""

    what: str
    unit: str
    ours: Figure
    target: str = ""
    """What agentcore aims at; empty where it aims at nothing."""
    others: Mapping[str, Figure] = {}


def table(rows: Iterable[Row]) -> str:
    """Write the rows: medians, and the least of all samples in brackets."""
    lines = ["| what | unit | agentcore | target | beside it |", "|---|---|---:|---:|---|", *map(_line, rows)]
    return "\n".join(lines)


def _line(row: Row) -> str:
    others = "; ".join(f"{name} {figure}" for name, figure in row.others.items())
    return f"| {row.what} | {row.unit} | {row.ours} | {row.target} | {others} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 20 or value == int(value) else f"{value:.1f}"
