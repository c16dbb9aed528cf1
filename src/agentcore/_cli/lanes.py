"""``agentcore lanes``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

import click

from agentcore._cli.ending import until_interrupted
from agentcore._cli.journals import look_into
from agentcore._cli.lane_rows import COLUMNS, LaneRow, lane_rows
from agentcore._cli.options import common_options, json_option
from agentcore._cli.output import Output
from agentcore._cli.session import Session
from agentcore._config import Settings
from agentcore._delivery.journal import Journal, LaneState
from agentcore._plugins import installed_plugins

__all__ = ["lanes"]

_INTERVAL: Final = 1.0
"""Seconds between two looks."""


@click.command("lanes", short_help="Show how far events are on their ways to plugins.")
@click.option("--watch", is_flag=True, help="Look again every second, until Ctrl-C.")
@json_option
@common_options
@click.pass_context
def lanes(context: click.Context, watch: bool, as_json: bool) -> None:
    """Show the lanes: who delivers each, what waits, what failed, what was given up.

    Durable lanes are read out of the journal.  Lanes in memory are listed where the configuration makes them; their
    counters are in the processes that have them.  No plugin is imported.
    """
    session = context.ensure_object(Session)
    settings, output = session.settings(), Output()
    if watch:
        context.exit(until_interrupted(lambda: look_into(session, _watching(settings, output, as_json), none=None)))
    states: Sequence[LaneState] = look_into(session, lambda journal: journal.lanes(), none=[])
    rows = _rows(states, settings)
    if as_json:
        output.json([each.record() for each in rows])
    elif rows:
        output.table(COLUMNS, [each.cells() for each in rows])


def _rows(states: Iterable[LaneState], settings: Settings) -> list[LaneRow]:
    return lane_rows(states, settings, {each.name: each.builtin for each in installed_plugins()})


def _watching(settings: Settings, output: Output, as_json: bool) -> Callable[[Journal], Coroutine[Any, Any, None]]:
    async def watch(journal: Journal) -> None:
        with output.updated_table(COLUMNS) as show:
            while True:
                rows = _rows(await journal.lanes(), settings)
                if as_json:
                    output.json([each.record() for each in rows], indent=None)
                else:
                    show([each.cells() for each in rows])
                output.check_reader()
                await asyncio.sleep(_INTERVAL)

    return watch
