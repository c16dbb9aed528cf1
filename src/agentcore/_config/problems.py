"""Checking a table of settings against a pydantic model, with errors for people and without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, get_args, get_origin

from attrs import field
from pydantic import AliasChoices, BaseModel, Secret, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from agentcore._config.files import error_at, find_position
from agentcore._config.hiding import STARS, secrets_in
from agentcore._config.positions import Position
from agentcore._config.secrets import SECRET_FOLDER, SecretRef
from agentcore._config.shapes import is_list, is_mapping
from agentcore._data import data
from agentcore.errors import AgentCoreError, ConfigError, nearest

__all__ = ["Keys", "Where", "check", "dotted", "is_secret_field", "keys_of", "models_in"]

M = TypeVar("M", bound=BaseModel)
Keys: TypeAlias = tuple[str | int, ...]

_SECRET_TYPES: Final = (SecretRef, SecretStr, SecretBytes, Secret)
_WORDINGS: Final = {
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a table",
    "list_type": "must be a list",
    "mapping_type": "must be a table",
    "missing": "is missing",
    "model_attributes_type": "must be a table",
    "model_type": "must be a table",
    "string_type": "must be a text in quotes",
    "tuple_type": "must be a list",
}


def dotted(keys: Sequence[str | int]) -> str:
    """Return *keys* as one name, as ``retry.steps[0]``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _as_key(keys: Keys) -> str:
    return f"key {dotted(keys)!r}"


@data(kw_only=True)
class Where:
    """Where a table of settings comes from, for the errors about it."""

    path: Path | None = None
    """The configuration file; None where the table comes from elsewhere."""
    prefix: Keys = ()
    """The path to the table in the file, without ``tool.agentcore``."""
    subject: str = ""
    """What the table is about, as ``plugin 'metrics'``; empty where the keys say it."""
    name: Callable[[Keys], str] = _as_key
    """Calls a setting, given its path in the table, what its author knows it as."""


@data
class _Problem:
    keys: Keys
    text: str
    hint: str = field(default="")


def check(model: type[M], raw: Mapping[str, Any], where: Where) -> M:
    """Return *raw* as a *model*.

    Unknown keys are errors, even where *model* would ignore them, unless it or a model within it allows extra keys.

    Raises:
        ConfigError: *raw* does not fit; every problem is listed, and no value is shown.
    """
    try:
        return model.model_validate(raw, extra=_extra(model), context=_context(where))
    except ValidationError as error:
        details = error.errors(include_url=False)
    # Outside of the handler: pydantic's error shows the values, and would travel as the new one's context.
    raise _as_error([_problem(detail, model, raw, where) for detail in details], where)


def _extra(model: type[BaseModel]) -> Any:
    allowed = any(each.model_config.get("extra") == "allow" for each in _reachable(model))
    return None if allowed else "forbid"


def _context(where: Where) -> dict[str, Any]:
    return {} if where.path is None else {SECRET_FOLDER: where.path.parent}


def _as_error(problems: Sequence[_Problem], where: Where) -> ConfigError:
    unique = list(dict.fromkeys(problems))
    subject = f"{where.subject}: " if where.subject else ""
    if len(unique) == 1:
        only = unique[0]
        return error_at(subject + only.text, (*where.prefix, *only.keys), path=where.path, hint=only.hint)
    places = [(_position(each, where), each) for each in unique]
    places.sort(key=lambda pair: pair[0] or (0, 0))
    lines = "".join(f"\n  {_listed(*pair)}" for pair in places)
    return ConfigError(f"{subject}{len(unique)} problems{lines}", path=where.path)


def _position(problem: _Problem, where: Where) -> Position | None:
    return None if where.path is None else find_position(where.path, (*where.prefix, *problem.keys))


def _listed(position: Position | None, problem: _Problem) -> str:
    place = f"{position.line}:{position.column}: " if position else ""
    return f"{place}{problem.text}{f' ({problem.hint})' if problem.hint else ''}"


def _problem(detail: ErrorDetails, model: type[BaseModel], raw: Mapping[str, Any], where: Where) -> _Problem:
    keys = _keys_in(raw, detail["loc"])
    if detail["type"] == "missing":
        keys = (*keys, detail["loc"][-1])
    name = where.name(keys) if keys else "the table"
    owners = _models_at(model, keys[:-1])
    if detail["type"] == "extra_forbidden":
        known = {key for owner in owners for key in _all_keys(owner)}
        return _Problem(keys, f"unknown {name}", nearest(str(keys[-1]), known) or "no key is known here.")
    if detail["type"] in _WORDINGS:
        return _Problem(keys, f"{name}: {_WORDINGS[detail['type']]}", _list_hint(detail))
    text, hint = _wording(detail)
    secret = _own_secret(detail, owners, keys)
    return _Problem(keys, f"{name}: {_scrub(text, raw, secret)}", _scrub(hint, raw, secret))


def _keys_in(raw: Any, location: Sequence[str | int]) -> Keys:
    """Return the parts of *location* that lead into *raw*: pydantic also puts the members of a union into it."""
    keys: list[str | int] = []
    for part in location:
        if _has(raw, part):
            keys.append(part)
            raw = raw[part]
    return tuple(keys)


def _has(raw: object, part: str | int) -> bool:
    if is_mapping(raw):
        return part in raw
    return is_list(raw) and isinstance(part, int) and part < len(raw)


def _wording(detail: ErrorDetails) -> tuple[str, str]:
    raised = detail.get("ctx", {}).get("error")
    if isinstance(raised, AgentCoreError):
        return raised.message, raised.hint
    return str(raised) if isinstance(raised, Exception) else detail["msg"], _choice_hint(detail)


def _choice_hint(detail: ErrorDetails) -> str:
    """Return which of the words that may stand there is meant, as it seems; the message itself lists them."""
    if detail["type"] not in ("enum", "literal_error"):
        return ""
    words = re.findall("'([^']*)'", detail.get("ctx", {}).get("expected", ""))
    hint = nearest(str(detail["input"]), words)
    return hint.partition(" Known:")[0] if hint.startswith("did you mean") else ""


def _list_hint(detail: ErrorDetails) -> str:
    if detail["type"] in ("tuple_type", "list_type") and isinstance(detail["input"], str):
        return f'write {detail["loc"][-1]} = ["…"].'
    return ""


def _own_secret(detail: ErrorDetails, owners: set[type[BaseModel]], keys: Keys) -> str:
    """Return the value at fault where its field says that it is a secret."""
    key = next((key for key in reversed(keys) if isinstance(key, str)), "")
    fields = [info for owner in owners for name, info in owner.model_fields.items() if key in keys_of(name, info)]
    own = detail["input"]
    return own if isinstance(own, str) and any(map(is_secret_field, fields)) else ""


def _scrub(text: str, raw: Mapping[str, Any], own: str) -> str:
    """Return *text*, which somebody's validator may have written, without the secrets of *raw*."""
    for secret in sorted({*secrets_in(raw), own} - {""}, key=len, reverse=True):
        text = text.replace(secret, STARS)
    return text


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the pydantic models that *annotation* mentions, in unions and containers too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def is_secret_field(info: FieldInfo) -> bool:
    """Tell whether the field's type is one for secrets."""

    def mentions(annotation: object) -> bool:
        plain = get_origin(annotation) or annotation
        secret = isinstance(plain, type) and issubclass(plain, _SECRET_TYPES)
        return secret or any(map(mentions, get_args(annotation)))

    return mentions(info.annotation)


def keys_of(name: str, info: FieldInfo) -> list[str]:
    """Return what the field *name* may be called in a table: its aliases, or itself; the usual one first."""
    alias = info.validation_alias
    if isinstance(alias, str):
        return [alias]
    if isinstance(alias, AliasChoices):
        return [choice for choice in alias.choices if isinstance(choice, str)] or [name]
    return [name]


def _all_keys(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield from keys_of(name, info)


def _models_at(model: type[BaseModel], keys: Keys) -> set[type[BaseModel]]:
    """Return the models that may describe the table at *keys*."""
    current = {model}
    for key in keys:
        # A key that names no field is one of a container's: the models stay those of its values.
        current = {found for each in current for found in _models_under(each, key)} or current
    return current


def _models_under(model: type[BaseModel], key: str | int) -> Iterator[type[BaseModel]]:
    for name, info in model.model_fields.items():
        if key in keys_of(name, info):
            yield from models_in(info.annotation)


def _reachable(model: type[BaseModel]) -> set[type[BaseModel]]:
    found, waiting = set[type[BaseModel]](), [model]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(each for info in current.model_fields.values() for each in models_in(info.annotation))
    return found
