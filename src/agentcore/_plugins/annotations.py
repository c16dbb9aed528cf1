"""Whether the annotations of an implementation agree with its hook's.

A type checker knows more of types.  Here it is said only what is certain: what cannot be resolved, or is beyond
classes, unions, literals and their arguments, passes.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Iterator, Mapping
from functools import lru_cache, partial
from importlib import import_module
from inspect import formatannotation, getsource, isclass, isfunction, unwrap
from types import FunctionType, NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore.errors import PluginValidationError

__all__ = ["annotation_faults", "fits"]


def annotation_faults(
    plugin: str, specification: HookSpecification[..., Any], function: Callable[..., Any], *, wrapper: bool
) -> Iterator[PluginValidationError]:
    """Yield what is wrong with the annotations of *function*, which implements a hook; what has none passes.

    *wrapper* says that its result is a generator's, and nothing that the hook takes.
    """
    own, hooks = _annotated(function), _annotated(specification.function)
    hooks |= {name: _given(hooks[name]) for name in specification.defaults if name in hooks}
    for name in specification.arguments:
        if name in own and name in hooks and not fits(hooks[name].type, own[name].type):
            yield PluginValidationError(
                f"plugin {plugin!r} implements {specification.name!r} with {name}: {own[name].text}, where the hook has"
                f" {name}: {hooks[name].text}",
                plugin=plugin,
                hint=f"write {name}: {hooks[name].text}, or leave the annotation out.",
            )
    if wrapper or specification.kind is HookKind.EVENT or "return" not in own or "return" not in hooks:
        return
    returned, taken = own["return"], hooks["return"]
    if not fits(_awaited(returned.type), taken.type):
        yield PluginValidationError(
            f"plugin {plugin!r} returns {returned.text} from {specification.name!r}, which takes {taken.text}",
            plugin=plugin,
            hint=f"return {taken.text}.",
        )


# --- reading annotations ---


class _Annotation(NamedTuple):
    text: str
    type: Any


def _given(annotation: _Annotation) -> _Annotation:
    """Return what an implementation gets where a caller may leave the argument out: the envelope is never None."""
    kept = tuple(each for each in get_args(annotation.type) if each is not NoneType)
    return _Annotation(annotation.text.removesuffix(" | None"), Union[kept]) if kept else annotation  # noqa: UP007


def _annotated(function: Callable[..., Any]) -> dict[str, _Annotation]:
    """Return the annotations of *function* that can be resolved, by parameter, and ``"return"``."""
    while isinstance(function, partial):
        function = function.func
    plain: object = unwrap(getattr(function, "__func__", function))
    if not isfunction(plain):
        plain = vars(type(function)).get("__call__")
    if not isfunction(plain):
        return {}
    found = {name: _Annotation(_text(each), _resolved(each, plain)) for name, each in _annotations(plain).items()}
    return {name: each for name, each in found.items() if each.type is not Any}


def _text(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else formatannotation(annotation)


def _annotations(function: FunctionType) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(function, format=Format.STRING)
    return function.__annotations__


def _resolved(annotation: Any, function: FunctionType) -> Any:
    """Return what *annotation* stands for; Any where that cannot be found out."""

    def holder() -> None: ...

    holder.__annotations__ = {"it": annotation}
    try:
        names = _names_for(annotation, function) if isinstance(annotation, str) else {}
        return get_type_hints(holder, {**function.__globals__, **names}, include_extras=False)["it"]
    except Exception:  # the annotation is somebody else's code, and may raise anything
        return Any


def _names_for(annotation: str, function: FunctionType) -> dict[str, object]:
    """Return what the names in *annotation* stand for that are imported for type checkers alone."""
    mentioned = {each.id for each in ast.walk(ast.parse(annotation, mode="eval")) if isinstance(each, ast.Name)}
    imports = _imports_for_checkers(function.__module__)
    missing = mentioned & (imports.keys() - function.__globals__.keys())
    return {name: _imported(*imports[name]) for name in missing}


def _imported(module: str, attribute: str) -> object:
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


@lru_cache(maxsize=64)
def _imports_for_checkers(module: str) -> dict[str, tuple[str, str]]:
    """Return the names that a module imports under ``if TYPE_CHECKING:``, each with its module and attribute there."""
    try:
        tree = ast.parse(getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING":
            for each in node.body:
                if isinstance(each, ast.ImportFrom) and each.module and not each.level:
                    found |= {alias.asname or alias.name: (each.module, alias.name) for alias in each.names}
                elif isinstance(each, ast.Import):
                    found |= {alias.asname: (alias.name, "") for alias in each.names if alias.asname}
    return found


# --- comparing types ---


def fits(given: Any, wanted: Any) -> bool:
    """Say whether what is annotated as *given* may go where *wanted* is annotated; True where that is not certain."""
    given, wanted = _bare(given), _bare(wanted)
    if Any in (given, wanted) or wanted is object:
        return True
    if _is_union(given):
        return all(fits(each, wanted) for each in get_args(given))
    if _is_union(wanted):
        return any(fits(given, each) for each in get_args(wanted))
    if get_origin(given) is Literal:
        return _literal_fits(get_args(given), wanted)
    if get_origin(wanted) is Literal:
        return not isclass(given)
    return _class_fits(given, wanted)


def _bare(annotation: Any) -> Any:
    """Return *annotation* without names and notes around it."""
    while True:
        if annotation is None:
            return NoneType
        if hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        else:
            return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _literal_fits(values: tuple[object, ...], wanted: Any) -> bool:
    if get_origin(wanted) is Literal:
        return set(values) <= set(get_args(wanted))
    return all(_class_fits(type(each), wanted) for each in values)


def _class_fits(given: Any, wanted: Any) -> bool:
    mine, theirs = get_origin(given) or given, get_origin(wanted) or wanted
    if not (isclass(mine) and isclass(theirs)) or getattr(theirs, "_is_protocol", False):
        return True
    if (mine, theirs) == (int, float):
        return True
    try:
        if not issubclass(mine, theirs):
            return False
    except TypeError:
        return True
    inner, outer = get_args(given), get_args(wanted)
    return len(inner) != len(outer) or all(map(fits, inner, outer))


def _awaited(annotation: Any) -> Any:
    """Return what awaiting a result brings, where it is one to be awaited."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isclass(origin) and issubclass(origin, Coroutine):
        return arguments[2]
    if isclass(origin) and issubclass(origin, Awaitable) and not issubclass(origin, AsyncIterable):
        return arguments[0]
    return annotation
