"""Finding contexts, and letting go of them."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore import ContextManager, ExecutionContext


def test_a_context_is_live_until_it_is_finished(contexts: ContextManager) -> None:
    """It moves from the live ones to the finished ones, with its outcome and end."""
    context = contexts.create("triage", metadata={"tenant": "acme"})
    assert contexts.live() == [context]
    assert contexts.finished() == []
    assert context.metadata == {"tenant": "acme"}
    contexts.finish(context, "denied")
    assert contexts.live() == []
    assert contexts.finished() == [context]
    assert context.outcome == "denied"
    assert context.end_time is not None


def test_finishing_twice_changes_nothing(contexts: ContextManager) -> None:
    """The first outcome and end hold."""
    context = contexts.create("triage")
    contexts.finish(context)
    end = context.end_time
    contexts.finish(context, "error")
    assert (context.outcome, context.end_time) == ("ok", end)
    assert contexts.finished() == [context]


def test_finishing_what_was_never_begun_holds_nothing(contexts: ContextManager) -> None:
    """A context that the manager did not make or begin is ended and not held."""
    context = ExecutionContext("triage")
    contexts.finish(context)
    assert context.outcome == "ok"
    assert contexts.finished() == []


def test_a_child_is_made_of_its_parent(contexts: ContextManager) -> None:
    """It inherits as a fork does, and has its own limit."""
    parent = contexts.create("parent", metadata={"tenant": "acme"}, timeout=60)
    child = contexts.create("child", parent=parent, metadata={"step": 1}, timeout=30)
    assert child.parent is parent
    assert child.metadata == {"tenant": "acme", "step": 1}
    assert parent.remaining is not None
    assert child.remaining is not None
    assert child.remaining < parent.remaining


def test_children_are_found_live_and_finished(contexts: ContextManager) -> None:
    """Live ones come first; grandchildren and strangers do not count."""
    parent = contexts.create("parent")
    done, live = (contexts.create(name, parent=parent) for name in ("done", "live"))
    contexts.create("grandchild", parent=live)
    contexts.create("stranger")
    contexts.finish(done)
    assert contexts.children(parent) == [live, done]


def test_a_context_is_found_by_its_id(contexts: ContextManager) -> None:
    """As long as it is held."""
    live, done = contexts.create("live"), contexts.create("done")
    contexts.finish(done)
    assert contexts.get(live.context_id) is live
    assert contexts.get(done.context_id) is done
    assert contexts.get("0" * 32) is None
    contexts.prune()
    assert contexts.get(done.context_id) is None


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 12))
def test_no_more_than_the_newest_finished_ones_are_held(keep: int, runs: int) -> None:
    """However many runs there were, the manager holds *keep* of them."""
    contexts = ContextManager(keep=keep)
    made = [contexts.create(str(number)) for number in range(runs)]
    for each in made:
        contexts.finish(each)
    assert contexts.finished() == made[max(0, runs - keep) :]
    assert contexts.live() == []


def test_pruning_lets_go_of_the_old_ones(contexts: ContextManager) -> None:
    """Live ones and those that ended lately stay."""
    live = contexts.create("live")
    for number in range(3):
        contexts.finish(contexts.create(str(number)))
    assert contexts.prune(older_than=60) == 0
    assert len(contexts.finished()) == 3
    assert contexts.prune() == 3
    assert contexts.prune() == 0
    assert contexts.finished() == []
    assert contexts.live() == [live]


def test_pruning_on_several_threads_counts_each_once(contexts: ContextManager) -> None:
    """What one thread lets go of is not counted by another, and what finishes meanwhile is not lost."""
    contexts = ContextManager(keep=100_000)
    barrier = threading.Barrier(3)
    pruned: list[int] = []

    def prune() -> None:
        barrier.wait()
        pruned.append(sum(contexts.prune() for _ in range(50)))

    def finish() -> None:
        barrier.wait()
        for number in range(2_000):
            contexts.finish(contexts.create(str(number)))

    threads = [threading.Thread(target=each) for each in (prune, prune, finish)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(pruned) + len(contexts.finished()) == 2_000


def test_a_manager_must_be_able_to_keep_something_or_nothing() -> None:
    """A negative number of contexts cannot be kept."""
    with pytest.raises(ValueError, match="maxlen"):
        ContextManager(keep=-1)
