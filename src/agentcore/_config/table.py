"""A plugin's config as a table for people, without its secrets."""

import json
import math
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agentcore._config.hiding import STARS, hide, is_secret_name
from agentcore._config.problems import is_secret_field, keys_of
from agentcore._config.secrets import SecretRef
from agentcore._config.shapes import is_list, is_mapping, is_set
from agentcore._config.type_names import type_name
from agentcore._data import data

__all__ = ["ConfigRow", "config_table"]

_MADE: Final = "(made when needed)"


@data(kw_only=True)
class ConfigRow:
    """One key of a plugin's config, as it may be shown."""

    name: str
    """The key as it is written in the configuration, dotted within a table."""
    type: str
    """For people."""
    default: str | None
    """As JSON, a text without its quotes; None where the key must be given."""
    value: str | None
    """Likewise; None where there is no instance."""
    description: str
    """Empty where the plugin's author wrote none."""
    secret: bool
    """Whether the key is for a secret; its default and value are then hidden, unless they are a reference."""


def config_table(model: type[BaseModel], instance: BaseModel | None) -> list[ConfigRow]:
    """Return a row for each key of *model*, a table's keys in its place.

    Args:
        model: The plugin's config model.
        instance: What is configured; None where that is not known.
    """
    return list(_rows(model, instance, None, ""))


def _rows(
    model: type[BaseModel], instance: BaseModel | None, default: BaseModel | None, prefix: str
) -> Iterator[ConfigRow]:
    """Yield the rows of *model*; *default* is what its owner would put in its place."""
    for name, info in model.model_fields.items():
        key = prefix + keys_of(name, info)[0]
        usual = info.default if default is None else getattr(default, name)
        value = PydanticUndefined if instance is None else getattr(instance, name)
        nested = type(value) if isinstance(value, BaseModel) else _plain_model(info)
        if nested is None:
            yield _row(key, info, usual, value)
        else:
            yield from _rows(nested, _as_model(value), _as_model(usual), f"{key}.")


def _plain_model(info: FieldInfo) -> type[BaseModel] | None:
    annotation = info.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _as_model(value: object) -> BaseModel | None:
    return value if isinstance(value, BaseModel) else None


def _row(key: str, info: FieldInfo, usual: object, value: object) -> ConfigRow:
    # What a factory makes may need the other fields, or do something.
    made = _MADE if info.default_factory is not None else None
    return ConfigRow(
        name=key,
        type=type_name(info),
        default=made if usual is PydanticUndefined else _shown(key, usual, info),
        value=None if value is PydanticUndefined else _shown(key, value, info),
        description=info.description or "",
        secret=is_secret_field(info) or is_secret_name(_last(key)),
    )


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _shown(key: str, value: object, info: FieldInfo) -> str:
    visible = _visible(_last(key), value, secret=is_secret_field(info))
    return visible if isinstance(visible, str) else json.dumps(visible, ensure_ascii=False)


def _visible(name: str, value: object, *, secret: bool = False) -> Any:
    """Return *value* as JSON data, without what the key *name* or the type calls a secret."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, SecretRef):
        return str(value)
    if isinstance(value, BaseModel):
        return {key: _visible(key, getattr(value, key)) for key in type(value).model_fields}
    if is_mapping(value) and not is_secret_name(name):
        return {str(key): _visible(str(key), each, secret=secret) for key, each in value.items()}
    if is_set(value):
        value = sorted(value, key=str)
    if is_list(value):
        return [_visible(name, each, secret=secret) for each in value]
    if secret or is_secret_name(name) or isinstance(value, SecretStr | SecretBytes | Secret):
        return STARS
    return _visible_plain(value)


def _visible_plain(value: object) -> Any:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, int | float):
        return "off" if value == math.inf else value
    return hide(str(value))
