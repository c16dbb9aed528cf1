"""What is wrong at one place of a signature, before the whole text is at hand to show it in."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from agentcore.errors import SignatureError

__all__ = ["Fault", "faults_of"]


class Fault(Exception):
    """Becomes a :class:`~agentcore.errors.SignatureError` at the border of the parser."""

    def __init__(self, message: str, position: int, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Index into the text that is being read."""
        self.hint = hint

    def advise(self, hint: str) -> None:
        """Add *hint* to what is advised already."""
        self.hint = f"{self.hint}; {hint}"


@contextmanager
def faults_of(text: str, *, owner: str = "") -> Generator[None, None, None]:
    """Turn a fault in *text* into the error that shows it.

    Args:
        text: What is being read.
        owner: The field that *text* belongs to, where it is not a whole signature.
    """
    try:
        yield
    except Fault as fault:
        message = f"field {owner!r}: {fault.message}" if owner else fault.message
        raise SignatureError(message, text=text, position=fault.position, hint=fault.hint) from fault.__cause__
