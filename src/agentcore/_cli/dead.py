"""``agentcore dead``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import click

from agentcore._cli.journalled import event_record
from agentcore._cli.journals import known_lane, look_into, use_journal
from agentcore._cli.messages import note
from agentcore._cli.options import common_options, json_option, yes_option
from agentcore._cli.output import Output, json_text
from agentcore._cli.session import Session
from agentcore._cli.units import counted, iso, local, short
from agentcore._delivery.journal import DeadLetter, Journal, LaneState
from agentcore.errors import ConfigError

__all__ = ["dead"]

_COLUMNS: Final = ("lane", "position", "given up", "hook", "agent", "run", "tries", "error")
_SHOWN: Final = 20
"""Positions that an error names."""


@click.group("dead", short_help="Look at events that were given up, and send them again.")
def dead() -> None:
    """The dead letters: events that a plugin failed at as often as it may.

    They stay in the journal until they are sent again, or dropped.
    """


@dead.command("list")
@click.argument("lane", required=False)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most the N oldest.")
@json_option
@common_options
@click.pass_context
def list_(context: click.Context, lane: str | None, limit: int | None, as_json: bool) -> None:
    """List the dead letters, or those of one LANE, oldest first."""

    async def work(journal: Journal) -> Sequence[DeadLetter]:
        if lane is not None:
            await known_lane(journal, lane)
        return await journal.dead(lane, limit=limit)

    letters: Sequence[DeadLetter] = look_into(context.ensure_object(Session), work, none=[])
    output = Output()
    if as_json:
        output.json([_record(each) for each in letters])
    elif letters:
        output.table(_COLUMNS, [_row(each) for each in letters], fixed=2)


def _row(letter: DeadLetter) -> Sequence[str]:
    record = letter.appended.record
    tries = str(letter.attempts)
    when = local(letter.time)
    position = str(letter.appended.position)
    return letter.lane, position, when, record.hook, record.agent, short(record.run), tries, letter.error


def _record(letter: DeadLetter) -> dict[str, Any]:
    given_up = {"lane": letter.lane, "given_up": iso(letter.time), "attempts": letter.attempts, "error": letter.error}
    return {**given_up, **{key: value for key, value in event_record(letter.appended).items() if key != "lanes"}}


@dead.command("show")
@click.argument("lane")
@click.argument("position", type=int)
@json_option
@common_options
@click.pass_context
def show(context: click.Context, lane: str, position: int, as_json: bool) -> None:
    """Show one dead letter of LANE whole, with what the event carries."""

    async def work(journal: Journal) -> DeadLetter:
        found = await _chosen(journal, lane, [position])
        return found[0]

    letter = use_journal(context.ensure_object(Session), work)
    output, record = Output(), _record(letter)
    if as_json:
        output.json(record)
        return
    for name, value in record.items():
        if name != "payload" and value is not None:
            output.line(f"{name:<10} {value}")
    output.line("")
    output.line(json_text(record["payload"], indent=2))


async def _chosen(journal: Journal, lane: str, positions: Collection[int]) -> list[DeadLetter]:
    """Return the dead letters of a lane at *positions*.

    Raises:
        ConfigError: There is no such lane, or nothing dead in it at one of *positions*.
    """
    await known_lane(journal, lane)
    letters = {each.appended.position: each for each in await journal.dead(lane)}
    missing = sorted(set(positions) - set(letters))
    if missing:
        raise ConfigError(
            f"the lane {lane!r} has no dead letter at {', '.join(map(str, missing))}", hint=_listing(letters)
        )
    return [letters[each] for each in sorted(set(positions))]


def _listing(positions: Collection[int]) -> str:
    if not positions:
        return "it has none at all."
    more = ", …" if len(positions) > _SHOWN else ""
    return f"there are some at: {', '.join(map(str, sorted(positions)[:_SHOWN]))}{more}."


# --- what becomes of them ---

_positions = click.argument("positions", type=int, nargs=-1, metavar="[POSITION]...")
_all = click.option("--all", "everything", is_flag=True, help="All of the lane's.")


@dead.command("replay", short_help="Make dead letters of LANE due again.")
@click.argument("lane")
@_positions
@_all
@json_option
@common_options
@click.pass_context
def replay(context: click.Context, lane: str, positions: Sequence[int], everything: bool, as_json: bool) -> None:
    """Make dead letters of LANE due again, as if they had never been tried.

    Who delivers the lane does so at once.
    """
    _check(positions, everything)

    async def work(journal: Journal) -> tuple[int, LaneState]:
        if not everything:
            await _chosen(journal, lane, positions)
        state = await known_lane(journal, lane)
        return await journal.revive(lane, None if everything else positions), state

    count, state = use_journal(context.ensure_object(Session), work)
    _say(as_json, lane, "due", count, "due again")
    if count and state.owner is None:
        note("nobody delivers the lane now: the next program with this plugin does, or `agentcore worker`")


@dead.command("drop", short_help="Delete dead letters of LANE.")
@click.argument("lane")
@_positions
@_all
@yes_option
@json_option
@common_options
@click.pass_context
def drop(
    context: click.Context, lane: str, positions: Sequence[int], everything: bool, yes: bool, as_json: bool
) -> None:
    """Delete dead letters of LANE: the plugin will never get these events."""
    _check(positions, everything)
    session = context.ensure_object(Session)
    if everything and not yes:
        number = use_journal(session, lambda journal: _number(journal, lane))
        click.confirm(f"Delete {counted(number, 'dead letter')} of the lane {lane!r} for good?", abort=True, err=True)

    async def work(journal: Journal) -> int:
        if not everything:
            await _chosen(journal, lane, positions)
        await known_lane(journal, lane)
        return await journal.drop(lane, None if everything else positions)

    _say(as_json, lane, "dropped", use_journal(session, work), "dropped")


async def _number(journal: Journal, lane: str) -> int:
    return (await known_lane(journal, lane)).dead


def _check(positions: Sequence[int], everything: bool) -> None:
    if bool(positions) == everything:
        raise click.UsageError("name the positions that `agentcore dead list` shows, or give --all.")


def _say(as_json: bool, lane: str, key: str, count: int, what: str) -> None:
    if as_json:
        Output().json({"lane": lane, key: count})
    else:
        Output().line(f"{counted(count, 'dead letter')} of the lane {lane!r} {what}")
