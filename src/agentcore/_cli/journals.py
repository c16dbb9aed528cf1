"""The journal, for commands that look into it: it is neither made nor are plugins loaded for that."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from agentcore._cli.ending import run_to_end
from agentcore._cli.messages import note
from agentcore._cli.session import Session
from agentcore._config import Settings
from agentcore._delivery.journal import Journal, LaneState
from agentcore.errors import ConfigError, nearest

__all__ = ["is_there", "known_lane", "look_into", "nothing_there", "use_journal", "with_journal"]

T = TypeVar("T")


def is_there(path: Path) -> bool:
    """Whether there is a journal at *path*, or at least a part of one."""
    return path.exists() or path.with_name(path.name + "-wal").exists()


def look_into(session: Session, work: Callable[[Journal], Coroutine[Any, Any, T]], *, none: T) -> T:
    """Do *work* with the configured journal.

    Args:
        session: Of the command line.
        work: Its journal is open, and belongs to this function.
        none: Returned where there is no journal, which is said on stderr.

    Raises:
        JournalError: It cannot be used.
    """
    settings = session.settings()
    if not is_there(settings.journal_path):
        note(nothing_there(settings))
        return none
    return run_to_end(with_journal(settings, work), [])


def use_journal(session: Session, work: Callable[[Journal], Coroutine[Any, Any, T]]) -> T:
    """Do *work* with the configured journal, as :func:`look_into` does.

    Raises:
        ConfigError: There is none.
        JournalError: It cannot be used.
    """
    settings = session.settings()
    if not is_there(settings.journal_path):
        raise ConfigError(nothing_there(settings))
    return run_to_end(with_journal(settings, work), [])


def nothing_there(settings: Settings) -> str:
    """Say that there is no journal, and when there will be one."""
    return (
        f"there is no journal yet ({settings.journal_path}): it is made when a plugin whose delivery is durable is "
        "started up"
    )


async def with_journal(settings: Settings, work: Callable[[Journal], Coroutine[Any, Any, T]]) -> T:
    """Do *work* with the configured journal; makes it where there is none.

    Raises:
        JournalError: It cannot be used.
    """
    from agentcore._delivery.opening import new_journal

    journal = new_journal(settings)
    try:
        await journal.open()
        return await work(journal)
    finally:
        await journal.aclose()


async def known_lane(journal: Journal, name: str) -> LaneState:
    """Return the state of the lane *name*.

    Raises:
        ConfigError: The journal has no such lane.
    """
    states = await journal.lanes()
    for each in states:
        if each.lane == name:
            return each
    raise ConfigError(f"the journal has no lane {name!r}", hint=nearest(name, (each.lane for each in states)))
