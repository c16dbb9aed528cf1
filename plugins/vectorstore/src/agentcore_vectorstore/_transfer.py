"""Whole stores to files and back, and from one backend to another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from attrs import frozen

from agentcore.types import Document
from agentcore_vectorstore._filters import FilterSpec
from agentcore_vectorstore._filters.meaning import is_object
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore._namespaces import check_namespace
from agentcore_vectorstore._open import open_backend
from agentcore_vectorstore._store import SyncStore
from agentcore_vectorstore._url import parse_url
from agentcore_vectorstore.errors import DocumentError
from agentcore_vectorstore.protocols import Entry, Scope, Stored

__all__ = ["copy", "export_jsonl", "import_jsonl", "record_of"]

Progress = Callable[[int], object]
"""Is told how many more documents are done."""

_PAGE: Final = 500
_FIELDS: Final = frozenset({"text", "id", "namespace", "metadata", "stored", "expires"})


@frozen
class _Identity:
    id: str
    dimension: int
    fingerprint: str


def export_jsonl(
    store: SyncStore,
    file: TextIO,
    *,
    filter: FilterSpec = None,
    namespace: str = "",
    progress: Progress | None = None,
) -> int:
    """Write documents to *file*, a JSON object in each line, and return how many; without their vectors."""
    count = 0
    for stored in store.documents(filter=filter, namespace=namespace):
        file.write(json.dumps(record_of(stored), ensure_ascii=False) + "\n")
        count += 1
        if progress is not None:
            progress(1)
    return count


def import_jsonl(
    store: SyncStore, lines: Iterable[str], *, namespace: str = "", progress: Progress | None = None
) -> int:
    """Add the documents of *lines* and return how many; what is there already costs next to nothing.

    A line is an object with ``text``, and at will ``id``, ``metadata``, ``namespace`` (below *namespace*) and
    ``expires`` (seconds since the epoch); empty lines are passed over, and what has expired is left out.

    Raises:
        DocumentError: A line is something else; it is named, and those before it are stored.
    """
    count = 0
    for part in _parts(lines, namespace):
        for place, expires in dict.fromkeys((place, expires) for place, expires, _ in part):
            documents = [each for where, until, each in part if (where, until) == (place, expires)]
            ttl = None if expires is None else expires - time.time()
            if ttl is None or ttl > 0:
                store.add(documents, namespace=place, ttl=ttl)
        count += len(part)
        if progress is not None:
            progress(len(part))
    return count


def copy(
    source: str, target: str, *, folder: Path | Callable[[], Path] | None = None, progress: Progress | None = None
) -> int:
    """Copy every document from one store to another, with its vector, and return how many there were.

    Copying again goes on where it was interrupted, and brings what is new.

    Args:
        source: The connection string of a store that exists.
        target: Of one that may hold other documents; the same ids are replaced.
        folder: Where relative paths start, or what returns it when a file is to be opened; None for the state folder.
        progress: Is told how many more are there.

    Raises:
        EmbedderMismatchError: The vectors of the two are different embedders'.
        StoreError: One of them cannot be opened, read or written.
    """
    count = 0
    origin = open_backend(parse_url(source), folder=folder, create=False)
    try:
        goal = open_backend(parse_url(target), folder=folder)
        try:
            identity = origin.embedder()
            if identity is not None:
                goal.claim(_Identity(*identity))
            scope, after = Scope(now=time.time()), None
            while True:
                with origin.reading() as reader:
                    page = reader.page(scope, after=after, limit=_PAGE, vectors=True)
                goal.put([_entry(stored) for _, stored in page])
                count += len(page)
                if progress is not None:
                    progress(len(page))
                if len(page) < _PAGE:
                    return count
                after = page[-1][0]
        finally:
            goal.close()
    finally:
        origin.close()


def record_of(stored: Stored) -> dict[str, Any]:
    """Return a document as its line in a file says it."""
    record: dict[str, Any] = {"id": stored.document.id, "text": stored.document.text}
    if stored.namespace:
        record["namespace"] = stored.namespace
    if stored.document.metadata:
        record["metadata"] = stored.document.metadata
    record["stored"] = stored.stored
    if stored.expires is not None:
        record["expires"] = stored.expires
    return record


def _entry(stored: Stored) -> Entry:
    return Entry(
        namespace=stored.namespace,
        id=str(stored.document.id),
        text=stored.document.text,
        metadata=canonical_json(dict(stored.document.metadata)),
        vector=stored.vector,
        stored=stored.stored,
        expires=stored.expires,
    )


_Read = tuple[str, float | None, Document]
"""Namespace, expiry and document of a line."""


def _parts(lines: Iterable[str], namespace: str) -> Iterator[list[_Read]]:
    part: list[_Read] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            part.append(_read(line, number, namespace))
        if len(part) >= _PAGE:
            yield part
            part = []
    if part:
        yield part


def _read(line: str, number: int, namespace: str) -> _Read:
    try:
        record: Any = json.loads(line)
    except ValueError as error:
        raise DocumentError(f"line {number} is not JSON: {error}") from error
    if not is_object(record) or not isinstance(record.get("text"), str):
        raise DocumentError(f"line {number} is not an object with a text", hint='write {"text": "…"}.')
    unknown = sorted(record.keys() - _FIELDS)
    if unknown:
        raise DocumentError(
            f"line {number} has the field {unknown[0]!r}, which a document does not have",
            hint=f"put it into 'metadata'; the fields are {', '.join(sorted(_FIELDS))}.",
        )
    metadata, expires, id_ = record.get("metadata", {}), record.get("expires"), record.get("id")
    if not is_object(metadata) or not isinstance(expires, (int, float, type(None))):
        raise DocumentError(f"line {number}: 'metadata' must be an object and 'expires' a number")
    place = "/".join(part for part in (namespace, str(record.get("namespace") or "")) if part)
    document = Document(text=record["text"], id=None if id_ is None else str(id_), metadata=metadata)
    return check_namespace(place), expires, document
