"""The plugin: every agent's outputs are remembered, and found again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from attrs import evolve
from pydantic import AfterValidator, BaseModel, ConfigDict

from agentcore import hookimpl
from agentcore.types import Document, Hit, KnowledgeQuery, Outcome, Usage
from agentcore_vectorstore._memory import memory_of
from agentcore_vectorstore._open import DEFAULT_URL, check_url, open_store_sync, state_folder
from agentcore_vectorstore._plain import plain
from agentcore_vectorstore._recall import ScopedQuery, home_of
from agentcore_vectorstore._url import parse_url

if TYPE_CHECKING:
    from click import Command

    from agentcore import Event, ExecutionContext, PluginManager
    from agentcore_vectorstore._store import SyncStore
    from agentcore_vectorstore.protocols import Embedder

__all__ = ["VectorStoreProvider"]


class VectorStoreProvider:
    """Stores what agents put out and what they are told to know, and answers questions about it.

    What happened reaches it through the journal, so that no run waits for the store and none is forgotten; the store
    knows an event by its id, and keeps what is delivered twice once.
    The store is opened on first use, in the state folder of the plugin manager that started this provider.
    """

    class Config(BaseModel):
        """The table ``[tool.agentcore.plugins.vectorstore]``."""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

        url: Annotated[str, AfterValidator(check_url)] = DEFAULT_URL
        """Where memories are kept; a relative path starts in the state folder."""
        embedder: str | None = None
        """An installed embedder, or "none" for keywords only; unset takes the url's, else "minilm"."""

    def __init__(self, url: str = DEFAULT_URL, *, embedder: str | Embedder | None = None) -> None:
        """Prepare, and open nothing yet.

        Args:
            url: The connection string, as of :func:`open_store_sync`.
            embedder: As of :func:`open_store_sync`.

        Raises:
            ConfigError: *url* cannot be used.
        """
        self._url = check_url(url)
        self._embedder = embedder
        self._plugins: PluginManager | None = None
        self._opening = threading.Lock()
        self._store: SyncStore | None = None

    @classmethod
    def from_config(cls, config: Config) -> VectorStoreProvider:
        """Make the provider that *config* describes."""
        return cls(config.url, embedder=config.embedder)

    @property
    def store(self) -> SyncStore:
        """The store, opened when it is first asked for; belongs to the provider."""
        return self._opened()

    @hookimpl
    def agentcore_startup(self, plugins: PluginManager) -> None:
        """Learn where the state folder is."""
        self._plugins = plugins

    @hookimpl
    def agentcore_shutdown(self) -> None:
        """Close the store.  What is delivered later opens it again."""
        with self._opening:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    @hookimpl(blocking=True, delivery="durable")
    def agent_complete(
        self,
        context: ExecutionContext,
        agent: str,
        input: Mapping[str, Any],
        output: Any,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Remember the output, with what it was made of, under tenant, agent and session."""
        facts = {"agent": agent, "input": input, "usage": usage, "duration": duration, "outcome": outcome}
        self.store.add([memory_of(context, output, event, facts)], namespace=home_of(context))

    @hookimpl(blocking=True, delivery="durable")
    def knowledge_update(self, documents: Sequence[Document], event: Event | None = None) -> None:
        """Remember *documents*; those without an id get one made of the event's, so that none is stored twice."""
        self.store.add(
            evolve(
                document,
                id=f"{event.id}-{number}" if document.id is None and event is not None else document.id,
                metadata=plain(document.metadata),
            )
            for number, document in enumerate(documents)
        )

    @hookimpl(blocking=True)
    def knowledge_query(self, query: KnowledgeQuery) -> list[Hit]:
        """Answer with the nearest documents, best first."""
        if not query.text.strip():
            return []
        scoped = query if isinstance(query, ScopedQuery) else ScopedQuery(text=query.text)
        return [
            *self.store.search(
                query.text,
                limit=query.limit,
                filter=plain(query.filter),
                namespace=scoped.namespace,
                min_score=scoped.min_score,
            )
        ]

    @hookimpl
    def register_commands(self) -> list[Command]:
        """Add ``agentcore search`` and ``agentcore knowledge``."""
        from agentcore_vectorstore._commands import knowledge_command, search_command

        return [search_command(self._opened), knowledge_command(self._opened)]

    def _opened(
        self,
        *,
        create: bool = True,
        plugins: PluginManager | None = None,
        reembed: Callable[[int], object] | None = None,
    ) -> SyncStore:
        """Return the store; *plugins* is whose state folder is meant where none has started this provider."""
        with self._opening:
            if self._store is None:
                self._store = open_store_sync(
                    self._url,
                    embedder=self._embedder,
                    folder=state_folder(self._plugins or plugins, create=create),
                    create=create,
                    reembed=reembed,
                )
            return self._store

    def __repr__(self) -> str:
        return f"VectorStoreProvider({str(parse_url(self._url))!r})"
