"""From a connection string to a store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from agentcore.errors import ConfigError, nearest
from agentcore_vectorstore._async_store import Opening
from agentcore_vectorstore._durations import parse_ttl
from agentcore_vectorstore._embedders import DEFAULT_EMBEDDER, load_embedder
from agentcore_vectorstore._embedding import embed_missing
from agentcore_vectorstore._registry import BACKENDS
from agentcore_vectorstore._store import Defaults, SyncStore
from agentcore_vectorstore._url import StoreURL, parse_url
from agentcore_vectorstore.protocols import Backend, BackendFactory, Embedder, Fusion

if TYPE_CHECKING:
    from agentcore import PluginManager

__all__ = ["DEFAULT_URL", "check_url", "open_backend", "open_store", "open_store_sync", "state_folder"]

DEFAULT_URL: Final = "sqlite:///memory.db"
"""A file in the state folder."""


def open_store(
    url: str = DEFAULT_URL,
    *,
    embedder: str | Embedder | None = None,
    folder: Path | Callable[[], Path] | None = None,
    create: bool = True,
    reembed: Callable[[int], object] | None = None,
) -> Opening:
    """Open the store that *url* names, without blocking the event loop.

    Example:
        >>> async with open_store("sqlite:///memory.db") as store:
        ...     await store.add([Document(text="Refunds are paid within thirty days.")])
        ...     best, *_ = await store.search("How do I get my money back?")

    Args:
        url: As for :func:`open_store_sync`, and so for the rest.
        embedder: Of the vectors.
        folder: Where relative paths start.
        create: Whether to make a store that does not exist.
        reembed: Take the vectors of another embedder for wrong.

    Returns:
        What ``await`` makes a :class:`Store` of, and ``async with`` one that is closed at its end.

    Raises:
        StoreError: When awaited, and so for every other error of :func:`open_store_sync`.
    """
    return Opening(partial(open_store_sync, url, embedder=embedder, folder=folder, create=create, reembed=reembed))


def open_store_sync(
    url: str = DEFAULT_URL,
    *,
    embedder: str | Embedder | None = None,
    folder: Path | Callable[[], Path] | None = None,
    create: bool = True,
    reembed: Callable[[int], object] | None = None,
) -> SyncStore:
    """Open the store that *url* names, for code that is not async.

    Blocks; where texts were stored without an embedder, they are embedded first.

    Args:
        url: ``sqlite:///memory.db`` (a file in *folder*), ``sqlite:////var/lib/memory.db`` (absolute, with four
            slashes), ``memory://`` (gone when it is closed), or a scheme of another installed backend.
            Options follow as ``?name=value&…``: ``embedder``, ``fusion``, ``alpha``, ``dedup``, ``ttl``, and those of
            the backend.
        embedder: The name of an installed embedder, ``"none"`` for words only, or an embedder.
            None takes the one in *url*, else ``"minilm"``.
        folder: Where relative paths start, or what returns it when a file is to be opened; None for the state folder.
        create: Whether to make a store that does not exist.
        reembed: Drop the vectors of another embedder, make all anew, and tell this function how many more are made;
            None refuses a store with another embedder's.

    Warns:
        KeywordOnlyWarning: ``minilm`` is not installed: the store is opened for words only.

    Raises:
        ConfigError: *url* cannot be used.
        StoreNotFoundError: There is no store, and *create* is false.
        EmbedderNotFoundError: No embedder of that name is installed.
        EmbedderMismatchError: The vectors in the store are another embedder's.
        StoreError: It cannot be opened.
    """
    parsed = parse_url(url)
    defaults = _defaults(parsed)
    chosen = parsed.options.get("embedder", DEFAULT_EMBEDDER) if embedder is None else embedder
    backend = open_backend(parsed, folder=folder, create=create)
    try:
        loaded = load_embedder(chosen) if isinstance(chosen, str) else chosen
        if reembed is not None and loaded is not None:
            backend.claim(loaded, replace=True)
            embed_missing(backend, loaded, reembed)
        return SyncStore(backend, loaded, defaults)
    except BaseException:
        backend.close()
        raise


def open_backend(url: StoreURL, *, folder: Path | Callable[[], Path] | None = None, create: bool = True) -> Backend:
    """Open what keeps the documents of *url*, without an embedder.

    Raises:
        ConfigError: *url* cannot be used.
        StoreError: It cannot be opened.
    """
    if isinstance(folder, Path):
        return _factory(url)(url, folder=lambda: folder, create=create)
    return _factory(url)(url, folder=folder or _default_folder, create=create)


def check_url(url: str) -> str:
    """Return *url* when it can be read and a backend is there for it.  Imports no backend.

    Raises:
        ConfigError: It is not, or no installed backend has its scheme.
    """
    parsed = parse_url(url)
    if parsed.scheme not in BACKENDS:
        raise _unknown(parsed.scheme)
    _defaults(parsed)
    return url


def _defaults(url: StoreURL) -> Defaults:
    return Defaults(
        fusion=url.option("fusion", _fusion, "zscore"),
        alpha=url.option("alpha", _share, 0.5),
        dedup=url.option("dedup", _share, None),
        ttl=url.option("ttl", parse_ttl, None),
    )


def _fusion(text: str) -> Fusion:
    for known in get_args(Fusion):
        if text == known:
            fusion: Fusion = known
            return fusion
    raise ValueError(nearest(text, get_args(Fusion)))


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError("it must be between 0 and 1")
    return share


def _factory(url: StoreURL) -> BackendFactory:
    factory: BackendFactory | None = BACKENDS.find(url.scheme)
    if factory is None:
        raise _unknown(url.scheme)
    return factory


def _unknown(scheme: str) -> ConfigError:
    return ConfigError(f"no backend has the scheme {scheme!r}", hint=nearest(scheme, BACKENDS.names()))


def state_folder(plugins: PluginManager | None, *, create: bool = True) -> Callable[[], Path] | None:
    """Return what finds the state folder of *plugins*, and makes it with *create* alone; None without *plugins*."""
    if plugins is None:
        return None
    return lambda: plugins.state_dir if create else plugins.settings.state_dir


def _default_folder() -> Path:
    import agentcore

    return agentcore.state_dir()
