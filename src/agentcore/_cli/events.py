"""``agentcore events``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import time
from typing import Final

import click
from attrs import evolve

from agentcore._cli.ending import until_interrupted
from agentcore._cli.hooks import known_hook
from agentcore._cli.journalled import event_line, event_record
from agentcore._cli.journals import look_into
from agentcore._cli.options import DURATION, common_options, json_option
from agentcore._cli.output import Output
from agentcore._cli.runs import find_run, newest_after
from agentcore._cli.session import Session
from agentcore._delivery.journal import Appended, Journal, Selection
from agentcore._delivery.log import LOOK

__all__ = ["events"]

_BEFORE: Final = 10
"""Events that --follow begins with where nothing else is said."""


@click.command("events", short_help="Print the events that the journal has.")
@click.option(
    "--run", metavar="ID", help="Only those of this run, and of a root's whole tree; the beginning is enough."
)
@click.option("--hook", "hooks", multiple=True, metavar="HOOK", help="Only those of this hook; may be given again.")
@click.option("--since", type=DURATION, metavar="TIME", help="Only those of the last TIME, as 30m or 7d.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Only the newest N.")
@click.option("--follow", "-f", is_flag=True, help="Go on with those to come, until Ctrl-C; begins with the newest 10.")
@json_option
@common_options
@click.pass_context
def events(
    context: click.Context,
    run: str | None,
    hooks: Sequence[str],
    since: float | None,
    limit: int | None,
    follow: bool,
    as_json: bool,
) -> None:
    """Print the events that the journal has, the oldest first, each on a line.

    A line has the time, the run, the agent, the hook, and how it went.
    With --json each is an object with everything that the event carries: inputs, outputs, messages.
    """
    output = Output()
    chosen = Selection(hooks=tuple(hooks), since=None if since is None else time() - since)
    # What is said of the newest ones holds for the beginning only.
    limit = _BEFORE if follow and limit is None and since is None and run is None else limit

    async def work(journal: Journal) -> None:
        selection = chosen if run is None else evolve(chosen, run=(await find_run(journal, run)).id)
        await _check_hooks(journal, hooks)
        after = 0 if limit is None else await newest_after(journal, selection, limit)
        after = await _print(journal, evolve(selection, after=after), output, as_json=as_json)
        while follow:
            await asyncio.sleep(LOOK)
            output.check_reader()
            after = await _print(journal, evolve(selection, after=after), output, as_json=as_json)

    context.exit(until_interrupted(lambda: look_into(context.ensure_object(Session), work, none=None)))


async def _check_hooks(journal: Journal, hooks: Sequence[str]) -> None:
    """Refuse names of hooks of which there is nothing, and that are not agentcore's own."""
    for hook in hooks:
        if not await journal.count(Selection(hooks=(hook,))):
            known_hook(hook)


async def _print(journal: Journal, selection: Selection, output: Output, *, as_json: bool) -> int:
    """Print what there is; returns the position behind which to go on."""
    last = await journal.last()
    if last <= selection.after:
        return selection.after
    async for batch in journal.select(evolve(selection, until=last)):
        _write(batch, output, as_json=as_json)
    return last


def _write(batch: Sequence[Appended], output: Output, *, as_json: bool) -> None:
    for each in batch:
        if as_json:
            output.json(event_record(each), indent=None)
        else:
            output.line(event_line(each))
