"""What a run and its descendants have consumed."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore import ExecutionContext, Usage

usages = st.builds(
    Usage,
    requests=st.integers(0, 5),
    input_tokens=st.integers(0, 999),
    output_tokens=st.integers(0, 999),
    cached_tokens=st.integers(0, 999),
    reasoning_tokens=st.integers(0, 999),
    cache_write_tokens=st.integers(0, 999),
    input_audio_tokens=st.integers(0, 999),
    output_audio_tokens=st.integers(0, 999),
    cost=st.none() | st.decimals(0, 10, places=4),
)


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """Has threads take turns as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def total(parts: list[Usage]) -> Usage:
    return sum(parts, Usage())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), usages), max_size=20))
def test_own_and_total_usage_add_up(added: list[tuple[int, Usage]]) -> None:
    """Own is what was counted here, total that of the context and everybody below it, each once."""
    root = ExecutionContext("root")
    left, right = root.fork(), root.fork()
    leaf = left.fork()
    family = [root, left, right, leaf]
    for index, usage in added:
        family[index].add_usage(usage)
    own = [total([usage for index, usage in added if index == each]) for each in range(4)]
    assert [each.usage for each in family] == own
    assert leaf.total_usage == own[3]
    assert right.total_usage == own[2]
    assert left.total_usage == own[1] + own[3]
    assert root.total_usage == total(own)


def test_a_new_context_has_used_nothing() -> None:
    """All counts are 0, and the cost is not known."""
    context = ExecutionContext("triage")
    assert context.usage == context.total_usage == Usage()
    assert context.usage.cost is None


def test_a_cost_that_is_known_survives_one_that_is_not() -> None:
    """None says that nobody reported a cost, and adds nothing."""
    context = ExecutionContext("triage")
    context.add_usage(Usage(cost=Decimal("0.1")))
    context.add_usage(Usage(requests=1))
    context.add_usage(Usage(cost=Decimal("0.2")))
    assert context.usage == Usage(requests=1, cost=Decimal("0.3"))


async def test_concurrent_children_are_all_counted() -> None:
    """Nothing is lost between tasks."""
    root = ExecutionContext("root")

    async def consume() -> None:
        child = root.fork()
        for _ in range(10):
            child.add_usage(Usage(requests=1, input_tokens=3))
            await asyncio.sleep(0)

    await asyncio.gather(*(consume() for _ in range(100)))
    assert root.total_usage == Usage(requests=1_000, input_tokens=3_000)
    assert root.usage == Usage()


def test_threads_do_not_lose_each_others_usage(eager_switching: None) -> None:
    """Children that end on several threads at once are all in their parent's total."""
    root = ExecutionContext("root")
    root.add_usage(Usage(requests=1))
    barrier = threading.Barrier(4)

    def consume() -> None:
        child = root.fork()
        barrier.wait()
        for _ in range(2_000):
            child.add_usage(Usage(requests=1))
            root.add_usage(Usage(output_tokens=1))

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert root.total_usage == Usage(requests=8_001, output_tokens=8_000)
