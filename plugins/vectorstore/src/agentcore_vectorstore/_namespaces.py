"""Namespaces: paths such as ``acme/triage/session-7``; a search in one covers all below it."""

from __future__ import annotations

from typing import Final

from agentcore_vectorstore.errors import QueryError

__all__ = ["ancestors", "check_namespace", "covers", "namespace_of"]

_MAX_LENGTH: Final = 1000


def check_namespace(namespace: str) -> str:
    """Return *namespace* when it is one.

    Raises:
        QueryError: It is not: an empty part, a control character, no string.
    """
    if not namespace:
        return ""
    good = isinstance(namespace, str) and len(namespace) <= _MAX_LENGTH  # pyright: ignore[reportUnnecessaryIsInstance]
    if not good or not all(part and part.isprintable() for part in namespace.split("/")):
        raise QueryError(
            f"{namespace!r:.80} is not a namespace",
            hint="write parts of printable characters with a slash between two, as 'acme/triage'; '' is the root.",
        )
    return namespace


def namespace_of(*parts: str) -> str:
    """Join *parts*, each of which becomes one part, whatever is in it."""
    return "/".join(_quoted(part) for part in parts)


def ancestors(namespace: str) -> list[str]:
    """Return *namespace* and all above it but the root, the topmost first; nothing for the root."""
    parts = namespace.split("/") if namespace else []
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def covers(outer: str, inner: str) -> bool:
    """Whether *inner* is *outer* or lies below it."""
    return not outer or inner == outer or inner.startswith(f"{outer}/")


def _quoted(part: str) -> str:
    made = part.replace("%", "%25").replace("/", "%2F").encode("utf-8", "replace").decode("utf-8")
    return "".join(each if each.isprintable() else f"%{ord(each):02X}" for each in made) or "%"
