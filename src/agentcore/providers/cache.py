"""``cache``: a request that was answered before is answered again without asking the model.

An example of a value hook that makes a call unnecessary (:func:`~agentcore.hookspecs.model_answer`), and of work that
several runs share.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from hashlib import sha256
from math import inf
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, ClassVar, Final
from weakref import WeakKeyDictionary

import attrs
from pydantic import BaseModel, ConfigDict, Field

from agentcore import ModelRequest, ModelResponse, PluginManager, hookimpl
from agentcore.providers._responses import Responses

__all__ = ["CacheProvider"]

_WHOLE: Final = frozenset({"stop", "tool_calls"})
"""How an answer ends that is worth keeping; one that was cut off or filtered is not."""


class _Flight:
    """A call of a model that others wait for."""

    def __init__(self, key: bytes, model: str, request: ModelRequest) -> None:
        self.key = key
        self.model = model
        self.request = request
        self.response: ModelResponse | None = None
        """None until it is known, and where it failed: then one of those who wait asks anew."""
        self._landed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def lands(self, seconds: float) -> bool:
        """Wait for its end; false where it takes longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._landed.wait()
        return False

    def land(self) -> None:
        """End it; called on any thread."""
        # On a loop that has been closed nobody waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._landed.set)


class CacheProvider:
    """Keeps responses, and gives them to requests that are the same to the letter.

    The same are requests to a model of the same name and provider with the same messages, tools, schema and settings.
    Runs on one event loop that ask the same at the same time share one call.
    What is kept has passed the value hooks; a response that is given again passes them again.
    Failures, denials and answers that were cut off are not kept.
    """

    class Config(BaseModel):
        """The table ``[plugins.cache]``."""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

        path: Path | None = None
        """The file in which responses are kept; a relative path starts in the state folder.  Unset keeps them in
        memory."""
        ttl: Annotated[float, Field(gt=0)] = 3600.0
        """Seconds for which a response is given again."""
        max_entries: Annotated[int, Field(gt=0)] = 10_000
        """Of more responses, those that were not asked for the longest are dropped."""
        models: tuple[str, ...] = ("*",)
        """Which models; patterns as "openai:*" are possible."""
        wait: Annotated[float, Field(ge=0)] = 60.0
        """Seconds to wait for a run that is asking the same; then the model is asked."""

    def __init__(self, config: Config | None = None) -> None:
        """Prepare, as *config* says; None leaves everything as usual.  A file is opened when it is first used."""
        self._config = config or self.Config()
        self._responses = Responses(None, ttl=self._config.ttl, max_entries=self._config.max_entries)
        self._flights: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bytes, _Flight]] = WeakKeyDictionary()
        self._led: dict[str, tuple[_Flight, dict[bytes, _Flight]]] = {}

    @hookimpl
    def agentcore_startup(self, plugins: PluginManager) -> None:
        """Learn where the file is."""
        config = self._config
        if config.path is not None:
            file = plugins.state_dir / config.path.expanduser()
            self._responses = Responses(file, ttl=config.ttl, max_entries=config.max_entries)

    @hookimpl
    def agentcore_shutdown(self) -> None:
        """Close the file.  What comes later opens it again."""
        self._responses.close()

    # It says itself for how long it waits, and a run's own limits end that sooner.
    @hookimpl(timeout=inf)
    async def model_answer(
        self, model: str, provider: str, request: ModelRequest, call_id: str, response: ModelResponse | None
    ) -> ModelResponse | None:
        """Answer out of the cache, or wait for somebody who is asking the same."""
        if response is not None or not any(fnmatchcase(model, pattern) for pattern in self._config.models):
            return None
        key = request_key(model, provider, request)
        flights = self._flights.setdefault(asyncio.get_running_loop(), {})
        deadline = monotonic() + self._config.wait
        while (kept := self._responses.get(key)) is None:
            flight = flights.get(key)
            if flight is None:
                flight = flights[key] = _Flight(key, model, request)
                self._led[call_id] = (flight, flights)
                return None
            if call_id in self._led or not await flight.lands(deadline - monotonic()):
                return None
            if flight.response is not None:
                return flight.response
        return kept

    # Last, and not from the event: what is told of a response may be less than what the run has.
    @hookimpl(trylast=True)
    def model_response(self, model: str, request: ModelRequest, response: ModelResponse) -> None:
        """Take what the model answered, as the run has it."""
        for flight, _ in list(self._led.values()):
            if flight.request is request and flight.model == model:
                flight.response = response

    @hookimpl
    def model_complete(self, call_id: str) -> None:
        """Keep the response, and give it to those who wait for it."""
        self._land(call_id, well=True)

    @hookimpl
    def model_error(self, call_id: str) -> None:
        """Let one of those who wait ask the model."""
        self._land(call_id, well=False)

    def _land(self, call_id: str, *, well: bool) -> None:
        if call_id not in self._led:
            return
        flight, flights = self._led.pop(call_id)
        flights.pop(flight.key, None)
        if not well or (flight.response is not None and not _is_whole(flight.response)):
            flight.response = None
        if flight.response is not None:
            self._responses.put(flight.key, flight.response)
        flight.land()


def _is_whole(response: ModelResponse) -> bool:
    return response.finish_reason in _WHOLE and bool(response.text or response.tool_calls)


def request_key(model: str, provider: str, request: ModelRequest) -> bytes:
    """Return a digest of all that an answer depends on."""
    asked: dict[str, Any] = attrs.asdict(request)
    # How long one waits for an answer does not change it.
    del asked["settings"]["timeout"]
    said = json.dumps([model, provider, asked], sort_keys=True, default=_plain, ensure_ascii=False)
    return sha256(said.encode(errors="surrogatepass")).digest()


def _plain(value: Any) -> Any:
    return {**value} if isinstance(value, Mapping) else repr(value)  # pyright: ignore[reportUnknownVariableType]
