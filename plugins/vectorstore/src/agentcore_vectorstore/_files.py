"""From files to documents: text in pieces that an embedder can take in."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from agentcore.types import Document
from agentcore_vectorstore.errors import DocumentError, StoreError

__all__ = ["pieces_of", "read_text"]

_SIZE: Final = (400, 1000)
"""Characters of a piece: it is full from the first on, and never longer than the second.  An embedding model of the
usual kind reads 256 tokens, about 1000 characters."""

_MARKDOWN: Final = frozenset({".md", ".markdown", ".mdown", ".mkd"})


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        DocumentError: It cannot be read, or is no text in UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{path} is not text in UTF-8: byte {error.start} cannot be read",
            hint="convert it to text first.",
        ) from error
    if "\0" in text:
        raise DocumentError(f"{path} is not text: it has NUL characters", hint="convert it to text first.")
    return text


def pieces_of(path: Path, text: str) -> list[Document]:
    """Split the text of *path* where its meaning allows: at headings, paragraphs, sentences, words.

    The ids are made of path and number, so that a changed file replaces what it was.

    Raises:
        StoreError: The splitter is not installed.
    """
    source = str(path)
    pieces = _splitter(path)(text)
    return [
        Document(
            id=f"{source}#{number}",
            text=piece,
            metadata={"source": source, "piece": number, "pieces": len(pieces), "position": position},
        )
        for number, (position, piece) in enumerate(pieces)
    ]


def _splitter(path: Path) -> Callable[[str], list[tuple[int, str]]]:
    try:
        library: Any = import_module("semantic_text_splitter")
    except ImportError as error:
        raise StoreError(
            f"{path} cannot be split into pieces: {error}",
            hint="run `python -m pip install 'agentcore-vectorstore[knowledge]'`, or add texts as JSONL.",
        ) from error
    kind = library.MarkdownSplitter if path.suffix.lower() in _MARKDOWN else library.TextSplitter
    split: Callable[[str], list[tuple[int, str]]] = kind(_SIZE).chunk_indices
    return split
