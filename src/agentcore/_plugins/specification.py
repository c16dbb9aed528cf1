"""What kind of hook each specification is, and its type for those who call it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from enum import Enum
from inspect import Parameter, Signature, getattr_static, isclass, isfunction, signature
from types import MethodType
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar

from agentcore._markers import PROJECT

if TYPE_CHECKING:
    from typing import Self

__all__ = [
    "Collecting",
    "EventHook",
    "FirstResult",
    "HookKind",
    "HookSpecification",
    "OptionalHook",
    "ValueHook",
    "signature_of",
    "specified_in",
]

P = ParamSpec("P")
T = TypeVar("T")


class HookKind(Enum):
    """What becomes of the results of a hook's implementations."""

    EVENT = "event"
    """Ignored; failures are contained."""
    VALUE = "value"
    """Each replaces the noun for the next; failures end the run."""
    COLLECT = "collect"
    """Gathered in one list; failures are contained."""
    FIRST = "first result"
    """The first that is not None; failures are contained."""


def signature_of(function: Callable[..., Any]) -> Signature:
    """Return the signature of *function*; names in its annotations need not be there.

    Raises:
        ValueError: It has none, as some builtins.
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return signature(function, annotation_format=Format.FORWARDREF)
    return signature(function)


class HookSpecification(Generic[P, T]):
    """One hook: its name, kind and arguments.  To a type checker it is the call itself."""

    kind: HookKind

    def __init__(self, function: Callable[P, Any], *, noun: str | None = None, accepts: type | None = None) -> None:
        self.signature: Final = signature_of(function)
        parameters = self.signature.parameters
        self.function: Final = function
        self.name: Final = function.__name__
        self.noun: Final = noun
        """The argument that passes through; None where none does."""
        self.accepts: Final = accepts
        """What a replacement must be; None takes anything."""
        self.arguments: Final = tuple(parameters)
        self.defaults: Final[Mapping[str, Any]] = {
            name: each.default for name, each in parameters.items() if each.default is not Parameter.empty
        }

    @property
    def has_context(self) -> bool:
        """Whether it happens within a run."""
        return "context" in self.arguments

    if TYPE_CHECKING:

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]: ...

        def __get__(self, instance: object, owner: type) -> Self: ...

    def __repr__(self) -> str:
        return f"<{self.kind.value} hook {self.name}({', '.join(self.arguments)})>"


class EventHook(HookSpecification[P, None]):
    """Says that something happened."""

    kind = HookKind.EVENT


class ValueHook(HookSpecification[P, T]):
    """Lets a noun pass through; a call returns what came out."""

    kind = HookKind.VALUE

    def __init__(self, function: Callable[P, T | None], noun: str, accepts: type | None = None) -> None:
        super().__init__(function, noun=noun, accepts=accepts)


class OptionalHook(ValueHook[P, T | None]):
    """Lets a noun pass through that need not be there; a call returns None where nobody put one in."""

    def __init__(self, function: Callable[P, T | None], noun: str, accepts: type | None = None) -> None:
        super().__init__(function, noun, accepts)


class Collecting(HookSpecification[P, list[T]]):
    """Gathers what the implementations return, in one list."""

    kind = HookKind.COLLECT

    def __init__(self, function: Callable[P, Iterable[T] | None]) -> None:
        super().__init__(function)


class FirstResult(HookSpecification[P, T | None]):
    """Takes the first answer; None where nobody answers."""

    kind = HookKind.FIRST

    def __init__(self, function: Callable[P, T | None]) -> None:
        super().__init__(function)


def specified_in(namespace: object) -> list[HookSpecification[..., Any]]:
    """Return the hooks that *namespace*, a module or a class, specifies with ``@hookspec``."""
    found = [_specification(namespace, name) for name in dir(namespace)]
    return [each for each in found if each is not None]


def _specification(namespace: object, name: str) -> HookSpecification[..., Any] | None:
    function = getattr(namespace, name)
    marks = getattr(function, f"{PROJECT}_spec", None)
    if marks is None:
        return None
    if isclass(namespace) and isfunction(getattr_static(namespace, name)):
        # It is written with a self, as in pluggy's own examples, which is no argument of the hook.
        function = MethodType(function, namespace)
    return FirstResult(function) if marks["firstresult"] else EventHook(function)
