"""Every public name says what it is."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.providers

# Its names are part of the reference.
pytest.importorskip("agentcore_vectorstore")

api: Any = import_module("_reference.api")
NAMES = [(module, name) for module in api.MODULES for name in import_module(module).__all__]


def unsaid(module: str, name: str) -> list[str]:
    """What has no docstring: of a class itself, its methods and its properties; of what is called itself.

    An alias or a constant has one below it.
    """
    value = getattr(import_module(module), name)
    if inspect.isclass(value) or inspect.isroutine(value) or _is_ours(value):
        return [each for each, what in _parts(name, value) if not _said(what)]
    return [] if _below(module, name) else [name]


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda each: each)
def test_a_public_name_has_a_docstring(module: str, name: str) -> None:
    """It says what it is, and so does each of its parts."""
    assert unsaid(module, name) == []


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module with names that say what they are, and names that do not."""
    (tmp_path / "agentcore_faulty.py").write_text(FAULTY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "agentcore_faulty"
    sys.modules.pop("agentcore_faulty", None)


FAULTY = '''
class Said:
    """A class."""

    def method(self):
        """A method."""

    def _private(self): ...


class Bare:
    def __call__(self): ...


class Part:
    """A class, a part of which says nothing."""

    @property
    def size(self): ...

    def method(self): ...


def function(): ...


KNOWN = 1
"""A constant."""
LIMIT = 1
called = Bare()
'''


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("Said", []),
        ("Bare", ["Bare"]),
        ("Part", ["Part.method", "Part.size"]),
        ("function", ["function"]),
        ("KNOWN", []),
        ("LIMIT", ["LIMIT"]),
        ("called", ["called"]),
    ],
)
def test_a_name_without_a_docstring_is_found(faulty: str, name: str, missing: list[str]) -> None:
    """Wherever in a module it stands."""
    assert unsaid(faulty, name) == missing


def _is_ours(value: Any) -> bool:
    """Whether it is called, and says by its class what it does, as ``hookimpl``."""
    return callable(value) and type(value).__module__.startswith("agentcore")


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield *value* and, of a class, all that a program may call or read."""
    yield name, value
    if inspect.isclass(value):
        for part, what in inspect.getmembers(value):
            own = getattr(what, "__module__", getattr(getattr(what, "fget", None), "__module__", "")) or ""
            if not part.startswith("_") and own.startswith("agentcore") and not inspect.isclass(what):
                yield f"{name}.{part}", what


def _said(value: Any) -> bool:
    return bool((inspect.getdoc(value) or "").strip())


def _below(module: str, name: str) -> bool:
    """Whether a docstring stands below the assignment of *name*, wherever *module* has it from."""
    # What is imported late stands in a branch for those who check types.
    body = [part for each in _tree(module).body for part in (each.body if isinstance(each, ast.If) else [each])]
    for before, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(before, ast.ImportFrom) and any((each.asname or each.name) == name for each in before.names):
            return _below(before.module or "", name)
        if _assigns(before, name):
            return isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    return False


def _assigns(node: ast.stmt, name: str) -> bool:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(each, ast.Name) and each.id == name for each in targets)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))
