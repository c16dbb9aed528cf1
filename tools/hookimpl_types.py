"""Writes what type checkers know of ``hookimpl``, out of the hook specifications: ``python -m tools.hookimpl_types``.

A hook's arguments are keyword-only in what is written, and so an implementation may have them in any order.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from inspect import Parameter, getdoc, signature
from pathlib import Path
from typing import Final

from agentcore import _hookimpl, hookspecs
from agentcore._plugins import SPECIFICATIONS

__all__ = ["TARGET", "stub"]

TARGET: Final = Path(_hookimpl.__file__).with_suffix(".pyi")

_HEAD: Final = '''\
# Written by `python -m tools.hookimpl_types` from agentcore/hookspecs.py.
"""The decorator of implementations, with every hook's own type."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar, overload

from click import Command

from agentcore._context import Event, ExecutionContext
from agentcore._middleware import ProviderMiddleware
from agentcore._plugins import PluginManager
from agentcore._tools import Tool
from agentcore.models import Model
from agentcore.types import (
    DeliveryMode,
    Document,
    Hit,
    KnowledgeQuery,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    Outcome,
    ToolCall,
    Usage,
)

__all__ = ["Hookimpl", "hookimpl"]

_F = TypeVar("_F", bound=Callable[..., Any])
'''

_CLASS: Final = """
class Hookimpl:
    @overload
    def __call__(self, function: _F, /) -> _F: ...
    @overload
    def __call__(
        self,
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
    ) -> Hookimpl: ...
"""


def stub() -> str:
    """Return the whole text of the stub."""
    protocols = "".join(text for name in SPECIFICATIONS for text in _protocols(name))
    methods = "".join(_method(name) for name in SPECIFICATIONS)
    return _formatted(f"{_HEAD}{protocols}{_CLASS}{methods}\nhookimpl: Final[Hookimpl]\n")


def _protocols(hook: str) -> Iterator[str]:
    """A function's type and a method's, which is told by the name of its first argument, and the variable for both."""
    found = signature(getattr(hookspecs, hook))
    arguments = "".join(f", {_argument(each)}" for each in found.parameters.values())
    result = found.return_annotation
    result = result if result == "Any" else f"Awaitable[{result}] | {result}"
    name = _class_name(hook)
    for kind, first in (("Function", "self"), ("Method", "_self, self: Any")):
        star = ", *" if arguments else ""
        yield f"\nclass _{name}{kind}(Protocol):\n    def __call__({first}{star}{arguments}) -> {result}: ...\n"
    yield f'\n_{name} = TypeVar("_{name}", bound=_{name}Function | _{name}Method)\n'


def _argument(parameter: Parameter) -> str:
    # No caller passes the envelope, and every implementation that asks for it gets one.
    return "event: Event" if parameter.name == "event" else f"{parameter.name}: {parameter.annotation}"


def _method(hook: str) -> str:
    summary = (getdoc(getattr(hookspecs, hook)) or "").partition("\n\n")[0]
    lines = "".join(f"        {line}\n" for line in summary.splitlines()).strip()
    name = _class_name(hook)
    return f'    def {hook}(self, function: _{name}, /) -> _{name}:\n        """{lines}"""\n'


def _class_name(hook: str) -> str:
    return "".join(word.capitalize() for word in hook.split("_"))


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=True).stdout


if __name__ == "__main__":
    TARGET.write_text(stub(), encoding="utf-8")
