"""Secrets by reference: the configuration names where a secret is, and never holds it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from attrs import field
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from agentcore._config.reasons import reason
from agentcore._config.shapes import is_mapping
from agentcore._data import data
from agentcore.errors import ConfigError

__all__ = ["SECRET_FOLDER", "SecretRef"]

SECRET_FOLDER: Final = "folder"  # noqa: S105 - the name of a key
"""The key of pydantic's validation context that holds the folder (a path) to which relative files are relative."""

_REFERENCE: Final = r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+"
_HINT: Final = (
    'refer to it: "env:NAME" reads the environment variable NAME, "file:/path" reads a file, both when it is needed.'
)


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(_REFERENCE, value) is not None


def _refuse() -> ConfigError:
    return ConfigError("a secret cannot be written here", hint=_HINT)


def _check(_instance: object, _attribute: Any, value: Any) -> None:
    if not _is_reference(value):
        raise _refuse()


class _Hidden:
    """Stands for a refused value in pydantic's errors, which show what they were given."""

    def __repr__(self) -> str:
        return "<hidden>"


@data
class SecretRef:
    """Where a secret is: ``"env:NAME"`` or ``"file:/path"``.

    Use it as the type of a field in a plugin's config model.
    A relative path is relative to the configuration file that holds it, else to the current folder.
    It holds no secret, so printing, comparing, pickling and serialising it is safe; a literal secret is refused by an
    error that does not repeat it.
    """

    reference: str = field(validator=_check)
    """As it is written in the configuration."""

    def resolve(self) -> str:
        """Read the secret, each time anew.

        Blocks on a file.  A file's last line end is not part of the secret.

        Raises:
            ConfigError: The variable is not set, the file cannot be read, or it is empty.
        """
        kind, _, where = self.reference.partition(":")
        secret = _read_variable(where) if kind == "env" else _read_file(where)
        if not secret:
            raise ConfigError(f"the secret {self.reference!r} is empty")
        return secret

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        # Two steps, so that what pydantic reports as the input of the failing one is what the first one made of it.
        return core_schema.chain_schema(
            [
                core_schema.with_info_plain_validator_function(_read),
                core_schema.no_info_plain_validator_function(_accept),
            ],
            serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({_REFERENCE})$", "examples": ["env:NAME", "file:/path"]}


def _read(value: Any, info: ValidationInfo) -> SecretRef | _Hidden:
    if isinstance(value, SecretRef):
        return value
    if not _is_reference(value):
        return _Hidden()
    kind, _, where = value.partition(":")
    folder = info.context.get(SECRET_FOLDER) if is_mapping(info.context) else None
    return SecretRef(f"file:{_beside(folder, where)}" if kind == "file" and folder is not None else value)


def _beside(folder: Path, where: str) -> Path:
    return Path(where) if where.startswith("~") else folder / where


def _accept(value: SecretRef | _Hidden) -> SecretRef:
    if isinstance(value, _Hidden):
        raise _refuse()
    return value


def _read_variable(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ConfigError(
            f"the environment variable {name!r}, which is to hold a secret, is not set", hint=f"set {name}."
        ) from None


def _read_file(where: str) -> str:
    try:
        return Path(where).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        # Its details hold the bytes, and those are the secret.
        fault = "not UTF-8 text"
    except (OSError, RuntimeError, ValueError) as error:  # no home for "~"; a NUL in the path
        fault = reason(error)
    raise ConfigError(f"the secret file {where!r} cannot be read: {fault}", hint="correct the path, or the file.")
