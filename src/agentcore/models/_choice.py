"""Which model an agent gets that names none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
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

    That is *configured*; else one of the first server whose API key is in *environ*; else the model that a local
    Ollama used last; else the embedded one.  Only Ollama is asked over the network.
    """
    if configured:
        return Choice(name=configured, reason="the configuration names it")
    for server in SERVERS.values():
        if server.default_model and environ.get(server.api_key_env, "").strip():
            return Choice(
                name=f"{server.name}:{server.default_model}",
                reason=f"the environment variable {server.api_key_env} is set",
            )
    url = base_url_of(SERVERS["ollama"], environ)
    model = await _of_ollama(url)
    if model is not None:
        return Choice(name=f"ollama:{model}", reason=f"Ollama answers at {_address(url)} and used it last")
    return Choice(name="local", reason="no API key is set and no Ollama answers, so the embedded model serves")


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


async def _of_ollama(base_url: str) -> str | None:
    """Return the newest model that writes text; None where no Ollama answers, or has none."""
    try:
        async with asyncio.timeout(_PATIENCE):
            if not await _listens(base_url):
                return None
    except TimeoutError:
        return None
    # Importing it takes longer than asking: only now that somebody listens.
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
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        )
    except (OSError, ValueError):
        return False
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return True
    return True
