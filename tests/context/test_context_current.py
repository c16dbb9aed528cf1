"""The context of the code that is running."""

import asyncio
import threading

import pytest

from agentcore import ExecutionContext, current_context, use_context


def fail_within(context: ExecutionContext) -> None:
    assert current_context() is context
    raise KeyError


def test_there_is_none_outside_of_runs() -> None:
    """Code that no run called has no context."""
    assert current_context() is None


def test_a_block_has_its_context() -> None:
    """The one before comes back at the end of the block, after an error, too."""
    outer, inner = ExecutionContext("outer"), ExecutionContext("inner")
    with use_context(outer) as entered:
        assert entered is outer is current_context()
        with pytest.raises(KeyError), use_context(inner):
            fail_within(inner)
        assert current_context() is outer
    assert current_context() is None


async def test_tasks_inherit_the_context_and_do_not_give_it_back() -> None:
    """A task begins with its maker's, and what it sets is its own."""
    seen: list[ExecutionContext | None] = []
    mine = ExecutionContext("mine")

    async def work() -> None:
        seen.append(current_context())
        with use_context(ExecutionContext("theirs")):
            await asyncio.sleep(0)

    with use_context(mine):
        await asyncio.gather(work(), work())
        assert current_context() is mine
    assert seen == [mine, mine]


async def test_concurrent_tasks_never_see_each_others_context() -> None:
    """However their steps are mixed, each of many tasks sees its own."""

    async def work(number: int) -> bool:
        with use_context(ExecutionContext(str(number))) as context:
            for _ in range(number % 5):
                await asyncio.sleep(0)
                if current_context() is not context:
                    return False
            return await asyncio.to_thread(current_context) is context

    assert all(await asyncio.gather(*(work(number) for number in range(200))))


def test_a_thread_of_its_own_has_none() -> None:
    """Only threads that copy the context variables inherit it."""
    seen: list[ExecutionContext | None] = []
    with use_context(ExecutionContext("mine")):
        thread = threading.Thread(target=lambda: seen.append(current_context()))
        thread.start()
        thread.join()
    assert seen == [None]
