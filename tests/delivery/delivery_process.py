"""A process that runs agents, or one that delivers, until it is killed: ``delivery_process.py FOLDER agent|worker``."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery_parts import Listener, echo, manager_in

from agentcore import Delivery
from agentcore.delivery import first_delivery

FOLDER = Path(sys.argv[1])


class Store:
    """Has an effect for each event, once, and notes every delivery."""

    def __init__(self) -> None:
        self._effects = sqlite3.connect(FOLDER / "effects.db", timeout=60, check_same_thread=False)
        # A killed process loses nothing that it has written; it is no power cut.
        self._effects.execute("PRAGMA synchronous = OFF")
        self._effects.execute("CREATE TABLE IF NOT EXISTS effect (run TEXT, hook TEXT)")
        self._log = os.open(FOLDER / "deliveries", os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def __call__(self, data: Mapping[str, Any]) -> None:
        event, run = data["event"], data["context"].context_id
        os.write(self._log, f"{event.id} {run} {event.name}\n".encode())
        with self._effects:
            cursor = self._effects.cursor()
            # Before it is read: what comes later must not have been written by another meanwhile.
            cursor.execute("BEGIN IMMEDIATE")
            if first_delivery(cursor, event):
                cursor.execute("INSERT INTO effect VALUES (?, ?)", (run, event.name))


async def main(role: str) -> None:
    pm = manager_in(FOLDER)
    pm.is_worker = role != "agent"
    events = ("agent_start", "agent_complete")
    pm.register(Listener(Delivery(mode="durable", worker=True), Store(), name="store", events=events))
    async with pm:
        print("ready", flush=True)
        if role == "last":
            print("flushed" if await pm.flush(120) else "late", flush=True)
        elif role == "worker":
            await asyncio.Event().wait()
        else:
            await asyncio.gather(*(runs(echo(pm)) for _ in range(5)))


async def runs(agent: Any) -> None:
    while True:
        result = await agent.run("x")
        # What has been said is out when the process is killed.
        os.write(1, f"{result.context.context_id}\n".encode())
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[2]))
