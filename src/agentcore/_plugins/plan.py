"""One hook's implementations in order, and what becomes of their failures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from agentcore._context import ExecutionContext
from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.relay import Step
from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore._plugins.watchdog import cancellations, take_expired
from agentcore.errors import DeniedError, Deny, HookError, HookTimeoutError, ModelError, PluginValidationError

if TYPE_CHECKING:
    from agentcore._delivery.post import Post

__all__ = ["Plan", "Report", "checked_middleware", "steps"]

Report: TypeAlias = Callable[[ExecutionContext | None, str, str, BaseException], Awaitable[BaseException]]
"""Told of a failure: the context, the plugin, the hook and the error; returns what may be kept of the error."""


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
        post: Post | None = None,
    ) -> None:
        self.specification = specification
        self.implementations = implementations
        self.default_timeout = default_timeout
        self.pre_steps = pre_steps
        self.post_steps = post_steps
        self.post = post
        """The way to those implementations that the agent does not wait for; None where there is none."""
        self._timeouts = timeouts
        self._report = report

    def limit(self, implementation: Implementation) -> float | None:
        """Seconds for one execution where somebody set them; None leaves it to the watchdog."""
        return self._timeouts(implementation)

    def watched(self, index: int) -> float:
        """Seconds after which the watchdog ends an execution."""
        # One with a limit of its own is ended by that; what outlives it, or hangs around it, is left to the watchdog.
        return self.default_timeout + (self.limit(self.implementations[index]) or 0.0)

    async def contain(
        self, index: int, error: BaseException, context: ExecutionContext | None
    ) -> asyncio.CancelledError | None:
        """Report the failure of an implementation that must not reach the agent.

        Returns:
            The cancellation of the run, where that interrupted an event of it: it goes on when everybody has been
            told, so that whoever saw a start sees its end, and the other way round.

        Raises:
            BaseException: *error* itself, where it is not the plugin's doing.
        """
        implementation = self.implementations[index]
        try:
            fault = self._fault(index, error, context)
            self.told(index, fault)
            self.told(index, await self._report(context, implementation.plugin, implementation.hook, fault))
        except asyncio.CancelledError as cancelled:
            if self.specification.kind is not HookKind.EVENT or context is None or context.plugins is None:
                raise
            return cancelled
        return None

    def told(self, index: int, fault: BaseException) -> None:
        """Hear of a contained failure, and then of what may be kept of it; here for those who want to know."""

    async def refuse(self, index: int, error: BaseException, context: ExecutionContext | None) -> BaseException:
        """Return what ends the run when the implementation of a value hook failed or denied."""
        implementation = self.implementations[index]
        plugin, hook = implementation.plugin, implementation.hook
        if isinstance(error, Deny):
            denied = DeniedError(plugin=plugin, hook=hook, reason=error.message)
            denied.__cause__ = error
            return denied
        fault = self._fault(index, error, context)
        fault = await self._report(context, plugin, hook, fault)
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
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise error
        # Those that the run has already answered, by ending, do not cancel the telling of its end.
        answered = 0 if context is None else context.answered_cancellations
        timeout = take_expired(error, index, answered)
        if timeout is not None:
            implementation = self.implementations[index]
            ended = HookTimeoutError(plugin=implementation.plugin, hook=implementation.hook, timeout=timeout)
            ended.__cause__ = None if isinstance(error, asyncio.CancelledError) else error
            return ended
        if cancellations() > answered and (cancelled := _cancellation(error)) is not None:
            raise cancelled
        if isinstance(error, ModelError) and self.specification.kind is HookKind.FIRST:
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
    ) -> bool:
        """Add what one implementation returned to what the others did; says whether it could be added."""
        try:
            if isinstance(result, (str, bytes)):
                raise TypeError(f"returned {type(result).__name__}, which must be an iterable of results")
            results.extend(list(result))
        except BaseException as error:
            await self.contain(index, error, context)
            return False
        return True


def steps(middleware: Iterable[ProviderMiddleware], name: Literal["pre_execute", "post_execute"]) -> list[Step]:
    """Return the steps of this name that *middleware* overrides; the others cost nothing."""
    overridden = [each for each in middleware if getattr(type(each), name) is not getattr(ProviderMiddleware, name)]
    return [getattr(each, name) for each in overridden]


def checked_middleware(given: object, plugin: str) -> ProviderMiddleware:
    """Return what *plugin* brought, if it is middleware.

    Raises:
        PluginValidationError: It is not.
    """
    if isinstance(given, ProviderMiddleware):
        return given
    raise PluginValidationError(
        f"{given!r} is not middleware", plugin=plugin, hint="derive its class from ProviderMiddleware."
    )


def _cancellation(error: BaseException) -> asyncio.CancelledError | None:
    """Return the cancellation that *error* is, or that it was made of by ``except BaseException: raise ...``.

    None for a cancellation that those who called the hook were handling then: Python notes it as the context, too.
    """
    callers = _callers(error)
    waiting: list[BaseException | None] = [error]
    seen: list[BaseException] = []
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in seen:
            continue
        frame = None if cause.__traceback__ is None else cause.__traceback__.tb_frame
        if isinstance(cause, asyncio.CancelledError) and frame not in callers:
            return cause
        seen.append(cause)
        waiting += [cause.__context__, cause.__cause__]
    return None


def _callers(error: BaseException) -> set[FrameType]:
    """Return the frames that were waiting for the one that caught *error*."""
    frame = None if error.__traceback__ is None else error.__traceback__.tb_frame.f_back
    callers: set[FrameType] = set()
    while frame is not None:
        callers.add(frame)
        frame = frame.f_back
    return callers
