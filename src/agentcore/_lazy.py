"""Names of a package that are imported when they are first asked for, as PEP 562 has it."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["lazy_names"]


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return what a package takes as its ``__getattr__`` and ``__dir__``.

    Type checkers are to see plain imports instead, under ``TYPE_CHECKING``: then a name that there is not stays an
    error.

    Args:
        package: The ``__name__`` of the caller.
        modules: By name, the module that has it.
    """
    namespace = vars(sys.modules[package])

    def find(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # Kept, so that it is looked for once.
        value = namespace[name] = getattr(import_module(modules[name]), name)
        return value

    def names() -> list[str]:
        return sorted({*namespace, *modules})

    return find, names
