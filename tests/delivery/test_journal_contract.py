"""The SQLite journal does what every journal must."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore._delivery.journal import Durability
from agentcore._delivery.sqlite import SqliteJournal
from agentcore.testing import JournalContract
from agentcore.testing._journal._setting import Connect


class TestSqliteJournal(JournalContract):
    """At both durabilities: they differ in what is lost with the power, and in nothing else."""

    @pytest.fixture(params=["disk", "process"])
    def connect(self, request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
        """Return a maker of journals in one file."""
        durability: Durability = request.param
        return lambda: SqliteJournal(tmp_path / "state" / "journal.db", durability=durability)
