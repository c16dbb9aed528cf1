"""The best documents by words, without scoring all that have one."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from agentcore_vectorstore._postgres.conditions import Condition
from agentcore_vectorstore._postgres.statistics import Statistics, quoted
from agentcore_vectorstore._spread import expected_spread
from agentcore_vectorstore._words import stems_of, telling_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Keywords", "keywords_of"]

_MOST: Final = 2.2
"""What BM25 multiplies the weight of a word with at most: k1 + 1."""

_SPARE: Final = 5
"""Documents that are scored in the first attempt, for each that is wanted."""

_STEP: Final = 0.8
"""By how much less must be expected of a document in the next attempt."""

_LEVELS: Final = ((8, 3), (24, 2))
"""How many words of a document are looked at together, by the most words that the question may have for that; one for
longer questions.  Each of them multiplies the length of the condition by the number of words."""

# As SQLite computes it: k1 = 1.2, b = 0.75.
_BM25: Final = """
    SELECT key, sum(weights.weight * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / %s))) AS score
    FROM document
    CROSS JOIN LATERAL unnest(words) AS word(lexeme, positions, marks)
    JOIN unnest(%s::text[], %s::float8[]) AS weights(stem, weight) ON weights.stem = word.lexeme
    CROSS JOIN LATERAL (SELECT cardinality(positions)::float8 AS tf) AS counted
    WHERE words @@ %s::tsquery AND """

_BEST: Final = "GROUP BY key ORDER BY score DESC, key DESC LIMIT %s"


@frozen
class Keywords:
    """The words of a question, the heaviest first."""

    stems: Sequence[str]
    weights: Sequence[float]
    counts: Sequence[int]
    """In how many documents each is."""
    documents: int
    """How many there are."""
    average: float
    """Words of a document."""

    def best(
        self, connection: Any, scope: Condition, limit: int, pool: int, also: Collection[int] = ()
    ) -> dict[int, float]:
        """Return the scores of the best *limit* documents and of *pool* good ones, and those of *also* with a word.

        What is in *also* belongs to the scope.

        A document's words bound its score.  So those are scored first whose words weigh most together, as many as are
        likely to be enough, and then those that by their words might still be among the best: most documents have
        light words alone, and never are (Turtle and Flood, 1995).
        """
        if not self.stems:
            return {}
        where, values = scope
        enough = _SPARE * pool
        least = self._first(enough)
        best: list[tuple[int, float]] = []
        while True:
            condition, _ = self._worth(least)
            rows = self._scores(connection, condition, f"{where} {_BEST}", [*values, pool])
            best = sorted([*best, *rows], key=lambda row: (row[1], row[0]), reverse=True)[:pool]
            if not least:
                break
            if len(best) < pool:
                # Too few are in the scope.
                enough *= 10
                lower = self._first(enough)
            else:
                lower = min(least, best[limit - 1][1] / _MOST)
                if lower == least:
                    break
            # What has been scored is not scored again.
            where, values = f"{scope[0]} AND NOT words @@ %s::tsquery", [*scope[1], condition]
            least = lower
        found = dict(best)
        missing = [key for key in also if key not in found]
        if missing:
            found |= self._scores(connection, self._worth(0.0)[0], "key = ANY(%s) GROUP BY key", [missing])
        return found

    def spread(self, scores: NDArray[np.float64]) -> float:
        """Return the standard deviation of the scores of all documents, near enough, by those of the best."""
        return expected_spread(scores, zip(self.weights, self.counts, strict=True), self.documents)

    def _scores(self, connection: Any, condition: str, where: str, values: Sequence[Any]) -> list[tuple[int, float]]:
        """Keys and scores of the documents that fulfil *condition*, a ``tsquery``, and *where*."""
        given = [self.average, list(self.stems), list(self.weights), condition, *values]
        rows: list[tuple[int, float]] = connection.execute(_BM25 + where, given).fetchall()
        return rows

    def _first(self, enough: int) -> float:
        """The most that *enough* documents are likely to have, as a weight of their words; 0 takes all."""
        least = sum(self.weights)
        lightest = min(self.weights)
        while least > lightest:
            if self._worth(least)[1] >= enough:
                return least
            least *= _STEP
        return 0.0

    def _worth(self, least: float) -> tuple[str, float]:
        """What finds all documents whose words weigh at least *least* together, and how many it is likely to find."""
        level = next((level for words, level in _LEVELS if len(self.stems) <= words), 1)
        rests = list(accumulate(reversed(self.weights)))[::-1]
        condition, share = self._heavy(0, least, level, rests)
        return condition, share * self.documents

    def _heavy(self, start: int, least: float, level: int, rests: Sequence[float]) -> tuple[str, float]:
        """The same of the words from *start* on, and the share of all documents."""
        parts: list[str] = []
        shares = 0.0
        for number in range(start, len(self.stems)):
            # Of this word and all lighter ones together.
            if rests[number] < least:
                break
            part, share = quoted(self.stems[number]), self.counts[number] / max(1, self.documents)
            missing = least - self.weights[number]
            if missing > 0 and level > 1:
                others, having = self._heavy(number + 1, missing, level - 1, rests)
                if not others:
                    # They would do but for the rounding of the sum.
                    continue
                part, share = f"{part} & ({others})", share * having
            parts.append(part)
            shares += share
        return " | ".join(parts), shares


def keywords_of(connection: Any, statistics: Statistics, text: str) -> Keywords:
    """Return the words of a question, with their weights."""
    words = telling_words(text.replace("\0", " "))
    stems = list(dict.fromkeys(stem for word in words for stem in stems_of(word)))
    statistics.refresh(connection)
    counts = statistics.counts(connection, stems)
    stems.sort(key=lambda stem: counts[stem])
    return Keywords(
        stems=stems,
        weights=[_weight(statistics.documents, counts[stem]) for stem in stems],
        counts=[counts[stem] for stem in stems],
        documents=statistics.documents,
        average=statistics.average,
    )


def _weight(documents: int, having: int) -> float:
    return max(1e-6, math.log((max(0, documents - having) + 0.5) / (having + 0.5)))
