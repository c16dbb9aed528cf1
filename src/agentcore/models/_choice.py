"""Which model an agent gets that names none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from agentcore._data import data
from agentcore.models._json import as_list, as_mapping
from agentcore.models._servers import SERVERS, base_url_of

__all__ = ["Choice", "choose_default"]

_PATIENCE: Final = 0.3
"""Seconds that a local server has to answer: it is asked on every start."""


@data(kw_only=True)
class Choice:
    """A model, and why this one."""

    name: str
    """As ``resolve_model`` takes it."""
    reason: str
    """A sentence for people, without an end."""


async def choose_default(environ: Mapping[str, str], *, configured: str | None = None) -> Choice:
    """Return the model for whoever names none.

    That is *configured*; else one of the first server whose API key is in *environ*; else the newest model of an
    Ollama that answers; else the embedded one.  Only Ollama is asked over the network.
    """
    if configured:
        return Choice(name=configured, reason="the configuration names it")
    for server in SERVERS.values():
        if server.default_model and environ.get(server.api_key_env, "").strip():
            return Choice(
                name=f"{server.name}:{server.default_model}",
                reason=f"the environment variable {server.api_key_env} is set",
            )
    # An address that cannot be used is the user's for Ollama; nobody has asked for Ollama here.
    with suppress(ValueError):
        url = base_url_of(SERVERS["ollama"], environ)
        model = await _newest_of(url) if await _listens(url) else None
        if model is not None:
            host, port = _host_and_port(url)
            return Choice(
                name=f"ollama:{model}", reason=f"Ollama answers at {host}:{port}, and this is its newest model"
            )
    return Choice(name="local", reason="no API key is set and no Ollama answers, so the embedded model serves")


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def _newest_of(base_url: str) -> str | None:
    """Return Ollama's newest model that writes text; None where it has none, or something else answers."""
    # Importing it takes longer than asking, so it is asked only where somebody listens.
    import httpx2

    url = base_url.removesuffix("/v1") + "/api/tags"
    try:
        async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(_PATIENCE):
            models = as_list(as_mapping((await client.get(url)).json()).get("models"))
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError):
        return None
    names = (str(as_mapping(each).get("name") or "") for each in models)
    return next((name for name in names if name and "embed" not in name), None)


async def _listens(url: str) -> bool:
    host, port = _host_and_port(url)
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:  # a timeout is one
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
