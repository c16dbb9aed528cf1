"""What type checkers say of calls of hooks, of implementations, and of agents."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from agentcore._plugins.hooks import SPECIFICATIONS
from agentcore._plugins.specification import HookKind

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FILES = sorted(each.name for each in HERE.glob("*.py") if not each.name.startswith("test_"))

SUBJECTS = sorted(each.removesuffix("_wrong.py") for each in FILES if each.endswith("_wrong.py"))

Found = set[tuple[str, int, str]]
"""The file, the line and the code of each error."""


def run(*command: str) -> str:
    """Run a checker on every file; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", *command, *(str(HERE / each) for each in FILES)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=170,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def mypy() -> Iterator[tuple[str, int, str]]:
    """What mypy finds."""
    output = run("mypy", "--strict", "--no-error-summary", "--show-error-codes", "--no-pretty")
    for line in output.splitlines():
        found = re.fullmatch(r"(.+?):(\d+): error: .*\[([\w-]+)\]", line)
        if found is not None:
            yield Path(found[1]).name, int(found[2]), found[3]
        else:
            assert ": note: " in line, line


def pyright() -> Iterator[tuple[str, int, str]]:
    """What pyright finds."""
    output = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable))
    for each in output["generalDiagnostics"]:
        yield Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["rule"]


def expected(index: int) -> Found:
    """The errors that the files are marked with: the codes of mypy, then of pyright."""
    return {
        (name, number, marked[1].split()[index])
        for name in FILES
        for number, line in enumerate((HERE / name).read_text(encoding="utf-8").splitlines(), 1)
        if (marked := re.search(r"# error: (\S+ \S+)$", line)) is not None
    }


def places(errors: Found) -> set[tuple[str, int]]:
    """Where the errors are."""
    return {(name, line) for name, line, _ in errors}


def compare(found: Found, marked: Found) -> None:
    """A wrong line may be wrong in further ways; others may not."""
    assert marked - found == set()
    assert places(found) - places(marked) == set()


def test_mypy() -> None:
    """mypy in strict mode refuses exactly the calls that are marked as wrong."""
    compare(set(mypy()), expected(0))


@pytest.mark.skipif(find_spec("pyright") is None, reason="pyright is not installed")
def test_pyright() -> None:
    """pyright refuses exactly the calls that are marked as wrong."""
    compare(set(pyright()), expected(1))


def functions(name: str) -> set[str]:
    """The functions and methods in a file."""
    return set(re.findall(r"^ *(?:async )?def (\w+)", (HERE / name).read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_wrong_one_has_a_sound_twin(subject: str) -> None:
    """Every function in which a mistake is marked is there without it, under the same name; and there is no other."""
    wrong = f"{subject}_wrong.py"
    source = (HERE / wrong).read_text(encoding="utf-8")
    assert functions(wrong) <= functions(f"{subject}_right.py")
    assert source.count("# error: ") >= len(functions(wrong))
    assert "# error: " not in (HERE / f"{subject}_right.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("subject", "mistakes"),
    [
        ("hooks", {"wrong_name", "missing", "extra", "mistyped", "results", "not_awaited"}),
        ("hookimpls", {"wrong_name", "missing", "extra", "misspelt", "mistyped", "wrong_result", "wrong_async_result"}),
        ("agents", {"declared_by_a_model", "declared_by_a_class", "a_function", "annotated", "declared"}),
    ],
)
def test_the_mistakes_that_are_promised_to_be_found_are_made(subject: str, mistakes: set[str]) -> None:
    """None of them can be taken away unnoticed."""
    assert mistakes <= functions(f"{subject}_wrong.py")


def test_every_value_hook_is_implemented_wrongly() -> None:
    """One whose noun has a type, of which an implementation may return another."""
    marked = re.findall(r"^@hookimpl\.(\w+)  # error: ", (HERE / "hookimpls_wrong.py").read_text("utf-8"), re.MULTILINE)
    typed = {name for name, each in SPECIFICATIONS.items() if each.kind is HookKind.VALUE and each.accepts is not None}
    assert {"model_answer", "model_piece", "event_data"} < typed
    assert typed <= set(marked)


def test_every_kind_of_mistake_is_marked() -> None:
    """The marks are found, for both checkers."""
    assert {"attr-defined", "call-arg", "arg-type", "assignment", "type-var"} <= {code for _, _, code in expected(0)}
    assert {"reportArgumentType", "reportCallIssue"} <= {code for _, _, code in expected(1)}
