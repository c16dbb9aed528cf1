"""A process that uses a journal: ``python journal_worker.py PATH NAME WHAT``, which prints what was acknowledged.

It goes on until it is killed, or its standard input ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from itertools import count
from pathlib import Path

from agentcore._delivery.journal import Passage, Record
from agentcore._delivery.sqlite import SqliteJournal

ended = threading.Event()


def _say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def records(name: str, number: int, *, size: int = 7, payload: int = 1000) -> list[Record]:
    """Make a group of events, which say of whom and how many they are."""
    return [
        Record(
            id=f"{name}.{number}.{each}.{size}",
            hook="agent_complete",
            run=f"{name}-{number // 5}",
            root="",
            agent="triage",
            time=time.time(),
            payload=bytes(payload),
            lanes=("store",),
        )
        for each in range(size)
    ]


async def append(journal: SqliteJournal, name: str) -> None:
    """Append groups, and say each position once it is promised."""
    for number in count():
        position = await journal.append(records(name, number, size=number % 9 + 1))
        _say(position, number)
        if ended.is_set():
            return


async def deliver(journal: SqliteJournal, name: str) -> None:
    """Own the lane as soon as it is free, deliver, and say which events."""
    while not await journal.own("store"):
        if ended.wait(0.005):
            return
    while not ended.is_set():
        events = await journal.read("store", 20, time.time())
        for event in events:
            _say(event.position, event.record.id)
        if events:
            await journal.settle(
                "store", Passage(cursor=events[-1].position, delivered=[event.position for event in events])
            )


async def own(journal: SqliteJournal, name: str) -> None:
    """Own the lane, and do nothing."""
    _say("owned" if await journal.own("store") else "taken")
    ended.wait()


async def fork(journal: SqliteJournal, name: str) -> None:
    """Own the lane, and have a child that says whether it does, outlives its parent, and appends when it is told to."""
    owned = await journal.own("store")
    if os.fork() == 0:
        try:
            _say("child", owned, await journal.own("store"), await journal.append(records("child", 0, size=1)))
            # The thread that waits for the end is the parent's.
            for number in count(1):
                if not os.read(0, 1):
                    break
                _say(await journal.append(records("child", number, size=1)))
        finally:
            os._exit(0)
    ended.wait()


async def main(path: Path, name: str, what: str) -> None:
    """Do *what*."""
    journal = SqliteJournal(path)
    await journal.open()
    await globals()[what](journal, name)
    await journal.aclose()


def _wait_for_end() -> None:
    sys.stdin.buffer.read()
    ended.set()


if __name__ == "__main__":
    threading.Thread(target=_wait_for_end, daemon=True).start()
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
