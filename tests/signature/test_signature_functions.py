"""Models of the parameters of functions."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Annotated, Any, Optional

import pytest
from pydantic import Field, ValidationError

from agentcore._signature import describe, input_model_of
from agentcore._signature import parameters_of_type as of_type
from agentcore.errors import SignatureError

if TYPE_CHECKING:
    from decimal import Decimal


class Run:
    """Stands for the run's context."""


class BigRun(Run):
    """A kind of it."""


def search(query: str, limit: int = 5, *, tags: list[str] | None = None, exact: Any = False) -> list[Decimal]:
    """Search everything.

    Args:
        query: What to look for: words,
            or a "phrase".

            A paragraph of it.
        limit (int, optional): How many.
        *tags: Only these.
        nobody: Is not a parameter.

    Returns:
        exact: not an argument.
    """
    raise NotImplementedError


def test_parameters_become_fields() -> None:
    """Annotations, defaults and the docstring are the fields' types, defaults and descriptions."""
    model = input_model_of(search)
    assert describe(model).splitlines() == [
        'query: str | What to look for: words, or a "phrase". A paragraph of it.',
        "limit: int = 5 | How many.",
        "tags?: list[str] | Only these.",
        "exact: Any = False",
    ]
    assert model.__name__ == "search_input"
    assert model.model_validate({"query": "a", "limit": "7"}).model_dump()["limit"] == 7
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.model_validate({"query": "a", "page": 1})


def test_a_parameter_without_an_annotation_takes_anything() -> None:
    """Nothing is known of it, so nothing is refused."""
    namespace: dict[str, Any] = {}
    exec("def function(value, *, other=None): ...", namespace)  # as authors without types write it
    assert describe(input_model_of(namespace["function"])).splitlines() == ["value: Any", "other: Any = None"]


class Store:
    """Stores.

    Args:
        path: Where.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def save(self, text: str) -> None:
        """Save.

        Parameters:
            text (str): What.
        """

    def __call__(self, text: str) -> None:
        """Save.

        Arguments:
          text: What.
        """


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        (Store, ["path: str | Where."]),
        (Store("a").save, ["text: str | What."]),
        (Store("a"), ["text: str | What."]),
        (functools.partial(search, "a", limit=1), None),
        (decorated(search), None),
        (functools.lru_cache(search), None),
        (decorated(Store("a").save), ["text: str | What."]),
        (functools.partial(Store("a").save, text="b"), ["text: str = 'b' | What."]),
    ],
    ids=["class", "method", "object", "partial", "decorated", "cached", "decorated method", "partial method"],
)
def test_every_callable_serves(function: Any, lines: list[str] | None) -> None:
    """Methods, objects, classes, partials and decorated functions are described like functions."""
    text = describe(input_model_of(function))
    assert text.splitlines() == lines if lines else "limit: int = " in text


def plain(context: Run, query: str) -> None: ...
def optional(query: str, context: Run | None = None) -> None: ...
def old(query: str, context: Optional[Run] = None) -> None: ...  # noqa: UP045 - as it was written once
def special(query: str, context: BigRun) -> None: ...
def annotated(context: Annotated[Run, "the run"], query: str) -> None: ...
def positional(context: Run, /, query: str) -> None: ...


@pytest.mark.parametrize("function", [plain, optional, old, special, annotated, positional])
def test_parameters_to_skip_are_no_fields(function: Any) -> None:
    """What the framework passes itself is not asked of the model."""
    assert list(input_model_of(function, skip=(Run,)).model_fields) == ["query"]
    assert of_type(function, (Run,)) == ("context",)


def test_other_types_are_not_skipped() -> None:
    """A type that merely may be one of those to skip is a field."""

    def function(value: Run | int | None = None, count: int = 0, *, nothing: None = None) -> None: ...

    assert of_type(function, (Run,)) == ()
    assert of_type(function, ()) == ()
    assert of_type(function, (int, Run)) == ("value", "count")


def test_names_to_skip_need_no_import() -> None:
    """A module may import the type of a parameter to skip for type checkers alone."""
    namespace: dict[str, Any] = {}
    exec("def function(context: 'Run', query: 'str') -> 'Nobody': ...", namespace)  # without this module's globals
    assert list(input_model_of(namespace["function"], skip=(Run,)).model_fields) == ["query"]


class Marker:
    """Cannot be written as JSON."""


MARKER: Any = Marker()


def described(
    first: Annotated[int, Field(ge=1, description="its own")],
    second: Annotated[int, Field(ge=1)],
    third: int = Field(default=3, le=5),
    fourth: Any = MARKER,
    fifth: Annotated[int, "a note"] = 7,
) -> None:
    """Do.

    Args:
        first: The docstring's.
        second: The docstring's.
        fifth: The docstring's.
    """


def test_annotations_and_defaults_keep_what_they_say() -> None:
    """A description in an annotation goes before the docstring's, and constraints are kept."""
    schema = input_model_of(described).model_json_schema()["properties"]
    assert schema["first"]["description"] == "its own"
    assert schema["second"] == {"title": "Second", "type": "integer", "minimum": 1, "description": "The docstring's."}
    assert schema["third"] == {"title": "Third", "type": "integer", "maximum": 5, "default": 3}
    assert schema["fourth"] == {"title": "Fourth"}
    assert schema["fifth"]["description"] == "The docstring's."


def test_a_default_that_is_no_json_is_passed_as_it_is() -> None:
    """A schema cannot show it, but the function gets the very object."""
    made: Any = input_model_of(described).model_validate({"first": 1, "second": 1})
    assert made.fourth is MARKER


def many(query: str, *rest: str) -> None: ...
def any_name(query: str, **rest: str) -> None: ...
def slash(query: str, /) -> None: ...
def private(_query: str) -> None: ...
def shadowing(schema: str) -> None: ...
def opaque(query: Marker) -> None: ...
def odd(query: dict[str]) -> None: ...  # type: ignore[type-arg]
def unresolved(query: Nobody) -> None: ...  # type: ignore[name-defined]  # noqa: F821 - never to be found


REFUSED: list[tuple[Any, str, str, int]] = [
    (many, "*rest of 'many' takes any number of arguments", "many(query, *rest)", 12),
    (any_name, "**rest of 'any_name' takes arguments of any name", "any_name(query, **rest)", 16),
    (slash, "query of 'slash' cannot be passed by name", "slash(query)", 6),
    (math.sqrt, "x of 'sqrt' cannot be passed by name", "sqrt(x)", 5),
    (private, "'private_input': the field name '_query' begins with an underscore", "_query", 0),
    (shadowing, "'shadowing_input': 'schema' is taken by pydantic's BaseModel", "schema", 0),
    (opaque, "'opaque_input': pydantic cannot validate the type of 'query'", "query: Marker", 7),
    (odd, "'odd_input': pydantic cannot validate the type of 'query'", "query: dict[str]", 7),
    (unresolved, "an annotation of 'unresolved' cannot be resolved: name 'Nobody'", "unresolved", 0),
    (max, "the parameters of 'max' are not known", "max", 0),
    (5, "the parameters of 'int' are not known", "int", 0),
]


@pytest.mark.parametrize(
    ("function", "message", "text", "position"),
    REFUSED,
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_no_model_can_describe_is_refused(function: Any, message: str, text: str, position: int) -> None:
    """The error names the function and the parameter, why it cannot be, and what to do."""
    with pytest.raises(SignatureError) as caught:
        input_model_of(function)
    assert caught.value.message.startswith(message)
    assert (caught.value.text, caught.value.position) == (text, position)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("doc", "description"),
    [
        ("Do.\n\nArgs:\n    a: One.\n    b: Two.", "One."),
        ("Do.\n\nArgs:\n\ta: One.\n\n\n\tb: Two.", "One."),
        ("Do.\n\nArgs:\n  a (tuple[int, str] | None): One: it is.\n", "One: it is."),
        ("Do.\n\nArgs:\n  a (Callable[[], int], optional): One.\n", "One."),
        ("Do.\n\nArgs:\n    a:\n        One,\n          and more.\nReturns:\n    a: No.", "One, and more."),
        ("Do.\n\nArgs:\n    Some words before.\n    a: One.", "One."),
        ("Do.\n\nArgs:\n    a: One\n    goes on\n    b: Two.", "One goes on"),
        ("Do.\n\nArgs:\n    a: One, see\n        b: not an argument.", "One, see b: not an argument."),
        ("Do.\n\n    Args:\n        a: One.\n    Note: not this.", "One."),
        ("Do.\n\nArgs:\n    http://example.org\n    a: One.", "One."),
        ("Args:\n    a: One.\nReturns:\n    No.", "One."),
        ("Do.\n\nArgs:\n    b: Two.\n\nKeyword Args:\n    a: One.\nOther Parameters:\n    c: Three.", "One."),
        ("Do.\n\nArgs:", None),
        ("Do.\n\nArgs:\nNothing is indented.\na: One.", None),
        ("Arguments are: a: One.", None),
        ("", None),
    ],
    ids=repr,
)
def test_google_sections_are_read(doc: str, description: str | None) -> None:
    """Continued lines, types in brackets, blank lines and odd indentation do not confuse it."""

    def function(a: int, b: int = 0) -> None: ...

    function.__doc__ = doc
    assert input_model_of(function).model_fields["a"].description == description
