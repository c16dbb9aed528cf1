"""What must not be shown: secrets by their key's name, and the private parts of URLs."""

import re
from collections.abc import Iterator
from typing import Final

from agentcore._config.shapes import is_list, is_mapping

__all__ = ["STARS", "hide", "is_secret_name", "secrets_in"]

STARS: Final = "**********"
"""Stands for a secret; as long as pydantic's, whatever the secret's length."""

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SECRET: Final = re.compile(
    r"(^|_)("
    r"passw(or)?ds?|passwd|passphrase|pwd|secrets?|credentials?|tokens?|bearer|authorization|cookie"
    r"|(api|access|account|auth|client|encryption|master|private|secret|shared|signing|subscription)_?keys?"
    r")(_|$)"
)
_HARMLESS: Final = re.compile(
    r"_(budget|count|env|expiry|file|length|limit|name|path|timeout|ttl|type|url)$|(^|_)tokens_per_|^(max|min|num|input|output)_tokens$"
)
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(\S*)")
_ASSIGNED: Final = re.compile(r"(?i)\b([a-z_-]*(?:password|passwd|pwd|secret|token|api_?-?key))=[^\s;&]+")


def is_secret_name(name: str) -> bool:
    """Tell whether a value under the key *name* is likely a secret, as ``api_key``, ``dbPassword``, ``X-Token``."""
    words = "_".join(word for word in _WORDS.split(name) if word).lower()
    return _SECRET.search(words) is not None and _HARMLESS.search(words) is None


def hide(text: str) -> str:
    """Return *text* with its URLs without user, password, query and fragment, and ``password=…`` without the value."""
    return _ASSIGNED.sub(rf"\1={STARS}", _URL.sub(lambda match: f"{match[1]}://{_public_part(match[2])}", text))


def _public_part(rest: str) -> str:
    plain = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = plain.partition("/")
    # A password may hold any of "/?#" where somebody did not encode it: then an "@" comes after what looks like the
    # host.  Better to lose a piece of an address than to show a piece of a password.
    if "@" in rest[len(host) :] and ":" in host:
        return re.split(r"[?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return host.rpartition("@")[2] + slash + path


def secrets_in(value: object, *, under: str = "") -> Iterator[str]:
    """Yield each text in *value*, however deep, that must not be shown; *under* is the key that it stands at."""
    if is_mapping(value):
        for key, each in value.items():
            yield from secrets_in(each, under=under if is_secret_name(under) else str(key))
    elif is_list(value):
        for each in value:
            yield from secrets_in(each, under=under)
    elif isinstance(value, str) and (is_secret_name(under) or hide(value) != value):
        yield value
