"""What is taken out of values of every kind."""

from __future__ import annotations

import asyncio
from collections import namedtuple
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from agentcore import ExecutionContext, Usage
from agentcore.errors import ModelError, RecordedError
from agentcore.providers.redaction._text import Redactor
from agentcore.providers.redaction._values import Values

MAIL = "ada@example.org"
GONE = "[redacted:email]"

clean = Values(Redactor())


class Colour(Enum):
    RED = MAIL


Point = namedtuple("Point", "name x")


@dataclass(frozen=True)
class Data:
    name: str
    password: str = ""


@attrs.frozen
class Frozen:
    name: str
    at: int = 5


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    name: str


class Opaque:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<{self.text}>"


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError(MAIL)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MAIL, GONE),
        (f"x {MAIL}".encode(), f"x {GONE}".encode()),
        (bytearray(MAIL, "utf-8"), bytearray(GONE, "utf-8")),
        ([1, MAIL, [MAIL]], [1, GONE, [GONE]]),
        ((MAIL,), (GONE,)),
        ({MAIL}, {GONE}),
        (Point(MAIL, 1), Point(GONE, 1)),
        ({MAIL: {"a": MAIL}}, {GONE: {"a": GONE}}),
        (MappingProxyType({"a": MAIL}), {"a": GONE}),
        ({"apiKey": "a b", "db_password": b"x", "token": ""}, {"apiKey": "[redacted:secret]", "token": ""}),
        ({"max_tokens": 5, "tokens": 7, "token": 5}, {"max_tokens": 5, "tokens": 7, "token": 5}),
        (Data(MAIL, "hush"), Data(GONE, "[redacted:secret]")),
        (Frozen(MAIL), Frozen(GONE)),
        (Model(name="x", more=MAIL), Model(name="x", more=GONE)),
        (Model(name=MAIL), Model(name=GONE)),
        (Opaque(MAIL), f"<{GONE}>"),
        (Path("/home/ada@example.org/x"), "PosixPath('/home/[redacted:email]/x')"),
        (Unshowable(), "[redacted:Unshowable]"),
        (4111111111111111, "[redacted:card]"),
        (10**5000, 10**5000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(value: Any, expected: Any) -> None:
    """However deep it lies, it is taken out, and the rest is as it was, of its own type where that can be."""
    redacted = clean(value)
    if isinstance(expected, dict) and isinstance(value, dict) and "db_password" in value:
        assert redacted.pop("db_password") == "[redacted:secret]"
    assert redacted == expected


@pytest.mark.parametrize(
    "value",
    [
        "nothing",
        5,
        5.5,
        None,
        True,
        [1, ["a"]],
        {"a": {"b": (1,)}},
        Data("x"),
        Frozen("x"),
        Model(name="x"),
        Opaque("x"),
        Colour.RED,
        Usage(requests=1),
        ExecutionContext("clerk"),
        str,
        ValueError("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_none_of_it(value: Any) -> None:
    """It is returned itself."""
    assert clean(value) is value


def test_a_value_is_not_changed() -> None:
    """Whoever has the value keeps it as it was."""
    value = {"a": [MAIL], "b": Data(MAIL)}
    clean(value)
    assert value == {"a": [MAIL], "b": Data(MAIL)}


def test_a_value_that_is_too_deep() -> None:
    """What nobody can look into is withheld."""
    value: Any = MAIL
    for _ in range(1_000):
        value = [value]
    assert MAIL not in repr(clean(value))


def _raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        try:
            raise cause or KeyError("x")
        except BaseException as inner:
            raise error from (inner if cause else None)
    except BaseException as caught:
        return caught


def test_an_error_stays_itself() -> None:
    """Who raised it and who catches it mean the same; its texts, attributes and notes are clean."""
    error = ModelError(f"no {MAIL}", model="m", hint=f"ask {MAIL}")
    error.add_note(f"seen by {MAIL}")
    assert clean(error) is error
    assert MAIL not in f"{error} {error!r} {vars(error)} {error.__notes__}"


@pytest.mark.parametrize(
    "error",
    [
        OSError(2, MAIL, MAIL),
        UnicodeDecodeError("utf-8", MAIL.encode(), 0, 1, MAIL),
        UnicodeEncodeError("ascii", MAIL, 0, 1, MAIL),
        SyntaxError(MAIL, ("x.py", 1, 1, MAIL)),
        KeyError(MAIL),
        StopIteration(MAIL),
        SystemExit(MAIL),
        NameError(MAIL, name=MAIL),
        AttributeError(MAIL, name=MAIL, obj=Opaque(MAIL)),
        ImportError(MAIL, name=MAIL, path=MAIL),
        asyncio.CancelledError(MAIL),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_the_language(error: BaseException) -> None:
    """None of them shows it any more, nor has it in its arguments."""
    redacted = clean(error)
    assert MAIL not in f"{redacted} {redacted!r} {redacted.args}"


def test_causes() -> None:
    """Those that caused an error, and those in a group, are clean; how they hang together stays."""
    cause = ValueError(MAIL)
    error = _raised(RuntimeError("outer"), cause)
    assert clean(error) is error
    assert (str(error.__cause__), error.__suppress_context__) == (GONE, True)
    context = _raised(RuntimeError("outer"))
    context.__context__ = KeyError(MAIL)
    clean(context)
    assert MAIL not in repr(context.__context__)
    group = ExceptionGroup("several", [ValueError(MAIL)])
    clean(group)
    assert str(group.exceptions[0]) == GONE


def test_causes_in_a_ring() -> None:
    """Errors that caused each other are looked at once."""
    one, other = ValueError(MAIL), ValueError(MAIL)
    one.__context__, other.__context__ = other, one
    clean(one)
    assert (str(one), str(other)) == (GONE, GONE)


def test_an_error_that_cannot_be_changed() -> None:
    """One that keeps its text where nobody can reach is replaced by one that names its type."""
    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"name": [MAIL]})
    redacted = clean(caught.value)
    assert isinstance(redacted, RecordedError)
    assert redacted.type == "pydantic_core._pydantic_core.ValidationError"
    assert MAIL not in str(redacted)
    assert GONE in str(redacted)


def test_an_error_that_cannot_be_shown() -> None:
    """It says no more than what it is."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert str(clean(Mute(MAIL))) == "it cannot be shown"
