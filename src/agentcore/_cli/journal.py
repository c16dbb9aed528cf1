"""``agentcore journal``."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Any, Final

import attrs
import click

from agentcore._cli.ending import run_to_end
from agentcore._cli.failures import FAILED, FailureError
from agentcore._cli.journals import is_there, known_lane, look_into, nothing_there, use_journal, with_journal
from agentcore._cli.messages import note
from agentcore._cli.options import DURATION, SIZE, common_options, json_option, yes_option
from agentcore._cli.output import Output
from agentcore._cli.session import Session
from agentcore._cli.units import counted, iso, local, size
from agentcore._config import Settings
from agentcore._delivery.journal import Journal, JournalStats, LaneState
from agentcore.errors import ConfigError, JournalError

__all__ = ["examined", "journal"]

_EXAMINED: Final = 10_000
"""Events that one pruning looks at: one that deletes nothing need not be the last."""

_SET_ASIDE: Final = "`agentcore journal set-aside` moves it away with what it still holds, and a new one begins."


@click.group("journal", short_help="Check, measure and tidy up the journal.")
def journal() -> None:
    """The journal: the log of events behind durable delivery."""


# --- check ---


@journal.command("check", short_help="Read all of the journal, and say what is wrong.")
@json_option
@common_options
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """Read all of the journal, and say what is wrong; the exit code is 1 where something is."""
    settings = context.ensure_object(Session).settings()
    problems, advice = examined(settings)
    output = Output()
    if as_json:
        output.json({"journal": str(settings.journal_path), "ok": not problems, "problems": list(problems)})
    elif problems:
        for each in problems:
            output.line(each)
    elif is_there(settings.journal_path):
        output.line(f"{settings.journal_path}: sound")
    if not is_there(settings.journal_path):
        note(nothing_there(settings))
    if problems:
        note(f"hint: {advice}")
        context.exit(FAILED)


def examined(settings: Settings) -> tuple[Sequence[str], str]:
    """Read all of the journal, where there is one; returns what is wrong with it, and what to do."""
    if not is_there(settings.journal_path):
        return (), ""
    return run_to_end(_examined(settings), [])


async def _examined(settings: Settings) -> tuple[Sequence[str], str]:
    try:
        return await with_journal(settings, lambda opened: opened.check()), _SET_ASIDE
    except JournalError as error:
        return [error.message], _SET_ASIDE if "set-aside" in error.hint else error.hint


# --- stats ---


@journal.command("stats", short_help="Show how large the journal is, and how far it reaches.")
@json_option
@common_options
@click.pass_context
def stats(context: click.Context, as_json: bool) -> None:
    """Show how large the journal is, and from when to when it reaches."""
    session = context.ensure_object(Session)
    path = str(session.settings().journal_path)
    found = look_into(session, lambda opened: opened.stats(), none=None)
    output = Output()
    if as_json:
        output.json(None if found is None else _record(path, found))
    elif found is not None:
        for name, value in _facts(path, found):
            output.line(f"{name:<11} {value}")


def _record(path: str, found: JournalStats) -> dict[str, Any]:
    return {"journal": path, **attrs.asdict(found), "oldest": iso(found.oldest), "newest": iso(found.newest)}


def _facts(path: str, found: JournalStats) -> Sequence[tuple[str, str]]:
    facts = [("journal", path), ("events", f"{found.events:,}"), ("size", size(found.size))]
    if found.oldest is not None and found.newest is not None:
        facts += [("oldest", local(found.oldest)), ("newest", local(found.newest))]
    return [*facts, ("positions", f"{found.first or '-'} to {found.last}"), ("durability", found.durability)]


# --- prune ---


@journal.command("prune")
@click.option("--keep", type=DURATION, metavar="TIME", help="Keep events that are younger; else 'keep' in [journal].")
@click.option(
    "--max-size", type=SIZE, metavar="SIZE", help="Delete the oldest above this size; else 'max_size' in [journal]."
)
@json_option
@common_options
@click.pass_context
def prune(context: click.Context, keep: float | None, max_size: float | None, as_json: bool) -> None:
    """Delete old events that nobody is owed any more.

    Programs that use the journal do so by themselves.
    What waits for a plugin, fails in its lane, or is a dead letter stays.
    """
    session = context.ensure_object(Session)
    options = session.settings().journal
    before = time() - (options.keep if keep is None else keep)
    limit = options.max_size if max_size is None else max_size

    async def work(opened: Journal) -> tuple[int, JournalStats]:
        return await _pruned(opened, before, limit), await opened.stats()

    found = look_into(session, work, none=None)
    deleted, left = found or (0, None)
    if as_json:
        record = None if left is None else {"deleted": deleted, "events": left.events, "size": left.size}
        Output().json(record)
    elif left is not None:
        Output().line(f"{counted(deleted, 'event')} deleted; {left.events:,} left, {size(left.size)}")


async def _pruned(opened: Journal, before: float, max_size: float) -> int:
    total = empty = 0
    while empty <= (await opened.stats()).events // _EXAMINED:
        deleted = await opened.prune(before=before, max_size=max_size)
        total += deleted
        empty = 0 if deleted else empty + 1
    return total


# --- setting aside, forgetting ---


@journal.command("set-aside", short_help="Move the journal away; the next program begins a new one.")
@json_option
@common_options
@click.pass_context
def set_aside(context: click.Context, as_json: bool) -> None:
    """Move the journal away, to a dated name beside it; the next program begins a new one.

    End the programs that use it first.  What has not been delivered stays in the old one.
    """
    from agentcore._delivery.sqlite import set_aside as move

    settings = context.ensure_object(Session).settings()
    if not is_there(settings.journal_path):
        raise ConfigError(nothing_there(settings))
    _refuse_in_use(settings)
    aside = str(move(settings.journal_path))
    if as_json:
        Output().json({"journal": str(settings.journal_path), "set_aside": aside})
    else:
        Output().line(aside)


def _refuse_in_use(settings: Settings) -> None:
    """Refuse to take the journal away under a process that delivers out of it."""
    try:
        states = run_to_end(with_journal(settings, lambda opened: opened.lanes()), [])
    except JournalError:
        # It is broken, which is what this command is for.
        return
    for each in states:
        _refuse_owned(each)


def _refuse_owned(state: LaneState) -> None:
    if state.owner is not None:
        raise FailureError(
            f"the lane {state.lane!r} is being delivered by process {state.owner}", hint="end that process first."
        )


@journal.command("forget", short_help="Drop LANE with all that waits in it.")
@click.argument("lane")
@yes_option
@json_option
@common_options
@click.pass_context
def forget(context: click.Context, lane: str, yes: bool, as_json: bool) -> None:
    """Drop LANE with all that waits in it: as for a plugin that does not come back.

    The events themselves stay until they are pruned.
    """
    session = context.ensure_object(Session)
    state = use_journal(session, lambda opened: known_lane(opened, lane))
    _refuse_owned(state)
    if not yes:
        left = f"{counted(state.waiting, 'waiting event')} and {counted(state.dead, 'dead letter')}"
        question = f"Drop the lane {lane!r} with {left} for good?"
        click.confirm(question, abort=True, err=True)
    use_journal(session, lambda opened: opened.forget(lane))
    if as_json:
        Output().json({"lane": lane, "waiting": state.waiting, "dead": state.dead})
    else:
        Output().line(f"the lane {lane!r} is forgotten")
