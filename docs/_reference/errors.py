"""Every error with its code."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from agentcore.errors import AgentCoreError

from .pages import Page, heading

__all__ = ["MODULES", "pages"]

T = TypeVar("T", AgentCoreError, Warning)

MODULES = ("agentcore.errors", "agentcore_vectorstore.errors")
"""Where the errors are that a user meets."""


def pages() -> Iterator[Page]:
    """Yield the one page."""
    text = heading("Errors") + (
        "Every error that agentcore raises, by its ``code``. :doc:`/errors` says who raises what, and who sees it.\n\n"
    )
    for name in MODULES:
        module = import_module(name)
        text += heading(f"``{name}``", "-") + f".. automodule:: {name}\n   :no-members:\n\n"
        text += "".join(_section(each) for each in _classes(module, AgentCoreError))
        text += "".join(f".. autoexception:: {name}.{each.__name__}\n\n" for each in _classes(module, Warning))
    text += heading("Help with names", "-") + ".. autofunction:: agentcore.errors.nearest\n\n"
    yield Page("errors", text)


def _classes(module: ModuleType, base: type[T]) -> list[type[T]]:
    """The classes below *base* that *module* defines, in the order of their source."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]


def _section(error: type[AgentCoreError]) -> str:
    options = ("members:", "exclude-members: code", "show-inheritance:")
    directive = f".. autoexception:: {error.__module__}.{error.__name__}\n" + "".join(
        f"   :{each}\n" for each in options
    )
    return f".. _error-{error.code}:\n\n" + heading(f"``{error.code}``", "~") + directive + "\n"
