"""The words of a type or a literal: where it ends, and whether its brackets, quotes and separators fit together.

Python's own parser sees a text only after it has passed here, so that the places of errors do not depend on the version
of Python.
"""

from __future__ import annotations

import ast
import re
from keyword import iskeyword
from typing import Final, NamedTuple

from agentcore._data import data
from agentcore._signature._fault import Fault

__all__ = ["MAX_DEPTH", "MAX_LINKS", "WORD", "Expression", "Token", "read_expression"]

MAX_DEPTH: Final = 32
"""Brackets within brackets.  Deeper types serve nobody, and pydantic spends several frames on each level."""

MAX_LINKS: Final = 500
"""Alternatives and brackets in one type: each is a level of Python's syntax tree, whose depth it limits differently
from version to version."""

WORD: Final = r"(?:[A-Za-z_]|(?!\s)[^\x00-\x7f])(?:[A-Za-z0-9_]|(?!\s)[^\x00-\x7f])*"
r"""What is taken for a name, before it is asked whether it is one: ``\w`` knows too few letters of too few scripts."""

_DIGITS: Final = r"[0-9](?:_?[0-9])*"
_TOKEN: Final = re.compile(
    rf"""
      (?P<newline>\n)
    | (?P<space>[^\S\n]+)
    | (?P<string>[A-Za-z]{{0,2}}(?P<quote>['"])(?:\\.|(?!(?P=quote))[^\\\n])*(?P=quote))
    | (?P<number>0[xX](?:_?[0-9a-fA-F])+ | 0[oO](?:_?[0-7])+ | 0[bB](?:_?[01])+
        | (?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})? | {_DIGITS}[eE][+-]?{_DIGITS}
        | 0+(?:_?0)* | [1-9](?:_?[0-9])*)
    | (?P<word>{WORD})
    | (?P<mark>\.\.\.|[][(){{}}|,:=.?+-])
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(
    r"\\(?:[\\'\"abfnrtvx]|(?P<unicode>[uUN])|[0-3][0-7]{2}|[0-7]{1,2}(?![0-7])|(?P<unknown>.))"
)
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
_LEADING: Final = frozenset("[({,|:.+-")
_CONSTANTS: Final = frozenset({"None", "True", "False"})
_DESCRIBE: Final = "a description begins with '|'"
_EXAMPLES: Final = {
    "a type": "a type is written as list[str], 'a' | 'b' or int | None",
    "a default": "a default is one literal, as 5, 'text' or ['a', 'b']",
}
_ADVICE: Final = {
    "?": "'?' stands directly behind the name",
    "=": "a default follows the type, once",
    ":": "the type follows the name, before the default",
    "->": "the input and the output are two signatures",
    "#": _DESCRIBE,
    "\\": "a signature may have several lines without it",
}


class Token(NamedTuple):
    """One word, string, number or mark."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Index of the first character behind it."""
        return self.start + len(self.text)


@data(kw_only=True)
class Expression:
    """The text of one type or literal."""

    tokens: tuple[Token, ...]
    """At least one."""
    stop: int
    """Index of the separator that ended it, or the length of the text."""

    @property
    def start(self) -> int:
        """Index of its first character."""
        return self.tokens[0].start

    def tree(self) -> ast.expr:
        """Parse it; nothing is compiled or evaluated.

        Raises:
            Fault: A string or a number cannot be read, or it is too long.
        """
        try:
            return ast.parse(self._source(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            hint = "a string has a wrong escape, a number is too large, or there is too much of it"
            raise Fault("this cannot be read", self._unreadable(), hint) from error

    def position(self, node: ast.expr) -> int:
        """Return the index of *node*, which is part of the tree, in the whole text."""
        before = self._source().encode()[: node.col_offset]
        return self.start + len(before.decode())

    def _source(self) -> str:
        # Spaces stand for every kind of white space between the tokens: Python knows fewer kinds, and takes a line
        # break for the end.
        pieces: list[str] = []
        end = self.start
        for token in self.tokens:
            pieces.extend((" " * (token.start - end), token.text))
            end = token.end
        return "".join(pieces)

    def _unreadable(self) -> int:
        for token in self.tokens:
            if token.kind in ("string", "number"):
                try:
                    ast.parse(token.text, mode="eval")
                except (SyntaxError, ValueError):
                    return token.start
        return self.start


def read_expression(text: str, start: int, *, stops: str, what: str) -> Expression:
    """Read up to a line break or one of *stops* outside of brackets.

    Args:
        text: The whole text.
        start: Index into *text*.
        stops: Single characters.
        what: The thing that is expected: "a type" or "a default".

    Raises:
        Fault: There is nothing, or it is no expression.
    """
    reader = _Reader(text, _EXAMPLES[what])
    stop = reader.read(start, stops)
    if not reader.tokens:
        raise Fault(f"{what} is missing", stop, _EXAMPLES[what])
    return Expression(tokens=tuple(reader.tokens), stop=stop)


class _Reader:
    def __init__(self, text: str, example: str) -> None:
        self.text = text
        self.example = example
        self.tokens: list[Token] = []
        self._open: list[Token] = []
        self._wanting = True
        """Whether an operand must come next."""
        self._links = 0

    def read(self, position: int, stops: str) -> int:
        while position < len(self.text):
            match = _TOKEN.match(self.text, position)
            if match is None:
                raise self._blame(self._stranger(position))
            kind, text = str(match.lastgroup), match.group()
            if not self._open and (kind == "newline" or text in stops):
                break
            if kind not in ("newline", "space"):
                self._accept(Token(kind, text, position))
            position = match.end()
        if self._open:
            raise self._unclosed()
        if self.tokens and self._wanting:
            raise Fault(f"nothing follows {self.tokens[-1].text!r}", position, self.example)
        return position

    def _accept(self, token: Token) -> None:
        if token.kind == "mark" and token.text != "...":
            self._mark(token)
        else:
            if not self._wanting:
                raise self._unexpected(token)
            _check_word(token)
            self._wanting = False
        self.tokens.append(token)

    def _mark(self, token: Token) -> None:
        self._links += not self._wanting and token.text in "|.[("
        if self._links > MAX_LINKS:
            raise Fault(f"more than {MAX_LINKS} parts in one type", token.start, "register it under a name")
        if token.text in "[({":
            self._enter(token)
        elif token.text in "])}":
            self._leave(token)
        elif token.text in "+-":
            if not self._wanting or (self.tokens and self.tokens[-1].text in ("+", "-")):
                raise self._unexpected(token)
        elif self._wanting or not self._separates(token.text):
            raise self._unexpected(token)
        else:
            self._wanting = True

    def _separates(self, mark: str) -> bool:
        return mark in ",|." or (mark == ":" and bool(self._open) and self._open[-1].text == "{")

    def _enter(self, token: Token) -> None:
        if len(self._open) == MAX_DEPTH:
            raise Fault(f"more than {MAX_DEPTH} brackets within each other", token.start, "register a model instead")
        if token.text == "{" and not self._wanting:
            raise self._unexpected(token)
        self._open.append(token)
        self._wanting = True

    def _leave(self, token: Token) -> None:
        if not self._open or _CLOSING[self._open[-1].text] != token.text:
            raise self._blame(Fault(f"{token.text!r} closes nothing", token.start, "leave it out, or open it before"))
        if self._wanting and not self._may_end():
            raise self._unexpected(token)
        self._open.pop()
        self._wanting = False

    def _may_end(self) -> bool:
        opening, last = self._open[-1], self.tokens[-1]
        if last is not opening:
            return last.text == ","
        subscript = opening.text == "[" and len(self.tokens) > 1 and self.tokens[-2].text not in _LEADING
        return not subscript

    def _stranger(self, position: int) -> Fault:
        character = self.text[position]
        if character in "'\"":
            return Fault("the quote is never closed", position, f"close it with {character} on the same line")
        return Fault(f"unexpected {character!r}", position, _ADVICE.get(character, self.example))

    def _unexpected(self, token: Token) -> Fault:
        before = f" after {self.tokens[-1].text!r}" if self.tokens else ""
        shown = "->" if self.text.startswith("->", token.start) else token.text
        comma = "is a comma missing?" if self._open and token.kind != "mark" else ""
        advice = comma or _ADVICE.get(shown, _DESCRIBE if token.kind == "word" else self.example)
        return self._blame(Fault(f"unexpected {shown!r}{before}", token.start, advice))

    def _blame(self, fault: Fault) -> Fault:
        # What is odd on a later line is odd because a bracket above it was left open.
        opened = self._open[0].start if self._open else fault.position
        return self._unclosed() if "\n" in self.text[opened : fault.position] else fault

    def _unclosed(self) -> Fault:
        opening = self._open[-1]
        return Fault(f"{opening.text!r} is never closed", opening.start, f"close it with {_CLOSING[opening.text]!r}")


def _check_word(token: Token) -> None:
    if token.kind == "string":
        _check_string(token)
    elif token.kind == "word":
        if iskeyword(token.text) and token.text not in _CONSTANTS:
            hint = "only types and literals can stand here; nothing is evaluated"
            raise Fault(f"unexpected {token.text!r}", token.start, hint)
        if not token.text.isidentifier():
            raise Fault(f"{token.text!r} is not a name", token.start, "a name has letters, digits and underscores")


def _check_string(token: Token) -> None:
    quote = min(token.text.find(each) for each in "'\"" if each in token.text)
    prefix = token.text[:quote].lower()
    if prefix not in ("", "b", "r", "u", "br", "rb"):
        kind = "an f-string" if "f" in prefix else "a string of an unknown kind"
        raise Fault(f"{kind} is not a literal", token.start, "write plain quotes; nothing is evaluated")
    if "r" not in prefix:
        for escape in _ESCAPE.finditer(token.text):
            if escape["unknown"] or (escape["unicode"] and "b" in prefix):
                shown = escape.group()
                raise Fault(f"unknown escape {shown}", token.start + escape.start(), f"write \\{shown}")
