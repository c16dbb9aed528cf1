"""A new package, written out of the templates that come with the framework."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Final, Literal, TypeAlias

from agentcore._cli.plugin_names import PluginNames
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
            "framework": ".".join(version("agentcore-framework").split(".")[:2]),
            "year": str(datetime.now(UTC).year),
        }

    def write(self, folder: Path) -> list[str]:
        """Write the files into *folder*, which is made; return their paths.

        Raises:
            ConfigError: It is there and not empty: nothing is overwritten.
            OSError: It cannot be written.
        """
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise ConfigError(f"{str(folder)!r} is there already", hint="remove it, or name another by --directory.")
        texts = self.files()
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        return list(texts)


def _templates(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{prefix}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            yield f"{prefix}{each.name}", each.read_text(encoding="utf-8")


def _toml(text: str) -> str:
    """Write *text* as a string of TOML, which are JSON's but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
