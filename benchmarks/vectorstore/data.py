"""Texts and vectors that are the same in every process."""

from __future__ import annotations

import random
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSION", "GROUPS", "questions", "texts", "vectors"]

DIMENSION: Final = 384
GROUPS: Final = 10
"""Namespaces; document *n* lies in number ``n % 10``."""

_WORDS: Final = [
    f"{start}{middle}{end}"
    for start in ("b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "br", "st", "tr", "pl")
    for middle in ("a", "e", "i", "o", "u", "an", "er", "ol", "in")
    for end in ("ba", "ly", "ness", "son", "der", "king", "er", "ity", "mo", "ta", "ren", "lis")
]
_WEIGHTS: Final = list(accumulate(1 / (rank + 20) for rank in range(len(_WORDS))))
"""Flatter than Zipf's at its head: the words that every text has are stop words, which nobody searches for."""


def texts(count: int, *, words: int = 40, seed: int = 1) -> list[str]:
    """Texts of *words* words each."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(_WORDS, cum_weights=_WEIGHTS, k=words)) for _ in range(count)]


def vectors(count: int, *, seed: int = 1) -> NDArray[np.float32]:
    """Unit vectors around two hundred centres, as texts on two hundred subjects have them."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((200, DIMENSION), dtype=np.float32)
    made = centres[chance.integers(0, 200, count)] + chance.standard_normal((count, DIMENSION), dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def questions(count: int) -> tuple[list[str], NDArray[np.float32]]:
    """Questions of six words, and vectors that are like some of the stored ones."""
    return texts(count, words=6, seed=99), vectors(count, seed=99)
