"""How much time a context has."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore import ExecutionContext
from agentcore.errors import ContextError

seconds = st.floats(allow_nan=False)


def test_there_is_no_deadline_unless_one_is_set() -> None:
    """Nothing remains where nothing is limited."""
    context = ExecutionContext("triage")
    assert context.deadline is None
    assert context.remaining is None
    assert context.fork().remaining is None


def test_the_deadline_is_an_aware_time_in_utc() -> None:
    """It is as far ahead as it was set."""
    context = ExecutionContext("triage")
    context.limit_time(60)
    assert context.deadline is not None
    assert abs(context.deadline - datetime.now(UTC) - timedelta(seconds=60)) < timedelta(seconds=5)
    assert context.deadline.tzinfo is UTC


@settings(deadline=None)
@given(st.lists(seconds, max_size=4), st.none() | seconds)
def test_the_earliest_limit_of_a_family_holds(limits: list[float], own: float | None) -> None:
    """A child never has more time than its parent, and a later limit does not prolong an earlier one."""
    parent = ExecutionContext("parent")
    for limit in limits:
        parent.limit_time(limit)
    child = parent.fork(timeout=own)
    expected = min([*limits, math.inf if own is None else own], default=math.inf)
    if math.isinf(expected) and expected > 0:
        assert child.remaining is None
    else:
        assert child.remaining == pytest.approx(expected, abs=5)
    assert isinstance(child.deadline, datetime | None)
    assert (parent.remaining or math.inf) >= (child.remaining or math.inf) - 1


def test_a_childs_limit_is_its_own(parent: ExecutionContext) -> None:
    """The parent keeps its time."""
    assert parent.fork(timeout=1).remaining is not None
    assert parent.remaining is None


def test_time_that_is_over_is_negative() -> None:
    """What remains says how long ago the deadline was."""
    context = ExecutionContext("triage")
    context.limit_time(-60)
    assert context.remaining is not None
    assert context.remaining < -50
    assert context.deadline is not None
    assert context.deadline < datetime.now(UTC)


def test_a_limit_that_is_no_number_is_refused() -> None:
    """It would never come, and nothing would say so."""
    context = ExecutionContext("triage")
    with pytest.raises(ContextError, match="nan") as caught:
        context.limit_time(math.nan)
    assert caught.value.hint
    assert context.remaining is None


@pytest.mark.parametrize(("limit", "end"), [(1e300, datetime.max), (-1e300, datetime.min)], ids=["late", "early"])
def test_a_deadline_beyond_the_calendar_is_its_end(limit: float, end: datetime) -> None:
    """Any number of seconds can be read as a time."""
    context = ExecutionContext("triage")
    context.limit_time(limit)
    assert context.deadline == end.replace(tzinfo=UTC)
