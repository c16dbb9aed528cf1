"""Who a context is, and whom it comes from."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore import ExecutionContext


def test_a_fork_points_to_the_context_it_came_from(parent: ExecutionContext) -> None:
    """A child has an id of its own, its parent's for parent, and the metadata."""
    child = parent.fork("child")
    assert child.parent_id == parent.context_id != child.context_id
    assert child.parent is parent
    assert child.agent_id == "child"
    assert child.metadata == {"tenant": "acme", "tags": ["a"]}


def test_metadata_are_inherited_by_copy(parent: ExecutionContext) -> None:
    """What the child writes is not seen by the parent, nor the other way round."""
    child = parent.fork("child", metadata={"tenant": "other", "step": 1})
    assert child.metadata == {"tenant": "other", "tags": ["a"], "step": 1}
    child.metadata["mine"] = True
    parent.metadata["yours"] = True
    assert "mine" not in parent.metadata
    assert "yours" not in child.metadata
    assert parent.metadata["tenant"] == "acme"


def test_the_metadata_given_are_copied() -> None:
    """A context does not share the mapping that it was made with."""
    given = {"tenant": "acme"}
    context = ExecutionContext("triage", metadata=given)
    given["tenant"] = "other"
    assert context.metadata == {"tenant": "acme"}


def test_a_child_takes_its_parents_agent_unless_told(parent: ExecutionContext) -> None:
    """fork() without a name keeps the agent."""
    assert parent.fork().agent_id == "parent"


def test_a_child_starts_without_state(parent: ExecutionContext) -> None:
    """State is a run's own, and not inherited."""
    parent.state["note"] = 1
    assert parent.fork().state == {}


def test_a_root_has_no_parent() -> None:
    """The oldest ancestor of a root is itself."""
    root = ExecutionContext("root")
    assert root.parent is None
    assert root.parent_id is None
    assert root.root is root
    assert root.root_id == root.context_id
    assert list(root.ancestors) == []
    assert root.depth == 0
    assert root.metadata == {}


def test_ancestors_are_read_from_the_parent_upwards() -> None:
    """Every plugin can see the whole way up to the root."""
    root = ExecutionContext("a")
    middle = root.fork("b")
    leaf = middle.fork("c")
    assert [each.agent_id for each in leaf.ancestors] == ["b", "a"]
    assert leaf.depth == 2
    assert leaf.root is root
    assert leaf.root_id == root.context_id


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=40))
def test_however_deep_a_context_is_it_finds_its_root(depth: int) -> None:
    """Depth counts the forks, and every context of a family has the same root id."""
    root = context = ExecutionContext("root")
    for _ in range(depth):
        context = context.fork()
    assert context.depth == depth == len(list(context.ancestors))
    assert context.root is root
    assert {each.root_id for each in (context, *context.ancestors)} == {root.context_id}


def test_an_id_is_32_hexadecimal_digits_and_stays() -> None:
    """The id serves as a trace id, its end as a span id."""
    context = ExecutionContext("triage")
    assert re.fullmatch(r"[0-9a-f]{32}", context.context_id)
    assert context.context_id == context.context_id
    assert context.span_id == context.context_id[16:]


def test_ids_are_unique() -> None:
    """No two of many contexts share an id."""
    assert len({ExecutionContext("triage").context_id for _ in range(10_000)}) == 10_000


def test_times_are_aware_and_in_utc() -> None:
    """The start is known from the beginning, the end not before there is one."""
    before = datetime.now(UTC)
    context = ExecutionContext("triage")
    assert before <= context.start_time <= datetime.now(UTC)
    assert context.start_time.tzinfo is UTC
    assert context.end_time is None


def test_a_context_shows_who_it_is() -> None:
    """The repr names the agent and the outcome, and no metadata: they may be secret."""
    context = ExecutionContext("triage", metadata={"token": "hunter2"}).fork("child")
    assert repr(context) == f"<ExecutionContext {context.context_id} agent='child' depth=1 live>"
    context.outcome = "denied"
    assert repr(context).endswith("denied>")
    assert "hunter2" not in repr(context)
