"""The queue between the runs and the ledger, and the thread that empties it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agentcore.errors import PluginError
from agentcore_metrics._processes import at_end_of_child, watch_forks
from agentcore_metrics._records import Record

if TYPE_CHECKING:
    from agentcore_metrics._ledger import Ledger

__all__ = ["LedgerWriter"]

BATCH: Final = 1_000
"""Records of one transaction."""

WINDOW_SECONDS: Final = 0.2
"""How long records gather before they are written, unless a batch is full before."""

RETRY_SECONDS: Final = 30.0
"""The longest wait between two attempts to write; the first ones follow each other sooner."""

MAX_PENDING: Final = 100_000
"""Records that wait while the ledger cannot be written, about 40 MB; further ones are dropped and counted."""

UNPLACED_PENDING: Final = 1_000
"""As many wait as long as nobody has said where the ledger is: perhaps nobody will."""

CLOSE_SECONDS: Final = 5.0
"""How long closing waits for the thread, which never waits so long for the file."""

PRUNE_SECONDS: Final = 3600.0

logger = logging.getLogger("agentcore.metrics")


class LedgerWriter:
    """Takes records on any thread, at once, and writes them on one of its own.

    The thread starts with the first record.
    Whatever happens to the file, no method raises because of it; what cannot be written is tried again, and logged.
    After :meth:`close` it can be used again.

    Args:
        retention: Seconds after which rows are deleted; infinity keeps them.
        max_rows: Rows that each table keeps.
    """

    def __init__(self, *, retention: float, max_rows: int) -> None:
        self.path: Path | None = None
        """Where the ledger is, absolute; None until :meth:`place`."""
        self.dropped = 0
        """Records that will never be in the ledger."""
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
        self._failures = 0
        self._reported = self.dropped
        self._prune_at = 0.0

    def place(self, path: Path) -> Path:
        """Say where the ledger is, as an absolute path; what has been added until then will be written there, too."""
        self.path = path
        self._limit = MAX_PENDING
        return path

    # --- on the threads of the runs ---

    def add(self, record: Record) -> None:
        """Take *record*.  Does not wait for the file."""
        pending = self._pending
        size = len(pending)
        if size >= self._limit:
            self._drop(1)
            return
        pending.append(record)
        # Looked at after the append, as the thread looks for records after it has set it: one of them sees the other.
        if self._idle or size == BATCH:
            self._rouse()

    def _drop(self, count: int) -> None:
        with self._count_lock:
            self.dropped += count

    def _rouse(self) -> None:
        if self._thread is None and self.path is not None:
            self._start()
        self._wake.set()

    def _start(self) -> None:
        with self._count_lock:
            if self._thread is not None:
                return
            self._closing = False
            thread = threading.Thread(target=self._work, name="agentcore-metrics", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The interpreter is exiting and lets no thread start; closing writes what is left.
                return
            self._thread = thread
        at_end_of_child(self.close)

    # --- on its own thread ---

    def _work(self) -> None:
        while not self._closing:
            self._idle = True
            if not self._pending and not self._batch:
                self._wake.wait()
            self._idle = False
            self._wake.clear()
            if not self._closing and (self._failures or len(self._pending) < BATCH):
                self._wake.wait(pause(self._failures))
            self.write()
        self._idle = True
        with self._file_lock:
            self._shut()

    # --- on any thread ---

    def write(self) -> bool:
        """Write what has been added until now, and say whether nothing of it is left.

        Waits for the file: on a healthy disk milliseconds, on one that another process keeps locked 2 s.
        """
        with self._file_lock:
            left = len(self._batch) + len(self._pending)
            if left == 0 or self.path is None:
                return left == 0
            import apsw

            try:
                self._write(self.path, left)
            except (apsw.Error, OSError, PluginError) as error:
                self._failed(error)
                return False
            self._succeeded()
            return True

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
        from agentcore_metrics._ledger import reason

        self._shut()
        self._failures += 1
        if self._closing:
            lost = len(self._batch) + len(self._pending)
            self._batch = []
            self._pending.clear()
            self._drop(lost)
            self._reported = self.dropped
            logger.warning(
                "%d records of metrics are lost: %r cannot be written: %s", lost, str(self.path), reason(error)
            )
        elif self._failures == 1:
            logger.warning(
                "metrics cannot be written to %r: %s; up to %d records wait in memory, further ones will be dropped",
                str(self.path),
                reason(error),
                MAX_PENDING,
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
        self._closing = False

    # --- around a fork ---

    def before_fork(self) -> None:
        """Keep the file closed until :meth:`after_fork`."""
        self._file_lock.acquire()
        self._shut()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._file_lock.release()

    def after_fork_in_child(self) -> None:
        """Go on in the child, with what it adds itself."""
        self._begin()


def pause(failures: int) -> float:
    """Return the seconds between two attempts to write, after so many *failures* in a row."""
    return min(WINDOW_SECONDS * 2.0 ** min(failures, 10), RETRY_SECONDS)
