"""What is to be taken out of a text that comes piece by piece."""

from __future__ import annotations

import re
from typing import Final

from agentcore.providers.redaction._patterns import TELLING_NAMES
from agentcore.providers.redaction._text import Redactor, Span, mark

__all__ = ["Stream"]

_RUN: Final = re.compile(r"[^\s\u2e80-\uffef]*\Z")
"""The last word: it may go on.  Scripts that are written without blanks have none."""

_NUMBER_LIKE: Final = re.compile(r"[0-9A-Z)+.(-]\Z")
"""How a group of a number ends that may go on behind a blank: a card's, a telephone's, an account's."""
_LONGEST_NUMBER: Final = 64

_VALUE: Final = re.compile(rf"(?:(?:{TELLING_NAMES})[\"']?\s{{0,32}}[:=]\s{{0,32}}|://)\S*\Z", re.IGNORECASE)
"""What may become a secret by what stands in front of it: that may be of any script."""

_HEADER: Final = re.compile(r"-----BEGIN[ A-Z0-9]*-{0,5}\Z")

_UNKNOWN: Final = 256
"""Characters that are held back for patterns of which nothing is known."""

_BEHIND: Final = 128
"""Characters of what has been told that are still looked at: the name in front of a secret is one."""


class Stream:
    """One answer, piece by piece: together the pieces are what the whole would be."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._broken = [each for each in redactor.known if not _RUN.fullmatch(each)]
        """Secrets that go on behind what ends a word."""
        self._text = ""
        self._told = 0

    def feed(self, piece: str, *, last: bool = False) -> str:
        """Return what can be told when *piece* has come; *last* is whether nothing comes after it."""
        self._text += piece
        if not last and _start(_RUN, self._text) <= self._told:
            # The word goes on, however long it is.
            return ""
        spans = self._redactor.spans(self._text)
        end = len(self._text) if last else self._settled(spans)
        parts: list[str] = []
        for start, stop, kind in spans:
            if start >= end:
                break
            if stop > self._told:
                parts += self._text[self._told : max(start, self._told)], mark(kind)
                self._told = stop
        if end > self._told:
            parts.append(self._text[self._told : end])
            self._told = end
        self._forget()
        return "".join(parts)

    def _settled(self, spans: list[Span]) -> int:
        """Where the part ends to which nothing can be added that changes it."""
        text = self._text
        end = self._before_number(_start(_RUN, text))
        end = min(end, _start(_HEADER, text), _start(_VALUE, text))
        end = min([end, *(_begun(secret, text) for secret in self._broken)])
        if self._redactor.custom:
            end = min(end, max(0, len(text) - _UNKNOWN))
        for start, stop, _ in spans:
            if start < end <= stop:
                end = start
        return max(end, self._told)

    def _before_number(self, end: int) -> int:
        first = end
        while first > 0 and end - first <= _LONGEST_NUMBER:
            before = self._text[:first].rstrip()
            if not _NUMBER_LIKE.search(before):
                break
            first = _start(_RUN, before)
        return first

    def _forget(self) -> None:
        """Drop what is too far behind to matter, up to a blank: looking at it again and again takes time."""
        cut = self._text.rfind(" ", 0, max(0, self._told - _BEHIND))
        if cut > _BEHIND:
            self._text = self._text[cut:]
            self._told -= cut


def _start(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return len(text) if match is None else match.start()


def _begun(secret: str, text: str) -> int:
    """Where *secret* begins at the end of *text*, as far as it has come."""
    for length in range(min(len(secret) - 1, len(text)), 0, -1):
        if text.endswith(secret[:length]):
            return len(text) - length
    return len(text)
