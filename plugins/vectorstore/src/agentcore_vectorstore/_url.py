"""Connection strings: ``scheme://[user[:password]@]host[:port]/path[?option=value&…]``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen

from agentcore import SecretRef
from agentcore.errors import ConfigError, nearest

__all__ = ["StoreURL", "parse_url"]

_T = TypeVar("_T")
_D = TypeVar("_D")

_COMMON_OPTIONS: Final = frozenset({"embedder", "fusion", "alpha", "dedup", "ttl"})
"""The options that every scheme has."""


@frozen(kw_only=True)
class StoreURL:
    """A connection string, taken apart; percent-encoding is resolved."""

    scheme: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    path: str = ""
    """With its leading slash; empty where there is none."""
    options: Mapping[str, str] = field(factory=dict[str, str], repr=False)

    def __str__(self) -> str:
        """The connection string for messages: without user, password and options."""
        return f"{self.scheme}://{self.host or ''}{f':{self.port}' if self.port else ''}{self.path}"

    def place(self, folder: Callable[[], Path]) -> Path:
        """Return the absolute place that the path names; *folder* is asked where that is relative.

        One leading slash belongs to the connection string; a tilde means the home folder.
        """
        path = Path(self.path.removeprefix("/")).expanduser()
        return path if path.is_absolute() else folder().absolute() / path

    def option(self, name: str, convert: Callable[[str], _T], default: _D) -> _T | _D:
        """Return an option's value.

        Args:
            name: The option.
            convert: Makes the value of its text, or raises ValueError.
            default: The value where the option is not given.

        Raises:
            ConfigError: The text cannot be converted.
        """
        text = self.options.get(name)
        if text is None:
            return default
        try:
            return convert(text)
        except ValueError as error:
            raise ConfigError(f"option {name!r} of {str(self)!r} cannot be {text!r}: {error}") from error

    def secret(self, name: str) -> str | None:
        """Return the secret that an option refers to, as ``env:NAME`` or ``file:/path``; None where it is not given.

        Raises:
            ConfigError: It is no reference, or what it refers to is not there.  The text is not repeated.
        """
        text = self.options.get(name)
        if text is None:
            return None
        try:
            return SecretRef(text).resolve()
        except ConfigError as error:
            message = f"option {name!r} of {str(self)!r}: {error.message}"
            raise ConfigError(message, hint=error.hint) from None

    def check_options(self, known: Collection[str]) -> None:
        """Refuse options that are neither in *known* nor common to all schemes.

        Raises:
            ConfigError: With the nearest name.
        """
        allowed = _COMMON_OPTIONS.union(known)
        for name in self.options:
            if name not in allowed:
                raise ConfigError(f"{str(self)!r} has no option {name!r}", hint=nearest(name, allowed))


def parse_url(url: str) -> StoreURL:
    """Take a connection string apart, without looking anything up.

    Raises:
        ConfigError: It is not one.
    """
    if "://" not in url:
        shown = "this (not shown: it may hold a password)" if "@" in url else repr(url)
        raise ConfigError(
            f"{shown} is not a connection string",
            hint="write 'sqlite:///memory.db' for a file, 'memory://' for a store that is gone with the process.",
        )
    scheme = url.partition("://")[0]
    try:
        parts = urlsplit(url, allow_fragments=False)
        port = parts.port
    except ValueError:
        # Without the cause, which quotes a part of the string: it may be one of the password.
        raise ConfigError(
            f"the host or the port in the connection string of scheme {scheme!r} cannot be read",
            hint="write '/', ':', '@' and '?' in a user or password as '%2F', '%3A', '%40' and '%3F'.",
        ) from None
    return StoreURL(
        scheme=parts.scheme,
        user=_decoded(parts.username),
        password=_decoded(parts.password),
        host=_decoded(parts.hostname),
        port=port,
        path=unquote(parts.path),
        options=_options(scheme, parts.query),
    )


def _decoded(text: str | None) -> str | None:
    return unquote(text) if text else None


def _options(scheme: str, query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in options:
            raise ConfigError(f"the connection string of scheme {scheme!r} gives option {name!r} twice")
        options[name] = value
    return options
