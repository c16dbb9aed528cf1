"""Models behind OpenAI's chat-completions interface: OpenAI, Ollama, vLLM, llama.cpp, LM Studio, OpenRouter …"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import attrs
import httpx2

from agentcore.errors import ConfigError, ModelError, nearest
from agentcore.models._base import DeltaHandler, Model, ModelProfile
from agentcore.models._deadline import within
from agentcore.models._http import open_client
from agentcore.models._http_errors import Peer, is_unknown_model, plain_url, said
from agentcore.models._json import as_list, as_mapping
from agentcore.models._per_loop import PerLoop
from agentcore.models._secret import ApiKey, Secret
from agentcore.models._servers import Server, base_url_of
from agentcore.models._settings import merged
from agentcore.models._stream import Assembly, sse_data
from agentcore.models._wire import decode, encode
from agentcore.types import ModelDelta, ModelRequest, ModelResponse, ModelSettings

__all__ = ["OpenAICompatibleModel"]

DEFAULT_TIMEOUT = 600.0
"""Seconds; what the SDKs of OpenAI and Anthropic allow a call."""


class OpenAICompatibleModel(Model):
    """A model that a server offers at ``POST {base_url}/chat/completions``."""

    def __init__(
        self,
        name: str,
        *,
        model: str,
        base_url: str,
        api_key: str | Secret | None = None,
        api_key_env: str = "",
        provider: str = "openai_compatible",
        profile: ModelProfile | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        settings: ModelSettings | None = None,
        server: Server | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Describe the model; nothing is sent before it is asked.

        Args:
            name: The name it was resolved by.
            model: The server's name for it.
            base_url: Up to and without ``/chat/completions``.
            api_key: Read at each call where it is a reference.
            api_key_env: The environment variable that holds the key; errors name it, and where *api_key* is None it is
                read at each call.
            provider: In OpenTelemetry's words for ``gen_ai.provider.name``.
            profile: How it wants to be asked; None takes OpenAI's ways.
            headers: Sent with every request; they are never shown.
            timeout: Seconds for one call where the request sets none; None waits for ever.
            settings: Taken where the request leaves a setting to the model.
            server: Where the server departs from OpenAI's interface; None: nowhere.
            transport: What carries the requests; None opens connections.

        Raises:
            ConfigError: *base_url* is not an HTTP address.
        """
        self.name = name
        self.provider = provider
        self.profile: ModelProfile = profile or ModelProfile()
        self._model = model
        self._key = ApiKey(api_key, variable=api_key_env)
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._settings = settings or ModelSettings()
        self._server = server or Server(name=provider, base_url=base_url, provider=provider)
        self._base = base = _checked(base_url, name)
        self._url = base.copy_with(path=f"{base.path}chat/completions")
        self._clients = PerLoop(lambda: open_client(base.host, transport=transport))
        self._peer = Peer(name=name, model=model, url=base_url, key_source=self._key.source, server=self._server)

    @classmethod
    def at(cls, server: Server, model: str, *, name: str, environ: Mapping[str, str]) -> OpenAICompatibleModel:
        """Return the model that *server* calls *model*, at the place that *environ* gives the server."""
        return cls(
            name,
            model=model,
            base_url=base_url_of(server, environ),
            api_key_env=server.api_key_env,
            provider=server.provider,
            profile=ModelProfile(structure=server.structure),
            server=server,
        )

    def __repr__(self) -> str:
        return f"OpenAICompatibleModel({self.name!r}, model={self._model!r}, base_url={plain_url(str(self._base))!r})"

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        """Answer *request* by one HTTP request; cancelling it closes the connection."""
        settings = merged(request.settings, self._settings)
        if settings is not request.settings:
            request = attrs.evolve(request, settings=settings)
        seconds = self._timeout if settings.timeout is None else settings.timeout
        async with within(seconds, self._peer.timeout):
            return await (self._whole(request) if on_delta is None else self._stream(request, on_delta))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._clients.aclose()

    async def _whole(self, request: ModelRequest) -> ModelResponse:
        async with self._sent(self._body(request)) as response:
            return decode(await self._json(response), name=self.name)

    async def _stream(self, request: ModelRequest, on_delta: DeltaHandler) -> ModelResponse:
        body = self._body(request)
        body["stream"] = True
        if self._server.stream_usage:
            body["stream_options"] = {"include_usage": True}
        async with self._sent(body) as response:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                # A server that cannot stream answers whole.
                answer = decode(await self._json(response), name=self.name)
                if answer.text:
                    await on_delta(ModelDelta(text=answer.text))
                return answer
            return await self._assembled(response, on_delta)

    async def _assembled(self, response: httpx2.Response, on_delta: DeltaHandler) -> ModelResponse:
        assembly = Assembly(self.name)
        async with aclosing(sse_data(response.aiter_bytes())) as events:
            async for data in events:
                if data == "[DONE]":
                    break
                try:
                    chunk = as_mapping(json.loads(data))
                except ValueError as error:
                    raise self._peer.unreadable("a broken event") from error
                if chunk.get("error"):
                    raise self._reported(chunk)
                if text := assembly.add(chunk):
                    await on_delta(ModelDelta(text=text))
        return assembly.response()

    @asynccontextmanager
    async def _sent(self, body: Mapping[str, Any]) -> AsyncGenerator[httpx2.Response, None]:
        """Send *body* and hold the successful response open."""
        client = await self._clients.get()
        content = json.dumps(body).encode()
        try:
            request = client.build_request("POST", self._url, content=content, headers=self._request_headers())
            response = await client.send(request, stream=True)
            try:
                if not response.is_success:
                    raise await self._failure(response)
                yield response
            finally:
                await response.aclose()
        except httpx2.HTTPError as error:
            raise self._peer.transport(error) from error

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        body = encode(
            request,
            model=self._model,
            profile=self.profile,
            strict_schema=self._server.strict,
            max_tokens_key=self._server.max_tokens_key,
        )
        return {**self._server.body, **body} if self._server.body else body

    def _request_headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", **self._headers}
        key = self._key.reveal()
        if key:
            if not (key.isascii() and key.isprintable()):
                raise self._peer.bad_key()
            headers["Authorization"] = f"Bearer {key}"
        elif (
            self._key.variable and not self._server.local and "authorization" not in {each.lower() for each in headers}
        ):
            raise self._peer.no_key()
        return headers

    async def _json(self, response: httpx2.Response) -> Mapping[str, Any]:
        try:
            payload = as_mapping(json.loads(await response.aread()))
        except ValueError as error:
            raise self._peer.unreadable(response.headers.get("content-type", "")) from error
        if payload.get("error"):
            raise self._reported(payload)
        return payload

    def _reported(self, payload: Mapping[str, Any]) -> ModelError:
        """Return the error that a server reported although its status was success."""
        text, code = said(payload)
        status = int(code) if code.isdecimal() and 400 <= int(code) < 600 else 500
        return self._peer.answer(status, self._key.hide(text), code, {})

    async def _failure(self, response: httpx2.Response) -> ModelError:
        text, code = said(await response.aread())
        text = self._key.hide(text)
        if is_unknown_model(response.status_code, text, code):
            return self._peer.not_found(text, nearest(self._model, await self._known_models()))
        return self._peer.answer(response.status_code, text, code, response.headers)

    async def _known_models(self) -> list[str]:
        """Return the server's own list; empty where it has none to give."""
        client = await self._clients.get()
        try:
            response = await client.get(
                self._base.copy_with(path=f"{self._base.path}models"), headers=self._request_headers(), timeout=5.0
            )
            models = as_list(as_mapping(response.json()).get("data"))
        except (httpx2.HTTPError, ValueError):
            return []
        return [entry["id"] for entry in map(as_mapping, models) if isinstance(entry.get("id"), str)]


def _no_address(name: str) -> ConfigError:
    return ConfigError(f"the base URL of model {name!r} is not an HTTP address", hint="write it as 'https://host/v1'")


def _checked(base_url: str, name: str) -> httpx2.URL:
    """Return *base_url* with a path that ends in a slash; a query, as some gateways want one, stays."""
    try:
        plain_url(base_url)
        url = httpx2.URL(base_url)
    except (ValueError, httpx2.InvalidURL):
        # Its details hold the address, which may hold a password.
        raise _no_address(name) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise _no_address(name)
    return url.copy_with(path=f"{url.path.rstrip('/')}/")
