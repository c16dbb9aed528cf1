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
    pieces = None if on_delta is None else _Pieces(on_delta, context, hook, name, call_id)
    asked, usage = _WITHHELD, _NO_REQUEST
    started, duration = False, 0.0
    try:
        asked = request if "model_request" in unheard else await hook.model_request(context, name, request)
        started = True
        await hook.model_start(context, name, asked, call_id)
        # From here on it is paid for, whatever becomes of it.
        usage = _ONE_REQUEST
        began = perf_counter()
        if pieces is not None:
            pieces.asked_at = began
        try:
            response = await model.respond(asked, on_delta=pieces)
        except asyncio.CancelledError as error:
            if is_cancelled(context):
                raise
            raise ModelError(f"the model {name!r} cancelled itself", model=name) from error
        finally:
            duration = perf_counter() - began
        usage = response.usage if response.usage.requests else evolve(response.usage, requests=1)
        if "model_response" not in unheard:
            response = await hook.model_response(context, name, asked, response)
    except GeneratorExit:
        raise
    except BaseException as error:
        if isinstance(error, ModelError):
            error.partial = pieces is not None and pieces.begun
        await _tell_failure(error, context, hook, name, asked, call_id, usage, duration, started=started)
        raise
    context.add_usage(usage)
    await hook.model_complete(context, name, asked, response, call_id, usage, duration, "ok")
    return response


async def _tell_failure(
    error: BaseException,
    context: ExecutionContext,
    hook: Hooks,
    model: str,
    request: ModelRequest,
    call_id: str,
    usage: Usage,
    duration: float,
    *,
    started: bool,
) -> None:
    outcome = outcome_of(error, context)
    context.add_usage(usage)
    if not started:
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

    def __init__(self, forward: DeltaHandler, context: ExecutionContext, hook: Hooks, model: str, call_id: str) -> None:
        self.begun = False
        self.asked_at = 0.0
        self._forward = forward
        self._context, self._hook, self._model, self._call_id = context, hook, model, call_id

    async def __call__(self, delta: ModelDelta) -> None:
        if not self.begun:
            self.begun = True
            delta = evolve(delta, first=True, elapsed=perf_counter() - self.asked_at)
        await self._hook.model_delta(self._context, self._model, delta, self._call_id)
        await self._forward(delta)
