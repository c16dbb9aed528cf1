"""From documents to what a backend writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any

from agentcore.types import Document
from agentcore_vectorstore.errors import DocumentError
from agentcore_vectorstore.protocols import Entry

__all__ = ["canonical_json", "entries_of"]


def entries_of(documents: Iterable[Document]) -> list[Entry]:
    """Check every document, and give an id to those without; vectors are still missing.

    Raises:
        DocumentError: One of them cannot be stored.
    """
    return [_entry(document, number) for number, document in enumerate(documents)]


def canonical_json(value: Any) -> str:
    """Return the one JSON text of *value*: no spaces, keys sorted.

    Raises:
        ValueError: It is not JSON: NaN, a reference to itself, text that is not valid Unicode.
        TypeError: It is not JSON: another type.
        RecursionError: It is nested too deep.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    text.encode("utf-8")
    return text


def _entry(document: Document, number: int) -> Entry:
    name = f"document {number}" if document.id is None else f"document {document.id!r}"
    _check_text(name, "text", document.text)
    if document.id is not None:
        _check_text(name, "id", document.id)
    return Entry(
        id=_new_id() if document.id is None else document.id,
        text=document.text,
        metadata=_metadata(name, document.metadata),
        vector=None,
    )


def _check_text(name: str, part: str, value: str) -> None:
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a type checker
        raise DocumentError(f"the {part} of {name} is {type(value).__name__!r}, not a string")
    if not value.strip():
        raise DocumentError(f"the {part} of {name} is empty")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(
            f"the {part} of {name} is not valid Unicode at position {error.start}: a lone surrogate",
            hint='replace what is broken, as by text.encode("utf-8", "replace").decode("utf-8").',
        ) from error


def _metadata(name: str, metadata: Mapping[str, Any]) -> str:
    for key, value in metadata.items():
        try:
            canonical_json({key: value})
        except (TypeError, ValueError, RecursionError) as error:
            raise DocumentError(
                f"{key!r} in the metadata of {name} is not a JSON value: {error}",
                hint="store text, numbers, booleans, None, and lists and objects of them.",
            ) from error
    return canonical_json(dict(metadata))


def _new_id() -> str:
    # Ids that grow with time keep the index of ids compact: new ones go to its end.
    return f"{time.time_ns():016x}{token_hex(8)}"
