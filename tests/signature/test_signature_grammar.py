"""What signature strings mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import inf
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, HttpUrl

from agentcore._signature import Field, parse_signature
from agentcore.errors import SignatureError


class Ticket(BaseModel):
    title: str
    priority: int = 3


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int = 0


TYPES: dict[str, Any] = {"Ticket": Ticket, "Colour": Colour, "Point": Point, "Tags": list[str]}


def required(name: str, kind: Any = str, description: str = "") -> Field:
    return Field(name=name, type=kind, description=description)


def kind_of(form: Any, parts: Any) -> Any:
    return form[parts]


def given(name: str, kind: Any, default: Any, description: str = "") -> Field:
    return Field(name=name, type=kind, required=False, default=default, description=description)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("str", str),
        ("int", int),
        ("float", float),
        ("bool", bool),
        ("bytes", bytes),
        ("None", type(None)),
        ("Any", Any),
        ("object", object),
        ("date", date),
        ("datetime", datetime),
        ("time", time),
        ("timedelta", timedelta),
        ("Decimal", Decimal),
        ("UUID", UUID),
        ("Path", Path),
        ("Url", AnyUrl),
        ("HttpUrl", HttpUrl),
        ("list", list),
        ("dict", dict),
        ("list[str]", list[str]),
        ("List[str]", list[str]),
        ("Dict[str, int]", dict[str, int]),
        ("set[int]", set[int]),
        ("frozenset[tuple[int, str]]", frozenset[tuple[int, str]]),
        ("tuple", tuple),
        ("tuple[()]", tuple[()]),
        ("tuple[int]", tuple[int]),
        ("tuple[int, str]", tuple[int, str]),
        ("tuple[int, ...]", tuple[int, ...]),
        ("Sequence[int]", Sequence[int]),
        ("Mapping[str, int]", Mapping[str, int]),
        ("list[dict[str, int | None]]", list[dict[str, int | None]]),
        ("dict[str, list[tuple[int, str | None]]]", dict[str, list[tuple[int, str | None]]]),
        ("int | None", int | None),
        ("None | int", int | None),
        ("Optional[int]", int | None),
        ("Union[int, str, None]", int | str | None),
        ("(int | str)", int | str),
        ("list[(int | str)]", list[int | str]),
        ("list[int,]", list[int]),
        ("Literal['bug', 'question']", Literal["bug", "question"]),
        ('Literal["bug", "question"]', Literal["bug", "question"]),
        ("Literal['a|b', 'c,d', 'e: f', '[']", Literal["a|b", "c,d", "e: f", "["]),
        (r"Literal['it\'s', 'a\nb', 'λ', '\u03bb!']", Literal["it's", "a\nb", "λ", "λ!"]),
        (r"Literal[r'\d', b'x', rb'\d']", Literal[r"\d", b"x", rb"\d"]),
        ("Literal[1, -2, +3, 0x10, True, None]", Literal[1, -2, 3, 16, True, None]),
        ("Literal[None]", type(None)),
        ("'bug' | 'question'", Literal["bug", "question"]),
        ("'a' | int | 'b'", Literal["a", "b"] | int),
        ("Literal['a'] | Literal['b'] | None", Literal["a", "b"] | None),
        ("1 | True | -1", Literal[1, True, -1]),
        ("list['a' | 'b']", list[Literal["a", "b"]]),
        ("dict[Literal['a', 'b'], list['x' | None]]", dict[Literal["a", "b"], list[Literal["x"] | None]]),
        ("Ticket", Ticket),
        ("Colour | None", Colour | None),
        ("list[Point]", list[Point]),
        ("dict[Colour, Ticket]", dict[Colour, Ticket]),
        ("Tags", list[str]),
        ("list[\n    str\n]", list[str]),
        ("dict[str,\n\n     int]", dict[str, int]),
        ("list\xa0[\u3000int]", list[int]),
    ],
)
def test_a_type_is_a_real_typing_object(text: str, kind: Any) -> None:
    """Every type that a signature can name becomes what Python's own annotation would be."""
    assert parse_signature(f"x: {text}", types=TYPES) == (required("x", kind),)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("ticket", [required("ticket")]),
        ("ticket: str", [required("ticket")]),
        (" ticket :str ", [required("ticket")]),
        ("a, b", [required("a"), required("b")]),
        ("a\nb", [required("a"), required("b")]),
        ("\n  a: int,\n\n  b: str,\n", [required("a", int), required("b")]),
        ("a: int\r\nb", [required("a", int), required("b")]),
        ("größe: int", [required("größe", int)]),
        ("नाम", [required("नाम")]),
        ("ﬁeld", [required("field")]),
        ("type: str, match: int", [required("type"), required("match", int)]),
    ],
)
def test_commas_and_line_breaks_stand_between_fields(text: str, fields: list[Field]) -> None:
    """Names without a type are texts; blank lines and one comma at the end do not count."""
    assert list(parse_signature(text)) == fields


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("x?", given("x", str | None, None)),
        ("x?: int", given("x", int | None, None)),
        ("x ? : int", given("x", int | None, None)),
        ("x?: int | None", given("x", int | None, None)),
        ("x?: int = 5", given("x", int | None, 5)),
        ("x?: None", given("x", type(None), None)),
        ("x?| why", given("x", str | None, None, "why")),
        ("x? = 'a'", given("x", str | None, "a")),
        ("x = 'a'", given("x", str, "a")),
        ("x='a|b, c: d'", given("x", str, "a|b, c: d")),
        ("x: int | None = None", given("x", int | None, None)),
        ("x: int = -5", given("x", int, -5)),
        ("x: float = 5", given("x", float, 5.0)),
        ("x: float = -1e999", given("x", float, -inf)),
        ("x: bool = True", given("x", bool, True)),
        ("x: bytes = b'a'", given("x", bytes, b"a")),
        ("x: list[int] = [1, 2]", given("x", list[int], [1, 2])),
        ("x: list[int] = [\n  1,\n  2,\n]", given("x", list[int], [1, 2])),
        ("x: tuple[int, ...] = (1,)", given("x", tuple[int, ...], (1,))),
        ("x: set[str] = []", given("x", set[str], set())),
        ("x: set[int] = {1, 2}", given("x", set[int], {1, 2})),
        ("x: dict[str, list[int]] = {'a': [1], 'b': []}", given("x", dict[str, list[int]], {"a": [1], "b": []})),
        ("x: dict[int, str] = {1: 'a'}", given("x", dict[int, str], {1: "a"})),
        ("x: 'a' | 'b' = 'b'", given("x", Literal["a", "b"], "b")),
        ("x: date = '2024-02-29'", given("x", date, date(2024, 2, 29))),
        ("x: Decimal = '1.10'", given("x", Decimal, Decimal("1.10"))),
        ("x: timedelta = 'PT90S'", given("x", timedelta, timedelta(seconds=90))),
        ("x: Path = 'a/b'", given("x", Path, Path("a/b"))),
        ("x: Colour = 'red'", given("x", Colour, Colour.RED)),
        ("x: Ticket = {'title': 'a'}", given("x", Ticket, Ticket(title="a"))),
        ("x: list[Point] = [{'x': 1}]", given("x", list[Point], [Point(1)])),
    ],
)
def test_a_field_may_be_left_out(text: str, field: Field) -> None:
    """A question mark means None, and a default is a value of the type."""
    assert parse_signature(text, types=TYPES) == (field,)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("x | the text", [required("x", str, "the text")]),
        ("x | int", [required("x", str, "int")]),
        ("x: int | the  number\t", [required("x", int, "the number")]),
        ("x: int | None | the number", [required("x", int | None, "the number")]),
        ("x: str | 'a' | the rest | int", [required("x", str | Literal["a"], "the rest | int")]),
        ("x: str | None if unknown", [required("x", str, "None if unknown")]),
        ("x: str | the user's name", [required("x", str, "the user's name")]),
        ("x: str | 'tis the season", [required("x", str, "'tis the season")]),
        ("x: str | see [1", [required("x", str, "see [1")]),
        ("x: int | reason", [required("x", int, "reason")]),
        ("x: int | e.g. 5", [required("x", int, "e.g. 5")]),
        ("x: int | f(x) = 5", [required("x", int, "f(x) = 5")]),
        ("x: int || str", [required("x", int, "str")]),
        ("x: int = 5 | int", [given("x", int, 5, "int")]),
        ("x || a, b: int", [required("x", str, "a, b: int")]),
        ("x || = 5,\ny", [required("x", str, "= 5,"), required("y")]),
        ("x ||| y", [required("x", str, "| y")]),
        ("x | red, green, blue", [required("x", str, "red, green, blue")]),
        ("x | one, two,", [required("x", str, "one, two")]),
        ("x | one, two ,\ny", [required("x", str, "one, two"), required("y")]),
        ("x | in full, y: int", [required("x", str, "in full"), required("y", int)]),
        ("x | in full, y = 'a'", [required("x", str, "in full"), given("y", str, "a")]),
        ("x | in full, y | half", [required("x", str, "in full"), required("y", str, "half")]),
        ("x | in full, y?", [required("x", str, "in full"), given("y", str | None, None)]),
        ("x | in full, y?, z: int", [required("x", str, "in full"), given("y", str | None, None), required("z", int)]),
        ("x | in full, y? : int", [required("x", str, "in full"), given("y", int | None, None)]),
        ("x | is it, or not?", [required("x", str, "is it, or not?")]),
        ("x | is it, maybe? yes", [required("x", str, "is it, maybe? yes")]),
        ("x | a page, https://example.org", [required("x", str, "a page, https://example.org")]),
        ("x | code, a == b, c => d, e::f", [required("x", str, "code, a == b, c => d, e::f")]),
        ("x | 50 %, 3: no name", [required("x", str, "50 %, 3: no name")]),
        ("x | one, two words: here", [required("x", str, "one, two words: here")]),
    ],
)
def test_a_description_is_what_is_no_type(text: str, fields: list[Field]) -> None:
    """It ends with the line, or at a comma before what clearly is a field; behind ``||`` with the line alone."""
    assert list(parse_signature(text)) == fields


def test_there_is_room_for_many_alternatives() -> None:
    """Literals by the thousand are a type, and so are hundreds of alternatives within brackets."""
    values = tuple(range(3000))
    for text in ("Literal[" + ", ".join(map(str, values)) + "]", " | ".join(map(str, values))):
        assert parse_signature(f"x: {text}") == (required("x", kind_of(Literal, values)),)
    inner = " | ".join(map(str, values[:500]))
    assert parse_signature(f"x: list[{inner}]") == (required("x", kind_of(list, kind_of(Literal, values[:500]))),)


def test_registered_types_hide_known_ones() -> None:
    """A registered type is found before the one that is always there."""
    assert parse_signature("x: date, y: Set", types={"date": Ticket, "Set": Colour}) == (
        required("x", Ticket),
        required("y", Colour),
    )


def test_a_registered_literal_joins_the_others() -> None:
    """A registered alias counts like what it stands for."""
    types = {"Kind": Literal["a"] | None}
    assert parse_signature("x: Kind | 'b'", types=types) == (required("x", Literal["a", "b"] | None),)


def test_reserved_names_are_refused() -> None:
    """The caller may keep names for itself."""
    with pytest.raises(SignatureError, match="'context' is reserved") as caught:
        parse_signature("question, context", reserved={"context"})
    assert caught.value.position == 10


def test_fields_are_values() -> None:
    """Equal fields hash alike, even where a default cannot be hashed."""
    first, second = (parse_signature("x: list[int] = [1] | some")[0] for _ in range(2))
    assert {first, second} == {first}
