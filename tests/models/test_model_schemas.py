"""Bounds and the strict form of JSON Schemas."""

from copy import deepcopy
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from agentcore.models._bounds import MAX_ITEMS, MAX_LENGTH, bounded
from agentcore.models._strict import strict


class Person(BaseModel):
    """Names that are keywords, and references, on purpose."""

    type: str
    properties: list[str] = []
    kind: Literal["a", "b"] = "a"
    parent: "Person | None" = None
    born: str = Field(default="", max_length=10)


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        pytest.param(TEXT, {"type": "string", "maxLength": MAX_LENGTH}, id="text"),
        pytest.param({"type": "string", "maxLength": 5}, {"type": "string", "maxLength": 5}, id="bounded text"),
        pytest.param(
            {"type": "string", "minLength": 900},
            {"type": "string", "minLength": 900, "maxLength": 900},
            id="at least more than the bound",
        ),
        pytest.param(
            {"type": "array", "items": TEXT},
            {"type": "array", "items": {"type": "string", "maxLength": MAX_LENGTH // 4}, "maxItems": MAX_ITEMS},
            id="list",
        ),
        pytest.param({"type": "array", "maxItems": 2}, {"type": "array", "maxItems": 2}, id="bounded list"),
        pytest.param(
            {"type": "array", "prefixItems": [TEXT], "maxItems": 1},
            {"type": "array", "prefixItems": [{"type": "string", "maxLength": MAX_LENGTH}], "maxItems": 1},
            id="tuple",
        ),
        pytest.param(
            {"type": ["string", "null"]}, {"type": ["string", "null"], "maxLength": MAX_LENGTH}, id="text or null"
        ),
        pytest.param({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}, id="choice"),
        pytest.param({"type": "string", "const": "a"}, {"type": "string", "const": "a"}, id="constant"),
        pytest.param(
            {"type": "string", "format": "uri"},
            {"type": "string", "format": "uri", "maxLength": MAX_LENGTH},
            id="format",
        ),
        pytest.param(
            {"type": "string", "pattern": "^[a-z]+$"}, {"type": "string", "pattern": "^[a-z]+$"}, id="pattern"
        ),
        pytest.param(
            {"type": "string", "pattern": r"^\d+$"},
            {"type": "string", "maxLength": MAX_LENGTH},
            id="pattern that is not followed",
        ),
        pytest.param(
            {"type": "string", "pattern": "[a-z]+"}, {"type": "string", "maxLength": MAX_LENGTH}, id="no anchors"
        ),
        pytest.param({"type": "integer"}, {"type": "integer"}, id="number"),
        pytest.param(True, True, id="boolean schema"),
    ],
)
def test_what_runs_away_is_bounded(node: Any, expected: Any) -> None:
    """Everything else stays as it is, wherever it stands."""
    assert bounded(obj(field=node))["properties"]["field"] == expected
    assert bounded({"$defs": {"D": node}})["$defs"]["D"] == expected
    assert bounded({"anyOf": [node]})["anyOf"] == [expected]
    assert bounded({"type": "object", "additionalProperties": node})["additionalProperties"] == expected


def test_names_and_values_are_not_taken_for_keywords() -> None:
    """A field may be called ``type``, and a default may look like a schema."""
    schema = {"type": "object", "properties": {"type": TEXT, "x": {"default": {"type": "string"}}}}
    assert bounded(schema)["properties"] == {
        "type": {"type": "string", "maxLength": MAX_LENGTH},
        "x": {"default": {"type": "string"}},
    }


def nodes() -> st.SearchStrategy[dict[str, Any]]:
    """JSON Schemas of the shapes that pydantic writes."""
    leaves: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [{"type": "string"}, {"type": "integer"}, {"enum": ["a"]}, {"type": "string", "minLength": 3}, {"type": "null"}]
    )
    return st.recursive(
        leaves,
        lambda children: st.one_of(
            st.dictionaries(st.sampled_from(["a", "type", "items"]), children, max_size=3).map(lambda p: obj(**p)),
            children.map(lambda items: {"type": "array", "items": items}),
            st.lists(children, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        ),
        max_leaves=12,
    )


@given(nodes())
def test_bounding_changes_nothing_twice_and_never_its_argument(node: dict[str, Any]) -> None:
    """It is a pure function, and what is bounded is bounded."""
    before = deepcopy(node)
    once = bounded(node)
    assert bounded(once) == once
    assert node == before


def test_strict_form_requires_every_field_and_allows_no_other() -> None:
    """Defaults and titles go; references stand alone."""
    schema = Person.model_json_schema()
    before = deepcopy(schema)
    form = strict(schema["$defs"]["Person"])
    assert form == {
        "type": "object",
        "description": "Names that are keywords, and references, on purpose.",
        "properties": {
            "type": {"type": "string"},
            "properties": {"type": "array", "items": {"type": "string"}},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "parent": {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]},
            "born": {"type": "string", "maxLength": 10},
        },
        "required": ["type", "properties", "kind", "parent", "born"],
        "additionalProperties": False,
    }
    assert schema == before


def test_a_described_reference_is_wrapped() -> None:
    """Nothing may stand beside a reference."""
    form = strict(obj(field={"$ref": "#/$defs/D", "description": "x"}) | {"$defs": {"D": TEXT}})
    assert form is not None
    assert form["properties"]["field"] == {"anyOf": [{"$ref": "#/$defs/D"}], "description": "x"}
    assert form["$defs"] == {"D": TEXT}


def test_one_of_becomes_any_of() -> None:
    """Only the latter is known there."""
    form = strict(obj(field={"oneOf": [TEXT, {"type": "null"}], "discriminator": {"propertyName": "x"}}))
    assert form is not None
    assert form["properties"]["field"] == {"anyOf": [TEXT, {"type": "null"}]}


@pytest.mark.parametrize(
    "node",
    [
        pytest.param({"type": "object"}, id="any object"),
        pytest.param({"type": "object", "additionalProperties": TEXT}, id="map"),
        pytest.param({}, id="anything"),
        pytest.param({"title": "X"}, id="anything with a title"),
        pytest.param(True, id="boolean schema"),
        pytest.param({"type": "array"}, id="list of anything"),
        pytest.param({"type": "array", "items": {}}, id="list of untyped items"),
        pytest.param({"type": "array", "prefixItems": [TEXT]}, id="tuple"),
        pytest.param({"allOf": [TEXT]}, id="all of"),
        pytest.param({"type": "array", "items": TEXT, "uniqueItems": True}, id="set"),
    ],
)
def test_what_has_no_strict_form_is_none(node: object) -> None:
    """The schema is then sent as it is."""
    assert strict(obj(field=node)) is None


def test_only_an_object_has_a_strict_form() -> None:
    """OpenAI refuses any other at the top."""
    assert strict({"anyOf": [obj(a=TEXT)]}) is None
    assert strict({"type": "array", "items": TEXT}) is None
