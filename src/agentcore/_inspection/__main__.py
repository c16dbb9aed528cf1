"""The other side of :mod:`agentcore._inspection.checking`: imports a plugin, and writes down what is found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from traceback import extract_tb
from typing import Any

import attrs

import agentcore
from agentcore._inspection.config import config_findings
from agentcore._inspection.findings import PlacedFinding
from agentcore._inspection.hooks import hook_findings
from agentcore._plugins.loading import import_plugin

__all__: list[str] = []

_OURS = (str(Path(agentcore.__file__).parent), "<")


def _looked_at(value: str, name: str) -> dict[str, Any]:
    """Return what there is to report of the plugin that *value* names."""
    try:
        plugin = import_plugin(value)
    except BaseException as error:  # whatever a plugin raises, SystemExit among it, is what is looked for
        return {"missing": _is_missing(value, error), "findings": [attrs.asdict(_not_imported(error, name))]}
    try:
        found = [*hook_findings(plugin, name), *config_findings(plugin, name)]
    except Exception as error:  # a property, or a metaclass, may do whatever it likes
        found = [_broken(error, "plugin", f"{name!r} cannot be looked at: {type(error).__name__}: {error}")]
    module = sys.modules[value.partition(":")[0]]
    return {"file": getattr(module, "__file__", None), "findings": [attrs.asdict(each) for each in found]}


def _is_missing(value: str, error: BaseException) -> bool:
    """Whether there is no such module, rather than one that lacks another."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return missing is not None and f"{value.partition(':')[0]}.".startswith(f"{missing}.")


def _not_imported(error: BaseException, name: str) -> PlacedFinding:
    message = f"{name!r} cannot be imported: {type(error).__name__}: {error}"
    if isinstance(error, SystemExit):
        message = f"importing {name!r} ends the program, with exit code {error.code!r}"
    return _broken(error, "import", message)


def _broken(error: BaseException, check: str, message: str) -> PlacedFinding:
    path, line = _place(error)
    return PlacedFinding(check, "problem", message, "", path, line)


def _place(error: BaseException) -> tuple[str, int]:
    if isinstance(error, SyntaxError) and error.filename and not extract_tb(error.__traceback__)[-1].line:
        return error.filename, error.lineno or 0
    frames = [each for each in extract_tb(error.__traceback__) if not each.filename.startswith(_OURS)]
    own = [each for each in frames if f"{Path('importlib') / '__init__.py'}" not in each.filename]
    return (own[-1].filename, own[-1].lineno or 0) if own else ("", 0)


if __name__ == "__main__":
    report = json.dumps(_looked_at(sys.argv[1], sys.argv[2]))
    Path(sys.argv[3]).write_text(report, encoding="utf-8")
