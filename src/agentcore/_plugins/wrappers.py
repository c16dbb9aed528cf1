"""Wrappers: implementations that run around all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, TypeAlias

from agentcore._plugins.plan import Plan
from agentcore._plugins.relay import HookCall
from agentcore._plugins.specification import HookKind

__all__ = ["wrap"]

_Inner: TypeAlias = Callable[[], Awaitable[Any]]
_Wrapper: TypeAlias = Generator[None, Any, Any]


def wrap(call: HookCall, wrappers: Plan) -> HookCall:
    """Put the wrappers, the outermost first, around *call*.

    Each is a generator that yields once, as in pluggy: the ``yield`` evaluates to the result of what is inside, or
    raises its exception, and what it returns is the result.  One that fails is treated as any implementation of the
    hook's kind.
    """
    specification = wrappers.specification

    async def wrapped(*args: Any, **keywords: Any) -> Any:
        arguments = {**specification.defaults, **dict(zip(specification.arguments, args, strict=False)), **keywords}
        inner: _Inner = partial(call, **arguments)
        for index in reversed(range(len(wrappers.implementations))):
            inner = partial(_around, wrappers, index, arguments, inner)
        return await inner()

    return wrapped


async def _around(plan: Plan, index: int, arguments: dict[str, Any], inner: _Inner) -> Any:
    context = arguments.get("context")
    each = plan.implementations[index]
    try:
        generator: _Wrapper = each.function(**{name: arguments[name] for name in each.arguments})
        _advance(generator)
    except BaseException as error:
        await _failed(plan, index, error, context)
        return await inner()
    result: Any = None
    inner_error: BaseException | None = None
    try:
        result = await inner()
    except BaseException as error:
        inner_error = error
    try:
        return _finish(generator, result, inner_error)
    except BaseException as error:
        if error is inner_error:
            raise
        await _failed(plan, index, error, context)
        if inner_error is not None:
            raise inner_error from None
        return result


def _advance(generator: _Wrapper) -> None:
    try:
        next(generator)
    except StopIteration:
        raise RuntimeError("a wrapper must yield once; it ended before") from None


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


async def _failed(plan: Plan, index: int, error: BaseException, context: Any) -> None:
    """Report and go on, or, in a value hook, raise what ends the run."""
    if plan.specification.kind is HookKind.VALUE:
        raise await plan.refuse(index, error, context)
    await plan.contain(index, error, context)
