"""The way from the hooks to the ledger and the client, and the thread that walks it."""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agentcore.errors import PluginError
from agentcore_metrics._intake import Intake
from agentcore_metrics._pricing import Pricing
from agentcore_metrics._processes import at_end_of_child, watch_forks
from agentcore_metrics._recorder import Note, Recorder
from agentcore_metrics._records import ModelRecord, Record, RunRecord
from agentcore_metrics._sending import Sending
from agentcore_metrics._series import Metrics

if TYPE_CHECKING:
    from agentcore import ExecutionContext
    from agentcore_metrics._budgets import Budgets
    from agentcore_metrics._client import Client
    from agentcore_metrics._ledger import Ledger

__all__ = ["LedgerWriter"]

BATCH: Final = 1_000
"""Records of one transaction, and notes for which the thread does not wait for more."""

WINDOW_SECONDS: Final = 0.2
"""How long records gather before they are written, unless a batch is full before."""

RETRY_SECONDS: Final = 30.0
"""The longest wait between two attempts to write; the first ones follow each other sooner."""

MAX_PENDING: Final = 100_000
"""Records that wait while the ledger cannot be written, about 40 MB; further ones are dropped and counted."""

UNPLACED_PENDING: Final = 1_000
"""As many wait as long as nobody has said where the ledger is: perhaps nobody will."""

MAX_NOTED: Final = 10_000
"""Notes that wait while the thread is busy; the run that makes the next one makes records of them itself."""

CLOSE_SECONDS: Final = 5.0
"""How long closing waits for the thread, which never waits so long for the file."""

PRUNE_SECONDS: Final = 3600.0

logger = logging.getLogger("agentcore.metrics")


class LedgerWriter:
    """Takes notes on any thread, at once, and writes their records on one of its own.

    The thread starts with the first note.
    Whatever happens to the file, no method raises because of it; what cannot be written is tried again, and logged.
    After :meth:`close` it can be used again.

    Args:
        metrics: The memory, which gets every record.
        pricing: Finds the cost of model calls.
        client: Gets every record, too.
        retention: Seconds after which rows are deleted; infinity keeps them.
        max_rows: Rows that each table keeps.
    """

    def __init__(
        self, metrics: Metrics, pricing: Pricing, client: Client | None, *, retention: float, max_rows: int
    ) -> None:
        self.path: Path | None = None
        """Where the ledger is, absolute; None until :meth:`place`."""
        self.dropped = 0
        """Records that will never be in the ledger."""
        self.intake = Intake(pricing, [metrics.add, self._take])
        metrics.refresh = self.intake.drain
        self.budgets: Budgets | None = None
        """Told what the ledger holds, from time to time."""
        self._pricing = pricing
        self._metrics = metrics
        self._sending = None if client is None else Sending(client)
        self._retention = retention
        self._max_rows = max_rows
        self._limit = UNPLACED_PENDING
        self._begin()
        watch_forks(self)

    def _begin(self) -> None:
        """Start from nothing; a forked child does, whose threads, locks and records are its parent's."""
        self._pending: deque[Record] = deque()
        self._batch: list[Record] = []
        self._file_lock = threading.RLock()
        self._count_lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._ledger: Ledger | None = None
        self._idle = True
        self._closing = False
        self._asked = False
        self._failures = 0
        self._reported = self.dropped
        self._prune_at = 0.0

    def place(self, path: Path) -> Path:
        """Say where the ledger is, as an absolute path; what has been added until then will be written there, too."""
        self.path = path
        self._limit = MAX_PENDING
        return path

    # --- on the threads of the runs ---

    def note(self, note: Note) -> None:
        """Take *note*; does not wait for the file, unless its event comes out of the journal.

        Raises:
            PluginError: The event comes out of the journal, and the ledger cannot take it now: to be delivered again.
        """
        if note[1].recorded:
            self._keep(note)
            return
        notes = self.intake.notes
        notes.append(note)
        # Looked at after the append, as the thread looks for notes after it has set it: one of them sees the other.
        if self._idle or len(notes) >= BATCH:
            self._rouse(len(notes))

    def _drop(self, count: int) -> None:
        with self._count_lock:
            self.dropped += count

    def _rouse(self, noted: int) -> None:
        if self._thread is None and (self.path is not None or self._sending is not None):
            self._start()
        self._wake.set()
        # Where no thread does it, or it waits for the disk.
        if noted >= (BATCH if self._thread is None else MAX_NOTED):
            self.intake.drain()

    def _start(self) -> None:
        with self._count_lock:
            if self._thread is not None:
                return
            self._closing = False
            if self._sending is not None:
                # Not on the thread: in a process that ends meanwhile the client could start none of its own.
                self._sending.attempt(self._sending.open)
            thread = threading.Thread(target=self._work, name="agentcore-metrics", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The interpreter is exiting and lets no thread start; closing writes what is left.
                return
            self._thread = thread
        at_end_of_child(self.close)
        if self._sending is not None:
            # Before the handlers of what was made earlier, as the providers of telemetry that it writes to.
            atexit.register(_close, weakref.ref(self))

    # --- on the thread that reads the journal ---

    def _keep(self, note: Note) -> None:
        """Write the record of an event out of the journal, and count it elsewhere where the ledger did not have it."""
        import apsw

        from agentcore_metrics._ledger import reason
        from agentcore_metrics._spending import LedgerAccounts

        if self.path is None:
            raise PluginError("nobody has said where the ledger of metrics is", plugin="metrics")
        with self._file_lock:
            self.write()
            try:
                ledger = self._open(self.path)
                record = Recorder(self._pricing, LedgerAccounts(ledger.connection)).record(note)
                is_new = ledger.keep(record)
            except (apsw.Error, OSError) as error:
                self._shut()
                message = f"metrics cannot be written to {str(self.path)!r}: {reason(error)}"
                raise PluginError(message, plugin="metrics") from error
        if is_new is None:
            self._drop(1)
        elif is_new:
            self._count(record, note[2])

    def _count(self, record: Record, context: ExecutionContext | None) -> None:
        self._metrics.add(record)
        self._send_later(record)
        if isinstance(record, ModelRecord):
            self.intake.accounts.charge_record(record)
        elif isinstance(record, RunRecord) and context is not None:
            self.intake.accounts.close(context, record.ended, record.duration)
        if self._idle:
            self._rouse(0)

    # --- on its own thread ---

    def _work(self) -> None:
        while not self._closing:
            self._idle = True
            if not self._waiting and not self._asked:
                self._wake.wait()
            self._idle = False
            self._wake.clear()
            if not self._closing and (self._failures or self._waiting < BATCH):
                self._wake.wait(pause(self._failures))
            self.write()
        self._idle = True
        with self._file_lock:
            self._shut()

    @property
    def _waiting(self) -> int:
        unsent = 0 if self._sending is None else len(self._sending)
        return len(self.intake.notes) + len(self._pending) + len(self._batch) + unsent

    # --- on any thread ---

    def _take(self, record: Record) -> None:
        """Put a record into the queues; called by the intake, which sees to it that it is one at a time."""
        self._send_later(record)
        if len(self._pending) >= self._limit:
            self._drop(1)
        else:
            self._pending.append(record)

    def _send_later(self, record: Record) -> None:
        if self._sending is None:
            return
        if len(self._sending) >= MAX_PENDING:
            self._drop(1)
        else:
            self._sending.put(record)

    def open_client(self) -> None:
        """Have the client open what it needs; raises what it raises."""
        if self._sending is not None:
            self._sending.open()

    def write(self) -> bool:
        """Write what has been added until now, and say whether nothing of it is left.

        Waits for the file: on a healthy disk milliseconds, on one that another process keeps locked 2 s.
        """
        with self._file_lock:
            self.intake.drain()
            if self._sending is not None:
                self._sending.send()
            left = len(self._batch) + len(self._pending)
            asked = self._asked
            if (left == 0 and not asked) or self.path is None:
                return left == 0
            import apsw

            try:
                self._write(self.path, left)
                if asked:
                    self._tell_budgets(self.path)
            except (apsw.Error, OSError, PluginError) as error:
                self._failed(error)
                return False
            self._succeeded()
            return True

    def ask(self) -> None:
        """Have the budgets told what the ledger holds, soon."""
        self._asked = True
        self._rouse(0)

    def _tell_budgets(self, path: Path) -> None:
        self._asked = False
        if self.budgets is not None:
            self.budgets.refresh(self._open(path).connection, self._unwritten)

    def _unwritten(self) -> Iterator[tuple[str, float, int]]:
        for record in (*self._batch, *self._pending):
            if isinstance(record, ModelRecord) and record.cost is not None:
                yield record.agent, record.ended, record.cost

    def _write(self, path: Path, left: int) -> None:
        ledger = self._open(path)
        while left > 0:
            if not self._batch:
                self._batch = [self._pending.popleft() for _ in range(min(left, BATCH))]
            self._drop(ledger.append(self._batch))
            left -= len(self._batch)
            self._batch = []
        if time.monotonic() >= self._prune_at and not ledger.prune(
            before=time.time() - self._retention, max_rows=self._max_rows
        ):
            self._prune_at = time.monotonic() + PRUNE_SECONDS

    def _open(self, path: Path) -> Ledger:
        from agentcore_metrics._ledger import Ledger

        if self._ledger is not None and not self._ledger.in_place:
            self._shut()
        if self._ledger is None:
            self._ledger = Ledger(path)
        return self._ledger

    def _shut(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _failed(self, error: Exception) -> None:
        from agentcore_metrics._ledger import hint, reason

        self._shut()
        self._failures += 1
        if self._closing:
            self.intake.drain()
            lost = len(self._batch) + len(self._pending)
            self._batch = []
            self._pending.clear()
            self._drop(lost)
            self._reported = self.dropped
            logger.warning(
                "%d records of metrics are lost: %r cannot be written: %s%s",
                lost,
                str(self.path),
                reason(error),
                hint(error),
            )
        elif self._failures == 1:
            logger.warning(
                "metrics cannot be written to %r: %s; up to %d records wait in memory, further ones will be dropped%s",
                str(self.path),
                reason(error),
                MAX_PENDING,
                hint(error),
            )

    def _succeeded(self) -> None:
        if self._failures:
            logger.info("metrics are being written to %r again", str(self.path))
            self._failures = 0
        if self.dropped > self._reported:
            logger.warning("%d records of metrics were dropped", self.dropped - self._reported)
            self._reported = self.dropped

    def close(self) -> None:
        """Write what is left, stop the thread and close the file; waits for a few seconds at most."""
        thread = self._thread
        self._closing = True
        self._wake.set()
        # The garbage collector may close it on its own thread, which then ends by itself.
        if thread is threading.current_thread():
            return
        if thread is not None:
            thread.join(CLOSE_SECONDS)
            self._thread = None
        self.write()
        with self._file_lock:
            self._shut()
            if self._sending is not None:
                self._sending.close()
        self._closing = False

    # --- around a fork ---

    def before_fork(self) -> None:
        """Keep the file closed until :meth:`after_fork`."""
        # In the order in which writing takes them.
        self._file_lock.acquire()
        self._shut()
        if self._sending is not None:
            self._sending.before_fork()
        self.intake.before_fork()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self.intake.after_fork()
        if self._sending is not None:
            self._sending.after_fork()
        self._file_lock.release()

    def after_fork_in_child(self) -> None:
        """Go on in the child, with what it adds itself."""
        self.intake.after_fork_in_child()
        self._begin()
        if self._sending is not None:
            self._sending.after_fork_in_child()


def _close(writer_of: Callable[[], LedgerWriter | None]) -> None:
    writer = writer_of()
    if writer is not None:
        writer.close()


def pause(failures: int) -> float:
    """Return the seconds between two attempts to write, after so many *failures* in a row."""
    return min(WINDOW_SECONDS * 2.0 ** min(failures, 10), RETRY_SECONDS)
