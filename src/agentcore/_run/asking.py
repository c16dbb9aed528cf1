"""One model call, with its value hooks and events."""

from __future__ import annotations

import asyncio
from itertools import count
from random import random
from time import perf_counter
from typing import Final

from attrs import evolve

from agentcore._context import ExecutionContext
from agentcore._plugins import Hooks
from agentcore._run.outcomes import is_cancelled, outcome_of
from agentcore.errors import ModelError, ModelRateLimitError
from agentcore.models import DeltaHandler, Model
from agentcore.types import ModelDelta, ModelRequest, ModelResponse, Usage

__all__ = ["ask"]

_NO_REQUEST: Final = Usage()
_ONE_REQUEST: Final = Usage(requests=1)
_WITHHELD: Final = ModelRequest(messages=())
_BACKOFF_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0
_call_ids: Final = map(str, count(1))


async def ask(
    model: Model,
    request: ModelRequest,
    context: ExecutionContext,
    hook: Hooks,
    retries: int,
    on_delta: DeltaHandler | None,
) -> ModelResponse:
    """Ask a model on behalf of a run, and ask again where a failure may pass.

    Args:
        model: Shared; not closed here.
        request: What is asked.
        context: The run's.
        hook: The plugins that take part in the run.
        retries: How often a call that failed and may succeed is made again.
        on_delta: Gets the pieces of the answer; None does not stream.

    Raises:
        ModelError: It failed for good.
        DeniedError: A plugin denied the request or the response.
        HookError: A plugin that guards them failed.
    """
    attempt = 0
    while True:
        try:
            return await _call(model, request, context, hook, on_delta)
        except ModelError as error:
            attempt += 1
            if not error.retryable or attempt > retries:
                raise
            delay = _delay(error, attempt)
            await hook.model_retry(context, model.name, error, attempt, delay)
            await asyncio.sleep(delay)


def _delay(error: ModelError, attempt: int) -> float:
    """Seconds to wait: what the server asked for, else more each time."""
    asked_for = error.retry_after if isinstance(error, ModelRateLimitError) else None
    # Full jitter, so that many runs that failed together do not come back together.
    delay = random() * _BACKOFF_SECONDS * 2**attempt if asked_for is None else asked_for  # noqa: S311
    return min(delay, _LONGEST_WAIT_SECONDS)


async def _call(
    model: Model, request: ModelRequest, context: ExecutionContext, hook: Hooks, on_delta: DeltaHandler | None
) -> ModelResponse:
    name = model.name
    call_id = next(_call_ids)
    asked = _WITHHELD
    usage = _NO_REQUEST
    started = False
    duration = 0.0
    try:
        asked = await hook.model_request(context, name, request)
        started = True
        await hook.model_start(context, name, asked, call_id)
        deltas = None if on_delta is None else _told(on_delta, context, hook, name, call_id)
        # From here on it is paid for, whatever becomes of it.
        usage = _ONE_REQUEST
        began = perf_counter()
        try:
            response = await model.respond(asked, on_delta=deltas)
        except asyncio.CancelledError as error:
            if is_cancelled(context):
                raise
            raise ModelError(f"the model {name!r} cancelled itself", model=name) from error
        finally:
            duration = perf_counter() - began
        usage = response.usage if response.usage.requests else evolve(response.usage, requests=1)
        response = await hook.model_response(context, name, asked, response)
    except GeneratorExit:
        raise
    except BaseException as error:
        outcome = outcome_of(error, context)
        context.add_usage(usage)
        if not started:
            # What was denied is not told.
            await hook.model_start(context, name, asked, call_id)
        await hook.model_error(context, name, asked, error, call_id, usage, duration, outcome)
        raise
    context.add_usage(usage)
    await hook.model_complete(context, name, asked, response, call_id, usage, duration, "ok")
    return response


def _told(forward: DeltaHandler, context: ExecutionContext, hook: Hooks, model: str, call_id: str) -> DeltaHandler:
    """Tell each piece of an answer before it is passed on."""

    async def on_delta(delta: ModelDelta) -> None:
        await hook.model_delta(context, model, delta, call_id)
        await forward(delta)

    return on_delta
