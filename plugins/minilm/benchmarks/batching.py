"""Texts one by one against padded batches sorted by length: CPU time, and how far a text's vector moves.

Run by hand: ``python benchmarks/batching.py``.  The texts are the topics of Python's own help.
"""

from __future__ import annotations

from collections.abc import Iterator
from pydoc_data.topics import topics
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agentcore_minilm import MiniLMEmbedder
from agentcore_minilm._encoder import Encoder

BATCH_TOKENS = 2048
"""Of one batch, padding included."""


def batches(ids: list[list[int]]) -> Iterator[list[list[int]]]:
    """Cut *ids*, sorted by length, into batches."""
    batch: list[list[int]] = []
    for each in ids:
        if batch and len(each) * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(each)
    yield batch


def embed_padded(encoder: Any, ids: list[list[int]]) -> NDArray[np.float32]:
    """Embed *ids*, sorted by length, in batches."""
    rows: list[NDArray[np.float32]] = []
    for batch in batches(ids):
        shape = (len(batch), len(batch[-1]))
        padded, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, each in enumerate(batch):
            padded[row, : len(each)], mask[row, : len(each)] = each, 1
        rows += encoder._session.run(["emb"], {"input_ids": padded, "attention_mask": mask})
    return np.concatenate(rows)


def compare(name: str, texts: list[str]) -> None:
    """Measure both ways, and print what came out."""
    encoder, embedder = Encoder(), MiniLMEmbedder(threads=1)
    tokenize = encoder._tokenizer.encode
    texts = sorted(texts, key=lambda text: len(tokenize(text).ids))
    embedder.embed(texts[:1])
    began = process_time()
    alone = embedder.embed(texts)
    middle = process_time()
    together = embed_padded(encoder, [tokenize(text).ids for text in texts])
    ended = process_time()
    cosines = np.vecdot(alone, together)
    print(
        f"{name}: one by one {len(texts) / (middle - began):.0f} per CPU-second, "
        f"in batches {len(texts) / (ended - middle):.0f}; cosine between the two {cosines.min():.3f} at least, "
        f"{cosines.mean():.3f} on average"
    )


if __name__ == "__main__":
    pages = [" ".join(page.split()) for page in topics.values()]
    sentences = [sentence for page in pages for sentence in page.split(". ") if 20 < len(sentence) < 120]
    compare("short texts", sentences[:400])
    compare("long texts", [page[:1500] for page in pages if len(page) > 1500][:60])
