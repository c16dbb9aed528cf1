"""What is to be taken out of one text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from agentcore.providers.redaction._known import spellings
from agentcore.providers.redaction._patterns import KINDS, PATTERNS, Pattern

__all__ = ["Redactor", "Span", "mark"]

Span: TypeAlias = tuple[int, int, str]
"""Where something begins and ends, and of which kind it is."""

_REMEMBERED: Final = 512
"""Texts: those of a conversation come again with every question."""
_LONGEST_REMEMBERED: Final = 20_000
"""Characters: longer ones would fill the memory."""


def mark(kind: str) -> str:
    """Return what stands in place of what was taken out."""
    return f"[redacted:{kind}]"


class Redactor:
    """Takes secrets and personal data out of texts."""

    def __init__(
        self,
        kinds: Iterable[str] = KINDS,
        *,
        patterns: Mapping[str, re.Pattern[str]] | None = None,
        known: Sequence[str] = (),
    ) -> None:
        """Prepare.

        Args:
            kinds: What to look for; see :data:`~agentcore.providers.redaction._patterns.PATTERNS`.
            patterns: Forms of your own, by the kind that stands in place of them.
            known: Secrets that are known by the letter; found in every usual spelling.
        """
        own = [Pattern(kind, each) for kind, each in (patterns or {}).items()]
        spelt = spellings(known)
        self.known: tuple[str, ...] = tuple(spelt)
        """The known secrets in every spelling."""
        self.custom: bool = bool(own)
        """Whether there are patterns of which nothing is known."""
        exact = [Pattern("secret", re.compile("|".join(map(re.escape, spelt))))] if known else []
        self._patterns = [*exact, *own, *(each for kind in kinds for each in PATTERNS[kind])]
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._redacted)

    def text(self, text: str) -> str:
        """Return *text* without them; the same text where it has none."""
        return self._redacted(text) if len(text) > _LONGEST_REMEMBERED else self._remembered(text)

    def _redacted(self, text: str) -> str:
        parts: list[str] = []
        end = 0
        for start, stop, kind in self.spans(text):
            parts += text[end:start], mark(kind)
            end = stop
        return "".join([*parts, text[end:]]) if parts else text

    def spans(self, text: str) -> list[Span]:
        """Return what is to be taken out of *text*, in its order; what overlaps is one."""
        merged: list[Span] = []
        for start, end, kind in sorted(self._found(text), key=lambda span: (span[0], -span[1])):
            if merged and start < merged[-1][1]:
                first, stop, one = merged[-1]
                merged[-1] = (first, max(stop, end), one)
            else:
                merged.append((start, end, kind))
        return merged

    def _found(self, text: str) -> Iterator[Span]:
        for pattern in self._patterns:
            position = 0
            while (match := pattern.regex.search(text, position)) is not None:
                start, end = _value(match)
                length = pattern.length(text[start:end])
                if length and not _is_marked(text, start, end):
                    yield start, start + length, pattern.kind
                # A part that is not its own may be the beginning of the next.
                position = max(start + length, match.start() + 1)


def _value(match: re.Match[str]) -> tuple[int, int]:
    """Where the part of a match is that is to be taken out: a group, or all of it."""
    return match.span(match.lastgroup) if match.lastgroup else match.span()


def _is_marked(text: str, start: int, end: int) -> bool:
    """Whether it has been taken out before, as ``password = [redacted:secret]``."""
    return text.startswith("[redacted:", start) and text.find("]", start) >= end - 1
