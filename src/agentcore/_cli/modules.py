"""Importing what a user wrote, with errors that point to it and not to here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Final, TypeVar

from agentcore._cli.ending import TerminatedError
from agentcore._cli.failures import FailureError, innermost
from agentcore.errors import AgentCoreError, ConfigError

__all__ = ["import_file", "import_name", "search_first"]

T = TypeVar("T")

_TAKEN: Final = "_agentcore_target_"
"""Put before the name of a file that has the name of a module which is there already."""


def search_first(folder: Path) -> None:
    """Look for modules in *folder* before anywhere else."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def import_file(path: Path) -> ModuleType:
    """Run the Python file at *path* as a module; what lies beside it can be imported.

    Raises:
        FailureError: It raises.
    """
    search_first(path.parent)
    name = path.stem if path.stem not in sys.modules else f"{_TAKEN}{path.stem}"
    loader = SourceFileLoader(name, str(path))
    module = module_from_spec(ModuleSpec(name, loader, origin=str(path)))
    module.__file__ = str(path)
    # Whoever reads annotations or unpickles looks for it there.
    sys.modules[name] = module
    try:
        _guarded(lambda: loader.exec_module(module), what=str(path))
    except FailureError:
        del sys.modules[name]
        raise
    return module


def import_name(name: str) -> ModuleType:
    """Import the module *name*.

    Raises:
        ConfigError: There is none.
        FailureError: It raises.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise ConfigError(f"{name!r} is no module's name", hint="write package.module:agent, or path/file.py:agent.")
    return _guarded(lambda: import_module(name), what=name, missing=name)


def _nearest_module(name: str) -> str:
    parent, _, last = name.rpartition(".")
    path = getattr(sys.modules.get(parent), "__path__", ()) if parent else None
    names = [each.name for each in iter_modules(path)]
    close = get_close_matches(last, names, n=1)
    if close:
        return f"did you mean {f'{parent}.{close[0]}' if parent else close[0]!r}?"
    return "modules are looked for in the current folder, and among what is installed."


def _guarded(work: Callable[[], T], *, what: str, missing: str | None = None) -> T:
    """Do *work*, which runs somebody's code, and say of what it raises where in that code it was.

    Args:
        work: Imports a module.
        what: The module or its file, for what is raised before any of its lines is run.
        missing: The module's name, whose absence is nobody's error but the command line's.
    """
    try:
        return work()
    except TerminatedError:
        raise
    except SyntaxError as error:
        place = f"{error.filename or what}:{error.lineno or 1}"
        raise FailureError(f"{place}: {type(error).__name__}: {error.msg}{_source(error)}") from error
    except AgentCoreError as error:
        raise FailureError(_located(what, error, error.message), hint=error.hint) from error
    except SystemExit as error:
        raise FailureError(
            _located(what, error, f"it ends the program when it is imported (SystemExit: {error})"),
            hint='put what only a script does under: if __name__ == "__main__".',
        ) from error
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{missing}.".startswith(f"{error.name}."):
            raise ConfigError(f"there is no module {error.name!r}", hint=_nearest_module(error.name)) from error
        raise FailureError(_located(what, error, f"{type(error).__name__}: {error}")) from error


def _located(what: str, error: BaseException, message: str) -> str:
    frame = innermost(error.__traceback__)
    if frame is None:
        return f"{what}: {message}"
    return f"{frame.filename}:{frame.lineno}: {message}" + (f"\n  {frame.line}" if frame.line else "")


def _source(error: SyntaxError) -> str:
    text = (error.text or "").rstrip("\n")
    if not text.strip():
        return ""
    cut = len(text) - len(text.lstrip())
    return f"\n  {text[cut:]}\n  {' ' * max((error.offset or 1) - 1 - cut, 0)}^"
