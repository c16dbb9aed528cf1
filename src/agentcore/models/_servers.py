"""The model servers that can be named without saying where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from attrs import field

from agentcore._data import data
from agentcore.errors import ConfigError

__all__ = ["SERVERS", "Server", "base_url_of"]


@data(kw_only=True)
class Server:
    """How one server is reached, and where it departs from OpenAI's interface."""

    name: str
    """What stands before the colon in a model's name."""
    base_url: str
    """Up to and without ``/chat/completions``."""
    provider: str
    """In OpenTelemetry's words for ``gen_ai.provider.name``."""
    api_key_env: str = ""
    """The environment variable that holds the key; empty where the server asks for none."""
    local: bool = False
    """Whether it usually runs on this machine: it then needs no key."""
    default_model: str = ""
    """Taken when only the server is named; empty where nobody can know what is installed there."""
    structure: Literal["json_schema", "json_object", "prompt"] = "json_schema"
    """See :attr:`agentcore.models.ModelProfile.structure`."""
    strict: bool = False
    """Whether it obeys a schema only when ``strict`` is asked for."""
    max_tokens_key: str = "max_tokens"
    """Its name for the bound on the answer's length."""
    stream_usage: bool = True
    """Whether it must be asked, and can be, to report usage at the end of a stream."""
    body: Mapping[str, Any] = field(factory=dict[str, Any], hash=False)
    """Sent with every request."""
    start_hint: str = ""
    """How it is started."""


# The default model is each one's cheapest general model as of November 2026.
SERVERS: Final[Mapping[str, Server]] = {
    server.name: server
    for server in (
        Server(
            name="openai",
            base_url="https://api.openai.com/v1",
            provider="openai",
            api_key_env="OPENAI_API_KEY",
            default_model="gpt-6-luna",
            strict=True,
            # Its reasoning models refuse ``max_tokens``.
            max_tokens_key="max_completion_tokens",
        ),
        Server(
            name="openrouter",
            base_url="https://openrouter.ai/api/v1",
            provider="openrouter",
            api_key_env="OPENROUTER_API_KEY",
            default_model="openai/gpt-6-luna",
            strict=True,
            # Reports ``usage.cost``.
            body={"usage": {"include": True}},
        ),
        Server(
            name="groq",
            base_url="https://api.groq.com/openai/v1",
            provider="groq",
            api_key_env="GROQ_API_KEY",
            default_model="openai/gpt-oss-20b",
            strict=True,
        ),
        Server(
            name="mistral",
            base_url="https://api.mistral.ai/v1",
            provider="mistral_ai",
            api_key_env="MISTRAL_API_KEY",
            default_model="mistral-small-latest",
            strict=True,
            # Refuses ``stream_options`` with status 422, and reports usage unasked.
            stream_usage=False,
        ),
        Server(
            name="deepseek",
            base_url="https://api.deepseek.com/v1",
            provider="deepseek",
            api_key_env="DEEPSEEK_API_KEY",
            default_model="deepseek-flash",
            structure="json_object",
        ),
        Server(
            name="together",
            base_url="https://api.together.xyz/v1",
            provider="together",
            api_key_env="TOGETHER_API_KEY",
            default_model="openai/gpt-oss-120b",
        ),
        Server(
            name="xai",
            base_url="https://api.x.ai/v1",
            provider="x_ai",
            api_key_env="XAI_API_KEY",
            default_model="grok-4-1-fast-non-reasoning",
            strict=True,
        ),
        Server(
            name="gemini",
            base_url="https://generativelanguage.googleapis.com/v1beta/openai",
            provider="gcp.gemini",
            api_key_env="GEMINI_API_KEY",
            default_model="gemini-3.5-flash-lite",
        ),
        Server(
            name="anthropic",
            base_url="https://api.anthropic.com/v1",
            provider="anthropic",
            api_key_env="ANTHROPIC_API_KEY",
            default_model="claude-haiku-5-5",
            # Its OpenAI-compatible endpoint ignores ``response_format``.
            structure="prompt",
        ),
        Server(
            name="ollama",
            base_url="http://127.0.0.1:11434/v1",
            provider="ollama",
            local=True,
            start_hint="start it with 'ollama serve'",
        ),
        Server(
            name="lmstudio",
            base_url="http://127.0.0.1:1234/v1",
            provider="lmstudio",
            local=True,
            start_hint="start it with 'lms server start'",
        ),
        Server(
            name="vllm",
            base_url="http://127.0.0.1:8000/v1",
            provider="vllm",
            api_key_env="VLLM_API_KEY",
            local=True,
            start_hint="start it with 'vllm serve MODEL'",
        ),
        Server(
            name="llamacpp",
            base_url="http://127.0.0.1:8080/v1",
            provider="llama.cpp",
            api_key_env="LLAMA_API_KEY",
            local=True,
            start_hint="start it with 'llama-server -m MODEL.gguf'",
        ),
    )
}
"""By name, hosted ones first, in the order in which their keys are looked for."""


def base_url_of(server: Server, environ: Mapping[str, str]) -> str:
    """Return where *server* is.

    That is what ``<NAME>_BASE_URL`` of *environ* says, for Ollama also ``OLLAMA_HOST``; else the usual place.

    Raises:
        ConfigError: ``OLLAMA_HOST`` is no address.
    """
    url = environ.get(f"{server.name.upper()}_BASE_URL", "").strip()
    if not url and server.name == "ollama":
        try:
            url = _from_ollama_host(environ.get("OLLAMA_HOST", "").strip())
        except ValueError as error:
            raise ConfigError(
                f"the environment variable OLLAMA_HOST is no address: {error}", hint="write it as 'host:port'"
            ) from error
    return (url or server.base_url).rstrip("/")


def _from_ollama_host(host: str) -> str:
    """Return the base URL for *host* as Ollama itself reads it: scheme, address and port may be missing."""
    if not host:
        return ""
    parts = urlsplit(host if "://" in host else f"http://{host}")
    name = parts.hostname or "127.0.0.1"
    if name in {"0.0.0.0", "::"}:  # noqa: S104
        # Where a server listens; no client can call it.
        name = "127.0.0.1"
    address = f"[{name}]" if ":" in name else name
    # Ollama's own rule: its port without a scheme, the scheme's port with one.
    port = parts.port or (11434 if "://" not in host else 443 if parts.scheme == "https" else 80)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{address}:{port}{path}" + ("" if path.endswith("/v1") else "/v1")
