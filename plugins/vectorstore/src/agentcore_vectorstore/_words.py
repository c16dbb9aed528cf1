"""What a word is: the same on every backend."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any, Final

__all__ = ["stemmed", "stems_of", "telling_words"]

_MAX_WORDS: Final = 128
"""Of a question; the words of a page pasted into it would each cost a walk through the index."""

_WORD: Final = re.compile(r"\w+")

_STOP_WORDS: Final = frozenset(
    """
    a about after again all also am an and any are as at be because been before being but by can could did do does
    doing for from had has have having he her here hers him his how i if in into is it its itself just me more most my
    no nor not of off on once only or other our ours out over own same she should so some such than that the their
    theirs them then there these they this those through to too under until up very was we were what when where which
    while who whom why will with would you your yours
    """.split()  # noqa: SIM905  # a hundred quoted words are no list that anybody reads
)
"""English words that say nothing of what a text is about."""


def telling_words(text: str) -> list[str]:
    """Return the words of a question, in lower case, without repetition.

    Stop words count only where there is nothing else.
    """
    words = list(dict.fromkeys(_WORD.findall(text.lower())))
    return ([word for word in words if word not in _STOP_WORDS] or words)[:_MAX_WORDS]


def stems_of(text: str) -> Counter[str]:
    """Return the stem of each word of *text*, and how often it is there."""
    return Counter(stemmed(text))


def stemmed(text: str) -> list[str]:
    """Return the stem of each word of *text*, in order.

    It is what SQLite's index makes of the text: Unicode words without case and accents, in Porter's stems.
    """
    stems: list[str] = _tokenizer()(text.encode("utf-8"), 4, None, include_offsets=False, include_colocated=False)
    return stems


@cache
def _tokenizer() -> Any:
    import apsw

    connection: Any = apsw.Connection(":memory:")
    return connection.fts5_tokenizer("porter", ["unicode61", "remove_diacritics", "2"])
