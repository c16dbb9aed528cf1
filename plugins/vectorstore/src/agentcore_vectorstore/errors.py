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
    """The store cannot do what it was asked to; the message names the store."""


class StoreAccessError(StoreError, OSError):
    """The store cannot be opened, read or written: a folder in its place, a full disk, a failing device."""


class StoreNotFoundError(StoreAccessError, FileNotFoundError):
    """There is no store yet, and it was not to be made."""


class StoreReadOnlyError(StoreAccessError, PermissionError):
    """The store cannot be written to."""


class StoreLockedError(StoreError, TimeoutError):
    """Another process held the store for longer than this one waits."""


class StoreFormatError(StoreError, ValueError):
    """The file is not a store that this version can use."""


class StoreCorruptError(StoreFormatError):
    """The file is damaged, or no database at all."""


class StoreVersionError(StoreFormatError):
    """The store was written by a newer version."""


class StoreClosedError(StoreError, ValueError):
    """The store was used after it had been closed."""


class EmbedderError(StoreError):
    """The embedder did not return one usable vector for each text."""


class EmbedderNotFoundError(EmbedderError, LookupError):
    """No embedder of that name is installed."""


class EmbedderMismatchError(EmbedderError, ValueError):
    """The vectors in the store are another embedder's: the two cannot be compared."""


class DocumentError(StoreError, ValueError):
    """A document cannot be stored; nothing of the call was."""


class QueryError(StoreError, ValueError):
    """A search cannot be made."""


class FilterError(QueryError):
    """The text of a filter cannot be read; the message shows the place."""

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
