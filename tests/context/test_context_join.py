"""How a child's state comes back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore import ExecutionContext
from agentcore.errors import ContextError

states = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3))


def family(mine: dict[str, Any], theirs: dict[str, Any]) -> tuple[ExecutionContext, ExecutionContext]:
    """A parent and its child, each with a state."""
    parent = ExecutionContext("parent")
    child = parent.fork("child")
    parent.state.update(mine)
    child.state.update(theirs)
    return parent, child


@settings(deadline=None)
@given(states, states)
def test_the_child_wins_where_it_is_told_to(mine: dict[str, int], theirs: dict[str, int]) -> None:
    """With conflict="child" the result is the parent's state updated by the child's."""
    parent, child = family(mine, theirs)
    parent.join(child, conflict="child")
    assert parent.state == {**mine, **theirs}
    assert child.state == theirs


@settings(deadline=None)
@given(states, states)
def test_the_parent_wins_where_it_is_told_to(mine: dict[str, int], theirs: dict[str, int]) -> None:
    """With conflict="parent" only keys that the parent lacks come."""
    parent, child = family(mine, theirs)
    parent.join(child, conflict="parent")
    assert parent.state == {**theirs, **mine}


@settings(deadline=None)
@given(states, states)
def test_different_values_are_an_error_unless_somebody_wins(mine: dict[str, int], theirs: dict[str, int]) -> None:
    """Without a rule, equal values pass, and a difference changes nothing at all."""
    parent, child = family(mine, theirs)
    if all(mine[key] == theirs[key] for key in mine.keys() & theirs.keys()):
        parent.join(child)
        assert parent.state == {**mine, **theirs}
    else:
        with pytest.raises(ContextError, match="both hold the state"):
            parent.join(child)
        assert parent.state == mine


@settings(deadline=None)
@given(states, states)
def test_a_function_settles_conflicts(mine: dict[str, int], theirs: dict[str, int]) -> None:
    """It gets the key and both values, and is asked only where both hold the key."""
    parent, child = family(mine, theirs)
    asked: list[str] = []

    def add(key: str, one: int, other: int) -> int:
        asked.append(key)
        return one + other

    parent.join(child, conflict=add)
    assert parent.state == {
        key: mine.get(key, 0) + theirs.get(key, 0) if key in theirs and mine.get(key) is not theirs[key] else value
        for key, value in {**theirs, **mine}.items()
    }
    assert set(asked) <= mine.keys() & theirs.keys()


@settings(deadline=None)
@given(states, states, st.sets(st.sampled_from("abcdefgh")))
def test_only_the_named_keys_come(mine: dict[str, int], theirs: dict[str, int], keys: set[str]) -> None:
    """Keys that the child does not hold are passed over."""
    parent, child = family(mine, theirs)
    parent.join(child, conflict="child", keys=keys)
    assert parent.state == {**mine, **{key: value for key, value in theirs.items() if key in keys}}


def test_a_failing_rule_changes_nothing() -> None:
    """What a rule raises passes, and the parent's state is as it was."""
    parent, child = family({"a": 1, "b": 1}, {"b": 2, "c": 3})

    def refuse(key: str, mine: int, theirs: int) -> int:
        raise KeyError(key)

    with pytest.raises(KeyError, match="b"):
        parent.join(child, conflict=refuse)
    assert parent.state == {"a": 1, "b": 1}


@pytest.mark.parametrize("stranger", ["other", "grandchild", "self"])
def test_only_a_child_can_be_joined(stranger: str) -> None:
    """A context joins with the one that it was forked from."""
    parent = ExecutionContext("parent")
    contexts = {"other": ExecutionContext("other"), "grandchild": parent.fork().fork(), "self": parent}
    with pytest.raises(ContextError, match="not a child") as caught:
        parent.join(contexts[stranger])
    assert "forked from" in caught.value.hint


def test_an_error_says_what_to_do() -> None:
    """It names the key and the ways to settle it."""
    parent, child = family({"finding": 1}, {"finding": 2})
    with pytest.raises(ContextError, match="'finding'") as caught:
        parent.join(child)
    assert 'conflict="child"' in caught.value.hint


def test_values_that_are_equal_do_not_conflict() -> None:
    """They need not be the same object; the parent's stays."""
    mine: list[int] = [1]
    parent, child = family({"found": mine}, {"found": [1]})
    parent.join(child)
    assert parent.state["found"] is mine
