"""Cancelling a context; what it does to runs is told in the agents' tests."""

from agentcore import ContextManager, ExecutionContext


def test_a_cancelled_context_says_so(parent: ExecutionContext) -> None:
    """The reason is kept, and descendants are cancelled with it."""
    child = parent.fork().fork()
    assert not child.cancelled
    parent.cancel("no longer needed")
    assert parent.cancelled
    assert parent.cancel_reason == "no longer needed"
    assert child.cancelled
    assert child.cancel_reason is None


def test_a_parent_is_not_cancelled_with_its_child(parent: ExecutionContext) -> None:
    """Nor are brothers and sisters."""
    child, sibling = parent.fork(), parent.fork()
    child.cancel()
    assert child.cancel_reason == "cancelled"
    assert not parent.cancelled
    assert not sibling.cancelled


def test_the_first_reason_holds(parent: ExecutionContext) -> None:
    """Cancelling again changes nothing."""
    parent.cancel("first")
    parent.cancel("second")
    assert parent.cancel_reason == "first"


def test_a_context_that_has_ended_is_left_alone(contexts: ContextManager) -> None:
    """There is nothing to cancel any more."""
    context = contexts.create("triage")
    contexts.finish(context)
    context.cancel()
    assert not context.cancelled
