"""The plugin that resolves the names of the built-in models."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from agentcore._markers import hookimpl
from agentcore.errors import ModelNotFoundError
from agentcore.models._base import Model, ModelProfile
from agentcore.models._config import LOCAL, ModelConfig
from agentcore.models._servers import SERVERS, Server, base_url_of

__all__ = ["BuiltinModels", "known_model_names"]


class BuiltinModels:
    """Makes models of names, as late as possible: a library is imported when the first model that needs it is made.

    The names are ``local``, ``local:PATH``, ``SERVER:MODEL`` and ``SERVER`` for the well-known servers,
    ``pydantic-ai:PROVIDER:MODEL``, ``scripted:TEXT``, and those that are configured, which come first.
    """

    def __init__(
        self, configured: Mapping[str, ModelConfig] | None = None, *, environ: Mapping[str, str] | None = None
    ) -> None:
        """Take what is configured.

        Args:
            configured: By the name that agents use.
            environ: Where servers are looked up; None is the process's environment.
        """
        self._configured = dict(configured or {})
        self._environ = os.environ if environ is None else environ

    @hookimpl(trylast=True)
    def resolve_model(self, name: str) -> Model | None:
        """Make the model of this name; None leaves an unknown name to others."""
        config = self._configured.get(name)
        if config is not None:
            return self._of_config(name, config)
        kind, colon, rest = name.partition(":")
        if kind in SERVERS:
            return self._of_server(SERVERS[kind], rest, name)
        make = _MAKERS.get(kind)
        return make(name, rest, bool(colon)) if make is not None else None

    def known_model_names(self) -> list[str]:
        """Return the names that can be told, for hints: the configured ones, and one of each kind."""
        return known_model_names(self._configured)

    def _of_server(self, server: Server, model: str, name: str) -> Model:
        from agentcore.models.openai_compatible import OpenAICompatibleModel

        model = model or server.default_model
        if not model:
            raise ModelNotFoundError(
                f"the name {name!r} does not say which model",
                model=name,
                hint=f"write '{server.name}:MODEL' with the name of one that is installed there",
            )
        return OpenAICompatibleModel.at(server, model, name=name, environ=self._environ)

    def _of_config(self, name: str, config: ModelConfig) -> Model:
        if config.server == LOCAL:
            from agentcore.models.local import LocalModel

            return LocalModel(
                config.path, name=name, context_size=config.context_size, settings=config.settings.as_settings()
            )
        from agentcore.models.openai_compatible import DEFAULT_TIMEOUT, OpenAICompatibleModel

        server = SERVERS.get(config.server or "") or Server(
            name=name, base_url=config.base_url or "", provider="openai_compatible", local=True
        )
        kind, _, where = str(config.api_key or "").partition(":")
        return OpenAICompatibleModel(
            name,
            model=config.model or server.default_model,
            base_url=config.base_url or base_url_of(server, self._environ),
            api_key=config.api_key,
            api_key_env=where if kind == "env" else server.api_key_env if config.api_key is None else "",
            provider=server.provider,
            profile=ModelProfile(structure=config.structure or server.structure, tools=config.tools or "native"),
            headers=config.headers,
            timeout=config.timeout or DEFAULT_TIMEOUT,
            settings=config.settings.as_settings(),
            server=server,
        )


def known_model_names(configured: Iterable[str] = ()) -> list[str]:
    """Return *configured* and one name of each built-in kind, for the hint about an unknown name."""
    servers = [f"{server.name}:{server.default_model or 'MODEL'}" for server in SERVERS.values()]
    return sorted({*configured, LOCAL, *servers})


def _local(name: str, path: str, _colon: bool) -> Model:
    from agentcore.models.local import LocalModel

    return LocalModel(Path(path).expanduser() if path else None, name=name)


def _scripted(name: str, text: str, colon: bool) -> Model | None:
    from agentcore.models.scripted import ScriptedModel

    return ScriptedModel.repeating(text, name=name) if colon else None


def _pydantic_ai(name: str, model: str, _colon: bool) -> Model | None:
    from agentcore.models.pydantic_ai import PydanticAIModel

    return PydanticAIModel(model, name=name) if model else None


_MAKERS: Final[Mapping[str, Callable[[str, str, bool], Model | None]]] = {
    LOCAL: _local,
    "scripted": _scripted,
    "pydantic-ai": _pydantic_ai,
}
