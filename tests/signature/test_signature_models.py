"""Models out of strings, dicts of fields and classes."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar, NotRequired, Required

import attrs
import pydantic.dataclasses
import pytest
from pydantic import BaseModel, ValidationError
from pydantic import Field as PydanticField
from typing_extensions import ReadOnly, TypedDict

from agentcore._signature import describe, signature_model
from agentcore.errors import SignatureError


class Ticket(BaseModel):
    title: str


def test_a_string_becomes_a_model() -> None:
    """The fields have their types, defaults and descriptions, and there are no others."""
    model = signature_model("triage_input", "ticket: str | the text, in full\npriority: int = 3\nlabels?: list['a']")
    made = model.model_validate({"ticket": "a"})
    assert made.model_dump() == {"ticket": "a", "priority": 3, "labels": None}
    assert model.model_json_schema() == {
        "title": "triage_input",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "ticket": {"title": "Ticket", "type": "string", "description": "the text, in full"},
            "priority": {"title": "Priority", "type": "integer", "default": 3},
            "labels": {
                "title": "Labels",
                "anyOf": [{"type": "array", "items": {"type": "string", "const": "a"}}, {"type": "null"}],
                "default": None,
            },
        },
        "required": ["ticket"],
    }
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.model_validate({"ticket": "a", "tickets": "b"})


def test_registered_types_are_validated() -> None:
    """A registered model is a model in the field as well."""
    model = signature_model("Made", "ticket: Ticket", types={"Ticket": Ticket})
    assert model.model_validate({"ticket": {"title": "a"}}).model_dump() == {"ticket": {"title": "a"}}


def test_a_default_is_not_shared() -> None:
    """What one run does to a default list is not seen by the next."""
    model: Any = signature_model("Made", "labels: list[str] = []")
    model().labels.append("a")
    assert model().labels == []


def test_the_same_text_gives_the_same_model() -> None:
    """Making agents again costs no new models; other names, types and texts give others."""
    first = signature_model("Made", "ticket: Ticket", types={"Ticket": Ticket})
    assert signature_model("Made", "ticket: Ticket", types={"Ticket": Ticket}) is first
    assert signature_model("Other", "ticket: Ticket", types={"Ticket": Ticket}) is not first
    assert signature_model("Made", "ticket: Ticket ", types={"Ticket": Ticket}) is not first
    assert signature_model("Made", "ticket: Ticket", types={"Ticket": int}) is not first


def test_a_registered_type_may_have_constraints() -> None:
    """A registered type may carry what pydantic's Field says."""
    types: Any = {"Share": Annotated[float, PydanticField(le=1)]}
    model = signature_model("Made", "share: Share", types=types)
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        model.model_validate({"share": 2})


def test_a_registered_type_that_cannot_be_hashed_is_refused_where_it_is_named() -> None:
    """Python makes no union of it, but it does no harm where it is not used."""
    types: Any = {"Share": Annotated[float, {"unit": "%"}]}
    assert signature_model("Made", "share: float", types=types).model_fields
    with pytest.raises(SignatureError, match="the type 'Share' cannot be hashed") as caught:
        signature_model("Made", "share: Share", types=types)
    assert caught.value.position == 7


def test_a_model_is_taken_as_it_is() -> None:
    """A pydantic model is a signature already."""
    assert signature_model("Made", Ticket) is Ticket


def test_a_dict_of_fields_has_types_and_texts() -> None:
    """A value is a type, or what stands behind a name's colon; a description may have several lines."""
    model = signature_model(
        "Made",
        {
            "ticket": str,
            "nothing": None,
            "label": "'bug' | 'question' = 'bug' | which, kind: of\n  ticket,",
            "note?": "Ticket",
            "count?": int,
            "where": "= 'here'",
            "why": "|| = 5",
            "lines": "list[\n  str]\n  = []\n  | all\n",
        },
        types={"Ticket": Ticket},
    )
    assert describe(model).splitlines() == [
        "ticket: str",
        "nothing: None",
        "label: 'bug' | 'question' = 'bug' || which, kind: of ticket,",
        "note?: Ticket",
        "count?: int",
        "where: str = 'here'",
        "why: str || = 5",
        "lines: list[str] = [] | all",
    ]
    assert not signature_model("Made", {}).model_fields


@pytest.mark.parametrize(
    ("fields", "message", "text", "position"),
    [
        ({"a": "lits[str]"}, "field 'a': unknown type 'lits'", "lits[str]", 0),
        ({"a": "str, b: int"}, "field 'a': unexpected ','", "str, b: int", 3),
        ({"a": "str\nint"}, "field 'a': unexpected 'int'", "str\nint", 4),
        ({"a": ""}, "field 'a': the type is missing", "", 0),
        ({"a": "str |\n"}, "field 'a': a type or a description is missing", "str |\n", 6),
        ({"a": "str ||\n"}, "field 'a': a description is missing", "str ||\n", 7),
        ({"a b": str}, "'Made': 'a b' cannot be a field name", "a b", 0),
        ({"_a": "int"}, "'Made': the field name '_a' begins with an underscore", "_a", 0),
        ({"a": str, "a?": str}, "'Made': a second field 'a'", "a", 0),
        ({"a": object()}, "'Made': pydantic cannot validate the type of 'a'", None, 3),
    ],
    ids=str,
)
def test_a_wrong_dict_of_fields_is_refused(
    fields: dict[str, Any], message: str, text: str | None, position: int
) -> None:
    """An error names the field, and shows the place in its text."""
    with pytest.raises(SignatureError) as caught:
        signature_model("Made", fields)
    assert caught.value.message.startswith(message)
    assert caught.value.position == position
    assert caught.value.hint
    assert text in (None, caught.value.text)


@dataclasses.dataclass
class Point:
    """A point."""

    x: Annotated[int, PydanticField(ge=0)]
    y: int = dataclasses.field(default=1, metadata={"description": "upwards"})
    tags: list[str] = dataclasses.field(default_factory=list[str])
    z: int = PydanticField(default=5, description="deep")
    seen: int = dataclasses.field(default=0, init=False)
    shared: ClassVar[int] = 0


@dataclasses.dataclass
class Bare:
    x: int


@pydantic.dataclasses.dataclass
class Checked:
    x: int = PydanticField(ge=0, description="rightwards")
    seen: int = dataclasses.field(default=0, init=False)


@attrs.define
class Shape:
    """A shape."""

    _x: int
    y: int = attrs.field(default=1, metadata={"description": "upwards"})
    tags: list[str] = attrs.field(factory=list[str])
    seen: int = attrs.field(default=0, init=False)
    z: str | None = None


Loose = attrs.make_class("Loose", {"x": attrs.field()})


class Spot(TypedDict):
    """A spot."""

    x: int
    y: NotRequired[Annotated[int, PydanticField(ge=0)]]
    z: ReadOnly[str]


class Options(TypedDict, total=False):
    x: Required[int]
    y: int | None


@pytest.mark.parametrize(
    ("cls", "doc", "lines"),
    [
        (Point, "A point.", ["x: int", "y: int = 1 | upwards", "tags: list[str] = []", "z: int = 5 | deep"]),
        (Bare, None, ["x: int"]),
        (Checked, None, ["x: int | rightwards"]),
        (Shape, "A shape.", ["x: int", "y: int = 1 | upwards", "tags: list[str] = []", "z?: str"]),
        (Loose, None, ["x: Any"]),
        (Spot, "A spot.", ["x: int", "y?: int", "z: str"]),
        (Options, None, ["x: int", "y?: int"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_class_becomes_a_model(cls: type[Any], doc: str | None, lines: list[str]) -> None:
    """What a caller of a dataclass, an attrs class or a typed dict may pass are the fields."""
    model = signature_model("Made", cls)
    assert describe(model).splitlines() == lines
    assert model.__doc__ == doc
    with pytest.raises(ValidationError):
        model.model_validate({"x": 1, "z": "a", "other": 1})


def test_constraints_of_a_class_are_kept() -> None:
    """What an annotation or pydantic's Field demands is demanded by the model."""
    for cls in (Point, Checked):
        with pytest.raises(ValidationError, match="greater than or equal to 0"):
            signature_model("Made", cls).model_validate({"x": -1})


@attrs.define
class OfItself:
    x: int = attrs.Factory(id, takes_self=True)


@dataclasses.dataclass
class Unresolved:
    x: Nobody  # type: ignore[name-defined]  # noqa: F821 - never to be found


@dataclasses.dataclass
class Reserved:
    json: str


class Opaque:
    """Nothing that pydantic can validate."""


@dataclasses.dataclass
class Unusable:
    x: int
    y: dict[str, Opaque]


class Later(BaseModel):
    child: Nobody  # type: ignore[name-defined]  # noqa: F821 - never to be found


@dataclasses.dataclass
class Incomplete:
    y: list[Later]


@dataclasses.dataclass
class Contradicting:
    x: int
    y: str = PydanticField(pattern="(")


@pytest.mark.parametrize(
    ("spec", "message", "text"),
    [
        (OfItself, "the default of 'x' is made of the instance", "x"),
        (Unresolved, "an annotation of 'Unresolved' cannot be resolved: name 'Nobody'", "Unresolved"),
        (Reserved, "'Made': 'json' is taken by pydantic's BaseModel", "json"),
        (Unusable, "'Made': pydantic cannot validate the type of 'y': Unable to", "y: dict[str, Opaque]"),
        (Incomplete, "'Made': pydantic cannot validate the type of 'y'", "y: list[Later]"),
        (Contradicting, "'Made': Error building", "x, y"),
        (Opaque, "the class 'Opaque' is no signature", "Opaque"),
        (int, "the class 'int' is no signature", "int"),
        (dict, "the class 'dict' is no signature", "dict"),
        (5, "a value of type 'int' is no signature", "int"),
        (None, "a value of type 'NoneType' is no signature", "NoneType"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_no_signature_is_refused(spec: Any, message: str, text: str) -> None:
    """The error names the class or the field at fault, and what would serve."""
    with pytest.raises(SignatureError) as caught:
        signature_model("Made", spec)
    assert caught.value.message.startswith(message)
    assert caught.value.text == text
    assert caught.value.hint


@pytest.mark.parametrize("spec", ["x: int", {"x": int}, Point, Ticket], ids=["text", "dict", "class", "model"])
def test_reserved_names_are_refused_in_every_form(spec: Any) -> None:
    """The caller may keep names for itself, wherever the fields come from."""
    with pytest.raises(SignatureError, match="is reserved"):
        signature_model("Made", spec, reserved={"x", "title"})


def test_a_field_may_be_named_like_pydantics_own_namespace_in_a_class() -> None:
    """A class that is the author's own may have the names that pydantic lets pass, without a warning."""
    model = signature_model("Made", dataclasses.make_dataclass("Car", [("model_name", str)]))
    assert list(model.model_fields) == ["model_name"]
