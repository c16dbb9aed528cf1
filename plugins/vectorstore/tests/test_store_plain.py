"""What is kept of anything that an agent may put out."""

import dataclasses
import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from pydantic import BaseModel, ConfigDict, SecretStr, computed_field, field_serializer

from agentcore.types import Usage
from agentcore_vectorstore._plain import plain, text_of


class Answer(BaseModel):
    text: str
    confidence: float = 0.5


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)
    value: Any = None


class Touchy(BaseModel):
    good: str = "kept"
    bad: int = 7

    @field_serializer("bad")
    def fail(self, value: int) -> int:
        raise KeyError(value)


class Computed(BaseModel):
    good: str = "kept"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bad(self) -> int:
        raise RuntimeError("no")


@dataclasses.dataclass
class Point:
    x: Any
    y: int = 2


@attrs.frozen
class Pair:
    left: Any
    right: int = 2


class Colour(Enum):
    RED = "red"


class Unspeakable:
    def __repr__(self) -> str:
        raise ZeroDivisionError


class Plain:
    def __repr__(self) -> str:
        return "<plain>"


LOOSE = Loose.model_validate({"value": b"\xff", "more": [Plain()]})
CIRCLE: list[Any] = [1]
CIRCLE.extend([CIRCLE, CIRCLE])

CASES: dict[str, tuple[Any, Any]] = {
    "str": ("text", "text"),
    "none": (None, None),
    "numbers": ([1, 1.5, True], [1, 1.5, True]),
    "nan": ({"a": [math.nan, math.inf, -math.inf]}, {"a": ["nan", "inf", "-inf"]}),
    "surrogate": ({"k\ud800": "v\udfff"}, {"k?": "v?"}),
    "bytes": (b"text", "text"),
    "odd bytes": ({"a": b"\xff", "b": 1}, {"a": "b'\\xff'", "b": 1}),
    "dates": ([date(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=UTC)], ["2026-01-02", "2026-01-02T03:00:00Z"]),
    "decimal": (Decimal("1.10"), "1.10"),
    "enum": (Colour.RED, "red"),
    "uuid": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "path": (Path("a/b"), str(Path("a/b"))),
    "set": ({1}, [1]),
    "tuple keys": ({(1, 2): 3, 4: 5, None: 6}, {"(1, 2)": 3, "4": 5, "None": 6}),
    "model": (Answer(text="x"), {"text": "x", "confidence": 0.5}),
    "nested models": ([Answer(text="x")], [{"text": "x", "confidence": 0.5}]),
    "dataclass": (Point(Pair(Point(1))), {"x": {"left": {"x": 1, "y": 2}, "right": 2}, "y": 2}),
    "usage": (Usage(requests=1, cost=Decimal("0.5")), {
        "requests": 1, "input_tokens": 0, "output_tokens": 0, "cached_tokens": 0, "reasoning_tokens": 0,
        "cache_write_tokens": 0, "input_audio_tokens": 0, "output_audio_tokens": 0, "cost": "0.5",
    }),
    "secret": (Loose(value=SecretStr("hush")), {"value": "**********"}),
    "odd object": ({"a": Plain(), "b": 1}, {"a": "<plain>", "b": 1}),
    "no repr": ([Unspeakable(), 1], ["<Unspeakable whose repr raised ZeroDivisionError>", 1]),
    "function": ([len], ["<built-in function len>"]),
    "circle": (CIRCLE, [1, "<list that contains itself>", "<list that contains itself>"]),
    "odd in model": (LOOSE, {"value": "b'\\xff'", "more": ["<plain>"]}),
    "odd in dataclass": (Point(b"\xff"), {"x": "b'\\xff'", "y": 2}),
    "odd in attrs": (Pair(b"\xff"), {"left": "b'\\xff'", "right": 2}),
    "odd in tuple": ((b"\xff", {3: b"\xfe"}), ["b'\\xff'", {"3": "b'\\xfe'"}]),
    "touchy model": (Touchy(), {"good": "kept", "bad": 7}),
    "failing property": (Computed(), {"good": "kept"}),
}  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), CASES.values(), ids=CASES.keys())
def test_anything_becomes_json(value: Any, expected: Any) -> None:
    """What JSON knows stays; the rest becomes what a person would write; one odd part does not spoil the others."""
    made = plain(value)
    assert made == expected
    json.dumps(made, allow_nan=False, ensure_ascii=False).encode("utf-8")


def nested(depth: int, innermost: Any) -> Any:
    for _ in range(depth):
        innermost = [innermost]
    return innermost


@pytest.mark.parametrize("depth", [50, 200, 400, 5000])
@pytest.mark.parametrize("innermost", [1, b"\xff"])
def test_depth_has_an_end(depth: int, innermost: Any) -> None:
    """What is nested deeper than anybody reads becomes text."""
    json.dumps(plain(nested(depth, innermost)))


def test_iterator_is_left_unread() -> None:
    """It belongs to the run: whoever it was made for must still get every item."""
    numbers = iter([1, 2])
    for value in (numbers, {"n": [numbers]}):
        assert "iterator" in json.dumps(plain(value))
    assert list(numbers) == [1, 2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (Answer(text="the only text"), "the only text"),
        ({"answer": "the only text", "ok": True, "score": 0.5, "n": 1, "none": None}, "the only text"),
        ({"label": "bug", "reason": "crash"}, '{"label": "bug", "reason": "crash"}'),
        ({"label": "bug", "tags": ["é"]}, '{"label": "bug", "tags": ["é"]}'),
        ({"answer": " "}, '{"answer": " "}'),
        ({}, "{}"),
        ("", '""'),
        (None, "null"),
        ([1, "a"], '[1, "a"]'),
        (7, "7"),
    ],
    ids=str,
)
def test_text_to_remember_an_output_by(value: Any, text: str) -> None:
    """A string, the only string of an object, else the JSON; never nothing."""
    assert text_of(plain(value)) == text
