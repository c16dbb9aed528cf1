"""A page for every public module."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from agentcore._plugins import SPECIFICATIONS

from .errors import MODULES as ERROR_MODULES
from .pages import Page, heading, table, toctree

__all__ = ["EXPORTED_WHOLE", "MODULES", "documented", "names", "pages"]

MODULES = (
    "agentcore",
    "agentcore.types",
    "agentcore.models",
    "agentcore.models.scripted",
    "agentcore.delivery",
    "agentcore.testing",
    "agentcore.forking",
    "agentcore.locking",
    "agentcore.providers",
    "agentcore_vectorstore",
    "agentcore_vectorstore.protocols",
    "agentcore_vectorstore.testing",
    "agentcore_metrics",
    "agentcore_metrics.otel",
    "agentcore_minilm",
)
"""Those whose names a program may import; the errors and the hooks have pages of their own."""

EXPORTED_WHOLE = (
    "agentcore.models.local",
    "agentcore.models.openai_compatible",
    "agentcore.models.pydantic_ai",
    "agentcore.providers.approval",
    "agentcore.providers.audit",
    "agentcore.providers.cache",
    "agentcore.providers.logging",
    "agentcore.providers.rate_limit",
    "agentcore.providers.redaction",
)
"""Public modules whose names another one exports, too."""

_HOMES = ("agentcore.types", "agentcore.models", "agentcore_vectorstore.protocols")
"""Where the reference has what is exported elsewhere, too."""


def pages() -> Iterator[Page]:
    """Yield the list of modules, and a page for each."""
    rows = [(f":doc:`{name}`", (import_module(name).__doc__ or "").partition("\n")[0]) for name in MODULES]
    text = heading("Python API") + "What programs may import; everything else is private and may change.\n\n"
    yield Page("api/index", text + table(("module", "what it has"), rows, "35 65") + toctree(MODULES))
    for name in MODULES:
        yield Page(f"api/{name}", _page(name))


@cache
def documented() -> dict[int, str]:
    """Return by the id of each public object the name under which the reference has it."""
    found: dict[int, str] = {}
    for path, value in _public():
        if callable(value) and getattr(value, "__name__", None) == path.rpartition(".")[2]:
            found.setdefault(id(value), path)
    return found | {id(each.function): f"agentcore.hookspecs.{name}" for name, each in SPECIFICATIONS.items()}


@cache
def names() -> dict[str, str]:
    """Return by its last part the name under which the reference has something public."""
    found: dict[str, str] = {}
    for path, _ in _public():
        found.setdefault(path.rpartition(".")[2], path)
    return found


def _public() -> Iterator[tuple[str, object]]:
    for name in (*ERROR_MODULES, *_HOMES, *MODULES):
        module = import_module(name)
        yield from ((f"{name}.{each}", getattr(module, each)) for each in module.__all__)


def _page(name: str) -> str:
    module = import_module(name)
    text = heading(name) + f".. automodule:: {name}\n   :no-members:\n\n"
    elsewhere = []
    for each in module.__all__:
        value = getattr(module, each)
        home = documented().get(id(value))
        if home is None or home == f"{name}.{each}":
            text += _entry(name, each, value)
        else:
            elsewhere.append(f"``{each}`` (:py:obj:`{home}`)")
    return text + (f"Has by these names, too: {', '.join(elsewhere)}.\n\n" if elsewhere else "")


def _entry(module: str, name: str, value: Any) -> str:
    path = f"{module}.{name}"
    if inspect.isclass(value) and value.__name__ == name:
        return (
            f".. autoclass:: {path}\n   :members:\n   :show-inheritance:\n   :exclude-members: {_left_out(value)}\n"
            f"{_inherited(value)}\n"
        )
    return f".. {'autofunction' if inspect.isroutine(value) else 'autodata'}:: {path}\n\n"


def _inherited(cls: type) -> str:
    """The option that shows what *cls* has of bases that are private, and so are shown nowhere else."""
    if not any(map(_is_private, cls.__mro__[1:])):
        return ""
    # Whose members are not shown again.
    others = (each.__name__ for each in cls.__mro__[1:] if not _is_private(each))
    return f"   :inherited-members: {', '.join(others)}\n"


def _is_private(cls: type) -> bool:
    return cls.__module__.startswith("agentcore") and id(cls) not in documented()


def _left_out(cls: type) -> str:
    """The fields of a model, whose annotations are for pydantic; the page of configuration keys has them."""
    fields = cls.model_fields if issubclass(cls, BaseModel) else {}
    return ", ".join(["Config", "model_config", *fields])
