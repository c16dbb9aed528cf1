"""A new package, written out of the templates that come with the framework."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import takewhile
from pathlib import Path
from string import Template
from typing import Final, Literal, TypeAlias

from agentcore._cli.plugin_names import PluginNames
from agentcore._config.reasons import reason
from agentcore._data import data
from agentcore.errors import ConfigError

__all__ = ["LICENSES", "License", "NewPackage"]

License: TypeAlias = Literal["MIT", "Apache-2.0", "none"]

LICENSES: Final[tuple[License, ...]] = ("MIT", "Apache-2.0", "none")
"""Where there is none, nobody else may use the package."""

_SUFFIX: Final = ".tmpl"
_LICENSE: Final = "LICENSE"


@data(kw_only=True)
class NewPackage:
    """What is to be written."""

    names: PluginNames
    description: str
    author: str
    license: License

    def files(self) -> dict[str, str]:
        """Return the text of each file by its path, with ``/`` between folders; in order."""
        values = self._values()
        found: dict[str, str] = {}
        for path, text in _templates(files("agentcore._cli").joinpath("template")):
            name = path.removesuffix(_SUFFIX).replace("PACKAGE", self.names.package)
            if name.startswith(_LICENSE):
                if name != f"{_LICENSE}-{self.license}":
                    continue
                name = _LICENSE
            found[name] = Template(text).substitute(values)
        return dict(sorted(found.items()))

    def _values(self) -> Mapping[str, str]:
        licensed = f'license = "{self.license}"\nlicense-files = ["{_LICENSE}"]'
        return {
            "plugin": self.names.plugin,
            "distribution": self.names.distribution,
            "package": self.names.package,
            "description": self.description,
            "description_text": _toml(self.description),
            "author": self.author,
            "author_text": _toml(self.author),
            "license_lines": 'license = "LicenseRef-Proprietary"' if self.license == "none" else licensed,
            "framework": _bounds(version("agentcore-framework")),
            "year": str(datetime.now(UTC).year),
        }

    def write(self, folder: Path) -> list[str]:
        """Write the files into *folder*, which is made; return their paths.

        What was written before a failure is taken away again.

        Raises:
            ConfigError: Something is there, or it cannot be written: nothing is overwritten.
        """
        try:
            if folder.is_symlink() or folder.exists():
                _check_empty(folder)
            texts = self.files()
            with ExitStack() as written:
                for name, text in texts.items():
                    _write(folder / name, text, written)
                written.pop_all()
        except OSError as error:
            raise ConfigError(
                f"the package cannot be written to {str(folder)!r}: {reason(error)}",
                hint="name another folder by --directory.",
            ) from error
        return list(texts)


def _check_empty(folder: Path) -> None:
    """A repository without a commit, as one that was cloned to be filled, is empty, too."""
    if not folder.is_dir():
        fault = "is no folder"
    elif {each.name for each in folder.iterdir()} - {".git"}:
        fault = "is not empty"
    else:
        return
    raise ConfigError(f"{str(folder)!r} {fault}", hint="remove it, or name another folder by --directory.")


def _write(file: Path, text: str, written: ExitStack) -> None:
    missing = takewhile(lambda each: not each.exists(), file.parents)
    for folder in reversed(list(missing)):
        folder.mkdir()
        written.callback(folder.rmdir)
    written.callback(file.unlink, missing_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def _templates(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{prefix}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            yield f"{prefix}{each.name}", each.read_text(encoding="utf-8")


def _bounds(version: str) -> str:
    """Return which versions of the framework will do, where a plugin was written for *version*."""
    major, minor = version.split(".")[:2]
    return f">={major}.{minor},<{int(major) + 1}"


def _toml(text: str) -> str:
    """Write *text*, which can be printed, as a string of TOML, which are then the same as JSON's."""
    return json.dumps(text, ensure_ascii=False)
