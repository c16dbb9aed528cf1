"""``agentcore knowledge add`` and ``import``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from agentcore_vectorstore._commands.common import progress_bar
from agentcore_vectorstore._files import pieces_of, read_text
from agentcore_vectorstore._store import SyncStore
from agentcore_vectorstore._transfer import import_jsonl
from agentcore_vectorstore.errors import DocumentError

__all__ = ["add_files", "add_lines"]

_TEXT: Final = frozenset({".txt", ".md", ".markdown", ".rst", ".text"})
"""What is taken from folders; a file that is named is taken whatever it is called."""

_PART: Final = 64
"""Pieces that are stored at once, so that the bar moves."""


def add_files(store: SyncStore, files: Sequence[Path], namespace: str, ttl: str | None) -> tuple[int, list[str]]:
    """Store *files* in pieces; return how many there are, and what is wrong with the files that were left out."""
    paths = list(_found(files))
    failures: list[str] = []
    count = 0
    with progress_bar("adding", len(paths)) as progress:
        for path in paths:
            try:
                pieces = pieces_of(path, read_text(path))
            except DocumentError as error:
                failures.append(str(error))
            else:
                for start in range(0, len(pieces), _PART):
                    store.add(pieces[start : start + _PART], namespace=namespace, ttl=ttl)
                # What the file was longer by.
                longer = {"source": str(path)}
                stale = [each.document.id for each in store.documents(filter=longer, namespace=namespace)]
                kept = {piece.id for piece in pieces}
                store.delete([id_ for id_ in stale if id_ is not None and id_ not in kept], namespace=namespace)
                count += len(pieces)
            progress(1)
    return count, failures


def add_lines(store: SyncStore, files: Sequence[Path], namespace: str) -> int:
    """Store the documents of JSONL files; ``-`` is stdin."""
    count = 0
    with progress_bar("adding") as progress:
        for path in files:
            if str(path) == "-":
                count += import_jsonl(store, sys.stdin, namespace=namespace, progress=progress)
            else:
                count += import_jsonl(store, read_text(path).split("\n"), namespace=namespace, progress=progress)
    return count


def _found(files: Sequence[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix.lower() in _TEXT)
        else:
            yield path
