"""From a question in words to an expression of SQLite's full-text search."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["match_expression"]

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


def match_expression(text: str) -> str | None:
    """Return an expression that finds every text with at least one of the words of *text*; None where it has no word.

    Every word is quoted, so that nothing of *text* is taken for an operator.
    Stop words count only where there is nothing else.
    """
    words = list(dict.fromkeys(_WORD.findall(text.lower())))
    telling = [word for word in words if word not in _STOP_WORDS] or words
    # A word cannot contain the quotation mark that ends it.
    return " OR ".join(f'"{word}"' for word in telling[:_MAX_WORDS]) or None
