"""``agentcore trace``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from agentcore._cli.journals import look_into
from agentcore._cli.messages import note
from agentcore._cli.options import common_options, json_option
from agentcore._cli.output import Output, printable
from agentcore._cli.runs import RunFound, find_run, last_run
from agentcore._cli.session import Session
from agentcore._cli.tree import RunNode, TracedEvent, grown
from agentcore._cli.units import duration, local, short
from agentcore._delivery.journal import Journal, Selection

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

__all__ = ["trace"]

_STYLES: Final[Mapping[str | None, str]] = {"ok": "green", None: "yellow"}
"""Of outcomes; any other is bad news."""


@click.command("trace", short_help="Show what happened in a run, and in the runs within it.")
@click.argument("run", required=False)
@json_option
@common_options
@click.pass_context
def trace(context: click.Context, run: str | None, as_json: bool) -> None:
    """Show the events of RUN and of the runs within it as a tree, with durations, tokens and outcomes.

    RUN is a run's id, or the beginning of one; without it the newest is shown, from its root.
    What the events carry is not shown; `agentcore events --json --run` has it.
    """

    async def work(journal: Journal) -> RunNode | None:
        found = await last_run(journal) if run is None else await find_run(journal, run)
        if found is None:
            note("no run has been journalled yet")
            return None
        return await _traced(journal, found, whole=run is None)

    node = look_into(context.ensure_object(Session), work, none=None)
    output = Output()
    if as_json:
        output.json(None if node is None else node.record())
    elif node is not None:
        output.shown(_drawn(node))


async def _traced(journal: Journal, found: RunFound, *, whole: bool) -> RunNode:
    selection = Selection(run=found.root)
    nodes = grown([each async for batch in journal.select(selection) for each in batch])
    # The root may have been pruned, or be in another process's journal.
    return nodes.get(found.root, nodes[found.id]) if whole else nodes[found.id]


def _drawn(node: RunNode) -> Tree:
    from rich.tree import Tree

    tree = Tree(_run_label(node, node.started))
    _branch(tree, node, node.started)
    return tree


def _branch(tree: Tree, node: RunNode, began: float) -> None:
    for each in node.steps:
        if isinstance(each, RunNode):
            _branch(tree.add(_run_label(each, began)), each, began)
        else:
            tree.add(_event_label(each, began))


def _run_label(node: RunNode, began: float) -> Text:
    end = node.end
    outcome = None if end is None else end.outcome
    cells = ["no end" if end is None else ""] if end is None else end.cells()
    when = local(node.started) if node.started == began else f"+{duration(node.started - began)}"
    return _line(f"{node.agent} {short(node.id)}", when, cells, outcome, bold=True)


def _event_label(event: TracedEvent, began: float) -> Text:
    figures = event.figures
    return _line(event.hook, f"+{duration(max(0.0, event.time - began))}", figures.cells(), figures.outcome or "")


def _line(name: str, when: str, cells: list[str], outcome: str | None, *, bold: bool = False) -> Text:
    from rich.text import Text

    # One line each: what does not fit is the least that matters.
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(printable(name), "bold" if bold else "")
    line.append(f"  {when}", "dim")
    for cell in cells:
        line.append("  ")
        line.append(printable(cell), _STYLES.get(outcome, "red") if cell in (outcome, "no end") else "")
    return line
