"""Every error of the store; behind each class the builtin it also is.

::

    agentcore.AgentCoreError
    └── StoreError                     RuntimeError
        ├── StoreAccessError           OSError
        │   ├── StoreNotFoundError     FileNotFoundError
        │   └── StoreReadOnlyError     PermissionError
        ├── StoreLockedError           TimeoutError
        ├── StoreFormatError           ValueError
        │   ├── StoreCorruptError
        │   └── StoreVersionError
        ├── StoreClosedError           ValueError
        ├── EmbedderError
        │   ├── EmbedderNotFoundError  LookupError
        │   └── EmbedderMismatchError  ValueError
        ├── DocumentError              ValueError
        └── QueryError                 ValueError
            └── FilterError

A connection string that cannot be used is an :class:`agentcore.errors.ConfigError`.
"""

from typing import ClassVar

from agentcore.errors import AgentCoreError

__all__ = [
    "DocumentError",
    "EmbedderError",
    "EmbedderMismatchError",
    "EmbedderNotFoundError",
    "FilterError",
    "KeywordOnlyWarning",
    "QueryError",
    "StoreAccessError",
    "StoreClosedError",
    "StoreCorruptError",
    "StoreError",
    "StoreFormatError",
    "StoreLockedError",
    "StoreNotFoundError",
    "StoreReadOnlyError",
    "StoreVersionError",
]


class StoreError(AgentCoreError, RuntimeError):
    """The store cannot do what it was asked to; the message names the store.

    Those below it say more.
    """

    code: ClassVar[str] = "store"


class StoreAccessError(StoreError, OSError):
    """The store cannot be opened, read or written: a folder in its place, a full disk, a failing device.

    The message has what the system or the server said.
    """

    code: ClassVar[str] = "store-access"


class StoreNotFoundError(StoreAccessError, FileNotFoundError):
    """There is no store yet, and it was not to be made.

    Correct the connection string, or let a run or ``agentcore knowledge add`` make the store.
    """

    code: ClassVar[str] = "store-not-found"


class StoreReadOnlyError(StoreAccessError, PermissionError):
    """The store cannot be written to.

    Change the permissions of the file, or the user or key in the connection string, or name another place.
    """

    code: ClassVar[str] = "store-read-only"


class StoreLockedError(StoreError, TimeoutError):
    """Another process held the store for longer than this one waits.

    Try again, wait longer with ``timeout=`` in the connection string, or take a backend that serves several processes.
    """

    code: ClassVar[str] = "store-locked"


class StoreFormatError(StoreError, ValueError):
    """The file is not a store that this version can use.

    Name another place, or move away what is there.
    """

    code: ClassVar[str] = "store-format"


class StoreCorruptError(StoreFormatError):
    """The file is damaged, or no database at all.

    ``agentcore knowledge check`` says what is wrong; bring back a copy, or begin anew in another place.
    """

    code: ClassVar[str] = "store-corrupt"


class StoreVersionError(StoreFormatError):
    """The store was written by a newer version.

    Install that version, or a newer one.
    """

    code: ClassVar[str] = "store-version"


class StoreClosedError(StoreError, ValueError):
    """The store was used after it had been closed.

    Use the store inside of its ``with`` block, or open it again.
    """

    code: ClassVar[str] = "store-closed"


class EmbedderError(StoreError):
    """The embedder did not return one usable vector for each text.

    The message says which embedder, and what it did.
    """

    code: ClassVar[str] = "embedder"


class EmbedderNotFoundError(EmbedderError, LookupError):
    """No embedder of that name is installed.

    Install it, or correct the name; the hint names the nearest.
    """

    code: ClassVar[str] = "embedder-not-found"


class EmbedderMismatchError(EmbedderError, ValueError):
    """The vectors in the store are another embedder's: the two cannot be compared.

    Name the embedder that the store has, or make the vectors anew with ``agentcore knowledge reembed``.
    """

    code: ClassVar[str] = "embedder-mismatch"


class DocumentError(StoreError, ValueError):
    """A document cannot be stored; nothing of the call was.

    The message names the document and what is wrong with it.
    """

    code: ClassVar[str] = "document"


class QueryError(StoreError, ValueError):
    """A search or a deletion cannot be made as it was asked for.

    The message names the argument that cannot be.
    """

    code: ClassVar[str] = "query"


class FilterError(QueryError):
    """The text of a filter cannot be read; the message shows the place.

    Correct the text where the caret points.
    """

    code: ClassVar[str] = "filter"

    def __init__(self, message: str, *, text: str, position: int, hint: str = "") -> None:
        start = max(text.rfind("\n", 0, position) + 1, position - 60)
        end = text.find("\n", position)
        shown = text[start : min(end if end >= 0 else len(text), position + 60)].replace("\t", " ")
        super().__init__(f"{message} (at position {position})\n  {shown}\n  {' ' * (position - start)}^", hint=hint)
        self.text = text
        """The whole filter."""
        self.position = position
        """Index into *text* of the first character at fault, from 0; ``len(text)`` for a missing end."""


class KeywordOnlyWarning(UserWarning):
    """Search by meaning is off, because the embedder is not installed."""
