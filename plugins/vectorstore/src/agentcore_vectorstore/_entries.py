"""From documents to what a backend writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from attrs import frozen

from agentcore.types import Document
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore.errors import DocumentError

__all__ = ["Checked", "checked_documents"]


@frozen
class Checked:
    """A document that can be stored; its vector is still missing."""

    id: str
    text: str
    metadata: str
    """Canonical JSON."""


def checked_documents(documents: Iterable[Document]) -> list[Checked]:
    """Check every document, and give an id to those without: a hash of text and metadata.

    Raises:
        DocumentError: One of them cannot be stored.
    """
    return [_checked(document, number) for number, document in enumerate(documents)]


def _checked(document: Document, number: int) -> Checked:
    id_, text = document.id, document.text
    name = f"document {number}" if id_ is None else f"document {id_!r}"
    _check_text(name, "text", text)
    if id_ is not None:
        _check_text(name, "id", id_)
    metadata = _metadata(name, document.metadata)
    return Checked(_hash(text, metadata) if id_ is None else id_, text, metadata)


def _check_text(name: str, part: str, value: str) -> None:
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a type checker
        raise DocumentError(f"the {part} of {name} is {type(value).__name__!r}, not a string")
    if not value or value.isspace():
        raise DocumentError(f"the {part} of {name} is empty")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(
            f"the {part} of {name} is not valid Unicode at position {error.start}: a lone surrogate",
            hint='replace what is broken, as by text.encode("utf-8", "replace").decode("utf-8").',
        ) from error


def _metadata(name: str, metadata: Mapping[str, Any]) -> str:
    if not metadata:
        return "{}"
    try:
        return canonical_json(dict(metadata))
    except (TypeError, ValueError, RecursionError) as whole:
        for key, value in metadata.items():
            try:
                canonical_json({key: value})
            except (TypeError, ValueError, RecursionError) as error:
                raise DocumentError(
                    f"{key!r} in the metadata of {name} is not a JSON value: {error}",
                    hint="store text, numbers, booleans, None, and lists and objects of them.",
                ) from error
        raise DocumentError(f"the keys in the metadata of {name} are not all text: {whole}") from whole


def _hash(text: str, metadata: str) -> str:
    return sha256(f"{metadata}\n{text}".encode()).hexdigest()[:32]
