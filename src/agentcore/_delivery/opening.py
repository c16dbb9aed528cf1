"""From the configuration to a journal."""

from __future__ import annotations

from agentcore._config import Settings, ensure_state_dir
from agentcore._delivery.journal import Journal
from agentcore._delivery.log import Log

__all__ = ["new_journal", "new_log"]


def new_journal(settings: Settings) -> Journal:
    """Make the journal that is configured; nothing is opened yet."""
    # Programs without a durable provider need none of it.
    from agentcore._delivery.sqlite import SqliteJournal

    return SqliteJournal(settings.journal_path, durability=settings.journal.durability)


def new_log(settings: Settings) -> Log:
    """Make the log of the journal that is configured; nothing is opened yet."""
    ensure_state_dir(settings.state_dir)
    return Log(new_journal(settings), settings.journal)
