"""From a connection string to a store."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from agentcore.errors import ConfigError, nearest
from agentcore_vectorstore._embedders import DEFAULT_EMBEDDER, load_embedder
from agentcore_vectorstore._registry import BACKENDS
from agentcore_vectorstore._store import Store
from agentcore_vectorstore._url import StoreURL, parse_url
from agentcore_vectorstore.protocols import BackendFactory, Embedder

__all__ = ["DEFAULT_URL", "check_url", "open_store"]

DEFAULT_URL: Final = "sqlite:///memory.db"
"""A file in the state folder."""


def open_store(
    url: str = DEFAULT_URL,
    *,
    embedder: str | Embedder | None = None,
    folder: Path | None = None,
    create: bool = True,
) -> Store:
    """Open the store that *url* names.

    Blocks; where texts were stored without an embedder, they are embedded first.

    Args:
        url: ``sqlite:///memory.db`` (a file in *folder*), ``sqlite:////var/lib/memory.db`` (absolute, with four
            slashes), ``memory://`` (gone when it is closed), or a scheme of an installed backend.
            Options follow as ``?name=value&…``: ``embedder``, and ``timeout`` for sqlite, in seconds.
        embedder: The name of an installed embedder, ``"none"`` for keywords only, or an embedder.
            None takes the one in *url*, else ``"minilm"``.
        folder: Where relative paths start; None for the state folder.
        create: Whether to make a store that does not exist.

    Warns:
        KeywordOnlyWarning: ``minilm`` is not installed: the store is opened for keywords only.

    Raises:
        ConfigError: *url* cannot be used.
        StoreNotFoundError: There is no store, and *create* is false.
        EmbedderNotFoundError: No embedder of that name is installed.
        EmbedderMismatchError: The vectors in the store are another embedder's.
        StoreError: It cannot be opened.
    """
    parsed = parse_url(url)
    factory = _factory(parsed)
    chosen = parsed.options.get("embedder", DEFAULT_EMBEDDER) if embedder is None else embedder
    backend = factory(parsed, folder=_state_folder() if folder is None else folder, create=create)
    try:
        return Store(backend, load_embedder(chosen) if isinstance(chosen, str) else chosen)
    except BaseException:
        backend.close()
        raise


def check_url(url: str) -> str:
    """Return *url* when it can be read and a backend is there for it.  Imports no backend.

    Raises:
        ConfigError: It is not, or no installed backend has its scheme.
    """
    scheme = parse_url(url).scheme
    if scheme not in BACKENDS:
        raise _unknown(scheme)
    return url


def _factory(url: StoreURL) -> BackendFactory:
    factory: BackendFactory | None = BACKENDS.find(url.scheme)
    if factory is None:
        raise _unknown(url.scheme)
    return factory


def _unknown(scheme: str) -> ConfigError:
    return ConfigError(f"no backend has the scheme {scheme!r}", hint=nearest(scheme, BACKENDS.names()))


def _state_folder() -> Path:
    import agentcore

    return agentcore.state_dir()
