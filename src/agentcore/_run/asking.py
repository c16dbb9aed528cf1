"""Model calls, with their value hooks and events.

Hooks are called by position, in the order of :mod:`agentcore.hookspecs`: by name they take twice as long to call.
"""

from __future__ import annotations

import asyncio
from itertools import count
from random import random
from time import perf_counter
from typing import Final

from attrs import evolve

from agentcore._context import ExecutionContext
from agentcore._plugins import Hooks, PluginManager
from agentcore._run.outcomes import is_cancelled, outcome_of
from agentcore.errors import ModelError, ModelRateLimitError
from agentcore.models import DeltaHandler, Model
from agentcore.types import ModelDelta, ModelRequest, ModelResponse, Usage

__all__ = ["ask", "ask_again"]

_NO_REQUEST: Final = Usage()
_ONE_REQUEST: Final = Usage(requests=1)
_WITHHELD: Final = ModelRequest(messages=())
_BACKOFF_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0
_call_ids: Final = count(1)


async def ask(
    model: Model,
    request: ModelRequest,
    context: ExecutionContext,
    plugins: PluginManager,
    on_delta: DeltaHandler | None,
) -> ModelResponse:
    """Ask a model, once, on behalf of a run.

    *model* is shared and not closed here.  *on_delta* gets the pieces of the answer; None does not stream.

    Raises:
        ModelError: It failed.
        DeniedError: A plugin denied the request or the response.
        HookError: A plugin that guards them failed.
    """
    hook, unheard, name = plugins.hook, plugins.unheard, model.name
    call_id = f"{next(_call_ids)}"
    asked, usage, answer, pieces, began, duration = _WITHHELD, _NO_REQUEST, None, None, 0.0, 0.0
    try:
        passed = request if "model_request" in unheard else await hook.model_request(context, name, request)
        if "model_answer" not in unheard:
            answer = await hook.model_answer(context, name, model.provider, passed, call_id, None)
        asked = passed
        await hook.model_start(context, name, asked, call_id)
        pieces = None if on_delta is None else _Pieces(on_delta, context, plugins, name, call_id)
        if answer is None:
            # From here on it is paid for, whatever becomes of it.
            usage, began = _ONE_REQUEST, perf_counter()
            response = await model.respond(asked, on_delta=pieces)
            duration = perf_counter() - began
            usage = response.usage if response.usage.requests else evolve(response.usage, requests=1)
        else:
            response = evolve(answer, cached=True, usage=_NO_REQUEST)
        if pieces is not None:
            await pieces.end(response)
        if "model_response" not in unheard:
            response = await hook.model_response(context, name, asked, response)
    except GeneratorExit:
        raise
    except BaseException as error:
        duration = duration or _since(began)
        failure = _worded(error, name, context, pieces)
        await _tell_failure(failure, context, hook, name, asked, call_id, usage, duration)
        if failure is error:
            raise
        raise failure from error
    context.add_usage(usage)
    await hook.model_complete(context, name, asked, response, call_id, usage, duration, "ok")
    return response


def _since(began: float) -> float:
    """Seconds since then; none where nothing began."""
    return perf_counter() - began if began else 0.0


def _worded(error: BaseException, model: str, context: ExecutionContext, pieces: _Pieces | None) -> BaseException:
    """Return the failure that *error* is of a call."""
    if isinstance(error, asyncio.CancelledError) and not is_cancelled(context):
        error = ModelError(f"the model {model!r} cancelled itself", model=model)
    if isinstance(error, ModelError):
        error.partial = pieces is not None and pieces.begun
    return error


async def _tell_failure(
    error: BaseException,
    context: ExecutionContext,
    hook: Hooks,
    model: str,
    request: ModelRequest,
    call_id: str,
    usage: Usage,
    duration: float,
) -> None:
    outcome = outcome_of(error, context)
    context.add_usage(usage)
    if request is _WITHHELD:
        # What was denied is not told.
        await hook.model_start(context, model, request, call_id)
    await hook.model_error(context, model, request, error, call_id, usage, duration, outcome)


async def ask_again(
    error: ModelError,
    retries: int,
    model: Model,
    request: ModelRequest,
    context: ExecutionContext,
    plugins: PluginManager,
    on_delta: DeltaHandler | None,
) -> ModelResponse:
    """Ask once more after a call that failed, and so on, as long as the failure may pass.

    Args:
        error: The failure.
        retries: How often it is asked at most.
        model: As for :func:`ask`, and so for the rest.

    Raises:
        ModelError: It failed for good, or when its reader had begun to read the answer, who would read it twice.
    """
    attempt = 0
    while error.retryable and not error.partial and attempt < retries:
        attempt += 1
        delay = _delay(error, attempt)
        await plugins.hook.model_retry(context, model.name, error, attempt, delay)
        await asyncio.sleep(delay)
        try:
            return await ask(model, request, context, plugins, on_delta)
        except ModelError as again:
            error = again
    raise error


def _delay(error: ModelError, attempt: int) -> float:
    """Seconds to wait: what the server asked for, else more each time."""
    asked_for = error.retry_after if isinstance(error, ModelRateLimitError) else None
    # Full jitter, so that many runs that failed together do not come back together.
    delay = random() * _BACKOFF_SECONDS * 2**attempt if asked_for is None else asked_for  # noqa: S311
    return min(delay, _LONGEST_WAIT_SECONDS)


class _Pieces:
    """Tells each piece of one answer before it is passed on."""

    def __init__(
        self, forward: DeltaHandler, context: ExecutionContext, plugins: PluginManager, model: str, call_id: str
    ) -> None:
        self.begun = False
        self.asked_at = perf_counter()
        self._forward = forward
        self._context, self._plugins, self._model, self._call_id = context, plugins, model, call_id

    async def __call__(self, delta: ModelDelta) -> None:
        passed = await self._passed(delta)
        # What a plugin holds back is no piece yet.
        if passed is delta or passed.text:
            await self._tell(passed)

    async def end(self, response: ModelResponse) -> None:
        """Tell what is left to tell of an answer that is whole."""
        if response.cached and response.text:
            await self(ModelDelta(text=response.text))
        if "model_piece" not in self._plugins.unheard:
            rest = await self._passed(ModelDelta(text="", last=True))
            if rest.text:
                await self._tell(evolve(rest, last=False))

    async def _passed(self, delta: ModelDelta) -> ModelDelta:
        if "model_piece" in self._plugins.unheard:
            return delta
        return await self._plugins.hook.model_piece(self._context, self._model, delta, self._call_id)

    async def _tell(self, delta: ModelDelta) -> None:
        if not self.begun:
            self.begun = True
            delta = evolve(delta, first=True, elapsed=perf_counter() - self.asked_at)
        await self._plugins.hook.model_delta(self._context, self._model, delta, self._call_id)
        await self._forward(delta)
