"""The decorators that mark hook specifications and implementations."""

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from inspect import ismethod
from typing import Any, Final, NamedTuple, TypeVar, overload

import pluggy

from agentcore.types import DeliveryMode

__all__ = ["PROJECT", "ImplementationOptions", "hookimpl", "hookspec", "implementation_options"]

PROJECT: Final = "agentcore"
"""The project name under which pluggy finds the marks."""

_OPTIONS: Final = "agentcore_options"

_F = TypeVar("_F", bound=Callable[..., Any])

hookspec: Final = pluggy.HookspecMarker(PROJECT)
"""Marks a function as the specification of a hook."""

_mark = pluggy.HookimplMarker(PROJECT)


class ImplementationOptions(NamedTuple):
    """What :func:`hookimpl` adds to pluggy's own options."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    blocking: bool = False
    timeout: float | None = None
    delivery: DeliveryMode | None = None


@overload
def hookimpl(function: _F, /) -> _F: ...
@overload
def hookimpl(
    *,
    tryfirst: bool = ...,
    trylast: bool = ...,
    wrapper: bool = ...,
    optionalhook: bool = ...,
    specname: str | None = ...,
    before: str | Sequence[str] = ...,
    after: str | Sequence[str] = ...,
    blocking: bool = ...,
    timeout: float | None = ...,
    delivery: DeliveryMode | None = ...,
) -> Callable[[_F], _F]: ...
def hookimpl(
    function: _F | None = None,
    /,
    *,
    tryfirst: bool = False,
    trylast: bool = False,
    wrapper: bool = False,
    optionalhook: bool = False,
    specname: str | None = None,
    before: str | Sequence[str] = (),
    after: str | Sequence[str] = (),
    blocking: bool = False,
    timeout: float | None = None,
    delivery: DeliveryMode | None = None,
) -> _F | Callable[[_F], _F]:
    """Mark *function* as a hook's implementation.

    Args:
        function: A function, an async function, or any callable.
        tryfirst: Run as early as possible, as in pluggy.
        trylast: Run as late as possible, as in pluggy.
        wrapper: A generator that yields once, around all other implementations, as in pluggy.  What it returns
            replaces the result, and None leaves it.
        optionalhook: Do not complain where no such hook is specified.
        specname: The hook's name, where it is not the function's.
        before: Names of plugins whose implementations must run after this one; unknown names are ignored.
        after: Names of plugins whose implementations must run before this one; unknown names are ignored.
        blocking: Run on a thread, for functions that wait or compute.
        timeout: Seconds for one execution.  None takes the configured one; ``float("inf")`` waits for ever.
        delivery: Of an event: awaited by the agent, or from a lane of the plugin's own.  None takes the plugin's
            ``delivery``, else ``"inline"``; the configuration may say otherwise.
    """
    options = ImplementationOptions(
        (before,) if isinstance(before, str) else tuple(before),
        (after,) if isinstance(after, str) else tuple(after),
        blocking,
        timeout,
        delivery,
    )

    mark: Callable[[_F], _F] = partial(
        _marked,
        options=options,
        tryfirst=tryfirst,
        trylast=trylast,
        wrapper=wrapper,
        optionalhook=optionalhook,
        specname=specname,
    )
    return mark if function is None else mark(function)


def _marked(function: _F, *, options: ImplementationOptions, **pluggys: Any) -> _F:
    marked: _F = _markable(function)
    # On a plugin one finds the function below a static or class method, which would hide the mark.
    target = getattr(marked, "__func__", marked)
    _mark(target, **pluggys)
    setattr(target, _OPTIONS, options)
    return marked


def _markable(function: Any) -> Any:
    """Return *function*, or what calls it where it cannot hold a mark: a bound method, a builtin."""
    return _Caller(function) if ismethod(function) or not hasattr(function, "__dict__") else function


class _Caller:
    # Not a partial: as an attribute of a class that would be bound to the instance, from Python 3.14 on.

    __wrapped__: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.__wrapped__(*args, **keywords)


def implementation_options(function: object) -> ImplementationOptions:
    """Return what :func:`hookimpl` was told of *function*; the defaults where it was not asked."""
    options = getattr(function, _OPTIONS, None)
    return options if isinstance(options, ImplementationOptions) else ImplementationOptions()
