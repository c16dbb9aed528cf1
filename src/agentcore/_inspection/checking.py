"""Checking a plugin in other interpreters: nothing of it is imported here, and nothing of it runs but its import."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import attrs

from agentcore._data import data
from agentcore._inspection.findings import PlacedFinding
from agentcore._inspection.imports import MODULES, SECONDS, ImportCost, import_cost, run_apart
from agentcore._plugins import installed_plugins
from agentcore.errors import PluginNotFoundError, nearest

__all__ = ["check_plugin"]

_CHECK: Final = "import"
_LATER: Final = "import it in the function that needs it."


@data(kw_only=True)
class _Target:
    """What is to be checked."""

    name: str
    value: str
    """``package.module`` or ``package.module:attribute``."""
    folder: Path | None = None
    """Where its package lies, if it was named by its file."""

    @property
    def module(self) -> str:
        return self.value.partition(":")[0].strip()


def check_plugin(named: str, *, timeout: float = SECONDS) -> list[PlacedFinding]:
    """Import a plugin in an interpreter of its own, hold it against the hooks, and measure what the import costs.

    Args:
        named: An installed plugin, a module, or a file; an attribute may follow after a colon.
        timeout: Seconds that the import may take.

    Returns:
        What is wrong, in the order of the lines, and then what is well.

    Raises:
        PluginNotFoundError: There is no such plugin, module or file.
    """
    target = _target(named)
    try:
        found = _looked_at(target, timeout)
        if found.get("missing"):
            raise _unknown(named)
        findings = [PlacedFinding(**each) for each in found["findings"]]
        if "file" in found:
            cost = import_cost(target.module, folder=target.folder, compiled=True)
            findings += _of_import(cost, target.name, found["file"])
    except TimeoutError as error:
        return [_broken(f"importing {target.name!r}: {error}", "do in agentcore_startup what waits for others.")]
    return sorted(findings, key=_rank)


def _rank(finding: PlacedFinding) -> tuple[bool, str, int]:
    return (True, "", 0) if finding.level == "ok" else (False, finding.path, finding.line)


def _looked_at(target: _Target, timeout: float) -> dict[str, Any]:
    """Return what the other side has to say."""
    with TemporaryDirectory() as own:
        report = Path(own, "report.json")
        arguments = ["-m", "agentcore._inspection", target.value, target.name, str(report)]
        done = run_apart(arguments, timeout=timeout, folder=target.folder)
        if report.exists():
            found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
            return found
    # What the interpreter itself says of its end, as after a fault in a module written in C, is all there is.
    last = done.stderr.strip().rpartition("\n")[2]
    broken = _broken(f"importing {target.name!r} ends the process, with exit status {done.returncode}", last)
    return {"findings": [attrs.asdict(broken)]}


def _target(named: str) -> _Target:
    for each in installed_plugins():
        if each.name == named:
            return _Target(name=named, value=each.value)
    file, suffix, attribute = named.rpartition(".py")
    if not suffix or (attribute and not attribute.startswith(":")):
        return _Target(name=named, value=named)
    path = Path(f"{file}.py").resolve()
    if not path.is_file():
        raise _unknown(named)
    folder, parts = path.parent, [] if path.stem == "__init__" else [path.stem]
    while (folder / "__init__.py").is_file():
        folder, parts = folder.parent, [folder.name, *parts]
    return _Target(name=".".join(parts), value=".".join(parts) + attribute, folder=folder)


def _unknown(named: str) -> PluginNotFoundError:
    hint = nearest(named, [each.name for each in installed_plugins()])
    return PluginNotFoundError(f"no plugin, module or file is named {named!r}", plugin=named, hint=hint)


def _broken(message: str, advice: str = "") -> PlacedFinding:
    return PlacedFinding(_CHECK, "problem", message, advice)


def _of_import(cost: ImportCost, name: str, file: str | None) -> Iterator[PlacedFinding]:
    path, wrong = file or "", False
    if cost.error:
        wrong = True
        message = f"importing {name!r} a second time fails: {cost.error}"
        yield PlacedFinding(_CHECK, "problem", message, "", path, 1)
    for module in cost.heavy():
        wrong = True
        message = f"importing {name!r} imports {module!r}"
        yield PlacedFinding(_CHECK, "warning", message, _LATER, path, _line_of_import(path, module))
    if len(cost.modules) > MODULES:
        wrong = True
        most = ", ".join(map(repr, list(cost.shares)[:5]))
        message = f"importing {name!r} imports {len(cost.modules)} modules: {most}, …"
        yield PlacedFinding(_CHECK, "warning", message, "import what is needed later when it is needed.", path, 1)
    if cost.output.strip():
        wrong = True
        message = f"importing {name!r} prints {cost.output!r}"
        yield PlacedFinding(_CHECK, "warning", message, "use logging: stdout is for the results of programs.", path, 1)
    if not wrong:
        message = f"{name!r} is imported in {cost.seconds * 1000:.0f} ms, with {_count(cost.modules)}"
        yield PlacedFinding(_CHECK, "ok", message, "", path, 1)


def _count(modules: Sequence[str]) -> str:
    return f"{len(modules)} module{'' if len(modules) == 1 else 's'} that agentcore itself does not import"


def _line_of_import(path: str, module: str) -> int:
    """Return the line of a file that imports *module*, or something in it; 1 where another module does."""
    if not path.endswith(".py"):
        return 1
    for node in ast.walk(ast.parse(Path(path).read_bytes())):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and any(_is_in(each, module) for each in _imported(node)):
            return node.lineno
    return 1


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]


def _is_in(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")
