"""Time that a test moves by hand."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

__all__ = ["FakeClock"]

_READ_LATE: Final = "agentcore._context.propagation"
"""A module that reads the time and is imported when it is first needed."""
_REAL: Final = ("agentcore._delivery", "agentcore._cli", "agentcore.testing")
"""What keeps to real time: lanes and the journal wait by timers, which cannot be moved."""


class FakeClock(AbstractContextManager["FakeClock"]):
    """Time for the framework, and for the packages that are named to :meth:`drive`; it stands still until
    :meth:`advance`.

    It moves what ``time.time``, ``time.monotonic`` and ``time.perf_counter`` tell them: the times of events and
    contexts, durations, what is left until a deadline, and when an implementation has hung for too long.
    It does not move ``datetime.now``, ``asyncio.sleep`` and other timers of an event loop, lanes and the journal.
    """

    def __init__(self) -> None:
        self._passed = 0.0
        self._began: Final = time.time()
        self._undo: Final = ExitStack()
        self._module: Final = _Time(self)

    def time(self) -> float:
        """Seconds since the epoch; the real time at which the clock was made, and what was advanced since."""
        return self._began + self._passed

    def monotonic(self) -> float:
        """Seconds advanced."""
        return self._passed

    @property
    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass.

        Raises:
            ValueError: They are negative.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back, and so not by {seconds:g} s")
        self._passed += seconds

    def drive(self, *packages: str) -> None:
        """Give this time to further packages, or modules, and to what is imported in them by now."""
        for package in packages:
            import_module(package)
            for name, module in sorted(sys.modules.items()):
                if f"{name}.".startswith(f"{package}."):
                    self._give(module)

    def __enter__(self) -> FakeClock:
        import_module(_READ_LATE)
        for name, module in sorted(sys.modules.items()):
            if f"{name}.".startswith("agentcore.") and not f"{name}.".startswith(tuple(f"{each}." for each in _REAL)):
                self._give(module)
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()

    def _give(self, module: ModuleType) -> None:
        # By name, in the modules that read it: what the process reads, the loops and pytest among it, stays real.
        for name, mine in list(self._replaced(module)):
            self._undo.enter_context(patch.object(module, name, mine))

    def _replaced(self, module: ModuleType) -> Iterator[tuple[str, Any]]:
        mine = {
            id(time): self._module,
            id(time.time): self.time,
            id(time.monotonic): self.monotonic,
            id(time.perf_counter): self.monotonic,
        }
        for name, value in vars(module).items():
            if id(value) in mine:
                yield name, mine[id(value)]


class _Time(ModuleType):
    """The module ``time``, of which a part tells another time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__("time")
        self.time = clock.time
        self.monotonic = self.perf_counter = clock.monotonic

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)
