"""Several processes use one store, and some of them die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from agentcore_vectorstore import SyncStore, open_store_sync
from agentcore_vectorstore.testing._embedder import WordEmbedder

__all__ = ["ProcessesContract"]

_PROGRAM = """
import sys
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.testing import WordEmbedder
url, folder, writer, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with open_store_sync(url, embedder=WordEmbedder(dimension=2048), folder=folder) as store:
    for number in range(count):
        (id,) = store.add([Document(id=f"{writer}-{number}", text=f"{writer} wrote number{number}")])
        print(id, flush=True)
"""

Write = Callable[[str, int], "subprocess.Popen[str]"]


class ProcessesContract:
    """Several processes use one store, and some of them die."""

    shared: ClassVar[Literal["together", "in turn", "never"]] = "together"
    """How several processes can open the same place; tests of more than that are left out."""
    kills: ClassVar[int] = 3
    """How often a writer is killed; ``AGENTCORE_KILLS`` wins."""

    @pytest.fixture
    def write(self, url: str, tmp_path: Path) -> Iterator[Write]:
        """Starts a process that writes documents one by one and prints the id of each when it is stored."""
        if self.shared == "never":
            pytest.skip("no other process can open the same place")
        started: list[subprocess.Popen[str]] = []

        def start(writer: str, count: int) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, url, str(tmp_path), writer, str(count)],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdout=subprocess.PIPE,
                text=True,
            )
            started.append(process)
            return process

        yield start
        for process in started:
            with process:
                process.kill()

    def _opened(self, url: str, folder: Path) -> SyncStore:
        return open_store_sync(url, embedder=WordEmbedder(dimension=2048), folder=folder)

    def test_processes_write_at_once(self, write: Write, url: str, tmp_path: Path) -> None:
        """Two processes begin the same store together: every row is there, and found by its own words and vector."""
        if self.shared != "together":
            pytest.skip("one process at a time can open the place")
        writers = [write(name, 80) for name in ("anna", "bert")]
        stored = {id for writer in writers for id in writer.communicate()[0].split()}
        assert [writer.returncode for writer in writers] == [0, 0]
        assert len(stored) == 160
        with self._opened(url, tmp_path) as store:
            assert store.count() == 160
            for name in ("anna", "bert"):
                for number in range(0, 80, 7):
                    _assert_found(store, f"{name}-{number}")

    def test_another_process_is_seen_at_once(self, write: Write, url: str, tmp_path: Path) -> None:
        """A store that has searched before finds what another process adds meanwhile."""
        if self.shared != "together":
            pytest.skip("one process at a time can open the place")
        with self._opened(url, tmp_path) as store:
            for turn in range(2):
                assert store.search("number0", limit=1, fusion="vector") == [] or turn
                assert write(f"writer{turn}", 3).wait() == 0
                for number in range(3):
                    _assert_found(store, f"writer{turn}-{number}")

    @pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
    def test_killed_writer_loses_nothing_it_acknowledged(self, write: Write, url: str, tmp_path: Path) -> None:
        """kill -9 in mid-write, again and again: every row whose id was returned is there, and the store goes on."""
        acknowledged: list[str] = []
        kills = int(os.environ.get("AGENTCORE_KILLS", self.kills))
        for turn in range(kills):
            writer = write(f"w{turn}", 100_000)
            assert writer.stdout is not None
            ids = [writer.stdout.readline().strip() for _ in range(1 + turn * 7 % 40)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += ids + writer.communicate()[0].split("\n")[:-1]
        with self._opened(url, tmp_path) as store:
            assert len(store.get(acknowledged)) == len(acknowledged)
            assert 0 <= store.count() - len(acknowledged) <= kills
            assert store.check() == []
            for id in acknowledged[:: max(1, len(acknowledged) // 20)]:
                _assert_found(store, id)


def _assert_found(store: SyncStore, id: str) -> None:
    writer, _, number = id.partition("-")
    for fusion in ("vector", "bm25", "zscore"):
        assert store.search(f"{writer} wrote number{number}", limit=1, fusion=fusion)[0].document.id == id
