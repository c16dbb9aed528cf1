"""The docstrings of attributes, which stand below them in the source and which Python does not keep."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from textwrap import dedent

__all__ = ["attribute_docs"]


@cache
def attribute_docs(cls: type) -> dict[str, str]:
    """Return by name what the attributes and properties of *cls* say, inherited ones included."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith("agentcore"):
            found |= _own(each)
    return found


def _own(cls: type) -> dict[str, str]:
    definition = ast.parse(dedent(inspect.getsource(cls))).body[0]
    assert isinstance(definition, ast.ClassDef)
    found = {name: inspect.getdoc(each) or "" for name, each in vars(cls).items() if isinstance(each, property)}
    for before, after in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and _text(after) is not None:
            found[before.target.id] = inspect.cleandoc(_text(after) or "")
    return found


def _text(node: ast.stmt) -> str | None:
    value = node.value if isinstance(node, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
