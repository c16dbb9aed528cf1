"""From the implementations of a hook to its call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agentcore._middleware import ProviderMiddleware
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.plan import Plan, Report, steps
from agentcore._plugins.relay import HookCall, compile_relay
from agentcore._plugins.specification import HookSpecification
from agentcore._plugins.wrappers import wrap

if TYPE_CHECKING:
    from agentcore._config import Settings
    from agentcore._delivery.post import Post

__all__ = ["compile_call"]


def compile_call(
    specification: HookSpecification[..., Any],
    found: Sequence[Implementation],
    *,
    settings: Settings,
    middleware: Sequence[ProviderMiddleware],
    report: Report,
    post: Post | None = None,
) -> HookCall:
    """Compile the call of a hook.

    Args:
        specification: The hook.
        found: Its implementations, in the order in which they run.
        settings: For the timeouts.
        middleware: The outermost first.
        report: Told of failures.
        post: The way to the implementations that have lanes; None where there are none.
    """

    def timeout(implementation: Implementation) -> float | None:
        configured = settings.timeout_for(implementation.hook, implementation.plugin)
        return implementation.timeout if configured is None else configured

    def plan(implementations: list[Implementation], post: Post | None = None) -> Plan:
        return Plan(
            specification,
            implementations,
            timeouts=timeout,
            default_timeout=settings.hook_timeout,
            pre_steps=steps(middleware, "pre_execute"),
            post_steps=steps(middleware[::-1], "post_execute"),
            report=report,
            post=post,
        )

    call = compile_relay(plan([each for each in found if not each.wrapper], post))
    wrappers = [each for each in found if each.wrapper]
    return wrap(call, plan(wrappers)) if wrappers else call
