"""Agents' processes and workers on one journal, one of them killed again and again.

``AGENTCORE_CRASHES`` says how often; ``tox -e crash`` sets it.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore._delivery.worker import BATCH

KILLS = int(os.environ.get("AGENTCORE_CRASHES", "6"))

ROLES = ("agent", "agent", "agent", "agent", "worker", "worker")


class Process:
    """A process that is going on, and the runs that it has said to be over."""

    def __init__(self, folder: Path, role: str) -> None:
        self.role = role
        self.said: list[str] = []
        program = Path(__file__).parent / "delivery_process.py"
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(folder), role], stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        # A line without its end was being written when the process was killed.
        self.said += [line.strip() for line in self._process.stdout if line.endswith("\n")]

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def runs(self) -> list[str]:
        return [line for line in self.said if line not in ("ready", "flushed", "late")]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[Process]]:
    """The processes, each of which is ended with the test."""
    found = [Process(tmp_path, role) for role in ROLES]
    yield found
    for each in found:
        each.kill()


@pytest.mark.timeout(60 + 10 * KILLS)
def test_no_promised_event_is_lost_however_many_processes_die(tmp_path: Path, processes: list[Process]) -> None:
    """Every run that was over had its events delivered, in order, with one effect each.

    What was delivered twice is at most one batch for each worker that died.
    """
    seed = random.randrange(10**6)
    choice = random.Random(seed)
    acknowledged: list[str] = []
    dead_workers = 0
    for _ in range(KILLS):
        time.sleep(choice.uniform(0.5, 2.0))
        victim = choice.randrange(len(processes))
        processes[victim].kill()
        dead_workers += processes[victim].role == "worker"
        acknowledged += processes[victim].runs
        processes[victim] = Process(tmp_path, processes[victim].role)
    for each in processes:
        each.kill()
        acknowledged += each.runs
        dead_workers += each.role == "worker"
    last = Process(tmp_path, "last")
    last.wait()
    assert last.said == ["ready", "flushed"]

    effects = sqlite3.connect(tmp_path / "effects.db")
    found = Counter(effects.execute("SELECT run, hook FROM effect"))
    effects.close()
    promised = {(run, hook) for run in acknowledged for hook in ("agent_start", "agent_complete")}
    assert promised, "no run came to its end"
    assert promised - found.keys() == set(), f"lost, with the seed {seed}"
    assert set(found.values()) == {1}, f"an event had two effects, with the seed {seed}"

    delivered = [line.split() for line in (tmp_path / "deliveries").read_text().splitlines()]
    ids = Counter(id for id, *_ in delivered)
    assert sum(ids.values()) - len(ids) <= dead_workers * BATCH
    first: dict[tuple[str, str], int] = {}
    for index, (_, run, hook) in enumerate(delivered):
        first.setdefault((run, hook), index)
    late = [run for run, hook in first if hook == "agent_complete" and first[run, "agent_start"] > first[run, hook]]
    assert late == [], f"out of order, with the seed {seed}"
