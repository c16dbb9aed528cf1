"""What a person is shown of runs, errors, cost and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Console

from agentcore_metrics._report import consumption_cells, print_line
from agentcore_metrics._tables import Cells, print_tables
from agentcore_metrics._units import duration, money, percent, printable, whole
from agentcore_metrics._views import CostLine, ErrorLine, Measure, RunLine, Top

__all__ = ["print_comparison", "print_cost", "print_errors", "print_top"]

_ID: int = 12
"""Digits of a run's id: enough for ``--run``, where a table has no room for all."""


def print_top(console: Console, lines: Sequence[RunLine], by: Top) -> None:
    """Print the greatest runs."""
    print_line(console, f"Runs with the most {by}, with their children", style="bold")
    parts = [
        [
            Cells("run", [each.context_id[:_ID] for each in lines], is_text=True),
            Cells("began (UTC)", [f"{each.started:%m-%d %H:%M}" for each in lines]),
            Cells("outcome", [each.outcome for each in lines], is_text=True),
            Cells("duration", [duration(each.duration) for each in lines]),
        ],
        consumption_cells([each.consumption for each in lines]),
    ]
    print_tables(console, Cells("agent", [printable(each.agent) for each in lines]), parts, total=False)


def print_errors(console: Console, lines: Sequence[ErrorLine]) -> None:
    """Print what did not end well."""
    print_line(console, "What did not end well", style="bold")
    parts = [
        [
            Cells("outcome", [each.outcome for each in lines], is_text=True),
            Cells("count", [whole(each.count) for each in lines]),
            Cells("last (UTC)", [f"{each.last:%m-%d %H:%M}" for each in lines]),
            Cells("run", [(each.context_id or "")[:_ID] for each in lines], is_text=True),
        ],
        [
            Cells("agent", [printable(each.agent or "") for each in lines], is_text=True),
            Cells("error", [printable(each.error) for each in lines], is_text=True),
        ],
    ]
    print_tables(console, Cells("what", [printable(f"{each.kind} {each.name}") for each in lines]), parts, total=False)


def print_cost(console: Console, lines: Sequence[CostLine]) -> None:
    """Print what was paid."""
    print_line(console, "Cost by model", style="bold")
    known = [each.consumption.cost for each in lines]
    total = sum((each for each in known if each is not None), Decimal(0))
    shares = ["" if each is None or not total else percent(float(each / total)) for each in known]
    parts = [
        [
            Cells("known from", [each.source for each in lines], is_text=True),
            Cells("calls", [whole(each.consumption.model_calls) for each in lines]),
            Cells("cost", [_known(each) for each in lines]),
            Cells("share", shares),
        ],
        [
            Cells("tokens\nin", [whole(each.consumption.input_tokens) for each in lines]),
            Cells("\ncached", [whole(each.consumption.cached_tokens) for each in lines]),
            Cells("tokens\nout", [whole(each.consumption.output_tokens) for each in lines]),
            Cells("\nreasoning", [whole(each.consumption.reasoning_tokens) for each in lines]),
            *_special(lines),
        ],
    ]
    print_tables(console, Cells("model", [printable(each.model) for each in lines]), parts, total=False)
    unpriced = sum(each.consumption.unpriced_calls for each in lines)
    console.print()
    rest = f" + {whole(unpriced)} calls of unknown cost" if unpriced else ""
    print_line(console, f"total: {money(total, unknown=0)}{rest}")


def _special(lines: Sequence[CostLine]) -> Iterator[Cells]:
    """The columns of what most models have nothing of, where one has."""
    used = [each.consumption for each in lines]
    for header, numbers in (
        ("cache\nwritten", [each.cache_write_tokens for each in used]),
        ("sound\nin", [each.input_audio_tokens for each in used]),
        ("sound\nout", [each.output_audio_tokens for each in used]),
    ):
        if any(numbers):
            yield Cells(header, [whole(each) for each in numbers])


def _known(line: CostLine) -> str:
    return money(line.consumption.cost, unknown=line.consumption.unpriced_calls)


def print_comparison(console: Console, measures: Sequence[Measure], by: str, first: str, second: str) -> None:
    """Print two groups side by side."""
    print_line(console, f"By {by}: {first} and {second}", style="bold")
    columns = [
        Cells(printable(first), [_amount(each, each.first) for each in measures]),
        Cells(printable(second), [_amount(each, each.second) for each in measures]),
        Cells("change", ["" if each.change is None else percent(each.change, signed=True) for each in measures]),
    ]
    print_tables(console, Cells("", [each.name for each in measures]), [columns], total=False)


def _amount(measure: Measure, value: int | float | Decimal | None) -> str:
    if measure.unit == "s":
        return duration(None if value is None else float(value))
    if value is None:
        return "unknown" if measure.unit == "USD" else "-"
    if measure.unit == "USD":
        return money(Decimal(value), unknown=0)
    return percent(float(value) / 100) if measure.unit == "%" else whole(int(value))
