"""What a person is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from agentcore_metrics._reading import Consumption, moment
from agentcore_metrics._runs import Node
from agentcore_metrics._summary import COUNTED, By, Group, IncidentCount, KnowledgeCount, Summary
from agentcore_metrics._tables import MARK, Cells, print_tables
from agentcore_metrics._units import duration, money, printable, trend, whole

__all__ = ["consumption_cells", "print_line", "print_run", "print_summary"]

_TITLES: Final = {"runs": "Runs", "model_calls": "Model calls", "tool_calls": "Tool calls"}
_COUNTS: Final = {"runs": "runs", "model_calls": "model\ncalls", "tool_calls": "tool\ncalls"}
_INCIDENTS: Final = {
    "denial": "denials",
    "retry": "retries",
    "plugin_error": "plugin errors",
    "budget": "budgets",
}


def print_summary(console: Console, summary: Summary) -> None:
    """Print what began since a time, in groups; the slowest and the dearest of them are marked."""
    since = "" if summary.since is None else f", since {summary.since:%Y-%m-%d %H:%M} UTC"
    counted = COUNTED[summary.by]
    print_line(console, f"{_TITLES[counted]} by {summary.by}{since}", style="bold")
    groups = summary.groups if len(summary.groups) == 1 else [*summary.groups, summary.total]
    title = f"{summary.by} (UTC)" if summary.by in ("day", "hour") else summary.by
    names = Cells(title, [printable(each.key) for each in groups])
    parts = [_timing(summary.by, groups)]
    if summary.by != "tool":
        parts.append(_spending(summary.by, groups))
    print_tables(console, names, parts, total=len(groups) > 1)
    lines = [*_beside(summary), *_incidents(summary.incidents)]
    if lines:
        console.print()
    for line in lines:
        print_line(console, line)


def _timing(by: By, groups: Sequence[Group]) -> list[Cells]:
    counted = COUNTED[by]
    timings = [each.timing for each in groups]
    columns = [
        Cells(_COUNTS[counted], [whole(each.count) for each in timings]),
        Cells("errors", [whole(each.errors) for each in timings]),
        Cells("p50", [duration(each.p50) for each in timings]),
        _marked("p95", [duration(each.p95) for each in timings], [each.p95 for each in timings], by),
        Cells("p99", [duration(each.p99) for each in timings]),
    ]
    if by == "model":
        columns.append(Cells("first\ntoken", [duration(each.first_token_p50) for each in timings]))
    if counted == "runs":
        columns.append(Cells(_COUNTS["model_calls"], [whole(each.consumption.model_calls) for each in groups]))
        columns.append(Cells(_COUNTS["tool_calls"], [whole(each.tool_calls) for each in groups]))
    if any(each.trend for each in groups):
        columns.append(Cells("trend", [trend(each.trend) for each in groups], is_text=True))
    return columns


def _spending(by: By, groups: Sequence[Group]) -> list[Cells]:
    usages = [each.consumption for each in groups]
    *tokens, cost = consumption_cells(usages)
    costs = [*tokens, _marked("cost", cost.values, [each.cost for each in usages], by)]
    if by == "agent" and any(each.cost_with_children != each.consumption.cost for each in groups[:-1]):
        # Not of all: the same call would be in it several times.
        own = [*groups[:-1], None] if len(groups) > 1 else groups
        totals = ["" if each is None else _with_children(each) for each in own]
        costs.append(Cells("cost with\nchildren", totals))
    return costs


def _with_children(group: Group) -> str:
    cost = group.cost_with_children
    return money(cost, unknown=group.consumption.unpriced_calls if cost is None else 0)


def _marked(header: str, texts: Sequence[str], values: Sequence[Any], by: By) -> Cells:
    """Mark the greatest of the groups, where there are several; the last one is the total."""
    known = [each for each in values[:-1] if each]
    if by in ("day", "hour") or len(values) < 3 or not known:
        return Cells(header, texts)
    most = max(known)
    marked = [
        f"{MARK} {text}" if value == most and index < len(values) - 1 else text
        for index, (text, value) in enumerate(zip(texts, values, strict=True))
    ]
    return Cells(header, marked)


def consumption_cells(usages: Sequence[Consumption | None]) -> list[Cells]:
    """Return the columns of tokens and cost; None leaves a row empty."""
    return [
        Cells("tokens\nin", ["" if each is None else whole(each.input_tokens) for each in usages]),
        Cells("\ncached", ["" if each is None else whole(each.cached_tokens) for each in usages]),
        Cells("tokens\nout", ["" if each is None else whole(each.output_tokens) for each in usages]),
        Cells("cost", [_cost(each) for each in usages]),
    ]


def _cost(usage: Consumption | None) -> str:
    return "" if usage is None else money(usage.cost, unknown=usage.unpriced_calls)


def _beside(summary: Summary) -> Iterator[str]:
    """What is told in a line, and not of each group."""
    used = summary.total.consumption
    kinds = {
        "put into the cache": used.cache_write_tokens,
        "sound in": used.input_audio_tokens,
        "sound out": used.output_audio_tokens,
    }
    special = [f"{whole(number)} {kind}" for kind, number in kinds.items() if number]
    if special:
        yield f"of these tokens: {', '.join(special)}"
    if used.cached_answers:
        yield f"answered without asking the model: {whole(used.cached_answers)}"
    if summary.knowledge:
        yield f"knowledge: {', '.join(map(_knowledge, summary.knowledge))}"


def _knowledge(counted: KnowledgeCount) -> str:
    if counted.kind == "query":
        return f"{_plural(counted.count, 'query', 'queries')} ({_plural(counted.items, 'hit', 'hits')})"
    return f"{_plural(counted.items, 'document', 'documents')} to remember"


def _plural(number: int, one: str, many: str) -> str:
    return f"{whole(number)} {one if number == 1 else many}"


def _incidents(counts: Sequence[IncidentCount]) -> Iterator[str]:
    for kind, group in groupby(counts, key=lambda each: each.kind):
        subjects = list(group)
        named = ", ".join(f"{each.subject or 'unnamed'} {whole(each.count)}" for each in subjects)
        yield f"{_INCIDENTS.get(kind, kind)}: {whole(sum(each.count for each in subjects))} ({named})"


def print_run(console: Console, run: Node) -> None:
    """Print a run and everything below it."""
    print_line(console, f"Run {run.context_id}", style="bold")
    print_line(console, f"began {moment(run.started):%Y-%m-%d %H:%M:%S} UTC")
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
    parts = [[Cells("outcome", outcomes, is_text=True), Cells("duration", durations)], consumption_cells(usages)]
    print_tables(console, Cells("what", labels), parts, total=has_total)


def _walk(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    yield node, depth
    for child in node.children:
        yield from _walk(child, depth + 1)


def _label(node: Node, depth: int) -> str:
    indent = "  " * depth
    label = f"{indent}{node.kind} {printable(node.name)}"
    if node.items is not None:
        counted = ("hit", "hits") if node.name == "query" else ("document", "documents")
        label += f" ({_plural(node.items, *counted)})"
    if node.usage is not None and node.usage.cached_answers:
        label += " (not asked)"
    return f"{label}\n{indent}  {printable(node.error)}" if node.error else label


def print_line(console: Console, text: str, *, style: str = "") -> None:
    """Print a line on which nothing is a style."""
    # Not broken where it is too long: an id must stay whole to be copied.
    console.print(Text(printable(text), style=style), soft_wrap=True)
