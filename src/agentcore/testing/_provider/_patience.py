"""How long a provider may keep a run waiting."""

from __future__ import annotations

import asyncio
import sys
import threading
from asyncio.events import Handle
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from traceback import extract_stack
from types import FrameType
from typing import Final

from agentcore.testing._arguments import hook_arguments
from agentcore.testing._provider._setting import ProviderTests, Trial, a_context, failed, plain_runs

__all__ = ["PatienceContract"]

_STEP: Final = Handle._run.__code__
"""What a loop of asyncio runs each of its steps by."""


class PatienceContract(ProviderTests):
    """It ends in time, can be cancelled, and lets others have their turn."""

    def test_it_ends_in_time(self) -> None:
        """No execution takes longer than :attr:`patience`."""

        async def play(trial: Trial) -> dict[object, str]:
            await plain_runs(trial)
            return trial.failures(timeouts=True)

        failed(self.tried(play).values())

    def test_it_lets_itself_be_cancelled(self) -> None:
        """What waits while its run is cancelled ends, and does not go on as if nothing had happened."""

        async def play(trial: Trial) -> list[str]:
            return [each for hook in trial.hooks if (each := await _cancelled(trial, hook))]

        failed(self.tried(play))

    def test_it_does_not_block_the_event_loop(self) -> None:
        """Not for longer than :attr:`stall`: what waits or computes runs on a thread, ``@hookimpl(blocking=True)``."""

        async def play(trial: Trial) -> list[str]:
            async with _watched(self.stall) as stalls:
                await plain_runs(trial)
            return stalls

        failed(self.tried(play))


async def _cancelled(trial: Trial, hook: str) -> str:
    """Cancel an execution where it waits; returns what is wrong with how it ends, if it does wait."""
    found = [each for each in trial.implementations if each.hook == hook]
    if any(each.mode == "thread" for each in found):
        # A thread cannot be cancelled, and nobody waits for it.
        return ""
    call = trial.manager.call_of(trial.name, hook)(**hook_arguments(hook, a_context()))
    task = asyncio.ensure_future(call)
    for _ in range(5):
        await asyncio.sleep(0)
    if task.done() or not task.cancel():
        return ""
    _, waiting = await asyncio.wait([task], timeout=trial.manager.settings.hook_timeout)
    if waiting:
        task.cancel()
        return f"{hook} goes on waiting when it is cancelled"
    return "" if task.cancelled() or task.exception() else f"{hook} swallows its cancellation"


@asynccontextmanager
async def _watched(stall: float) -> AsyncGenerator[list[str], None]:
    """Note what holds up the running loop for longer than *stall* seconds."""
    loop, ident = asyncio.get_running_loop(), threading.get_ident()
    ended, stalls = threading.Event(), list[str]()

    def watch() -> None:
        while not ended.is_set():
            turn = threading.Event()
            loop.call_soon_threadsafe(turn.set)
            if not turn.wait(stall / 2):
                step = _step_of(ident)
                # On a machine that is busy elsewhere everything takes long: what counts is one step that does.
                if not turn.wait(stall / 2) and step is not None and _step_of(ident) is step:
                    stalls.append(_standing(ident))
                turn.wait()
            ended.wait(0.01)

    watching = asyncio.create_task(asyncio.to_thread(watch))
    try:
        yield stalls
    finally:
        ended.set()
        await watching


def _step_of(thread: int) -> FrameType | None:
    """Return the frame of the step that the event loop of *thread* is taking; None where it waits."""
    frame: FrameType | None = sys._current_frames()[thread]
    while frame is not None and frame.f_code is not _STEP:
        frame = frame.f_back
    return frame


def _standing(thread: int) -> str:
    frame = extract_stack(sys._current_frames()[thread])[-1]
    return f"the event loop stands still in {frame.name} ({frame.filename}:{frame.lineno})"
