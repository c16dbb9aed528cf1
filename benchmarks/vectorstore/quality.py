"""How well hybrid search ranks, beside the two searches that it is made of, on retrieval sets in the form of BEIR."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final

from attrs import frozen

from agentcore_vectorstore import Document, Fusion, SyncStore, open_store_sync

__all__ = ["ALLOWED", "Quality", "RetrievalSet", "measured_quality", "read_set"]

ALLOWED: Final = 0.005
"""How much worse than the better of its parents hybrid search may rank, in nDCG@10."""

_CUT: Final = 10
_BATCH: Final = 64
"""Questions that are asked at once."""

Relevance = Mapping[str, Mapping[str, int]]
"""By question and document: how relevant, above 0."""


@frozen
class RetrievalSet:
    """Documents, questions, and which of the former answer the latter."""

    name: str
    documents: Mapping[str, str]
    questions: Mapping[str, str]
    relevance: Relevance
    namespaces: Mapping[str, str]
    """Where each document lies, and where each question is asked; the root where nothing is said."""


@frozen
class Quality:
    """nDCG@10 of the three searches, for each question."""

    keyword: list[float]
    vector: list[float]
    hybrid: list[float]

    @property
    def margin(self) -> float:
        """How much better than the better of its parents hybrid search ranks on average."""
        return mean(self._margins)

    @property
    def error(self) -> float:
        """The standard error of the margin: on another set of as many such questions it may be that much off."""
        return stdev(self._margins) / math.sqrt(len(self._margins)) if len(self._margins) > 1 else math.inf

    @property
    def _margins(self) -> list[float]:
        better = max(self.keyword, self.vector, key=mean)
        return [one - two for one, two in zip(self.hybrid, better, strict=True)]


def read_set(folder: Path, split: str = "test") -> RetrievalSet:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/SPLIT.tsv``; questions without an answer are left out.

    Beside what BEIR has, a record may have a ``namespace``.
    """
    corpus, queries = _records(folder / "corpus.jsonl"), _records(folder / "queries.jsonl")
    texts = {each["_id"]: _text_of(each) for each in corpus}
    relevance: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / f"{split}.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevance.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    questions = {each["_id"]: each["text"] for each in queries if each["_id"] in relevance}
    return RetrievalSet(
        name=folder.resolve().name,
        documents={id_: text for id_, text in texts.items() if text.strip()},
        questions=questions,
        relevance=relevance,
        namespaces={each["_id"]: each.get("namespace", "") for each in [*corpus, *queries]},
    )


def measured_quality(chosen: RetrievalSet, url: str, *, apart: bool = False) -> Quality:
    """Store the documents of *chosen*, and ask each question in three ways.

    Args:
        chosen: What is stored and asked.
        url: An empty store.
        apart: Open *url* for each namespace anew: it has to be one in memory.
    """
    scores: dict[Fusion, list[float]] = {"bm25": [], "vector": [], "zscore": []}
    documents, questions = _by_namespace(chosen, chosen.documents), _by_namespace(chosen, chosen.questions)
    for part in [[name] for name in documents] if apart else [list(documents)]:
        with open_store_sync(url) as store:
            for name in part:
                store.add([Document(id=id_, text=chosen.documents[id_]) for id_ in documents[name]], namespace=name)
            for name in part:
                _ask(store, chosen, name, questions.get(name, []), scores)
    return Quality(keyword=scores["bm25"], vector=scores["vector"], hybrid=scores["zscore"])


def _ask(
    store: SyncStore, chosen: RetrievalSet, namespace: str, ids: list[str], scores: Mapping[Fusion, list[float]]
) -> None:
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        asked = [chosen.questions[id_] for id_ in part]
        for fusion, gains in scores.items():
            # One more: a question that is itself a document is not its own answer.
            found = store.search_many(asked, limit=_CUT + 1, fusion=fusion, namespace=namespace)
            for id_, matches in zip(part, found, strict=True):
                ranked = [str(match.document.id) for match in matches if match.document.id != id_]
                gains.append(_ndcg(ranked[:_CUT], chosen.relevance[id_]))


def _by_namespace(chosen: RetrievalSet, ids: Iterable[str]) -> dict[str, list[str]]:
    there: dict[str, list[str]] = {}
    for id_ in ids:
        there.setdefault(chosen.namespaces[id_], []).append(id_)
    return there


def _ndcg(ranked: list[str], relevance: Mapping[str, int]) -> float:
    """nDCG@10 as trec_eval computes it."""
    ideal = sorted(relevance.values(), reverse=True)[:_CUT]
    return _gain([relevance.get(id_, 0) for id_ in ranked]) / _gain(ideal)


def _gain(scores: list[int]) -> float:
    return sum(score / math.log2(place + 2) for place, score in enumerate(scores))


def _text_of(record: Mapping[str, Any]) -> str:
    return f"{record.get('title') or ''} {record['text']}".strip()


def _records(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
