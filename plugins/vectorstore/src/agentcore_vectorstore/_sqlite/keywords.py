"""The best documents by words, without scoring all that have one."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Collection, Sequence
from typing import Any, Final

from attrs import field, frozen

from agentcore_vectorstore._sqlite.conditions import Condition
from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore._words import telling_words

__all__ = ["Keywords", "Words"]

_MOST: Final = 2.2
"""What BM25 multiplies the weight of a word with at most: k1 + 1, of SQLite's k1 = 1.2."""

_SCORE: Final = "-bm25(keyword, 1.0, 0.0)"
"""The namespace, the second column, does not count."""

Scores = dict[int, float]
"""By key."""


@frozen
class Words:
    """The words of a question, and where to look for them."""

    words: list[str] = field(converter=telling_words)
    namespace: int | None
    """Its number; None for the root."""
    condition: Condition
    """What a document must pass beside."""

    def expression(self, words: Sequence[str]) -> str:
        """What finds every document with at least one of *words*; none of them can hold a quotation mark."""
        either = "{text} : (" + " OR ".join(f'"{word}"' for word in words) + ")"
        return either if self.namespace is None else f"namespace : n{self.namespace} AND {either}"


class Keywords:
    """Search by words.  Not to be used by two threads at once."""

    def __init__(self) -> None:
        self._state: tuple[int, int] | None = None
        self._documents = 0
        self._counts: dict[str, int] = {}

    def best(self, connection: Connection, question: Words, pool: int, also: Collection[int] = ()) -> Scores:
        """Return the scores of the best *pool* documents, and those of *also* that have one of the words.

        The words are tried in the order of their weight.  Once the *pool* best documents that have one of the heavy
        words score more than all light words together could bring, no document with light words alone can be among
        them: it need not be scored, and most documents have light words alone (Turtle and Flood, 1995).
        """
        if not question.words:
            return {}
        weights = self._weights(connection, question.words)
        words = sorted(question.words, key=lambda word: -weights[word])
        # What the words from each on could bring together.
        rests = [_MOST * sum(weights[word] for word in words[start:]) for start in range(len(words) + 1)]
        heavy = self._first(words, pool)
        while heavy < len(words):
            scores = _all_scores(connection, question, words[:heavy])
            last = heapq.nlargest(pool, scores.values())[-1] if len(scores) >= pool else 0.0
            if rests[heavy] < last:
                # What light words add may change the order: all that may come to be among the best take part.
                chosen = [key for key, score in scores.items() if score > last - rests[heavy]]
                return _best_of(_scores_of(connection, question, {*chosen, *also}), pool, also)
            heavy = next(number for number in range(heavy + 1, len(words) + 1) if rests[number] < last or not last)
        found = _best_scores(connection, question, pool)
        return found | _scores_of(connection, question, set(also).difference(found))

    def _weights(self, connection: Connection, words: Sequence[str]) -> dict[str, float]:
        """The weight of each word, as FTS5 computes it, while the database is as it is."""
        state = (connection.pragma("data_version"), connection.total_changes())
        if state != self._state:
            self._state, self._counts = state, {}
            self._documents = connection.execute("SELECT count(*) FROM document").get
        for word in words:
            if word not in self._counts:
                (self._counts[word],) = connection.execute(
                    "SELECT count(*) FROM keyword WHERE keyword MATCH ?", (f'{{text}} : "{word}"',)
                ).fetchone()
        return {word: _weight(self._documents, self._counts[word]) for word in words}

    def _first(self, words: Sequence[str], pool: int) -> int:
        """How many of *words*, the heaviest first, to try: as many as may fill the pool."""
        documents = 0
        for number, word in enumerate(words, 1):
            documents += self._counts[word]
            if documents >= 2 * pool:
                return number
        return len(words)


def _weight(documents: int, having: int) -> float:
    weight = math.log((documents - having + 0.5) / (having + 0.5))
    return weight if weight > 0 else 1e-6


def _best_scores(connection: Connection, question: Words, pool: int) -> Scores:
    rows = connection.execute(
        f"SELECT keyword.rowid, {_SCORE} {_source(question)} "  # question marks only
        "ORDER BY bm25(keyword, 1.0, 0.0), keyword.rowid DESC LIMIT ?",
        (question.expression(question.words), *question.condition[1], pool),
    )
    return {key: score for key, score in rows if score > 0}


def _all_scores(connection: Connection, question: Words, words: Sequence[str]) -> Scores:
    statement = f"SELECT keyword.rowid, {_SCORE} {_source(question)}"  # question marks only
    return dict(connection.execute(statement, (question.expression(words), *question.condition[1])))


def _source(question: Words) -> str:
    where = question.condition[0]
    joined = " JOIN document ON document.key = keyword.rowid" if where != "1" else ""
    return f"FROM keyword{joined} WHERE keyword MATCH ? AND ({where})"


def _scores_of(connection: Connection, question: Words, keys: Collection[int]) -> Scores:
    if not keys:
        return {}
    # The plus keeps the index from being walked once for each of them.
    rows: Any = connection.execute(
        f"SELECT rowid, {_SCORE} FROM keyword WHERE keyword MATCH ? "  # noqa: S608  # a constant
        "AND +rowid IN (SELECT value FROM json_each(?))",
        (question.expression(question.words), json.dumps(list(keys))),
    )
    return dict(rows)


def _best_of(scores: Scores, pool: int, also: Collection[int]) -> Scores:
    """The best *pool* of *scores*, the newer of equal ones, and those of *also*."""
    best = heapq.nlargest(pool, scores.items(), key=lambda item: (item[1], item[0]))
    return dict(best) | {key: scores[key] for key in also if key in scores}
