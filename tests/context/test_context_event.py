"""The envelope of an event."""

import re
from datetime import UTC, datetime

from agentcore import Event, ExecutionContext


def test_events_of_a_run_are_numbered_and_named() -> None:
    """The id consists of the run's and the number in it, and stays what it is."""
    context = ExecutionContext("triage")
    first, second = Event("agent_start", context), Event("agent_complete", context)
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.id == f"{context.context_id}-1" == first.id
    assert second.id == f"{context.context_id}-2"
    assert (first.name, first.context, first.schema_version) == ("agent_start", context, 1)
    assert repr(first) == f"<Event agent_start {first.id}>"


def test_events_of_the_process_have_ids_of_their_own() -> None:
    """They belong to no run, and have no number."""
    one, other = Event("agentcore_startup"), Event("agentcore_startup")
    assert one.sequence == 0
    assert one.context is None
    assert re.fullmatch(r"[0-9a-f]{32}", one.id)
    assert one.id == one.id != other.id


def test_the_time_is_that_of_the_sending() -> None:
    """It is aware and in UTC."""
    before = datetime.now(UTC)
    event = Event("agentcore_startup")
    assert before <= event.time <= datetime.now(UTC)
    assert event.time.tzinfo is UTC


def test_an_event_that_was_kept_can_be_made_again() -> None:
    """A journal gives id, number and time back, and the run's count does not go on."""
    context = ExecutionContext("triage")
    event = Event("agent_start", context, id="abc-1", sequence=7, time_=86_400.0, schema_version=3)
    assert (event.id, event.sequence, event.schema_version) == ("abc-1", 7, 3)
    assert event.time == datetime(1970, 1, 2, tzinfo=UTC)
    assert Event("agent_complete", context).sequence == 1
