"""Reads fields one after the other; :mod:`agentcore._signature._grammar` says what they look like."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import NoneType
from typing import Any, Final
from unicodedata import normalize

from agentcore._data import data
from agentcore._signature._fault import Fault
from agentcore._signature._field import Field, name_problem, one_line
from agentcore._signature._literals import fit, literal_text, literal_value
from agentcore._signature._tokens import WORD, Expression, read_expression
from agentcore._signature._type_text import type_text
from agentcore._signature._types import read_type, union

__all__ = ["MAX_FIELDS", "NEXT_FIELD", "ParsedField", "Reader", "is_description"]

MAX_FIELDS: Final = 256
"""Of a signature."""

NEXT_FIELD: Final = re.compile(rf",\s*{WORD}\s*(?:\?\s*(?:[:=|,]|\Z)|:(?![:/])|=(?![=>])|\|)")
"""A comma in a description, and a field that clearly starts behind it; no ``https://`` and no ``a == b``."""

_WORD: Final = re.compile(WORD)
_BLANK: Final = re.compile(r"[^\S\n]*")
_BLANK_LINES: Final = re.compile(r"\s*")
_LINE: Final = re.compile(r"[^\n]*")
_TWO_WORDS: Final = re.compile(r"\w+\s+\w")
"""How no type begins."""

_SHOWN: Final = re.compile(rf"{WORD}|->|.", re.DOTALL)
_ADVICE: Final = {
    "->": "the input and the output are two signatures",
    "#": "a description begins with '|'",
    ";": "commas or line breaks stand between fields",
    "*": "every field has a name of its own",
}
_LEAVE_OUT: Final = "write it, or leave '|' out; '||' begins a description with any character"
_ORDER: Final = "after a name come '?', ': type', '= default' and '| description', in this order"


@data(kw_only=True)
class ParsedField:
    """A field with what its text said."""

    field: Field
    default: str | None
    """The default as it was written, on one line; None where there is none."""


class Reader:
    """Reads one text, once.

    Args:
        text: A signature, or the clause of one field.
        types: More types, by name.
        reserved: Names that no field may have.
        single: Whether *text* is the clause of one field, so that line breaks and commas end nothing.
    """

    def __init__(
        self, text: str, *, types: Mapping[str, Any], reserved: Collection[str] = (), single: bool = False
    ) -> None:
        self._text = text
        self._types = types
        self._reserved = reserved
        self._single = single
        self._blank = _BLANK_LINES if single else _BLANK
        self._position = 0
        self._names: set[str] = set()

    def fields(self) -> list[ParsedField]:
        """Read a signature.

        Raises:
            Fault: It cannot be read.
        """
        fields: list[ParsedField] = []
        doubtful = ""
        self._skip(_BLANK_LINES)
        while self._position < len(self._text):
            try:
                parsed = self._field()
                ended_by_comma = self._text.startswith(",", self._position)
                self._separator()
            except Fault as fault:
                if doubtful:
                    fault.advise(f"if this belongs to the description of {doubtful!r}, begin that with '||'")
                raise
            fields.append(parsed)
            doubtful = parsed.field.name if parsed.field.description and ended_by_comma else ""
        return fields

    def clause(self, name: str, *, optional: bool) -> ParsedField:
        """Read what follows the name of the only field.

        Raises:
            Fault: It cannot be read.
        """
        parsed = self._clause(name, optional=optional, typed=self._next() not in ("=", "|"))
        if self._position < len(self._text):
            raise self._unexpected("an entry describes one field")
        return parsed

    def _field(self) -> ParsedField:
        name = self._name()
        optional = self._take("?")
        return self._clause(name, optional=optional, typed=self._take(":"))

    def _clause(self, name: str, *, optional: bool, typed: bool) -> ParsedField:
        kind = self._type() if typed else str
        if optional:
            kind = union([kind, NoneType])
        default, written = None, "None" if optional else None
        if self._take("="):
            default, written = self._default(name, kind, typed=typed)
        description = self._description() if self._take("|") else ""
        field = Field(name=name, type=kind, required=written is None, default=default, description=description)
        return ParsedField(field=field, default=written)

    def _name(self) -> str:
        match = _WORD.match(self._text, self._position)
        if match is None:
            raise self._unexpected("a field begins with its name", expected="a field name")
        name = match.group()
        if name.isidentifier():
            # As Python does it with the names in its own source.
            name = normalize("NFKC", name)
        self._check_name(name)
        self._names.add(name)
        self._position = match.end()
        return name

    def _check_name(self, name: str) -> None:
        problem = name_problem(name)
        if not problem and name.startswith("model_"):
            problem = f"the field name {name!r} begins with 'model_', as pydantic's own do", "put another word first"
        if not problem and name in self._reserved:
            problem = f"{name!r} is reserved", f"write {name + '_'!r}"
        if not problem and name in self._names:
            problem = f"a second field {name!r}", "every field has a name of its own"
        if not problem and len(self._names) == MAX_FIELDS:
            problem = f"more than {MAX_FIELDS} fields", "group them in models"
        if problem:
            raise Fault(problem[0], self._position, problem[1])

    def _type(self) -> Any:
        expression = read_expression(self._text, self._position, stops="|,=", what="a type")
        kinds = [read_type(expression, self._types)]
        self._position = expression.stop
        while self._next() == "|" and not self._text.startswith("||", self._position):
            segment = self.segment()
            if segment is None:
                break
            kinds.append(segment)
        return union(kinds)

    def segment(self) -> Any | None:
        """Read the type behind ``|``; None where it is the description that begins there.

        Raises:
            Fault: It is neither.
        """
        start = self._position + 1
        self._require("a type or a description", start)
        try:
            expression = read_expression(self._text, start, stops="|,=", what="a type")
        except Fault:
            return None
        try:
            kind = read_type(expression, self._types)
        except Fault as fault:
            if not self._looks_like_type(expression):
                return None
            fault.advise("if this is the description, begin it with '||'")
            raise
        self._position = expression.stop
        return kind

    def _looks_like_type(self, expression: Expression) -> bool:
        first, *others = expression.tokens
        if first.kind != "word":
            return False
        if others:
            return others[0].text == "[" and others[0].start == first.end
        return self._text.startswith("=", expression.stop)

    def _default(self, name: str, kind: Any, *, typed: bool) -> tuple[Any, str | None]:
        expression = read_expression(self._text, self._position, stops="|,", what="a default")
        value = literal_value(expression.tree(), expression.position)
        self._position = expression.stop
        if value is None:
            hint = f"write '{name}?' for a field that may be left out"
        elif typed:
            hint = f"write a default of the type {type_text(kind)}, or another type"
        else:
            hint = f"a field without a type is a str: write '{name}: {type(value).__name__} = …'"
        return fit(kind, value, expression.start, hint), literal_text(value)

    def _description(self) -> str:
        whole_line = self._text.startswith("|", self._position)
        if whole_line:
            self._position += 1
        start = self._position
        end = len(self._text) if self._single else _end(_LINE, self._text, start)
        field = None if self._single or whole_line else NEXT_FIELD.search(self._text, start, end)
        self._position = field.start() if field else end
        description = one_line(self._text[start : self._position])
        if not whole_line:
            self._require("a description", start)
            description = description if self._single or field else description.rstrip(", ")
        if not description:
            raise Fault("a description is missing", self._position, _LEAVE_OUT)
        return description

    def _separator(self) -> None:
        mark = self._next()
        if mark == ",":
            self._position += 1
        elif mark not in ("", "\n"):
            raise self._unexpected(_ORDER)
        self._skip(_BLANK_LINES)

    def _require(self, what: str, start: int) -> None:
        start = _end(self._blank, self._text, start)
        if self._text[start : start + 1] in ("", ",", "=", "|", "\n"):
            raise Fault(f"{what} is missing", start, _LEAVE_OUT)

    def _skip(self, blank: re.Pattern[str]) -> None:
        self._position = _end(blank, self._text, self._position)

    def _next(self) -> str:
        self._skip(self._blank)
        return self._text[self._position : self._position + 1]

    def _take(self, mark: str) -> bool:
        taken = self._next() == mark
        self._position += taken
        return taken

    def _unexpected(self, hint: str, expected: str = "") -> Fault:
        shown = _SHOWN.match(self._text, self._position)
        text = shown.group() if shown else ""
        message = f"expected {expected}, not {text!r}" if expected else f"unexpected {text!r}"
        return Fault(message, self._position, _ADVICE.get(text, hint))


def is_description(text: str, types: Mapping[str, Any]) -> bool:
    """Whether *text*, behind a type and ``|``, is taken for a description whatever the next lines are."""
    # An open bracket could be closed by them.
    if not text or (any(each in text for each in "[({") and not _TWO_WORDS.match(text)):
        return False
    try:
        return Reader(f"|{text}", types=types).segment() is None
    except Fault:
        return False


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
