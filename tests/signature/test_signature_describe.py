"""Models as signature text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Dict, Generic, List, Literal, NewType, Optional, Tuple, TypeVar, Union  # noqa: UP035

import pytest
from pydantic import AnyUrl, BaseModel, Field, SecretStr

from agentcore._signature import describe, signature_model

T = TypeVar("T")
UserId = NewType("UserId", int)


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Ticket(BaseModel):
    title: str


class Page(BaseModel, Generic[T]):
    items: list[T]


class Silent:
    """Cannot be written as JSON."""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("label: Literal['bug','question']", "label: 'bug' | 'question'"),
        ("x|text", "x: str | text"),
        ("x: Optional[Union[int, str]]", "x: int | str | None"),
        ("x?: int | None", "x?: int"),
        ("x: int | None = None", "x?: int"),
        ("x: Any = None", "x: Any = None"),
        ("x: list[int|None]=[1,None]", "x: list[int | None] = [1, None]"),
        ("x: Literal['a', None]", "x: Literal['a', None]"),
        ("x: tuple[()] = ()", "x: tuple[()] = ()"),
        ("x: Tuple[int, ...] = (1,)", "x: tuple[int, ...] = (1,)"),
        ("x: set[int] = {3, 1, 2}", "x: set[int] = [1, 2, 3]"),
        ("x: dict[str, int] = {'b': 1, 'a': 2}", "x: dict[str, int] = {'b': 1, 'a': 2}"),
        ("x: float = -1e999", "x: float = -1e999"),
        ("x: date | None = '2024-01-02'", "x: date | None = '2024-01-02'"),
        ("x: Decimal | str = 1.5", "x: Decimal | str = 1.5"),
        ("x: Url = 'https://example.org'", "x: Url = 'https://example.org'"),
        ("x: Paint = 'red'", "x: Paint = 'red'"),
        ("x: int || reason", "x: int | reason"),
        ("x: int || int", "x: int || int"),
        ("x: int || Paint", "x: int || Paint"),
        ("x: int || lits[str]", "x: int || lits[str]"),
        ("x: int || (see", "x: int || (see"),
        ("x: int || see this (and", "x: int | see this (and"),
        ("x: int || why, note: this", "x: int || why, note: this"),
        ("x: int || so,", "x: int || so,"),
        ("x: int = 5 || | = so", "x: int = 5 || | = so"),
        ("x: int = 5 || = so", "x: int = 5 || = so"),
        ("x: int = 5 || , so", "x: int = 5 || , so"),
    ],
)
def test_a_model_of_a_signature_is_written_shortly(text: str, line: str) -> None:
    """The text is canonical, and as short as it can be read again."""
    types = {"Paint": Colour}
    model = signature_model("Made", text, types=types)
    assert describe(model) == line
    assert describe(signature_model("Again", line, types=types)) == line


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (List[int], "list[int]"),  # noqa: UP006
        (Dict[str, Any], "dict[str, Any]"),  # noqa: UP006
        (Tuple, "tuple"),  # noqa: UP006
        (Tuple[int, ...], "tuple[int, ...]"),  # noqa: UP006
        (Optional[int], "int | None"),  # noqa: UP045
        (Union[int, str], "int | str"),  # noqa: UP007
        (Mapping[str, int], "Mapping[str, int]"),
        (AnyUrl, "Url"),
        (Ticket, "Ticket"),
        (Page[int], "Page[int]"),
        (list[Annotated[int, Field(ge=1)]], "list[int]"),
        (Annotated[int, Field(ge=1)], "int"),
        (list[Annotated[int, {"unit": "m"}]], "list[int]"),
        (Literal[Colour.RED, 1], "Literal[Colour.RED, 1]"),
        (Literal[Level.HIGH], "Literal[Level.HIGH]"),
        (Callable[[int, str], None], "Callable[[int, str], None]"),
        (Callable[..., Any], "Callable[..., Any]"),
        (type[int], "type[int]"),
        (UserId, "UserId"),
        (T, "T"),
    ],
    ids=str,
)
def test_types_of_any_model_are_written(kind: Any, name: str) -> None:
    """What no signature can say is written so that a reader understands it."""
    model = signature_model("Made", {"x": kind})
    assert describe(model) == f"x: {name}"


class Whole(BaseModel):
    required: int
    text: str = Field("a", description="with\n lines, note: kept")
    colour: Colour = Colour.RED
    level: Level = Level.HIGH
    day: date = date(2024, 1, 2)
    price: Decimal = Decimal("1.50")
    ticket: Ticket = Ticket(title="a")
    tags: list[str] = Field(default_factory=list)
    names: set[str] = Field(default_factory=set[str])
    pairs: dict[str, int] = Field(default_factory=dict)
    made: int = Field(default_factory=lambda: 5)
    maybe: int | None = Field(default_factory=lambda: None)
    secret: SecretStr = SecretStr("hidden")
    silent: Any = Silent()
    deep: Any = [Silent()]
    pair: Any = (1, {2: Silent()})
    nothing: int | None = None


def test_every_model_is_described() -> None:
    """Defaults are literals where there is one, secrets stay hidden, and what is made later is left open."""
    assert describe(Whole).splitlines() == [
        "required: int",
        "text: str = 'a' || with lines, note: kept",
        "colour: Colour = 'red'",
        "level: Level = 3",
        "day: date = '2024-01-02'",
        "price: Decimal = '1.50'",
        "ticket: Ticket = {'title': 'a'}",
        "tags: list[str] = []",
        "names: set[str] = []",
        "pairs: dict[str, int] = {}",
        "made?: int",
        "maybe?: int",
        "secret: SecretStr = '**********'",
        "silent?: Any",
        "deep?: Any",
        "pair?: Any",
        "nothing?: int",
    ]


def test_a_subclass_is_described_by_its_own_fields() -> None:
    """A model that extends one made of a signature does not repeat that one's text."""
    base: Any = signature_model("Made", "x: int")

    class Extended(base):  # type: ignore[misc]
        y: str

    assert describe(Extended) == "x: int\ny: str"
