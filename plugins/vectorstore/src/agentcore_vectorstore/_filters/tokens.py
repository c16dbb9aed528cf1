"""From the text of a filter to its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from agentcore_vectorstore.errors import FilterError

__all__ = ["KEYWORDS", "Kind", "Token", "tokens_of"]

Kind: TypeAlias = Literal["operator", "keyword", "field", "value", "end"]

KEYWORDS: Final = ("and", "or", "not", "in", "contains", "exists")
_CONSTANTS: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "null": None,
    "True": True,
    "False": False,
    "None": None,
}
_NUMBER: Final = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|<|>|[()\[\],]")
_NAME: Final = re.compile(r"[^\W\d][\w-]*|`[^`]+`")
_SPACE: Final = re.compile(r"\s*")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


@frozen
class Token:
    """A part of a filter."""

    kind: Kind
    value: Any
    """The operator or keyword itself, the path of a field, the value of a constant."""
    position: int


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of *text*, the last of kind ``end``.

    Raises:
        FilterError: Something in it is none.
    """
    position = _spaces(text, 0)
    while position < len(text):
        token, position = _token(text, position)
        yield token
        position = _spaces(text, position)
    yield Token("end", "the end", position)


def _spaces(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return position if match is None else match.end()


def _token(text: str, at: int) -> tuple[Token, int]:
    if text[at] in "\"'":
        value, end = _string(text, at)
        return Token("value", value, at), end
    if match := _NUMBER.match(text, at):
        number = match[0]
        return Token("value", int(number) if number.lstrip("+-").isdigit() else float(number), at), match.end()
    if match := _OPERATOR.match(text, at):
        return Token("operator", match[0], at), match.end()
    if match := _NAME.match(text, at):
        return _named(text, at, match)
    raise _strange(text, at)


def _named(text: str, at: int, match: re.Match[str]) -> tuple[Token, int]:
    word = match[0]
    if word in KEYWORDS:
        return Token("keyword", word, at), match.end()
    path = [word.strip("`")]
    end = match.end()
    while text.startswith(".", end):
        part = _NAME.match(text, end + 1)
        if part is None:
            raise FilterError("a name must follow the dot", text=text, position=end + 1)
        path.append(part[0].strip("`"))
        end = part.end()
    if word in _CONSTANTS and len(path) == 1:
        return Token("value", _CONSTANTS[word], at), end
    return Token("field", tuple(path), at), end


def _string(text: str, start: int) -> tuple[str, int]:
    quote, parts, at = text[start], list[str](), start + 1
    while at < len(text) and text[at] != quote:
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            parts.append(_ESCAPES.get(text[at], text[at]))
        else:
            parts.append(text[at])
        at += 1
    if at == len(text):
        raise FilterError("this text has no end", text=text, position=start, hint=f"close it with {quote}.")
    return "".join(parts), at + 1


def _strange(text: str, at: int) -> FilterError:
    hints = {
        "=": "write '==' for equality.",
        "&": "write 'and'.",
        "|": "write 'or'.",
        "!": "write 'not', or '!=' between a field and a value.",
        "`": "close the name with a second backtick.",
    }
    return FilterError(f"{text[at]!r} has no meaning here", text=text, position=at, hint=hints.get(text[at], ""))
