"""The loaded model.  Importing this module loads the runtime; importing the package does not."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

# ONNX Runtime's official builds report to their maker over HTTPS and write a device id into the user's cache from the
# moment they are imported, unless this is set before: https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
from tokenizers import Tokenizer

from agentcore_minilm._weights import MAX_TOKENS, model_path, tokenizer_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Encoder"]

# The library brings no types.
_onnxruntime: Any = import_module("onnxruntime")

_MAX_CHARACTERS: Final = 64 * MAX_TOKENS
"""What the tokenizer is shown of a text: it would read all of a megabyte to keep its first 256 tokens."""


class _Session(Protocol):
    """The part of an ONNX session that is used here."""

    def run(self, outputs: list[str], inputs: dict[str, NDArray[np.int64]]) -> list[NDArray[np.float32]]: ...


class Encoder:
    """The tokenizer and the model, in memory.  Any number of threads may call it at once."""

    def __init__(self) -> None:
        # Untyped for a moment: the stub of enable_truncation is incomplete.
        tokenizer: Any = Tokenizer.from_file(str(tokenizer_path()))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        self._tokenizer: Tokenizer = tokenizer
        self._session = _open_session(str(model_path()))

    def encode(self, text: str) -> NDArray[np.float32]:
        """Return the vector of *text*, of shape (384,) and unit length."""
        # A lone surrogate cannot be written as UTF-8, which the tokenizer wants; it becomes a question mark.
        readable = text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
        ids = np.array([self._tokenizer.encode(readable).ids], dtype=np.int64)
        (rows,) = self._session.run(["emb"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        vector: NDArray[np.float32] = rows[0]
        return vector


def _open_session(path: str) -> _Session:
    options = _onnxruntime.SessionOptions()
    # One thread for each text, and none of its own: on texts of this length more threads only wait for each other,
    # and a session without threads survives a fork.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session: _Session = _onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session
