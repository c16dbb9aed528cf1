"""The text of a filter: what it is read as, and where it is wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentcore_vectorstore import FilterError
from agentcore_vectorstore._filters import And, Compare, Contains, Exists, Filter, Not, Or, parse_filter, passes
from agentcore_vectorstore.errors import QueryError

A = Compare(("a",), "==", 1)
B = Compare(("b",), "==", 2)
C = Compare(("c",), "==", 3)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a == 1", A),
        (" ( (a==1) ) ", A),
        ("a != 1", Not(A)),
        ("not a == 1", Not(A)),
        ("not not a == 1", Not(Not(A))),
        ("a == 1 and b == 2 and c == 3", And((A, B, C))),
        ("a == 1 or b == 2 and c == 3", Or((A, And((B, C))))),
        ("(a == 1 or b == 2) and c == 3", And((Or((A, B)), C))),
        ("not a == 1 and b == 2", And((Not(A), B))),
        ("a in [1, 'x']", Or((A, Compare(("a",), "==", "x")))),
        ("a not in [1]", Not(Or((A,)))),
        ("a in []", Or(())),
        ("a in [1,]", Or((A,))),
        ("a exists", Exists(("a",))),
        ("a contains 'x'", Contains(("a",), "x")),
        ("a contains [1, [2]]", Contains(("a",), [1, [2]])),
        ("a < -1.5e3", Compare(("a",), "<", -1500.0)),
        ("a <= 'x'", Compare(("a",), "<=", "x")),
        ("a > .5", Compare(("a",), ">", 0.5)),
        ("a >= 7.", Compare(("a",), ">=", 7.0)),
        ("a == null", Compare(("a",), "==", None)),
        ("a == true", Compare(("a",), "==", True)),
        ("a == False", Compare(("a",), "==", False)),
        ("a.b.c == 1", Compare(("a", "b", "c"), "==", 1)),
        ("`odd key`.`b.c` == 1", Compare(("odd key", "b.c"), "==", 1)),
        ("naïve-key == 1", Compare(("naïve-key",), "==", 1)),
        ('a == "it\'s"', Compare(("a",), "==", "it's")),
        (r"a == 'it\'s\n\\'", Compare(("a",), "==", "it's\n\\")),
        ("a == '-7d'", Compare(("a",), "==", "-7d")),
        ("a < '7d'", Compare(("a",), "<", "7d")),
        ("a\n==\t1", A),
    ],
)
def test_text_is_read(text: str, tree: Filter) -> None:
    """``or`` binds weaker than ``and``, that weaker than ``not``; lists, paths and quotes mean what they say."""
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "the filter is empty"),
        ("   ", 3, "the filter is empty"),
        ("a", 1, "an operator must follow the field 'a', not the end"),
        ("a = 1", 2, "'=' has no meaning here"),
        ("a = 1", 2, "hint: write '=='"),
        ("a == ", 5, "a value must come here, not the end"),
        ("a == triage", 5, 'put text into quotes: "triage"'),
        ("a == 1 b == 2", 7, "'and', 'or' or the end must come here, not 'b'"),
        ("a == 1 AND b == 2", 7, "hint: write 'and'"),
        ("a == 1 && b == 2", 7, "hint: write 'and'"),
        ("a == 1 | b == 2", 7, "hint: write 'or'"),
        ("! a == 1", 0, "hint: write 'not'"),
        ("(a == 1", 7, "')' must come here, not the end"),
        ("a == 1)", 6, "'and', 'or' or the end must come here, not ')'"),
        ("a in 1", 5, "'[' must come here, not 1"),
        ("a in [1 2]", 8, "',' must come here, not 2"),
        ("a in [1", 7, "',' must come here, not the end"),
        ("a == 'x", 5, "this text has no end"),
        ("`a == 1", 0, "close the name with a second backtick"),
        ("a. == 1", 2, "a name must follow the dot"),
        ("exists(a)", 0, "the name of a field must come here, not 'exists'"),
        ("1 == a", 0, "the name of a field must come here, not 1"),
        ("a < true", 4, "only text and numbers have an order"),
        ("a < [1]", 4, "only text and numbers have an order"),
        ("a contain 'x'", 2, "did you mean 'contains'?"),
        ("a == 1 and", 10, "the name of a field must come here, not the end"),
        ("time > '-99999999w'", 7, "no calendar reaches that far"),
        ("a == 1_000", 5, "'1' has no meaning here"),
        ("(" * 200 + "a == 1" + ")" * 200, 100, "nested deeper than 100 levels"),
        ("not " * 200 + "a == 1", 400, "nested deeper than 100 levels"),
    ],
)
def test_error_shows_the_place(text: str, position: int, message: str) -> None:
    """With a caret below it, and what to write instead."""
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    error = caught.value
    assert (error.position, error.text) == (position, text)
    assert message in str(error)
    assert isinstance(error, QueryError)
    *_, line, caret = error.message.splitlines()
    assert caret.index("^") - 2 <= len(line)


def test_caret_stands_below_the_fault() -> None:
    """In the line of a longer text in which it lies."""
    with pytest.raises(FilterError) as caught:
        parse_filter("a == 1 and\n  b === 2")
    assert caught.value.message.splitlines()[1:] == ["    b === 2", "        ^"]


@pytest.mark.parametrize(
    ("age", "ago"),
    [
        ("-7d", timedelta(days=7)),
        ("-1.5h", timedelta(hours=1.5)),
        ("+30s", timedelta(seconds=-30)),
        ("-2w", timedelta(14)),
    ],
)
def test_age_is_a_time_before_now(age: str, ago: timedelta) -> None:
    """Written as the time of what is remembered, so that the two compare as text."""
    tree: Any = parse_filter(f"time > '{age}'")
    moment = datetime.fromisoformat(tree.value)
    assert abs(datetime.now(UTC) - ago - moment) < timedelta(seconds=5)
    assert len(tree.value) == len("2026-01-02T03:04:05.000000+00:00")
    assert passes({"time": (moment + timedelta(seconds=1)).isoformat(timespec="microseconds")}, tree)
