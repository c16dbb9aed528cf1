"""How a model is configured by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from agentcore._config.secrets import SecretRef
from agentcore.errors import ConfigError, nearest
from agentcore.models._servers import SERVERS
from agentcore.types import ModelSettings

__all__ = ["LOCAL", "ModelConfig", "SettingsConfig"]

LOCAL = "local"
"""The server that is no server: llama.cpp in process."""

_FROZEN = ConfigDict(extra="forbid", frozen=True)


class SettingsConfig(BaseModel):
    """A model's own settings; a request's come first.  None leaves each to the server."""

    model_config = _FROZEN

    temperature: Annotated[float, Field(ge=0)] | None = None
    """0 takes the likeliest token each time; more takes others, too."""
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Only the likeliest tokens whose probabilities add up to this are taken."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Of the answer."""
    seed: int | None = None
    """Makes answers repeatable, as far as the server does."""
    stop: tuple[str, ...] = ()
    """Texts at which the answer ends."""
    extra: Mapping[str, Any] = {}
    """Sent to the model's server as it is."""

    def as_settings(self) -> ModelSettings:
        """Return them as the run loop knows them."""
        return ModelSettings(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            seed=self.seed,
            stop=self.stop,
            extra=dict(self.extra),
        )


class ModelConfig(BaseModel):
    """One model: where it is served, what it is called there, and how it wants to be asked.

    Name its *server*, its *base_url*, or both.
    """

    model_config = _FROZEN

    server: str | None = None
    """A well-known server, whose ways are taken where a key below is missing; ``local`` runs the model in process."""
    base_url: str | None = None
    """Up to and without ``/chat/completions``."""
    model: str | None = None
    """The server's name for it; without it the server's default is taken.  With ``local`` the path of a GGUF file."""
    api_key: SecretRef | None = None
    """Where the key is; without it in the server's usual environment variable."""
    structure: Literal["json_schema", "json_object", "prompt"] | None = None
    """How it is held to a schema."""
    tools: Literal["native", "actions"] | None = None
    """How it is offered tools."""
    headers: Mapping[str, str] = Field(default={}, repr=False)
    """Sent with every request."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds for one call."""
    context_size: Annotated[int, Field(ge=1)] | None = None
    """Tokens of question and answer together; only with ``local``."""
    settings: SettingsConfig = SettingsConfig()

    @field_validator("server")
    @classmethod
    def _is_known(cls, server: str | None) -> str | None:
        if server is not None and server != LOCAL and server not in SERVERS:
            raise ValueError(f"no server named {server!r}; {nearest(server, [LOCAL, *SERVERS])}")
        return server

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, base_url: str | None) -> str | None:
        if base_url is not None and not _has_host(base_url):
            # The address may hold a password.
            raise ConfigError("not an HTTP address", hint="write it as 'https://host/v1'.")
        return base_url

    @model_validator(mode="after")
    def _is_somewhere(self) -> ModelConfig:
        if self.server is None and self.base_url is None:
            raise ValueError("name its 'server' or its 'base_url'")
        server = SERVERS.get(self.server or "")
        if self.model is None and self.server != LOCAL and not (server and server.default_model):
            raise ValueError("name the 'model' as its server calls it")
        if self.context_size is not None and self.server != LOCAL:
            raise ValueError("'context_size' is only for the server 'local'")
        return self

    @property
    def path(self) -> Path | None:
        """The GGUF file of a ``local`` model; None takes the embedded one."""
        return Path(self.model).expanduser() if self.model else None


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port, or of an address in brackets
        return False
