"""What must happen to open ledgers when a process forks, and when it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakSet

__all__ = ["Forking", "at_end_of_child", "watch_forks"]


class Forking(Protocol):
    """Something that holds locks, threads and open files."""

    def before_fork(self) -> None:
        """Close the files, and take the locks."""
        ...

    def after_fork(self) -> None:
        """In the parent: let the locks go."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin anew: threads, locks and files were the parent's."""
        ...


_watched: Final[WeakSet[Forking]] = WeakSet()
_held: Final[list[Forking]] = []


def watch_forks(forking: Forking) -> None:
    """Tell *forking* of every fork, as long as it lives."""
    _watched.add(forking)


def _before_fork() -> None:
    # A database that is open in both processes loses its locks, and in the end its contents:
    # https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
    _held.extend(_watched)
    for each in _held:
        each.before_fork()


def _after_fork() -> None:
    for each in _held:
        each.after_fork()
    _held.clear()


def _after_fork_in_child() -> None:
    for each in _held:
        each.after_fork_in_child()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)


def at_end_of_child(callback: Callable[[], None]) -> None:
    """Call *callback* when this process ends, where it is a child of :mod:`multiprocessing`.

    Such a child runs no exit handlers.
    """
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, callback, exitpriority=0)
