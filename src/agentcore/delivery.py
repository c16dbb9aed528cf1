"""Delivery: how a provider declares it, how lanes and the journal are seen, and what another journal must be.

A provider says how it wants its events by its attribute ``delivery`` (a mode, or a :class:`Delivery`), or for one
implementation by ``@hookimpl(delivery=...)``; the configuration's ``[delivery.<plugin>]`` decides.
"""

from agentcore._delivery.breaker import BreakerState
from agentcore._delivery.journal import (
    Appended,
    DeadLetter,
    Durability,
    Failure,
    Journal,
    JournalStats,
    LaneState,
    Passage,
    Record,
    Selection,
)
from agentcore._delivery.lane import LaneStatus
from agentcore._delivery.lanes import Flushed
from agentcore._delivery.once import first_delivery
from agentcore._delivery.replay import Replayed, ReplayFailure
from agentcore._delivery.sqlite import SqliteJournal
from agentcore.errors import JournalError, RecordedError
from agentcore.types import Delivery, DeliveryMode, OnFull, Start

__all__ = [
    "Appended",
    "BreakerState",
    "DeadLetter",
    "Delivery",
    "DeliveryMode",
    "Durability",
    "Failure",
    "Flushed",
    "Journal",
    "JournalError",
    "JournalStats",
    "LaneState",
    "LaneStatus",
    "OnFull",
    "Passage",
    "Record",
    "RecordedError",
    "ReplayFailure",
    "Replayed",
    "Selection",
    "SqliteJournal",
    "Start",
    "first_delivery",
]
