"""The journal that every program has: one SQLite file, shared by any number of processes."""

from agentcore._delivery.sqlite.making import set_aside
from agentcore._delivery.sqlite.store import SqliteJournal

__all__ = ["SqliteJournal", "set_aside"]
