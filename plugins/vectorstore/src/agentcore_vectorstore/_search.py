"""From a question to its matches, on any backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from attrs import frozen

from agentcore.errors import nearest
from agentcore_vectorstore.errors import QueryError
from agentcore_vectorstore.protocols import Candidates, Fusion, Key, Match, Query, Reader, Scope, Stored, Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SOURCE", "Question", "matches"]

SOURCE: Final = "vectorstore"
"""The source of every match."""

_MMR_POOL: Final = 5
"""Candidates that diversity chooses from, for each match."""


@frozen(kw_only=True)
class Question:
    """What is searched for, and how; checked when it is made."""

    text: str | None
    limit: int
    offset: int
    fusion: Fusion
    alpha: float
    min_score: float | None
    diversity: float
    scope: Scope

    def __attrs_post_init__(self) -> None:
        if self.text is not None and (not self.text or self.text.isspace()):
            raise QueryError("the text to search for is empty", hint="pass a question or a few words.")
        if self.limit < 1:
            raise QueryError(f"limit must be at least 1, not {self.limit}")
        if self.offset < 0:
            raise QueryError(f"offset must be at least 0, not {self.offset}")
        if self.fusion not in get_args(Fusion):
            raise QueryError(f"there is no fusion {self.fusion!r}", hint=nearest(self.fusion, get_args(Fusion)))
        for name, share in (("alpha", self.alpha), ("diversity", self.diversity)):
            if not 0 <= share <= 1:
                raise QueryError(f"{name} must be between 0 and 1, not {share}")

    @property
    def wants_meaning(self) -> bool:
        """Whether the question needs a vector."""
        return self.fusion != "bm25"


def matches(reader: Reader, question: Question, vector: Vector | None) -> list[Match]:
    """Return what *reader* finds, best first."""
    from agentcore_vectorstore._fusion import POOL, fused, top

    wanted = question.offset + question.limit
    if question.diversity:
        wanted *= _MMR_POOL
    both = vector is not None and question.text is not None and question.fusion in ("zscore", "rrf")
    query = Query(
        text=None if question.fusion == "vector" else question.text,
        vector=vector if question.wants_meaning else None,
        limit=wanted,
        pool=max(POOL, wanted) if both or question.diversity else wanted,
        scope=question.scope,
    )
    candidates = reader.candidates(query)
    scores = fused(candidates, question.fusion, question.alpha)
    order = top(scores, wanted)
    if question.min_score is not None:
        order = order[scores[order] >= question.min_score]
    if question.diversity:
        order = _diversified(reader, candidates, scores, order, question)
    order = order[question.offset : question.offset + question.limit]
    stored = reader.load([candidates.keys[index] for index in order])
    return [
        _match(stored[candidates.keys[index]], int(index), scores, candidates)
        for index in order
        if candidates.keys[index] in stored
    ]


def _diversified(
    reader: Reader,
    candidates: Candidates,
    scores: NDArray[np.float64],
    order: NDArray[np.intp],
    question: Question,
) -> NDArray[np.intp]:
    from agentcore_vectorstore._fusion import diverse

    stored = reader.load([candidates.keys[index] for index in order], vectors=True)
    vectors = _rows([candidates.keys[index] for index in order], stored)
    return order[diverse(scores[order], vectors, question.diversity, question.offset + question.limit)]


def _rows(keys: list[Key], stored: Mapping[Key, Stored]) -> NDArray[np.float32]:
    import numpy as np

    found: list[Any] = [stored[key].vector if key in stored else None for key in keys]
    dimension = next((each.size for each in found if each is not None), 1)
    nothing = np.zeros(dimension, dtype=np.float32)
    return np.stack([nothing if each is None else each for each in found]) if found else np.empty((0, 1), np.float32)


def _match(stored: Stored, index: int, scores: NDArray[np.float64], candidates: Candidates) -> Match:
    return Match(
        document=stored.document,
        score=float(scores[index]),
        source=SOURCE,
        namespace=stored.namespace,
        meaning=None if candidates.meaning is None else float(candidates.meaning[index]),
        words=None if candidates.words is None else float(candidates.words[index]),
    )
