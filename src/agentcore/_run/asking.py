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
from agentcore._run.outcomes import outcome_of
from agentcore.errors import ModelError, ModelRateLimitError
from agentcore.models import DeltaHandler, Model
from agentcore.types import ModelDelta, ModelRequest, ModelResponse, Usage

__all__ = ["Asker"]

_ONE_REQUEST: Final = Usage(requests=1)
_WITHHELD: Final = ModelRequest(messages=())
_BACKOFF_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0
_call_numbers: Final = count(1)


class Asker:
    """Asks one model on behalf of one run.

    Args:
        model: Shared; not closed here.
        context: The run's.
        hook: The plugins that take part in the run.
        retries: How often a call that failed and may succeed is made again.
        on_delta: Gets the pieces of answers; None does not stream.
    """

    __slots__ = ("_context", "_hook", "_model", "_name", "_on_delta", "_retries")

    def __init__(
        self,
        model: Model,
        context: ExecutionContext,
        hook: Hooks,
        retries: int,
        on_delta: DeltaHandler | None,
    ) -> None:
        self._model = model
        self._name = model.name
        self._context = context
        self._hook = hook
        self._retries = retries
        self._on_delta = on_delta

    async def ask(self, request: ModelRequest) -> ModelResponse:
        """Ask, and ask again where a failure may pass.

        Raises:
            ModelError: It failed for good.
            DeniedError: A plugin denied the request or the response.
            HookError: A plugin that guards them failed.
        """
        attempt = 0
        while True:
            try:
                return await self._call(request)
            except ModelError as error:
                attempt += 1
                if not error.retryable or attempt > self._retries:
                    raise
                await self._wait(error, attempt)

    async def _wait(self, error: ModelError, attempt: int) -> None:
        asked_for = error.retry_after if isinstance(error, ModelRateLimitError) else None
        # Full jitter, so that many runs that failed together do not come back together.
        delay = random() * _BACKOFF_SECONDS * 2**attempt if asked_for is None else asked_for  # noqa: S311
        delay = min(delay, _LONGEST_WAIT_SECONDS)
        await self.retry(error, attempt, delay)
        await asyncio.sleep(delay)

    async def retry(self, error: Exception, attempt: int, delay: float = 0.0) -> None:
        """Tell that the model will be asked again."""
        await self._hook.model_retry(context=self._context, model=self._name, error=error, attempt=attempt, delay=delay)

    async def _call(self, request: ModelRequest) -> ModelResponse:
        context, hook, name = self._context, self._hook, self._name
        call_id = str(next(_call_numbers))
        asked = _WITHHELD
        usage = _ONE_REQUEST
        started = False
        duration = 0.0
        try:
            asked = await hook.model_request(context=context, model=name, request=request)
            started = True
            await hook.model_start(context=context, model=name, request=asked, call_id=call_id)
            deltas = None if self._on_delta is None else self._deltas(call_id)
            began = perf_counter()
            try:
                response = await self._model.respond(asked, on_delta=deltas)
            finally:
                duration = perf_counter() - began
            usage = response.usage if response.usage.requests else evolve(response.usage, requests=1)
            response = await hook.model_response(context=context, model=name, request=asked, response=response)
        except BaseException as error:
            outcome = outcome_of(error, context)
            # What was denied is not told, and has not been asked.
            usage = usage if started else Usage()
            context.add_usage(usage)
            if not started:
                await hook.model_start(context=context, model=name, request=asked, call_id=call_id)
            await hook.model_error(
                context=context,
                model=name,
                request=asked,
                error=error,
                call_id=call_id,
                usage=usage,
                duration=duration,
                outcome=outcome,
            )
            raise
        context.add_usage(usage)
        await hook.model_complete(
            context=context,
            model=name,
            request=asked,
            response=response,
            call_id=call_id,
            usage=usage,
            duration=duration,
            outcome="ok",
        )
        return response

    def _deltas(self, call_id: str) -> DeltaHandler:
        context, hook, name, forward = self._context, self._hook, self._name, self._on_delta

        async def on_delta(delta: ModelDelta) -> None:
            await hook.model_delta(context=context, model=name, delta=delta, call_id=call_id)
            if forward is not None:
                await forward(delta)

        return on_delta
