"""Whether a plugin's config is one that can be checked, and the plugin built with it, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getattr_static, isclass, signature
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUndefinedAnnotation

from agentcore._config.hiding import is_secret_name
from agentcore._inspection.findings import PlacedFinding, place_of
from agentcore._plugins.loading import config_model

__all__ = ["config_findings", "plain_secrets"]

_CHECK = "config"


def config_findings(plugin: Any, name: str) -> list[PlacedFinding]:
    """Look at a plugin's config model, and at what takes it; nothing is built or validated."""
    model = config_model(plugin)
    found = [] if model is None else list(_of_model(model, name))
    found += _of_building(plugin, name, model) if isclass(plugin) else []
    if found:
        return found
    path, line = place_of(plugin if model is None else model)
    if model is None and getattr_static(plugin, "Config", None) is not None:
        message = f"the Config of {name!r} is no pydantic model, and takes no table of the configuration"
        return [PlacedFinding(_CHECK, "warning", message, "derive it from pydantic.BaseModel.", path, line)]
    keys = "no config" if model is None else ", ".join(map(repr, model.model_fields)) or "an empty table"
    return [PlacedFinding(_CHECK, "ok", f"{name!r} takes {keys}", "", path, line)]


def _of_model(model: type[BaseModel], name: str) -> Iterator[PlacedFinding]:
    path, line = place_of(model)
    try:
        model.model_rebuild()
    except PydanticUndefinedAnnotation as error:
        message = f"the config of {name!r} refers to {error.name!r}, which is not defined"
        hint = "import it at run time, and not for type checkers alone."
        yield PlacedFinding(_CHECK, "problem", message, hint, path, line)
        return
    if model.model_config.get("extra") == "allow":
        message = f"the config of {name!r} accepts unknown keys, and so a slip of the pen"
        yield PlacedFinding(_CHECK, "warning", message, "write extra='forbid'.", path, line)
    for field in plain_secrets(model):
        message = f"the config of {name!r} would show what {field!r} holds"
        yield PlacedFinding(_CHECK, "problem", message, "make it an agentcore.SecretRef.", path, line)


def plain_secrets(model: type[BaseModel]) -> list[str]:
    """Return the keys whose names speak of secrets, and whose values would be shown."""
    fields = model.model_fields.items()
    return [name for name, each in fields if each.repr and is_secret_name(name) and _is_text(each.annotation)]


def _is_text(annotation: Any) -> bool:
    return annotation is str or str in getattr(annotation, "__args__", ())


def _of_building(plugin: type, name: str, model: type[BaseModel] | None) -> Iterator[PlacedFinding]:
    """Say whether a plugin that is a class can be called as loading it does."""
    make = getattr(plugin, "from_config", plugin) if model is not None else plugin
    try:
        signature(make).bind(*([] if model is None else [model]))
    except TypeError as error:
        given = "without arguments: it has no Config" if model is None else "with its config"
        message = f"{name!r} is built {given}, which {make.__qualname__}() does not take: {error}"
        hint = "give it a Config, or defaults to its arguments." if model is None else "let it take one argument."
        yield PlacedFinding(_CHECK, "problem", message, hint, *place_of(make))
    except ValueError:  # it is written in C, and does not say what it takes
        return
