"""From the text of a filter to its tree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from agentcore.errors import nearest
from agentcore_vectorstore._filters.nodes import And, Compare, Contains, Exists, Filter, Not, Or, Path
from agentcore_vectorstore._filters.tokens import KEYWORDS, Token, tokens_of
from agentcore_vectorstore.errors import FilterError

__all__ = ["parse_filter"]

_AGE: Final = re.compile(r"([-+])(\d+(?:\.\d+)?)([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_MAX_DEPTH: Final = 100
"""Of nesting, which the parser and every backend's compiler follow by recursion."""


def parse_filter(text: str) -> Filter:
    """Read *text*.

    ``or`` binds weaker than ``and``, and that weaker than ``not``; the rest compares a field with a constant:
    ``agent == "triage" and not (usage.requests > 3 or tags contains "spam") and time > "-7d"``.
    Fields are paths of keys; a key that is no name stands in backticks.
    With an order, a text such as ``"-7d"`` (units s, m, h, d, w) is the time that long from now, as ISO 8601 in UTC.

    Raises:
        FilterError: With the position of what is wrong.
    """
    parser = _Parser(text)
    return parser.whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._depth = 0
        self._now = datetime.now(UTC)
        self._next: Token = next(self._tokens)

    def whole(self) -> Filter:
        if self._next.kind == "end":
            raise self._fault("the filter is empty", hint="write a condition, as agent == 'triage', or leave it out.")
        made = self._or()
        self._expect_end()
        return made

    def _expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected("'and', 'or' or the end")

    def _take(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def _is(self, value: str) -> bool:
        return self._next.kind in ("operator", "keyword") and self._next.value == value

    def _expect(self, value: str) -> None:
        if not self._is(value):
            raise self._unexpected(repr(value))
        self._take()

    def _or(self) -> Filter:
        parts = [self._and()]
        while self._is("or"):
            self._take()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Filter:
        parts = [self._not()]
        while self._is("and"):
            self._take()
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Filter:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._fault(f"the filter is nested deeper than {_MAX_DEPTH} levels")
        try:
            if self._is("not"):
                self._take()
                return Not(self._not())
            if not self._is("("):
                return self._condition()
            self._take()
            made = self._or()
            self._expect(")")
            return made
        finally:
            self._depth -= 1

    def _condition(self) -> Filter:
        if self._next.kind != "field":
            raise self._unexpected("the name of a field")
        path: Path = self._take().value
        sign = self._take()
        match sign.value:
            case "exists":
                return Exists(path)
            case "contains":
                return Contains(path, self._value())
            case "in":
                return Or(tuple(Compare(path, "==", value) for value in self._list()))
            case "not" if self._is("in"):
                self._take()
                return Not(Or(tuple(Compare(path, "==", value) for value in self._list())))
            case "!=":
                return Not(Compare(path, "==", self._value()))
            case "==":
                return Compare(path, "==", self._value())
            case "<" | "<=" | ">" | ">=":
                return Compare(path, sign.value, self._ordered())
            case _:
                raise self._no_operator(sign, path)

    def _value(self) -> Any:
        if self._is("["):
            return self._list()
        if self._next.kind != "value":
            raise self._unexpected("a value", hint=self._unquoted())
        return self._take().value

    def _list(self) -> list[Any]:
        self._expect("[")
        values: list[Any] = []
        while not self._is("]"):
            values.append(self._value())
            if not self._is("]"):
                self._expect(",")
        self._take()
        return values

    def _ordered(self) -> Any:
        token = self._next
        value = self._value()
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise FilterError("only text and numbers have an order", text=self._text, position=token.position)
        age = _AGE.fullmatch(value) if isinstance(value, str) else None
        return value if age is None else self._moment(age, token)

    def _moment(self, age: re.Match[str], token: Token) -> str:
        try:
            moment = self._now + timedelta(**{_UNITS[age[3]]: float(age[1] + age[2])})
        except OverflowError:
            raise FilterError("no calendar reaches that far", text=self._text, position=token.position) from None
        return moment.isoformat(timespec="microseconds")

    def _unquoted(self) -> str:
        if self._next.kind != "field":
            return ""
        return f'put text into quotes: "{".".join(self._next.value)}".'

    def _no_operator(self, sign: Token, path: Path) -> FilterError:
        known = [*_COMPARISONS, "in", "contains", "exists"]
        name = ".".join(path)
        hint = "" if sign.kind == "end" else nearest(_shown(sign), known)
        if sign.value == "(" and name in ("exists", "contains"):
            hint = f"write the field first: FIELD {name}."
        hint = hint or f"write {name} == VALUE, or {name} exists."
        return FilterError(
            f"an operator must follow the field {name!r}, not {_shown(sign)}",
            text=self._text,
            position=sign.position,
            hint=hint,
        )

    def _unexpected(self, wanted: str, *, hint: str = "") -> FilterError:
        if not hint and self._next.kind == "field":
            word = ".".join(self._next.value)
            hint = f"write {word.lower()!r}." if word.lower() in KEYWORDS else ""
        return self._fault(f"{wanted} must come here, not {_shown(self._next)}", hint=hint)

    def _fault(self, message: str, *, hint: str = "") -> FilterError:
        return FilterError(message, text=self._text, position=self._next.position, hint=hint)


def _shown(token: Token) -> str:
    if token.kind == "field":
        return repr(".".join(token.value))
    return str(token.value) if token.kind == "end" else repr(token.value)
