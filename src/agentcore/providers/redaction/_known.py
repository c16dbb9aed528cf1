"""The secrets that a program knows: they are found by the letter."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote, quote_plus

from agentcore import SecretRef, Settings
from agentcore.errors import ConfigError
from agentcore.providers.redaction._patterns import TELLING_NAME

__all__ = ["known_secrets", "spellings"]

SHORTEST: Final = 6
"""Characters: what is shorter would be found in half of all texts."""


def known_secrets(
    settings: Settings, environ: Mapping[str, str], more: Iterable[SecretRef] = (), *, by_name: bool = True
) -> list[str]:
    """Return the secrets that the configuration refers to, and those in the environment.

    Blocks on files.  A reference of the configuration that cannot be resolved is the affair of whoever needs it.

    Args:
        settings: Its tables are looked through for references, ``env:NAME`` and ``file:/path``.
        environ: Where variables are whose names say that they hold a secret.
        more: References that must be resolved.
        by_name: Whether variables are taken by their names.

    Raises:
        ConfigError: One of *more* cannot be resolved.
    """
    found = [each.resolve() for each in more]
    folder = settings.config_path.parent if settings.config_path is not None else Path.cwd()
    for table in (settings.plugins, settings.models, settings.agents):
        found += _resolved(table, folder)
    if by_name:
        found += [value for name, value in environ.items() if TELLING_NAME.fullmatch(name)]
    return sorted({each.strip() for each in found if len(each.strip()) >= SHORTEST}, key=len, reverse=True)


def _resolved(value: Any, folder: Path) -> Iterator[str]:
    for each in _parts(value):
        yield from _resolved(each, folder)
    if isinstance(value, str) and value.startswith(("env:", "file:")):
        try:
            yield SecretRef(_absolute(value, folder)).resolve()
        except ConfigError:
            return


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return cast("Mapping[Any, Any]", value).values()  # type: ignore[redundant-cast]
    return cast("Iterable[Any]", value) if isinstance(value, (list, tuple)) else ()


def _absolute(reference: str, folder: Path) -> str:
    kind, _, where = reference.partition(":")
    return f"file:{folder / where}" if kind == "file" and where and not where.startswith("~") else reference


def spellings(secrets: Iterable[str]) -> list[str]:
    """Return *secrets* as they are and as they are written in JSON, URLs, Python and base64, the longest first."""
    found: set[str] = set()
    for each in secrets:
        raw = each.encode()
        found.update((each, quote(each), quote(each, safe=""), quote_plus(each), repr(each)[1:-1]))
        found.update((json.dumps(each)[1:-1], json.dumps(each, ensure_ascii=False)[1:-1]))
        found.update(encode(raw).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode))
    return sorted(found, key=len, reverse=True)
