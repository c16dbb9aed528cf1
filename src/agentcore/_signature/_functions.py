"""Models of the parameters of functions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from inspect import Parameter
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from agentcore._signature._definition import UNRESOLVED_HINT, Definition, build_model, check_reserved, define
from agentcore._signature._docstring import argument_docs
from agentcore.errors import SignatureError

__all__ = ["input_model_of", "parameters_of_type"]

_REFUSED: Final[Mapping[Any, tuple[str, str, str]]] = {
    Parameter.VAR_POSITIONAL: ("*", "takes any number of arguments", "name each of them, or take one list"),
    Parameter.VAR_KEYWORD: ("**", "takes arguments of any name", "name each of them, or take one dict"),
    Parameter.POSITIONAL_ONLY: ("", "cannot be passed by name", "leave the '/' out, or wrap the function"),
}
"""How the kinds of parameters are written that no model of named fields can describe, why, and what to do."""


def input_model_of(
    function: Callable[..., Any], *, skip: Collection[type] = (), reserved: Collection[str] = ()
) -> type[BaseModel]:
    """Return a model with a field for each parameter of *function*, refusing others.

    The ``Args:`` section of its docstring describes the fields; a description in an annotation goes before.
    A parameter without an annotation takes anything.

    Args:
        function: Any callable.
        skip: Parameters of these types (:func:`parameters_of_type`) are left out.
        reserved: Names that no other parameter may have.

    Raises:
        SignatureError: A parameter cannot be passed by name, or has a name or a type that no model can have or a
            reserved name, or an annotation cannot be resolved.
    """
    name = _name(function)
    hinted = _hinted(function, skip)
    docs = _docs(function)
    definitions: dict[str, Definition] = {}
    for parameter, hint in hinted:
        if not _is_of_type(hint, skip):
            if parameter.kind in _REFUSED:
                raise _refused(name, [each for each, _ in hinted], parameter)
            definitions[parameter.name] = _definition(hint, parameter.default, docs.get(parameter.name, ""))
    model = build_model(f"{name}_input", definitions)
    check_reserved(model, reserved)
    return model


def parameters_of_type(function: Callable[..., Any], types: Collection[type]) -> tuple[str, ...]:
    """Return the names of the parameters of *function* that are annotated with one of *types*, in order.

    A subclass counts, and so does one of them or None.
    The names of *types* are known in annotations even where the function's module imports them for type checkers only.

    Raises:
        SignatureError: An annotation cannot be resolved.
    """
    return tuple(each.name for each, hint in _hinted(function, types) if _is_of_type(hint, types))


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _docs(function: Callable[..., Any]) -> dict[str, str]:
    return argument_docs(inspect.getdoc(function) or "") | argument_docs(
        inspect.getdoc(_implementation(function)) or ""
    )


def _implementation(function: Any) -> Any:
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    if isinstance(function, type):
        return inspect.unwrap(getattr(function, "__init__"))  # noqa: B009 - unsound only where somebody calls it
    return function if inspect.isroutine(function) else inspect.unwrap(type(function).__call__)


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    try:
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            # Names that only type checkers import must not fail before they were looked up among those to skip.
            return list(inspect.signature(function, annotation_format=Format.FORWARDREF).parameters.values())
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        name = _name(function)
        hint = "wrap it in a function with annotations"
        raise SignatureError(f"the parameters of {name!r} are not known", text=name, position=0, hint=hint) from error


def _hinted(function: Callable[..., Any], types: Collection[type]) -> list[tuple[Parameter, Any]]:
    parameters = _parameters(function)

    def holder() -> None:
        """Carries the annotations of the parameters alone: that of the result may name anything."""

    holder.__annotations__ = {
        each.name: each.annotation for each in parameters if each.annotation is not Parameter.empty
    }
    known = getattr(_implementation(function), "__globals__", {})
    try:
        hints = get_type_hints(holder, globalns={each.__name__: each for each in types} | known, include_extras=True)
    except NameError as error:
        name = _name(function)
        message = f"an annotation of {name!r} cannot be resolved: {error}"
        raise SignatureError(message, text=name, position=0, hint=UNRESOLVED_HINT) from error
    return [(each, hints.get(each.name, Any)) for each in parameters]


def _is_of_type(hint: Any, types: Collection[type]) -> bool:
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kinds = [each for each in members if each is not NoneType]
    return bool(kinds) and all(isinstance(each, type) and issubclass(each, tuple(types)) for each in kinds)


def _definition(hint: Any, default: Any, doc: str) -> Definition:
    metadata = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    described = any(isinstance(each, FieldInfo) and each.description for each in metadata)
    description = "" if described else doc
    if default is Parameter.empty:
        return define(hint, description=description)
    if isinstance(default, FieldInfo):
        return hint, default
    try:
        to_jsonable_python(default)
    except ValueError:
        # A schema cannot show it, and pydantic warns of the attempt.
        return define(hint, description=description, default_factory=lambda: default)
    return define(hint, description=description, default=default)


def _refused(function: str, parameters: list[Parameter], parameter: Parameter) -> SignatureError:
    stars, why, hint = _REFUSED[parameter.kind]
    names = [_REFUSED.get(each.kind, ("",))[0] + each.name for each in parameters]
    text = f"{function}({', '.join(names)})"
    position = len(f"{function}({', '.join([*names[: parameters.index(parameter)], ''])}")
    message = f"{stars}{parameter.name} of {function!r} {why}, and a model of its input has named fields"
    return SignatureError(message, text=text, position=position, hint=hint)
