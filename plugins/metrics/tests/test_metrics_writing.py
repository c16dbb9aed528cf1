"""How the ledger is written: what becomes of runs when it cannot be, and the thread that does it."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Events, Rows, connect, run_once

from agentcore import ExecutionContext
from agentcore.errors import PluginError
from agentcore_metrics import MetricsProvider, _ledger, _sql, _writer
from agentcore_metrics._reading import reading
from agentcore_metrics._records import Record


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner on a file that stays locked."""
    monkeypatch.setattr(_sql, "BUSY_SECONDS", 0.05)


# --- when it cannot be written ---


def lock(path: Path) -> Any:
    connection = connect(path)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_records_wait_while_the_ledger_is_locked(
    provider: MetricsProvider, path: Path, rows: Rows, warnings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """One warning names the file; when the lock is gone, everything is written."""
    run_once(provider)
    assert provider.flush()
    blocker = lock(path)
    for _ in range(3):
        run_once(provider)
        assert not provider.flush()
    blocker.close()
    assert provider.flush()
    assert rows("SELECT count(*) FROM runs") == [(4,)]
    assert warnings == [
        f"metrics cannot be written to {str(path)!r}: another process keeps it locked;"
        " up to 100000 records wait in memory, further ones will be dropped"
    ]
    assert caplog.messages[-1] == f"metrics are being written to {str(path)!r} again"
    assert provider.dropped == 0


def test_a_file_that_another_process_is_about_to_fill_is_waited_for(
    provider: MetricsProvider, path: Path, rows: Rows, warnings: list[str]
) -> None:
    """It holds no ledger yet, so that nobody can say how to share it."""
    blocker = lock(path)
    run_once(provider)
    assert not provider.flush()
    assert "another process keeps it locked" in warnings[-1]
    blocker.close()
    assert provider.flush()
    assert rows("SELECT count(*) FROM runs") == [(1,)]


def test_processes_that_make_it_at_the_same_time_wait_for_each_other(
    provider: MetricsProvider, path: Path, rows: Rows, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is done before the time is over."""
    monkeypatch.setattr(_ledger, "BUSY_SECONDS", 30.0)
    blocker = lock(path)
    monkeypatch.setattr("agentcore_metrics._ledger.time.sleep", lambda seconds: blocker.close())
    run_once(provider)
    assert provider.flush()
    assert rows("SELECT count(*) FROM runs") == [(1,)]
    assert warnings == []


def test_a_ledger_that_is_read_cannot_be_changed(provider: MetricsProvider, path: Path) -> None:
    """Whatever the question."""
    run_once(provider)
    provider.close()
    with pytest.raises(PluginError, match="it is read-only"):
        _delete_everything(path)


def _delete_everything(path: Path) -> None:
    with reading(path) as connection:
        assert connection is not None
        connection.execute("DELETE FROM runs")


def test_what_cannot_be_written_at_the_end_is_counted(
    provider: MetricsProvider, path: Path, warnings: list[str]
) -> None:
    """One warning says how much is lost, and where it should have gone."""
    run_once(provider)
    assert provider.flush()
    blocker = lock(path)
    run_once(provider)
    run_once(provider)
    provider.close()
    blocker.close()
    assert (
        warnings[-1]
        == f"2 records of metrics are lost: {str(path)!r} cannot be written: another process keeps it locked"
    )
    assert provider.dropped == 2
    assert provider.flush()


def test_records_beyond_the_bound_are_dropped_and_counted(
    path: Path, rows: Rows, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory stays bounded however long the disk is away; the newest records are the ones that are dropped."""
    monkeypatch.setattr(_writer, "MAX_PENDING", 50)
    provider = MetricsProvider(path=path)
    run_once(provider)
    assert provider.flush()
    blocker = lock(path)
    for number in range(60):
        run_once(provider, duration=float(number))
    assert provider.dropped == 10
    blocker.close()
    assert provider.flush()
    provider.close()
    assert rows("SELECT count(*), max(duration) FROM runs") == [(51, 49.0)]
    assert warnings[-1] == "10 records of metrics were dropped"


@dataclass
class Fault:
    """A file that is no ledger, and what is said of it."""

    reason: str
    is_folder: bool = False
    content: bytes = b""
    statements: str = ""

    def make(self, path: Path) -> None:
        if self.is_folder:
            path.mkdir()
        elif self.content:
            path.write_bytes(self.content)
        else:
            connection = connect(path)
            connection.execute(self.statements)
            connection.close()


FAULTS = {
    "not a database": Fault("it is not a database", content=b"notes of mine, and none of yours" * 100),
    "another database": Fault("is a database, but not a ledger of metrics", statements="CREATE TABLE mine (a)"),
    "another's version": Fault("is a database, but not a ledger of metrics", statements="PRAGMA user_version = 3"),
    "newer": Fault(
        "was written by a newer version of agentcore-metrics (schema 99, known here: 3); up to 100000 records wait in"
        " memory, further ones will be dropped\n"
        "hint: upgrade agentcore-metrics, or name another file by 'path' in the plugin's config.",
        statements=f"PRAGMA application_id = {0x61634D31}; PRAGMA user_version = 99; CREATE TABLE runs (a)",
    ),
    "folder": Fault("the file cannot be opened", is_folder=True),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_file_that_is_no_ledger_is_left_alone(
    provider: MetricsProvider, path: Path, warnings: list[str], context: ExecutionContext, fault: Fault
) -> None:
    """One warning names it and says why; runs go on, memory is fed, and not a byte of the file is changed."""
    fault.make(path)
    before = None if fault.is_folder else path.read_bytes()
    events = Events(provider)
    events.run(context)
    assert not provider.flush()
    events.run(context)
    assert not provider.flush()
    (warning,) = warnings
    assert str(path) in warning
    assert fault.reason in warning
    provider.close()
    assert provider.dropped == 2
    assert provider.metrics["run_duration"].count == 2
    assert before is None or path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, warnings: list[str], context: ExecutionContext) -> None:
    """The path leads through a file."""
    (tmp_path / "file").touch()
    provider = MetricsProvider(path=tmp_path / "file" / "metrics.db")
    Events(provider).run(context)
    assert not provider.flush()
    (warning,) = warnings
    assert str(tmp_path / "file") in warning
    provider.close()


def test_a_damaged_ledger_is_told(provider: MetricsProvider, path: Path, warnings: list[str]) -> None:
    """Pages in its middle are overwritten while nobody has it open."""
    for _ in range(500):
        run_once(provider)
    provider.close()
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    run_once(provider)
    assert not provider.flush()
    assert f"metrics cannot be written to {str(path)!r}: it is damaged" in warnings[-1]


def test_a_ledger_that_was_deleted_is_made_again(provider: MetricsProvider, path: Path, rows: Rows) -> None:
    """An operator clears the state folder under a program that runs."""
    run_once(provider)
    assert provider.flush()
    shutil.rmtree(path.parent)
    run_once(provider, duration=2.0)
    assert provider.flush()
    assert rows("SELECT duration FROM runs") == [(2.0,)]


def test_an_empty_file_becomes_a_ledger(provider: MetricsProvider, path: Path, rows: Rows) -> None:
    """As one that another process has made a moment ago."""
    path.touch()
    run_once(provider)
    assert provider.flush()
    assert rows("SELECT count(*) FROM runs") == [(1,)]


# --- its thread ---


def test_records_are_written_without_anybody_asking(
    provider: MetricsProvider, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread writes them by itself while the program goes on."""
    write = _writer.LedgerWriter.write
    written = threading.Event()

    def watched(writer: _writer.LedgerWriter) -> bool:
        result = write(writer)
        written.set()
        return result

    monkeypatch.setattr(_writer.LedgerWriter, "write", watched)
    run_once(provider)
    assert written.wait(30)
    assert rows("SELECT count(*) FROM runs") == [(1,)]


def test_a_full_batch_does_not_wait(provider: MetricsProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand records are written at once, although the time in which more may gather is far from over."""
    gathering = threading.Event()

    def for_ever(failures: int) -> float:
        gathering.set()
        return threading.TIMEOUT_MAX

    monkeypatch.setattr(_writer, "pause", for_ever)
    append = _ledger.Ledger.append
    full = threading.Event()

    def watched(ledger: _ledger.Ledger, records: Sequence[Record]) -> int:
        refused = append(ledger, records)
        if len(records) == _writer.BATCH:
            full.set()
        return refused

    monkeypatch.setattr(_ledger.Ledger, "append", watched)
    run_once(provider)
    assert gathering.wait(30)
    # A wake-up that comes late may cut one window short, and so a first batch; the next ones are full.
    for _ in range(20 * _writer.BATCH):
        run_once(provider)
    assert full.wait(30)


def test_many_threads_lose_nothing(provider: MetricsProvider, rows: Rows) -> None:
    """Records are taken on any thread while others flush."""

    def work(number: int) -> None:
        for _ in range(1_000):
            run_once(provider, duration=float(number))
        provider.flush()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    provider.close()
    assert rows("SELECT duration, count(*) FROM runs GROUP BY 1") == [(float(number), 1_000) for number in range(8)]
    assert provider.metrics["run_duration"].count == 8_000


def test_a_provider_that_is_forgotten_is_closed_on_whichever_thread(
    path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The garbage collector may run on the very thread that must end, in the middle of its work."""
    append = _ledger.Ledger.append

    def collected(ledger: _ledger.Ledger, records: Sequence[Record]) -> int:
        gc.collect()
        return append(ledger, records)

    monkeypatch.setattr(_ledger.Ledger, "append", collected)
    others = set(threading.enumerate())
    provider = MetricsProvider(path=path)
    provider.itself = provider  # type: ignore[attr-defined]  # only the garbage collector finds it
    run_once(provider)
    (thread,) = (each for each in threading.enumerate() if each.name == "agentcore-metrics" and each not in others)
    del provider
    thread.join(30)
    assert not thread.is_alive()
    assert rows("SELECT count(*) FROM runs") == [(1,)]


def test_attempts_grow_further_apart() -> None:
    """Up to half a minute, and never an overflow however long the disk is away."""
    pauses = [_writer.pause(failures) for failures in (0, 1, 2, 100, 1_000_000)]
    assert pauses == [0.2, 0.4, 0.8, 30.0, 30.0]


def test_other_threads_run_while_the_ledger_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: MetricsProvider
) -> None:
    """Writing waits for whoever has the file locked, here for another thread, which must be able to let go of it."""
    monkeypatch.setattr(_sql, "BUSY_SECONDS", 20.0)
    run_once(provider)
    assert provider.flush()
    assert provider.path is not None
    other = connect(provider.path)
    other.execute("BEGIN IMMEDIATE")
    run_once(provider)
    begun = threading.Event()

    def flush() -> bool:
        begun.set()
        return provider.flush()

    with ThreadPoolExecutor(1) as pool:
        flushed = pool.submit(flush)
        begun.wait()
        # Longer than a thread keeps the interpreter to itself: the other one is waiting for the file by now.
        time.sleep(0.05)
        other.execute("COMMIT")
        assert flushed.result()
    other.close()
