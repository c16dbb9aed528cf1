"""What holds of every text and of every signature."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar, Union
from unicodedata import normalize
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from agentcore._signature import Field, describe, parse_signature, signature_model
from agentcore.errors import SignatureError


class Ticket(BaseModel):
    title: str


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


TYPES: dict[str, Any] = {"Ticket": Ticket, "Colour": Colour, "Paint": Colour, "Tags": list[str]}


T = TypeVar("T")


class Written(NamedTuple):
    """A piece of a signature, and what it means."""

    text: str
    value: Any


Pieces: TypeAlias = st.SearchStrategy[Written]

characters = st.characters(codec="utf-8")
names = (
    (st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True) | st.text("aeßñλд中ﬁ\uff58", min_size=1, max_size=4))
    .filter(lambda name: not keyword.iskeyword(normalize("NFKC", name)) and not hasattr(BaseModel, name))
    .filter(lambda name: not name.startswith("model_"))
)
blanks = st.sampled_from(["", " ", "  ", "\t", "\xa0"])
prose = st.text(characters.filter(lambda each: each != "\n"), max_size=30).filter(lambda text: bool(text.split()))
words = st.lists(st.sampled_from(["the", "text", "of", "it", "all,", "in", "full"]), min_size=2, max_size=6)


def as_is(values: st.SearchStrategy[Any]) -> Pieces:
    """Values that Python writes as a signature does."""
    return values.map(lambda value: Written(repr(value), value))


LITERALS: Pieces = as_is(
    st.integers(-(10**20), 10**20) | st.booleans() | st.text(characters, max_size=8) | st.binary(max_size=4)
)
DEFAULTS: dict[Any, Pieces] = {
    str: as_is(st.text(characters, max_size=12)),
    int: as_is(st.integers(-(2**100), 2**100)),
    float: as_is(st.floats(allow_nan=False, allow_infinity=False)),
    bool: as_is(st.booleans()),
    bytes: as_is(st.binary(max_size=6)),
    list[str]: as_is(st.lists(st.text(characters, max_size=3), max_size=3)),
    date: st.dates().map(lambda value: Written(repr(value.isoformat()), value)),
    timedelta: st.integers(0, 10**6).map(lambda value: Written(f"'PT{value}S'", timedelta(seconds=value))),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda it: Written(repr(str(it)), it)),
    UUID: st.uuids().map(lambda value: Written(repr(str(value)), value)),
    Colour: st.sampled_from(Colour).map(lambda value: Written(repr(value.value), value)),
    Ticket: st.text(characters, max_size=5).map(lambda value: Written(repr({"title": value}), Ticket(title=value))),
}
NAMES: dict[str, Any] = {
    **{kind.__name__: kind for kind in DEFAULTS if isinstance(kind, type)},
    "Any": Any,
    "datetime": datetime,
    "Tags": list[str],
    "Paint": Colour,
}
HASHABLE = (str, int, bytes, date, Decimal, UUID, Colour)


NONE = st.just(Written("None", None))
ANY_LENGTH = st.just(Written("...", ...))


@st.composite
def literal_types(draw: st.DrawFn) -> Written:
    """Literals, long or short."""
    values = draw(st.lists(LITERALS, min_size=1, max_size=4))
    texts = [each.text for each in values]
    text = f"Literal[{', '.join(texts)}]" if draw(st.booleans()) else " | ".join(texts)
    return Written(text, kind_of(Literal, *(each.value for each in values)))


def kind_of(form: Any, *parts: Any) -> Any:
    """Fill the brackets of *form*."""
    return form[parts]


plain_types: Pieces = st.sampled_from(sorted(NAMES)).map(lambda name: Written(name, NAMES[name]))
key_types: Pieces = plain_types.filter(lambda written: written.value in HASHABLE)


def generic_types(text: str, form: Any, *parts: Pieces) -> Pieces:
    """*form* with *parts* in its brackets, written as *text*."""
    return st.tuples(*parts).map(
        lambda drawn: Written(
            text.format(*(each.text for each in drawn)), kind_of(form, *(each.value for each in drawn))
        )
    )


def bigger_types(inner: Pieces) -> Pieces:
    """Types that are made of others."""
    return (
        generic_types("list[{}]", list, inner)
        | generic_types("set[{}]", set, key_types)
        | generic_types("dict[ {},{} ]", dict, key_types, inner)
        | generic_types("tuple[{}, {}]", tuple, inner, ANY_LENGTH)
        | generic_types("tuple[{}, {}]", tuple, inner, inner)
        | generic_types("Optional[{}]", Union, plain_types, NONE)
        | generic_types("{} | {}", Union, inner, NONE)
        | generic_types("Union[{}, {}]", Union, plain_types, inner)
        | generic_types("{}|{}", Union, plain_types, inner)
    )


types = st.recursive(plain_types | literal_types(), bigger_types, max_leaves=5)


@st.composite
def written_fields(draw: st.DrawFn, name: str) -> Written:
    """A field, with what it must be read as."""
    kind = draw(types)
    optional, short = draw(st.booleans()), draw(st.booleans())
    text, meaning = (name, str) if short else (f"{name}{draw(blanks)}:{draw(blanks)}{kind.text}", kind.value)
    if optional:
        text, meaning = text.replace(name, f"{name}?", 1), kind_of(Union, meaning, None)
    field = Field(name=normalize("NFKC", name), type=meaning, required=not optional)
    default = DEFAULTS.get(str if short else kind.value)
    if default is not None and draw(st.booleans()):
        literal = draw(default)
        text = f"{text}{draw(blanks)}={draw(blanks)}{literal.text}"
        field = Field(name=field.name, type=meaning, required=False, default=literal.value)
    return draw(described(text, field))


@st.composite
def described(draw: st.DrawFn, text: str, field: Field) -> Written:
    """The field with a description, or without."""
    choice = draw(st.sampled_from(["", "|", "||"]))
    if not choice:
        return Written(text, field)
    said = draw(prose) if choice == "||" else " ".join(draw(words)).rstrip(",")
    field = Field(
        name=field.name,
        type=field.type,
        required=field.required,
        default=field.default,
        description=" ".join(said.split()),
    )
    return Written(f"{text} {choice} {said}", field)


@st.composite
def signatures(draw: st.DrawFn) -> Written:
    """A signature, with the fields it must be read as."""
    chosen = draw(st.lists(names, min_size=1, max_size=4, unique_by=lambda name: normalize("NFKC", name)))
    fields = [draw(written_fields(name)) for name in chosen]
    text = draw(blanks)
    for written in fields:
        ended = "||" in written.text or "|" in written.text
        text += written.text + draw(st.sampled_from(["\n", " \n\n "] if ended else [",", " , ", "\n", ",\n  "]))
    return Written(text, tuple(each.value for each in fields))


@given(signatures())
@settings(max_examples=300, deadline=None)
def test_a_signature_means_what_it_was_written_for(signature: Written) -> None:
    """Fields that were written are read, and read again from their description, exactly."""
    assert parse_signature(signature.text, types=TYPES) == signature.value
    described = describe(signature_model("Made", signature.text, types=TYPES))
    assert parse_signature(described, types=TYPES) == signature.value


TOKENS = (
    "a b name int str None list dict Literal Optional tuple set Ticket Colour Paint Tags date lits the of 'red' True 0 "
    "\"a,b\" 'a|b' 5 -1 1.5 b'x' ... [ ] ( ) { } | || , : = ? ' \" . - + \\ # é λ ² \u3000 lambda if x:// [] {} () "
    "[str] :int :str| |one,two ,y:int '\\d' '\\x' 0777 1e5 -> \x00 \ud800 ﬁ"
)
SPACES = ["\n", " ", "\t", "\r", "| the text of it, all", ", y: int", "f: "]
SOUP = st.lists(st.sampled_from(TOKENS.split(" ")) | st.sampled_from(SPACES), max_size=16).map("".join)


def outcome(read: Callable[[], T], text: str) -> T | None:
    """What was read; None where it was refused in the only way it may be."""
    try:
        return read()
    except SignatureError as error:
        refused = error
    assert 0 <= refused.position <= len(text)
    assert refused.hint
    return None


@given(st.text() | SOUP | SOUP.map("f: ".__add__) | SOUP.map("f: str | ".__add__))
@settings(max_examples=1500, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but the one error, with a place inside of it and a hint; what is read comes back."""
    fields = outcome(lambda: parse_signature(text, types=TYPES), text)
    if fields is not None:
        described = describe(signature_model("Made", text, types=TYPES))
        assert parse_signature(described, types=TYPES) == fields


@given(st.text() | SOUP, st.sampled_from(["x", "x?"]))
@settings(max_examples=500, deadline=None)
def test_any_text_of_one_field_is_read_or_refused(text: str, name: str) -> None:
    """The same holds of the texts in a dict of fields."""
    model = outcome(lambda: signature_model("Made", {name: text}, types=TYPES), text)
    if model is not None:
        (field,) = parse_signature(describe(model), types=TYPES)
        assert (field.name, field.type) == ("x", model.model_fields["x"].annotation)
