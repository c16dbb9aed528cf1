"""The best documents by words, without scoring all that have one."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Collection, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from attrs import field, frozen

from agentcore_vectorstore._fusion import top
from agentcore_vectorstore._spread import expected_spread
from agentcore_vectorstore._sqlite.bm25 import K1, Average, average_of, scores_of_texts
from agentcore_vectorstore._sqlite.conditions import Condition
from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore._words import stemmed, telling_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Keywords", "Words"]

_MOST: Final = K1 + 1
"""What BM25 multiplies the weight of a word with at most."""

_SCORE: Final = "-bm25(keyword, 1.0, 0.0)"
"""The namespace, the second column, does not count."""

_LIKELY: Final = 1.0
"""What the last of the best documents is likely to score, in weights of the heaviest word."""

_WALKED: Final = 80
"""Entries of the index that are walked through in the time that one text takes to be read."""

_READ: Final = 1_000
"""Documents up to which reading their texts costs less than walking through the index."""

_READ_CHARACTERS: Final = 1_000_000
"""Of all these texts together, likewise."""

Scores: TypeAlias = dict[int, float]
"""By key."""

Found: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.float64]]"
"""Keys, and the score of each."""


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
        self._average: Average = (0, 0.0)
        self._counts: dict[str, int] = {}

    def best(
        self, connection: Connection, question: Words, limit: int, pool: int, also: Collection[int] = ()
    ) -> Scores:
        """Return the scores of the best *limit* documents and of *pool* good ones, and those of *also* with a word.

        What is in *also* belongs to the scope of the question.

        The words are tried in the order of their weight.  Once the *limit* best documents that have one of the heavy
        words score more than all light words together could bring, no document with light words alone can be among
        them: it need not be scored, and most documents have light words alone (Turtle and Flood, 1995).
        """
        if not question.words:
            return {}
        weights = self._weights(connection, question.words)
        words = sorted(question.words, key=lambda word: -weights[word])
        # What the words from each on could bring together.
        rests = [_MOST * sum(weights[word] for word in words[start:]) for start in range(len(words) + 1)]
        heavy = self._first(words, weights, rests, pool)
        while heavy < len(words):
            some = _all_scores(connection, question, words[:heavy])
            last = _nth(some[1], limit) if some[1].size >= pool else 0.0
            if rests[heavy] < last:
                return self._with_light(connection, question, weights, some, rests[heavy], limit, pool, also)
            heavy = next(number for number in range(heavy + 1, len(words) + 1) if rests[number] < last or not last)
        found = _best_scores(connection, question, pool)
        return found | self._scores_of(connection, question, weights, set(also).difference(found))

    def spread(self, connection: Connection, question: Words, scores: NDArray[np.float64]) -> float:
        """Return the standard deviation of the scores of all documents, near enough, by those of the best."""
        weights = self._weights(connection, question.words)
        words = [(weight, self._counts[word]) for word, weight in weights.items()]
        return expected_spread(scores, words, self._average[0])

    def _with_light(
        self,
        connection: Connection,
        question: Words,
        weights: dict[str, float],
        some: Found,
        rest: float,
        limit: int,
        pool: int,
        also: Collection[int],
    ) -> Scores:
        """Add what light words bring, to all of *some* that may come to be among the best by that."""
        keys, scores = some
        first: list[int] = keys[top(scores, max(pool, 2 * limit))].tolist()
        whole = self._scores_of(connection, question, weights, {*first, *also})
        last = heapq.nlargest(limit, (whole[key] for key in first))[-1]
        later = set(keys[scores > last - rest].tolist()).difference(whole)
        whole |= self._scores_of(connection, question, weights, later)
        # The newer of equal ones.
        best = heapq.nlargest(pool, {*first, *later}, key=lambda key: (whole[key], key))
        return {key: whole[key] for key in {*best, *also} if key in whole}

    def _scores_of(
        self, connection: Connection, question: Words, weights: dict[str, float], keys: Collection[int]
    ) -> Scores:
        """The scores of *keys*, which belong to the scope of the question."""
        if not keys:
            return {}
        if sum(self._counts[word] for word in question.words) <= _WALKED * len(keys):
            return _walked_scores(connection, question, keys)
        stems = [stemmed(word) for word in question.words]
        # A word that the index takes for several has to stand there as it is.
        found = None
        if len(keys) <= _READ and all(len(each) == 1 for each in stems):
            by_stem: dict[str, float] = {}
            for (stem,), word in zip(stems, question.words, strict=True):
                by_stem[stem] = by_stem.get(stem, 0.0) + weights[word]
            found = scores_of_texts(connection, by_stem, self._average[1], keys, _READ_CHARACTERS)
        return _walked_scores(connection, question, keys) if found is None else found

    def _weights(self, connection: Connection, words: Sequence[str]) -> dict[str, float]:
        """The weight of each word, as FTS5 computes it, while the database is as it is."""
        state = (connection.pragma("data_version"), connection.total_changes())
        if state != self._state:
            self._state, self._counts, self._average = state, {}, average_of(connection)
        for word in words:
            if word not in self._counts:
                (self._counts[word],) = connection.execute(
                    "SELECT count(*) FROM keyword WHERE keyword MATCH ?", (f'{{text}} : "{word}"',)
                ).fetchone()
        return {word: _weight(self._average[0], self._counts[word]) for word in words}

    def _first(self, words: Sequence[str], weights: dict[str, float], rests: Sequence[float], pool: int) -> int:
        """How many of *words*, the heaviest first, to try: as many as are likely to be enough.

        A word that stands once in a text of average length brings its weight, and the best have more than one.
        """
        documents = 0
        for number, word in enumerate(words, 1):
            documents += self._counts[word]
            if documents >= 2 * pool and rests[number] < _LIKELY * weights[words[0]]:
                return number
        return len(words)


def _weight(documents: int, having: int) -> float:
    weight = math.log((documents - having + 0.5) / (having + 0.5))
    return weight if weight > 0 else 1e-6


def _nth(scores: NDArray[np.float64], number: int) -> float:
    """The score of the best but *number* - 1."""
    return float(np.partition(scores, scores.size - number)[scores.size - number])


def _best_scores(connection: Connection, question: Words, pool: int) -> Scores:
    rows = connection.execute(
        f"SELECT keyword.rowid, {_SCORE} {_source(question)} "  # question marks only
        "ORDER BY bm25(keyword, 1.0, 0.0), keyword.rowid DESC LIMIT ?",
        (question.expression(question.words), *question.condition[1], pool),
    )
    return {key: score for key, score in rows if score > 0}


def _all_scores(connection: Connection, question: Words, words: Sequence[str]) -> Found:
    statement = f"SELECT keyword.rowid, {_SCORE} {_source(question)}"  # question marks only
    rows = connection.execute(statement, (question.expression(words), *question.condition[1]))
    # A float holds every key below 2^53.
    table = np.fromiter(chain.from_iterable(rows), dtype=np.float64).reshape(-1, 2)
    return table[:, 0].astype(np.int64), table[:, 1]


def _source(question: Words) -> str:
    where = question.condition[0]
    joined = " JOIN document ON document.key = keyword.rowid" if where != "1" else ""
    return f"FROM keyword{joined} WHERE keyword MATCH ? AND ({where})"


def _walked_scores(connection: Connection, question: Words, keys: Collection[int]) -> Scores:
    # The plus keeps the index from being walked once for each of them.
    rows: Any = connection.execute(
        f"SELECT rowid, {_SCORE} FROM keyword WHERE keyword MATCH ? "  # noqa: S608  # a constant
        "AND +rowid IN (SELECT value FROM json_each(?))",
        (question.expression(question.words), json.dumps(list(keys))),
    )
    return dict(rows)
