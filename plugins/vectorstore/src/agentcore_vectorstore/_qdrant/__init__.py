"""Qdrant: ``qdrant://host[:port][/collection]`` for a server, ``qdrant:///folder`` for the engine in this process."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agentcore.errors import ConfigError
from agentcore_vectorstore.errors import StoreAccessError, StoreError, StoreLockedError, StoreNotFoundError

if TYPE_CHECKING:
    from agentcore_vectorstore._qdrant.backend import QdrantBackend
    from agentcore_vectorstore._url import StoreURL

__all__ = ["open_qdrant"]

_COLLECTION: Final = "agentcore"
_PORT: Final = 6333
_opening: Final = threading.Lock()
_TRUTHS: Final = {"true": True, "false": False}


def open_qdrant(url: StoreURL, *, folder: Callable[[], Path], create: bool) -> QdrantBackend:
    """Open a collection.

    Options: ``timeout`` in seconds (10); of a server ``api_key`` (``env:NAME`` or ``file:/path``) and ``https``
    (``true`` or ``false``); of a folder ``collection``.
    """
    url.check_options({"timeout", "api_key", "https"} if url.host else {"timeout", "collection"})
    if url.user or url.password:
        raise ConfigError(f"{str(url)!r} has no user", hint="give a server's key as '?api_key=env:NAME'.")
    timeout = url.option("timeout", float, 10.0)
    try:
        import qdrant_client
    except ImportError as error:
        raise StoreError(
            f"{str(url)!r} needs Qdrant's client: {error}",
            hint="run `python -m pip install 'agentcore-vectorstore[qdrant]'`.",
        ) from error
    from agentcore_vectorstore._qdrant.backend import QdrantBackend

    if not url.host:
        path = _place(url, folder)
        client = _embedded(qdrant_client.QdrantClient, path, timeout, create=create)
        name = url.options.get("collection", _COLLECTION)
        location = f"{path} (collection {name!r})"
    else:
        name = url.path.strip("/") or _COLLECTION
        client = qdrant_client.QdrantClient(
            host=url.host,
            port=url.port or _PORT,
            https=url.option("https", _truth, False),
            api_key=url.secret("api_key"),
            timeout=max(1, round(timeout)),
            check_compatibility=False,
        )
        location = str(url)
    try:
        return QdrantBackend(client, name, location, embedded=not url.host, create=create)
    except BaseException:
        client.close()
        raise


def _place(url: StoreURL, folder: Callable[[], Path]) -> Path:
    if not url.path.removeprefix("/"):
        raise ConfigError(
            f"{str(url)!r} names neither a server nor a folder",
            hint="write 'qdrant://localhost' for a server, 'qdrant:///memory' for a folder.",
        )
    return url.place(folder)


def _embedded(open_client: Any, path: Path, timeout: float, *, create: bool) -> Any:
    if not create and not (path / "meta.json").exists():
        raise StoreNotFoundError(f"{path} does not exist")
    deadline = time.monotonic() + timeout
    while True:
        # One thread at a time: between the look at the lock and the opening nobody of this process may come.
        with _opening:
            if not _is_locked(path / ".lock"):
                try:
                    return _opened(open_client, path)
                except RuntimeError:
                    # Another process was faster.
                    pass
        if time.monotonic() > deadline:
            raise StoreLockedError(
                f"{path} is open in another process, or twice in this one",
                hint="end that process, or run a Qdrant server, which serves many.",
            )
        time.sleep(0.01)


def _opened(open_client: Any, path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # That the engine is slow with many points is said by the documentation.
            warnings.simplefilter("ignore", UserWarning)
            return open_client(path=str(path), force_disable_check_same_thread=True)
    except OSError as error:
        raise StoreAccessError(f"{path} cannot be opened: {error}") from error


def _is_locked(path: Path) -> bool:
    """Whether another client holds the folder: the client that fails over it would leave the file open."""
    import portalocker

    if not path.exists():
        return False
    with path.open("r+") as file:
        try:
            portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.exceptions.LockException:
            return True
        portalocker.unlock(file)
    return False


def _truth(text: str) -> bool:
    if text not in _TRUTHS:
        raise ValueError("write 'true' or 'false'")
    return _TRUTHS[text]
