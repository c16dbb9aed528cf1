"""One hook's implementations in order, and what becomes of their failures."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeAlias

from agentcore._context import ExecutionContext
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.relay import Step
from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore._plugins.watchdog import take_expired
from agentcore.errors import DeniedError, Deny, HookError, HookTimeoutError, ModelError

__all__ = ["Plan", "Report"]

Report: TypeAlias = Callable[[ExecutionContext | None, str, str, BaseException], Awaitable[None]]
"""Told of a failure: the context, the plugin, the hook and the error."""


class Plan:
    """What a compiled relay refers to."""

    def __init__(
        self,
        specification: HookSpecification[..., Any],
        implementations: Sequence[Implementation],
        *,
        timeouts: Callable[[Implementation], float | None],
        default_timeout: float,
        pre_steps: Sequence[Step] = (),
        post_steps: Sequence[Step] = (),
        report: Report,
    ) -> None:
        self.specification = specification
        self.implementations = implementations
        self.default_timeout = default_timeout
        self.pre_steps = pre_steps
        self.post_steps = post_steps
        self._timeouts = timeouts
        self._report = report

    def limit(self, implementation: Implementation) -> float | None:
        """Seconds for one execution where somebody set them; None leaves it to the watchdog."""
        return self._timeouts(implementation)

    def watched(self, index: int) -> float:
        """Seconds after which the watchdog ends an execution; infinite where it has a limit of its own."""
        return self.default_timeout if self.limit(self.implementations[index]) is None else math.inf

    async def contain(self, index: int, error: BaseException, context: ExecutionContext | None) -> None:
        """Report the failure of an implementation that must not reach the agent.

        Raises:
            BaseException: *error* itself, where it is not the plugin's doing.
        """
        implementation = self.implementations[index]
        fault = self._fault(index, error, context)
        await self._report(context, implementation.plugin, implementation.hook, fault)

    async def refuse(self, index: int, error: BaseException, context: ExecutionContext | None) -> BaseException:
        """Return what ends the run when the implementation of a value hook failed or denied."""
        implementation = self.implementations[index]
        plugin, hook = implementation.plugin, implementation.hook
        if isinstance(error, Deny):
            denied = DeniedError(plugin=plugin, hook=hook, reason=error.message)
            denied.__cause__ = error
            return denied
        fault = self._fault(index, error, context)
        await self._report(context, plugin, hook, fault)
        failed = HookError(
            f"plugin {plugin!r} failed in {hook!r}, and what it guards must not go on: {type(fault).__name__}: {fault}",
            plugin=plugin,
            hook=hook,
            hint=f"mend the plugin, or disable it where it is not needed: disabled = [{plugin!r}].",
        )
        failed.__cause__ = fault
        return failed

    def _fault(self, index: int, error: BaseException, context: ExecutionContext | None) -> BaseException:
        """Return the plugin's failure; raise what is not its own: an interrupt, or a cancellation of the run."""
        if isinstance(error, asyncio.CancelledError):
            timeout = take_expired(self, index)
            if timeout is not None:
                implementation = self.implementations[index]
                return HookTimeoutError(plugin=implementation.plugin, hook=implementation.hook, timeout=timeout)
            task = asyncio.current_task()
            # Those that the run has already answered, by ending, do not cancel the telling of its end.
            answered = 0 if context is None else context.answered_cancellations
            if task is not None and task.cancelling() > answered:
                raise error
        elif isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise error
        elif isinstance(error, ModelError) and self.specification.kind is HookKind.FIRST:
            # It is an answer: the name is the plugin's, and cannot be served.
            raise error
        return error

    def misfit(self, result: object) -> TypeError:
        """Describe a replacement of the wrong type."""
        specification = self.specification
        wanted = "anything" if specification.accepts is None else specification.accepts.__name__
        return TypeError(f"returned {type(result).__name__} for {specification.noun!r}, which must be {wanted} or None")

    async def gather(
        self, index: int, results: list[Any], result: Iterable[Any], context: ExecutionContext | None
    ) -> None:
        """Add what one implementation returned to what the others did."""
        try:
            if isinstance(result, (str, bytes)):
                raise TypeError(f"returned {type(result).__name__}, which must be an iterable of results")
            results.extend(list(result))
        except Exception as error:
            await self.contain(index, error, context)
