"""Every key of the configuration, and every environment variable, out of the models that check them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agentcore import Settings
from agentcore._agents.declared import AgentTable
from agentcore._config import KNOWN_VARIABLES
from agentcore._config.delivery import DeliveryOptions, HookDeliveryOptions, JournalOptions
from agentcore._config.environment import VARIABLES
from agentcore._config.options import HookOptions, Options
from agentcore._config.sizes import parse_size
from agentcore._config.type_names import type_name
from agentcore.models import ModelConfig
from agentcore.types import Delivery

from .attributes import attribute_docs
from .pages import Page, heading, table

__all__ = ["TABLES", "VARIABLE_DOCS", "pages"]

TABLES: Mapping[str, type[BaseModel]] = {
    "hooks.<hook>": HookOptions,
    "delivery.<plugin>": DeliveryOptions,
    "delivery.<plugin>.hooks.<hook>": HookDeliveryOptions,
    "journal": JournalOptions,
    "models.<name>": ModelConfig,
    "agents.<name>": AgentTable,
}
"""What may be configured beside the keys at the top, by the name of its table."""

VARIABLE_DOCS: Mapping[str, str] = {
    "AGENTCORE_CONFIG": "The configuration file, in place of the one that is found.",
    "AGENTCORE_CACHE_DIR": "Where the embedded model is kept, in place of the user's folder for caches.",
    "AGENTCORE_LOCAL_MODEL": "A GGUF file to use as the model ``local``, in place of the one that is fetched.",
    "AGENTCORE_TRACE": "``1`` prints every call of an implementation on stderr; ``values`` a piece of each result.",
}
"""The variables that stand for no key."""

_PLUGINS = "agentcore"
_TYPES = {
    "str": "text",
    "bool": "``true`` or ``false``",
    "int": "integer",
    "float": "number",
    "Decimal": "number",
    "Path": "path",
    "duration": "duration",
    "SecretRef": "``env:NAME`` or ``file:/path``",
}


def pages() -> Iterator[Page]:
    """Yield the one page."""
    yield Page("configuration", _text())


def _text() -> str:
    text = heading("Configuration keys") + (
        "Every key of ``agentcore.toml``; in ``pyproject.toml`` each table stands below ``[tool.agentcore]``. "
        ":doc:`/configuration` says where the file is looked for, and what wins.\n\n"
        'A *duration* is a number of seconds, or a text with a unit (``ms``, ``s``, ``m``, ``h``, ``d``) as ``"1.5m"``;'
        ' ``"off"`` is no end. A *size* is a number of bytes, or a text as ``"512MB"``; ``"off"`` is no limit.\n\n'
    )
    text += heading("At the top", "-") + _rows(Options, usual=Settings, fallback=Settings)
    for name, model in TABLES.items():
        text += heading(f"``[{name}]``", "-") + _rows(model, usual=model, fallback=_fallback(model))
    for name, model in sorted(_plugins().items()):
        text += heading(f"``[plugins.{name}]``", "-") + _rows(model, usual=model, fallback=model)
    return text + heading("Environment variables", "-") + _variables()


def _fallback(model: type[BaseModel]) -> type:
    """Where the meaning of a key is said that *model* itself says nothing of."""
    return Delivery if model in (DeliveryOptions, HookDeliveryOptions) else model


def _plugins() -> dict[str, type[BaseModel]]:
    """The configs of the installed plugins, by name."""
    loaded = {each.name: each.load() for each in entry_points(group=_PLUGINS)}
    return {name: each.Config for name, each in loaded.items() if hasattr(each, "Config")}


def _rows(model: type[BaseModel], *, usual: type, fallback: type) -> str:
    said = attribute_docs(fallback) | attribute_docs(model)
    rows = list(_keys(model, usual, said, ""))
    return table(("key", "type", "default", "meaning"), rows, "22 20 18 40") if rows else ""


def _keys(model: type[BaseModel], usual: type, said: Mapping[str, str], prefix: str) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        if info.annotation in TABLES.values() or (name in _OWN_TABLES and model in (Options, DeliveryOptions)):
            continue
        nested = _nested(info)
        if nested is not None:
            yield from _keys(nested, nested, attribute_docs(nested), f"{prefix}{name}.")
            continue
        meaning = said.get(name) or (info.description or "").replace("*", r"\*")
        yield f"``{prefix}{name}``", _type(info), _default(name, info, usual), _plain(meaning)


_OWN_TABLES = ("plugins", "hooks", "delivery", "models", "agents")
"""What has a table of its own here."""


def _nested(info: FieldInfo) -> type[BaseModel] | None:
    """The model whose keys stand in the place of the field; None where it is one key."""
    options = get_args(info.annotation) if get_origin(info.annotation) in (Union, UnionType) else (info.annotation,)
    found = [each for each in options if isinstance(each, type) and issubclass(each, BaseModel)]
    return found[0] if found else None


def _type(info: FieldInfo) -> str:
    if any(getattr(each, "func", None) is parse_size for each in info.metadata):
        return "size"
    parts = [each for each in type_name(info).split(" | ") if each != "None"]
    return " or ".join(map(_word, parts))


def _word(name: str) -> str:
    if name.startswith("'"):
        return f'``"{name[1:-1]}"``'
    if name.startswith(("tuple[", "list[", "frozenset[")):
        return "array of " + {"str": "texts"}.get(name.partition("[")[2].removesuffix("]").split(",")[0], "tables")
    return "table" if name.startswith(("Mapping[", "dict[")) else _TYPES.get(name, f"``{name}``")


def _default(name: str, info: FieldInfo, usual: type) -> str:
    if usual in (DeliveryOptions, HookDeliveryOptions):
        own = getattr(Delivery(), name)
        return "the plugin's" + ("" if own is None else f", else ``{json.dumps(own)}``")
    value = _usual(name, info, usual)
    if value is PydanticUndefined:
        return "required"
    if value is None or value == () or value == {} or value == "":
        return ""
    if isinstance(value, bool):
        return f"``{str(value).lower()}``"
    if isinstance(value, int | float) and _type(info) in ("duration", "size"):
        return f"``{_amount(value, _type(info))}``"
    if isinstance(value, list | tuple):
        return f"``{json.dumps(list(value))}``"
    return f"``{json.dumps(value if isinstance(value, int | float) else str(value))}``"


def _usual(name: str, info: FieldInfo, usual: type) -> Any:
    if name == "state_dir":
        return ".agentcore"
    fields = getattr(usual, "model_fields", {})
    return fields[name].get_default(call_default_factory=False) if name in fields else info.default


def _amount(value: float, kind: str) -> str:
    if value == math.inf:
        return '"off"'
    units = {"d": 86_400, "h": 3_600, "m": 60, "s": 1} if kind == "duration" else {"GiB": 1024**3, "MiB": 1024**2}
    unit = next(unit for unit, size in units.items() if value % size == 0)
    return f'"{value / units[unit]:g}{unit}"'


def _variables() -> str:
    keys = {each.name: f"``{each.key}``" for each in VARIABLES}
    rows = [(f"``{name}``", _variable(name, keys)) for name in sorted(KNOWN_VARIABLES)]
    return table(("variable", "meaning"), rows, "40 60")


def _variable(name: str, keys: Mapping[str, str]) -> str:
    if name == "AGENTCORE_DISABLE_PLUGIN_AUTOLOAD":
        return "The opposite of the key ``autoload``: ``1`` loads only what is enabled by name."
    return (
        VARIABLE_DOCS.get(name)
        or f"The key {keys[name]}{'; names are separated by commas' if 'PLUGINS' in name else ''}."
    )


def _plain(text: str) -> str:
    # A pattern in quotes is neither emphasis nor a link.
    text = re.sub(r'([_*])(?=[_*]*")', r"\\\1", text)
    return text.replace(":class:`Limits`", ":class:`~agentcore.Limits`")
