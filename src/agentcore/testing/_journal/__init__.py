"""What every journal must do, as tests."""

from __future__ import annotations

import pytest

from agentcore.testing._journal._care import CareContract
from agentcore.testing._journal._events import EventContract
from agentcore.testing._journal._failures import FailureContract
from agentcore.testing._journal._history import HistoryContract
from agentcore.testing._journal._lanes import LaneContract
from agentcore.testing._journal._pruning import PruningContract
from agentcore.testing._journal._setting import Connect

__all__ = ["JournalContract"]


class JournalContract(EventContract, LaneContract, HistoryContract, FailureContract, PruningContract, CareContract):
    """What every journal must do: a class of tests to be subclassed for one that is built elsewhere.

    The subclass, whose name begins with ``Test``, overrides the fixture :meth:`connect`.
    The tests run event loops of their own, and need no plugin of pytest.
    """

    @pytest.fixture
    def connect(self) -> Connect:
        """Return a function that makes a journal, not yet open; all that it makes in one test are of the same log,
        which is empty when the test begins.
        """
        raise NotImplementedError(f"{type(self).__name__} must override the fixture 'connect'")
