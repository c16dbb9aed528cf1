"""What is to be taken out of a value, however deep it lies."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, cast

import attrs
from pydantic import BaseModel

from agentcore import ExecutionContext, Usage
from agentcore.providers.redaction._errors import redact_error
from agentcore.providers.redaction._patterns import TELLING_NAME
from agentcore.providers.redaction._text import Redactor, mark

__all__ = ["Values"]

_DEEPEST: Final = 64
_LEAST: Final = 10**8
"""Smaller numbers are no card's and no telephone's."""
_MOST: Final = 10**4000
"""Python writes no larger ones."""

_PLAIN: Final[tuple[type, ...]] = (type(None), bool, float, complex, Usage, ExecutionContext, type)
"""What holds nothing that anybody said, or is known by its identity."""


class Values:
    """Takes secrets and personal data out of values: what has none is returned itself, and else a copy is.

    An exception is changed itself, where it can be: whoever raised it, and whoever catches it, mean the same one.
    An object that cannot be looked into is replaced by its redacted representation where that shows something.
    """

    def __init__(self, redactor: Redactor, *, secret_names: bool = True) -> None:
        """Prepare.

        Args:
            redactor: For texts.
            secret_names: Whether what stands under a key as ``password`` is a secret, whatever it looks like.
        """
        self._text = redactor.text
        self._secret_names = secret_names

    def __call__(self, value: Any) -> Any:
        """Return *value* without them."""
        return self._clean(value, 0)

    def _clean(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, _PLAIN):
            return value
        if depth > _DEEPEST:
            return mark("depth")
        if isinstance(value, int):
            return self._number(value)
        if isinstance(value, (bytes, bytearray)):
            return self._bytes(value)
        if isinstance(value, Mapping):
            return self._mapping(value, depth)  # pyright: ignore[reportUnknownArgumentType] - of anything
        if isinstance(value, (list, tuple, set, frozenset)):
            return self._collection(value, depth)
        if isinstance(value, BaseException):
            return redact_error(value, self)
        return self._object(value, depth)

    def _string(self, value: str) -> str:
        text = str.__str__(value)
        redacted = self._text(text)
        return value if redacted == text else redacted

    def _number(self, value: int) -> Any:
        if not _LEAST <= abs(value) < _MOST:
            return value
        text = str(value)
        redacted = self._text(text)
        return value if redacted == text else redacted

    def _bytes(self, value: bytes | bytearray) -> bytes | bytearray:
        text = value.decode(errors="surrogateescape")
        redacted = self._text(text)
        return value if redacted == text else type(value)(redacted.encode(errors="surrogateescape"))

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Mapping[Any, Any]:
        clean = {self._clean(key, depth + 1): self._under(key, each, depth + 1) for key, each in value.items()}
        same = len(clean) == len(value) and all(key in value and clean[key] is value[key] for key in clean)
        return value if same else clean

    def _under(self, key: Any, value: Any, depth: int) -> Any:
        if value and self._secret_names and isinstance(value, (str, bytes)) and _tells_a_secret(key):
            return value if value == mark("secret") else mark("secret")
        return self._clean(value, depth)

    def _collection(self, value: Any, depth: int) -> Any:
        clean = [self._clean(each, depth + 1) for each in value]
        if all(one is other for one, other in zip(clean, value, strict=True)):
            return value
        # A named tuple takes its fields one by one.
        return value._make(clean) if hasattr(value, "_make") else type(value)(clean)

    def _object(self, value: Any, depth: int) -> Any:
        names = _fields(value)
        if names is None:
            return self._opaque(value)
        held = {name: getattr(value, name) for name in names if hasattr(value, name)}
        clean = {name: self._under(name, each, depth + 1) for name, each in held.items()}
        changed = {name: each for name, each in clean.items() if each is not held[name]}
        if not changed:
            return value
        twin = copy.copy(value)
        for name, each in changed.items():
            # Past the class's own rules: it may be frozen, or want another type.
            _set(twin, name, each)
        return twin

    def _opaque(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        for show in _SHOWN:
            try:
                text = show(value)
            except Exception:
                # Nobody can show it; nor can it be kept that it shows nothing.
                return mark(type(value).__name__)
            redacted = self._text(text)
            if redacted != text:
                return redacted
        return value


_SHOWN: Final[tuple[Callable[[Any], str], ...]] = (repr, str)


def _tells_a_secret(key: Any) -> bool:
    return isinstance(key, str) and TELLING_NAME.fullmatch(key) is not None


def _fields(value: Any) -> list[str] | None:
    """The names of what an object is made of; None where it does not say."""
    if isinstance(value, BaseModel):
        return [*type(value).model_fields, *(value.__pydantic_extra__ or ())]
    cls = cast("type[Any]", type(value))  # type: ignore[redundant-cast]
    if attrs.has(cls):
        return [each.name for each in attrs.fields(cls)]
    return [each.name for each in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else None


def _set(value: Any, name: str, content: Any) -> None:
    if isinstance(value, BaseModel):
        held = value.__pydantic_extra__ if name not in type(value).model_fields else vars(value)
        cast("dict[str, Any]", held)[name] = content
    else:
        object.__setattr__(value, name, content)
