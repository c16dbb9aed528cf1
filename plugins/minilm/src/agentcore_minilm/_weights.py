"""What the weights are and where they lie."""

from pathlib import Path
from typing import Final

__all__ = ["DIMENSION", "ID", "MAX_TOKENS", "SHA256", "model_path", "tokenizer_path"]

ID: Final = "all-MiniLM-L6-v2-int8"
"""Names the space that the vectors live in: vectors of another id cannot be compared with these."""

DIMENSION: Final = 384
"""Numbers in each vector."""

MAX_TOKENS: Final = 256
"""Tokens that the model reads of a text, about 200 English words; the rest leaves no trace in the vector."""

SHA256: Final = "3d68827b6528fdea32610846e74610bd62662dc137d6e425b8ec82b9596d07a7"
"""Of the model's file, in hexadecimal."""

_WEIGHTS: Final = Path(__file__).parent / "weights"


def model_path() -> Path:
    """Return where the model lies, in ONNX format (inputs, output and provenance: ``PROVENANCE.md`` beside it)."""
    return _WEIGHTS / "all-MiniLM-L6-v2.int8.onnx"


def tokenizer_path() -> Path:
    """Return where the tokenizer lies, in the format of the library ``tokenizers``."""
    return _WEIGHTS / "tokenizer.json"
