"""Wrappers: implementations that run around all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, TypeAlias

from agentcore._context import Event
from agentcore._plugins.plan import Plan
from agentcore._plugins.relay import HookCall
from agentcore._plugins.specification import HookKind

__all__ = ["wrap"]

_Inner: TypeAlias = Callable[[], Awaitable[Any]]
_Wrapper: TypeAlias = Generator[None, Any, Any]


def wrap(call: HookCall, wrappers: Plan) -> HookCall:
    """Put the wrappers, the outermost first, around *call*.

    Each is a generator that yields once, as in pluggy: the ``yield`` evaluates to the result of what is inside, or
    raises its exception, and what it returns replaces the result; None leaves it.
    One that fails is treated as any implementation of the hook's kind.
    """
    specification = wrappers.specification
    bind = specification.signature.bind
    wants_event = any("event" in each.arguments for each in wrappers.implementations)

    async def wrapped(*args: Any, **keywords: Any) -> Any:
        bound = bind(*args, **keywords)
        bound.apply_defaults()
        arguments = bound.arguments
        if wants_event and arguments["event"] is None:
            arguments["event"] = Event(specification.name, arguments.get("context"))
        inner: _Inner = partial(call, **arguments)
        for index in reversed(range(len(wrappers.implementations))):
            inner = partial(_around, wrappers, index, arguments, inner)
        return await inner()

    return wrapped


async def _around(plan: Plan, index: int, arguments: dict[str, Any], inner: _Inner) -> Any:
    context = arguments.get("context")
    generator: _Wrapper | None = None
    try:
        generator = _begin(plan, index, arguments)
    except BaseException as error:
        await _failed(plan, index, error, context)
    if generator is None:
        return await inner()
    result: Any = None
    failure: BaseException | None = None
    try:
        result = await inner()
    except BaseException as error:
        failure = error
    replacement: Any = None
    try:
        replacement = _finish(generator, result, failure)
    except BaseException as error:
        if error is not failure:
            await _failed(plan, index, error, context)
    # A wrapper may answer in place of what failed, and cannot keep what ends the run from doing so.
    if failure is not None and (replacement is None or not isinstance(failure, Exception)):
        raise failure
    return result if replacement is None else await _checked(plan, index, replacement, result, context)


def _begin(plan: Plan, index: int, arguments: dict[str, Any]) -> _Wrapper:
    each = plan.implementations[index]
    generator: _Wrapper = each.function(
        *[arguments[name] for name in each.positional], **{name: arguments[name] for name in each.keywords}
    )
    try:
        next(generator)
    except StopIteration:
        raise RuntimeError("a wrapper must yield once; it ended before") from None
    return generator


def _finish(generator: _Wrapper, result: Any, error: BaseException | None) -> Any:
    try:
        if error is None:
            generator.send(result)
        else:
            generator.throw(error)
    except StopIteration as stop:
        return stop.value
    generator.close()
    raise RuntimeError("a wrapper must yield once; it yielded again")


async def _checked(plan: Plan, index: int, replacement: Any, result: Any, context: Any) -> Any:
    """Return what a wrapper made of *result*, if it has the kind of the hook's results."""
    specification = plan.specification
    if specification.kind is HookKind.EVENT:
        return None
    if specification.kind is HookKind.COLLECT:
        results: list[Any] = []
        return results if await plan.gather(index, results, replacement, context) else result
    if specification.accepts is not None and not isinstance(replacement, specification.accepts):
        raise await plan.refuse(index, plan.misfit(replacement), context)
    return replacement


async def _failed(plan: Plan, index: int, error: BaseException, context: Any) -> None:
    """Report and go on, or, in a value hook, raise what ends the run."""
    if plan.specification.kind is HookKind.VALUE:
        raise await plan.refuse(index, error, context)
    cancelled = await plan.contain(index, error, context)
    if cancelled is not None:
        raise cancelled
