"""Backends and embedders by name: the built-in ones first, then those of installed distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["BACKENDS", "EMBEDDERS", "Registry"]


class Registry:
    """What one entry-point group names.  Nothing is imported before it is asked for."""

    def __init__(self, group: str, built_in: Mapping[str, str]) -> None:
        """Prepare, and scan nothing yet.

        Args:
            group: The entry-point group.
            built_in: By name, as ``module:attribute``; an entry point of the same name is not asked.
        """
        self.group = group
        self._built_in = built_in

    def __contains__(self, name: str) -> bool:
        return name in self._built_in or name in self.names()

    def find(self, name: str) -> Callable[..., Any] | None:
        """Return what *name* names; None where nothing does.

        Raises:
            Exception: Whatever its import raised.
        """
        if name in self._built_in:
            module, _, attribute = self._built_in[name].partition(":")
            found: Callable[..., Any] = getattr(import_module(module), attribute)
            return found
        for entry_point in self._installed():
            if entry_point.name == name:
                loaded: Callable[..., Any] = entry_point.load()
                return loaded
        return None

    def names(self) -> list[str]:
        """Return every name there is, sorted."""
        return sorted({*self._built_in, *(each.name for each in self._installed())})

    def _installed(self) -> list[EntryPoint]:
        # Half of what importing this package would cost.
        from importlib.metadata import entry_points

        return list(entry_points(group=self.group))


BACKENDS: Final = Registry(
    "agentcore_vectorstore.backends",
    {
        "memory": "agentcore_vectorstore._sqlite:open_memory",
        "postgresql": "agentcore_vectorstore._postgres:open_postgres",
        "qdrant": "agentcore_vectorstore._qdrant:open_qdrant",
        "sqlite": "agentcore_vectorstore._sqlite:open_sqlite",
    },
)
"""By the scheme of the connection string; each is a :class:`~agentcore_vectorstore.protocols.BackendFactory`."""

EMBEDDERS: Final = Registry(
    "agentcore_vectorstore.embedders",
    {
        "fastembed": "agentcore_vectorstore._embedders.fastembed:FastEmbedder",
        "given": "agentcore_vectorstore._embedders.given:GivenVectors",
        "openai": "agentcore_vectorstore._embedders.openai:OpenAIEmbedder",
    },
)
"""By the part of the embedder's name before the colon; each returns an embedder."""
