"""Fields that are validated without an instance of their model."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from agentcore._signature import fields_validator, signature_model

T = TypeVar("T")


class Plain(BaseModel):
    n: int
    text: str = "none"
    given: list[int] = Field(default_factory=list)


class Configured(BaseModel):
    model_config = ConfigDict(extra="allow", str_strip_whitespace=True, strict=True, hide_input_in_errors=True)
    n: int
    text: str = ""


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    n: int


class Aliased(BaseModel):
    n: int = Field(alias="number")


class Checked(BaseModel):
    n: Annotated[int, AfterValidator(lambda n: n * 2)]
    text: str = "short"

    @field_validator("text")
    @classmethod
    def check(cls, text: str, info: Any) -> str:
        if len(text) > info.data.get("n", 0):
            raise ValueError("longer than n")
        return text


class Before(BaseModel):
    n: int

    @model_validator(mode="before")
    @classmethod
    def take(cls, data: Any) -> Any:
        return {"n": data.get("m", 0) + 1}


class After(BaseModel):
    n: int

    @model_validator(mode="after")
    def check(self) -> After:
        if self.n < 0:
            raise ValueError("negative")
        self.n += 1
        return self


class Initialised(BaseModel):
    n: int

    def __init__(self, **fields: Any) -> None:
        super().__init__(n=fields["n"] + 1)


class PostInitialised(BaseModel):
    n: int

    def model_post_init(self, context: Any) -> None:
        self.n += 1


class Private(BaseModel):
    n: int
    _seen: int = PrivateAttr(default=1)


class Recursive(BaseModel):
    n: int
    inner: Recursive | None = None


class Holder(BaseModel, Generic[T]):
    n: T


MODELS = [
    Plain,
    Configured,
    Forbidding,
    Aliased,
    Checked,
    Before,
    After,
    Initialised,
    PostInitialised,
    Private,
    Recursive,
    Holder[int],
    signature_model("triage_input", "n: int | how many\ntext: Literal['a', 'b'] = 'a'"),
]
GIVEN: list[dict[str, Any]] = [
    {"n": 3},
    {"n": "3"},
    {"n": -1},
    {"n": 3, "text": " a "},
    {"n": 3, "text": "a", "more": 1},
    {"number": 3},
    {"m": 3},
    {"n": 1, "inner": {"n": 2, "inner": {"n": "x"}}},
    {},
]


def outcome(validate: Any, given: dict[str, Any]) -> Any:
    """What comes of it: fields, or problems without their title."""
    try:
        return validate(given)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)
    except (KeyError, TypeError) as error:
        return repr(error)


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_fields_are_those_of_an_instance(model: type[BaseModel], given: dict[str, Any]) -> None:
    """Whatever the model has around its fields, they come out as those of an instance, or fail as it does."""

    def fields_of_instance(given: dict[str, Any]) -> dict[str, Any]:
        made = model.model_validate(given)
        return {name: getattr(made, name) for name in model.model_fields}

    validate = fields_validator(model)
    assert outcome(lambda given: validate(given)[0], given) == outcome(fields_of_instance, given)
