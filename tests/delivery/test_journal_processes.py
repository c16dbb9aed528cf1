"""Several processes at one journal, killed at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import IO, Any

import pytest
from journal_worker import records

from agentcore._delivery.journal import Selection
from agentcore._delivery.sqlite import SqliteJournal

WORKER = Path(__file__).with_name("journal_worker.py")
KILLS = int(os.environ.get("AGENTCORE_CRASHES", "8"))

Start = Callable[..., "Worker"]


class Worker:
    """A process that uses the journal."""

    def __init__(self, path: Path, name: str, what: str) -> None:
        command = [sys.executable, str(WORKER), str(path), name, what]
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @property
    def output(self) -> IO[bytes]:
        """What it says."""
        assert self.process.stdout is not None
        return self.process.stdout

    def said(self) -> list[str]:
        """Wait for a line."""
        return self.output.readline().decode().split()

    def rest(self) -> list[list[str]]:
        """Return the lines up to its end; one that it was killed in says nothing."""
        return [line.decode().split() for line in self.output.read().splitlines(keepends=True) if line[-1:] == b"\n"]

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> list[list[str]]:
        """Let it end what it is doing; returns what else it says."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        rest = self.rest()
        assert self.process.wait() == 0
        return rest

    def close(self) -> None:
        """End it in any case."""
        self.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.output.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(path)
    await journal.open()
    await journal.join("store", ["agent_complete"], "now")
    yield journal
    await journal.aclose()


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def start(name: str, what: str) -> Worker:
            worker = Worker(path, name, what)
            stack.callback(worker.close)
            return worker

        yield start


async def _events(journal: SqliteJournal) -> dict[str, int]:
    """Return the position of every event, by its id, none of which may be there twice."""
    listed = [(each.record.id, each.position) async for batch in journal.select(Selection()) for each in batch]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


def _assert_acknowledged(events: dict[str, int], name: str, said: list[list[str]]) -> None:
    """Every group that was acknowledged is there, whole, at the position that was told; and they grow."""
    positions = [int(position) for position, _ in said]
    assert positions == sorted(set(positions))
    for position, number in ((int(position), int(number)) for position, number in said):
        size = number % 9 + 1
        assert [events[f"{name}.{number}.{each}.{size}"] for each in range(size)] == [
            *range(position - size + 1, position + 1)
        ]


async def test_a_kill_loses_nothing_that_was_acknowledged(journal: SqliteJournal, start: Start) -> None:
    """Whichever of several appending processes is killed, and whenever; and nothing is there in part."""
    chance, said = random.Random(0), dict[str, list[list[str]]]()
    workers = [start(f"worker-{number}", "append") for number in range(3)]
    for number in range(3, KILLS + 3):
        victim = workers.pop(0)
        begun = [victim.said() for _ in range(chance.randrange(1, 60))]
        victim.kill()
        said[victim.name] = begun + victim.rest()
        workers.append(start(f"worker-{number}", "append"))
    for worker in workers:
        said[worker.name] = [worker.said(), *worker.end()]
    events = await _events(journal)
    for name, lines in said.items():
        _assert_acknowledged(events, name, lines)
    for id in events:
        name, number, _, size = id.split(".")
        assert all(f"{name}.{number}.{each}.{size}" in events for each in range(int(size))), "there in part"
    assert await journal.check() == []


async def test_a_killed_owner_is_followed_at_once(journal: SqliteJournal, start: Start) -> None:
    """The system frees the lane with the process."""
    owner = start("owner", "own")
    assert owner.said() == ["owned"]
    assert not await journal.own("store")
    (lane,) = await journal.lanes()
    assert lane.owner == owner.process.pid
    owner.kill()
    (lane,) = await journal.lanes()
    assert lane.owner is None
    assert await journal.own("store")


async def test_killed_deliverers_pass_nothing_over(journal: SqliteJournal, start: Start) -> None:
    """Each goes on where the last one settled: every event is delivered, in order, the last batch perhaps again."""
    chance, delivered = random.Random(1), list[list[int]]()
    workers = [start(f"deliverer-{number}", "deliver") for number in range(2)]
    for number in range(KILLS):
        # More than the owner is let deliver, so that it is killed at work.
        for group in range(20):
            await journal.append(records("here", 20 * number + group, size=100, payload=100))
        owner = await _owner(journal, workers)
        begun = [int(owner.said()[0]) for _ in range(chance.randrange(1, 500))]
        owner.kill()
        delivered.append(begun + [int(position) for position, _ in owner.rest()])
        workers.remove(owner)
        workers.append(start(f"deliverer-{number + 2}", "deliver"))
    for one in delivered:
        assert one == [*range(one[0], one[0] + len(one))]
    for before, after in pairwise(delivered):
        assert before[-1] - 20 < after[0] <= before[-1] + 1, "more than a batch again, or something passed over"


async def _owner(journal: SqliteJournal, workers: list[Worker]) -> Worker:
    while True:
        (lane,) = await journal.lanes()
        for worker in workers:
            if worker.process.pid == lane.owner:
                return worker


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
async def test_a_fork_neither_has_nor_frees_what_its_parent_owns(journal: SqliteJournal, start: Start) -> None:
    """It may use the journal; and when the parent dies the lane is free, though the child lives."""
    parent = start("parent", "fork")
    assert parent.said() == ["child", "True", "False", "1"]
    assert not await journal.own("store")
    parent.kill()
    assert await journal.own("store")
    assert await journal.append(records("after", 0, size=1)) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
async def test_a_fork_appends_to_the_journal_that_others_read(journal: SqliteJournal, start: Start) -> None:
    """Nobody takes the log away from it, though the one who opened the journal before the fork is gone."""
    parent = start("parent", "fork")
    parent.said()
    parent.kill()
    await journal.aclose()
    await journal.open()
    await journal.aclose()
    assert parent.process.stdin is not None
    parent.process.stdin.write(b".")
    parent.process.stdin.flush()
    assert parent.said() == ["2"]
    assert set(await _events(journal)) == {"child.0.0.1", "child.1.0.1"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
async def test_the_end_of_a_fork_frees_nothing(journal: SqliteJournal) -> None:
    """Nor does it take the log away from those who still append to it."""
    assert await journal.own("store")
    await journal.append(records("parent", 0))

    async def in_child() -> None:
        await journal.append(records("child", 0))
        await journal.aclose()

    assert _status(in_child) == 0
    await journal.append(records("parent", 1))
    assert len(await _events(journal)) == 21
    (lane,) = await journal.lanes()
    assert lane.owner == os.getpid()


async def test_processes_that_begin_at_once_make_one_journal(path: Path, start: Start) -> None:
    """None of them sees a part of it, or makes a second."""
    workers = [start(f"worker-{number}", "append") for number in range(4)]
    said = {}
    for worker in workers:
        said[worker.name] = [worker.said(), *worker.end()]
    journal = SqliteJournal(path)
    events = await _events(journal)
    await journal.aclose()
    for name, lines in said.items():
        _assert_acknowledged(events, name, lines)


async def test_a_stopped_writer_keeps_nobody_from_reading(journal: SqliteJournal, start: Start) -> None:
    """And others write when it goes on."""
    worker = start("worker", "append")
    assert worker.said()
    worker.process.send_signal(signal.SIGSTOP)
    assert await journal.last()
    worker.process.send_signal(signal.SIGCONT)
    assert await journal.append(records("here", 0))
    worker.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
async def test_a_fork_waits_for_a_journal_that_is_at_work(journal: SqliteJournal, path: Path) -> None:
    """Whatever other threads do with it meanwhile, the child can use it."""
    ended = threading.Event()

    async def work() -> None:
        other = SqliteJournal(path)
        for number in count():
            await other.append(records("thread", number, size=1))
            await other.lanes()
            if ended.is_set():
                break
        await other.aclose()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    try:
        statuses = [_status(partial(journal.append, records("child", number, size=1))) for number in range(20)]
    finally:
        ended.set()
        thread.join()
    assert statuses == [0] * 20
    assert len([id for id in await _events(journal) if id.startswith("child")]) == 20


def _status(work: Callable[[], Coroutine[Any, Any, object]]) -> int:
    """Do *work* in a child, and return how it ended."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # there are other threads
        child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.new_event_loop().run_until_complete(work())
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]
