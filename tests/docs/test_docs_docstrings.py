"""The examples in docstrings work; those of hooks are tested where hooks are."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import io
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import agentcore
from agentcore.models import ScriptedModel

pytestmark = pytest.mark.providers

# Its names are part of the reference.
pytest.importorskip("agentcore_vectorstore")

api: Any = import_module("_reference.api")


def _examples() -> dict[str, list[doctest.Example]]:
    found: dict[str, list[doctest.Example]] = {}
    for module in api.MODULES:
        for name in import_module(module).__all__:
            value = getattr(import_module(module), name)
            own = {f"{name}.{part}": each for part, each in vars(value).items()} if inspect.isclass(value) else {}
            for path, each in {name: value, **own}.items():
                text = getattr(each, "__doc__", None)
                if isinstance(text, str) and (examples := doctest.DocTestParser().get_examples(text)):
                    found[path] = examples
    return found


EXAMPLES = _examples()
FIXTURES = ("fake_entry_points", "plugin_manager")


def test_there_are_examples() -> None:
    """They are found where they are: on classes, functions and methods."""
    assert {"DeclarativeAgent", "tool", "BaseAgent.run_stream"} <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_in_a_docstring(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """It runs as it is, given what its module exports and the fixtures it names, and prints what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENTCORE_MODEL", 'scripted:{"label": "bug"}')
    given = {each: getattr(agentcore, each) for each in agentcore.__all__}
    given |= {each: getattr(vectorstore, each) for vectorstore in _modules() for each in vectorstore.__all__}
    given |= {"agent": agentcore.Agent("writer", input="question: str", model=ScriptedModel(["Because."]))}
    text = "".join(each.source for each in EXAMPLES[name])
    given |= {each: request.getfixturevalue(each) for each in FIXTURES if each in text}
    asyncio.run(_run(EXAMPLES[name], given))


def _modules() -> list[Any]:
    return [
        import_module(each)
        for each in (
            "agentcore.delivery",
            "agentcore.testing",
            "agentcore_vectorstore",
            "agentcore_vectorstore.testing",
        )
    ]


async def _run(examples: list[doctest.Example], given: dict[str, Any]) -> None:
    for example in examples:
        printed = io.StringIO()
        mode = "eval" if _is_expression(example.source) else "exec"
        code = compile(example.source, "<example>", mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with redirect_stdout(printed):
            result = eval(code, given)
            if inspect.isawaitable(result):
                result = await result
            if mode == "eval" and result is not None:
                print(repr(result))
        if example.want:
            assert printed.getvalue() == example.want


def _is_expression(source: str) -> bool:
    body = ast.parse(source).body
    return len(body) == 1 and isinstance(body[0], ast.Expr)


@pytest.mark.parametrize(
    "source", [">>> 1 + 1\n3", ">>> print('a')\nb", ">>> no_such_name\n", ">>> assert False\n"], ids=repr
)
async def test_an_example_that_breaks_is_found(source: str) -> None:
    """Because it prints something else, or because it fails."""
    with pytest.raises((AssertionError, NameError)):
        await _run(doctest.DocTestParser().get_examples(source + "\n"), {})
