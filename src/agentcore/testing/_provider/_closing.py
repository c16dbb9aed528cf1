"""How a provider ends."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter
from pathlib import Path

import pytest

from agentcore import Provider
from agentcore.testing._provider._setting import ProviderTests, Trial, failed, plain_runs

__all__ = ["ClosingContract"]

_DESCRIPTORS = Path("/proc/self/fd") if Path("/proc/self/fd").is_dir() else Path("/dev/fd")


class ClosingContract(ProviderTests):
    """It can be closed, at any time and again, and leaves nothing behind."""

    def test_it_closes_unused(self) -> None:
        """Whether it has been started up or not."""

        async def play(trial: Trial) -> None:
            await trial.manager.aclose()

        self.check(play)
        provider = self.make_provider()
        if isinstance(provider, Provider):
            asyncio.run(provider.aclose())

    def test_it_closes_twice(self) -> None:
        """The second time does nothing."""

        async def play(trial: Trial) -> None:
            await plain_runs(trial)
            for _ in range(2):
                await trial.manager.call_of(trial.name, "agentcore_shutdown")(plugins=trial.manager)

        self.check(play)

    def test_it_can_be_started_up_again(self) -> None:
        """A program may close its plugins and go on."""

        async def play(trial: Trial) -> None:
            for _ in range(2):
                await plain_runs(trial)
                await trial.manager.aclose()
                await trial.manager.startup()

        self.check(play)

    def test_it_leaves_no_task_behind(self) -> None:
        """Closed, it has nothing to do on the event loop any more."""

        async def main() -> list[str]:
            async with self.trial() as trial:
                await plain_runs(trial)
            for _ in range(3):
                # What was cancelled has a turn to end.
                await asyncio.sleep(0)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            return [f"the task of {each.get_coro()!r} is left" for each in left]

        failed(asyncio.run(main()))

    def test_it_leaves_no_thread_behind(self) -> None:
        """Closed, it has nothing to do elsewhere any more."""
        before = set(threading.enumerate())
        self.tried(plain_runs)
        left = [each for each in threading.enumerate() if each not in before and not each.name.startswith("agentcore-")]
        failed([f"the thread {each.name!r} is left" for each in left])

    def test_it_leaves_no_file_open(self) -> None:
        """Nor a socket: closed, it holds on to nothing."""
        if not _DESCRIPTORS.is_dir():
            pytest.skip("this system does not tell which files are open")
        # What is imported, and opened once for the whole process, is nobody's fault.
        self.tried(plain_runs)
        before = _open_files()
        self.tried(plain_runs)
        failed([f"{name} is left open" for name in (_open_files() - before).elements()])


def _open_files() -> Counter[str]:
    gc.collect()
    found: Counter[str] = Counter()
    for each in os.listdir(_DESCRIPTORS):
        try:
            os.fstat(int(each))
        except OSError:  # the one that listed them
            continue
        found[_file_of(each)] += 1
    return found


def _file_of(descriptor: str) -> str:
    try:
        return os.readlink(_DESCRIPTORS / descriptor)
    except OSError:  # a system that tells which are open, and not what they are
        return f"the file descriptor {descriptor}"
