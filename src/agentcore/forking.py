"""What must happen to open databases when a process forks.

SQLite finds in a forked child that it holds the locks of the parent, whose connections were copied, and takes none of
its own: what the child commits then may be lost without an error.
So a connection must be closed before a fork and opened again after it, in the parent and in the child.
"""

from __future__ import annotations

import os
import threading
from typing import Final, Protocol
from weakref import WeakSet

__all__ = ["Forking", "watch_forks"]


class Forking(Protocol):
    """Something that holds an open database or locks."""

    def before_fork(self) -> None:
        """Close what must not be open in two processes, and keep others from opening it."""
        ...

    def after_fork(self) -> None:
        """In the parent: go on."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin anew: locks of threads and of files were the parent's."""
        ...


_watched: Final[WeakSet[Forking]] = WeakSet()
_held: Final[list[Forking]] = []
_turn = threading.RLock()
"""Two threads may fork at once, and would wait for each other."""


def watch_forks(forking: Forking) -> None:
    """Tell *forking* of every fork, as long as it lives.

    Those who watch must not wait for each other while another thread may fork.
    """
    with _turn:
        _watched.add(forking)


def _before() -> None:
    _turn.acquire()
    _held.extend(_watched)
    for each in _held:
        each.before_fork()


def _after() -> None:
    for each in _held:
        each.after_fork()
    _held.clear()
    _turn.release()


def _after_in_child() -> None:
    global _turn
    for each in _held:
        each.after_fork_in_child()
    _held.clear()
    _turn = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
