"""The call of one plugin's implementations of a hook on its lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.plan import Plan, Report, steps
from agentcore._plugins.relay import compile_relay
from agentcore._plugins.specification import HookSpecification

__all__ = ["LaneCall"]


class LaneCall:
    """Calls the implementations of one plugin, with middleware around them, and tells what they raised.

    Args:
        specification: The hook.
        implementations: The plugin's, in their order.
        timeouts: Seconds for one execution of each.
        middleware: The outermost first.
        report: Told of failures.
    """

    def __init__(
        self,
        specification: HookSpecification[..., Any],
        implementations: Sequence[Implementation],
        *,
        timeouts: Callable[[Implementation], float],
        middleware: Sequence[ProviderMiddleware],
        report: Report,
    ) -> None:
        self._plan = _LanePlan(
            specification,
            implementations,
            timeouts=timeouts,
            default_timeout=max(map(timeouts, implementations), default=0.0),
            pre_steps=steps(middleware, "pre_execute"),
            post_steps=steps(middleware[::-1], "post_execute"),
            report=report,
        )
        self._call = compile_relay(self._plan)

    async def __call__(self, arguments: Mapping[str, Any]) -> BaseException | None:
        """Execute them; returns the first failure, None where all went well."""
        self._plan.fault, self._plan.failed = None, None
        await self._call(**arguments)
        return self._plan.fault


class _LanePlan(Plan):
    """Keeps what an implementation raised.  One lane executes one event at a time, so there is one place for it."""

    fault: BaseException | None = None
    failed: int | None = None
    """The implementation that it is the fault of."""

    def told(self, index: int, fault: BaseException) -> None:
        if self.failed is None or self.failed == index:
            self.fault, self.failed = fault, index
