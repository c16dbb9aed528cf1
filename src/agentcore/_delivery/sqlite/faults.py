"""From the database's errors to :class:`~agentcore.errors.JournalError`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from agentcore.errors import JournalError

__all__ = ["absent", "broken", "fault", "missing"]

_BROKEN: Final = (
    "`agentcore journal check` says what is wrong; `agentcore journal set-aside` moves it away, and a new one begins."
)
_UNDONE: Final = "nothing was written; it goes on by itself"
_FAULTS: Final[tuple[tuple[tuple[type[apsw.Error], ...], str, str], ...]] = (
    ((apsw.NotADBError,), "it is not a database", _BROKEN),
    ((apsw.CorruptError, apsw.FormatError), "it is damaged", _BROKEN),
    ((apsw.BusyError, apsw.LockedError), "another process kept it locked for too long", f"{_UNDONE} when that ends."),
    (
        (apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError),
        "it cannot be written to",
        "make the file and its folder writable for this user; `agentcore journal check` tries again.",
    ),
    ((apsw.FullError,), "the disk is full", f"{_UNDONE} when there is space; `agentcore journal prune` makes some."),
    (
        (apsw.CantOpenError,),
        "it cannot be opened",
        "see that its folder is there and that this user may write to it; `agentcore journal check` tries again.",
    ),
    ((apsw.IOError,), "it cannot be read or written", f"see whether the disk is well. {_BROKEN}"),
)


def fault(path: Path, error: Exception) -> JournalError:
    """Say what *error* means for the journal at *path*."""
    for kinds, reason, hint in _FAULTS:
        if isinstance(error, kinds):
            return JournalError(f"the journal {str(path)!r} cannot be used: {reason} ({error})", hint=hint)
    return JournalError(f"the journal {str(path)!r} cannot be used: {error}", hint=_BROKEN)


def broken(path: Path, reason: str) -> JournalError:
    """Return the error of a journal that somebody has to look after."""
    return JournalError(f"the journal {str(path)!r} cannot be used: {reason}", hint=_BROKEN)


def absent(path: Path) -> JournalError:
    """Return the error of a journal that nobody has made."""
    return JournalError(f"there is no journal {str(path)!r}", hint="name the state folder that it is in.")


def missing(path: Path) -> JournalError:
    """Return the error of a journal that was taken away under a program that uses it."""
    return JournalError(
        f"the journal {str(path)!r} was moved or deleted while it was in use",
        hint="put it back, or start the program again for a new one; `agentcore journal check` reads what is there.",
    )
