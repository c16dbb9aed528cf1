"""What a person is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.text import Text

from agentcore_metrics._reading import Consumption, moment
from agentcore_metrics._runs import Node
from agentcore_metrics._summary import COUNTED, Group, IncidentCount, Summary
from agentcore_metrics._tables import Cells, print_tables
from agentcore_metrics._units import duration, money, printable, whole

__all__ = ["print_run", "print_summary"]

_TITLES: Final = {"runs": "Runs", "model_calls": "Model calls", "tool_calls": "Tool calls"}
_COUNTS: Final = {"runs": "runs", "model_calls": "model\ncalls", "tool_calls": "tool\ncalls"}
_INCIDENTS: Final = {"denial": "denials", "retry": "retries", "plugin_error": "plugin errors"}


def print_summary(console: Console, summary: Summary) -> None:
    """Print what began since a time, in groups."""
    since = "" if summary.since is None else f", since {summary.since:%Y-%m-%d %H:%M} UTC"
    counted = COUNTED[summary.by]
    _print_line(console, f"{_TITLES[counted]} by {summary.by}{since}", style="bold")
    groups = summary.groups if len(summary.groups) == 1 else [*summary.groups, summary.total]
    names = Cells("day (UTC)" if summary.by == "day" else summary.by, [printable(each.key) for each in groups])
    parts = [_timing(counted, groups)]
    if summary.by != "tool":
        parts.append(_consumption([each.consumption for each in groups]))
    print_tables(console, names, parts, total=len(groups) > 1)
    if summary.incidents:
        console.print()
    for line in _incidents(summary.incidents):
        _print_line(console, line)


def _timing(counted: str, groups: Sequence[Group]) -> list[Cells]:
    columns = [
        Cells(_COUNTS[counted], [whole(each.timing.count) for each in groups]),
        Cells("errors", [whole(each.timing.errors) for each in groups]),
        Cells("p50", [duration(each.timing.p50) for each in groups]),
        Cells("p95", [duration(each.timing.p95) for each in groups]),
        Cells("p99", [duration(each.timing.p99) for each in groups]),
    ]
    if counted == "runs":
        columns.append(Cells(_COUNTS["model_calls"], [whole(each.consumption.model_calls) for each in groups]))
        columns.append(Cells(_COUNTS["tool_calls"], [whole(each.tool_calls) for each in groups]))
    return columns


def _consumption(usages: Sequence[Consumption | None]) -> list[Cells]:
    return [
        Cells("tokens\nin", ["" if each is None else whole(each.input_tokens) for each in usages]),
        Cells("\ncached", ["" if each is None else whole(each.cached_tokens) for each in usages]),
        Cells("tokens\nout", ["" if each is None else whole(each.output_tokens) for each in usages]),
        Cells("cost", [_cost(each) for each in usages]),
    ]


def _cost(usage: Consumption | None) -> str:
    return "" if usage is None else money(usage.cost, unknown=usage.unpriced_calls)


def _incidents(counts: Sequence[IncidentCount]) -> Iterator[str]:
    for kind, group in groupby(counts, key=lambda each: each.kind):
        subjects = list(group)
        named = ", ".join(f"{each.subject or 'unnamed'} {whole(each.count)}" for each in subjects)
        yield f"{_INCIDENTS.get(kind, kind)}: {whole(sum(each.count for each in subjects))} ({named})"


def print_run(console: Console, run: Node) -> None:
    """Print a run and everything below it."""
    _print_line(console, f"Run {run.context_id}", style="bold")
    _print_line(console, f"began {moment(run.started):%Y-%m-%d %H:%M:%S} UTC")
    nodes = list(_walk(run, 0))
    labels = [_label(node, depth) for node, depth in nodes]
    outcomes = [node.outcome or "unfinished" for node, _ in nodes]
    durations = [duration(node.duration) for node, _ in nodes]
    usages = [node.usage for node, _ in nodes]
    has_total = run.total is not None and run.total != run.usage
    if has_total:
        labels.append("with children")
        outcomes.append("")
        durations.append("")
        usages.append(run.total)
    parts = [[Cells("outcome", outcomes, is_text=True), Cells("duration", durations)], _consumption(usages)]
    print_tables(console, Cells("what", labels), parts, total=has_total)


def _walk(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    yield node, depth
    for child in node.children:
        yield from _walk(child, depth + 1)


def _label(node: Node, depth: int) -> str:
    indent = "  " * depth
    label = f"{indent}{node.kind} {printable(node.name)}"
    return f"{label}\n{indent}  {printable(node.error)}" if node.error else label


def _print_line(console: Console, text: str, *, style: str = "") -> None:
    # Not broken where it is too long: an id must stay whole to be copied.
    console.print(Text(printable(text), style=style), soft_wrap=True)
