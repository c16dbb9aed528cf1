"""From a run of an agent to a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agentcore.types import Document
from agentcore_vectorstore._plain import plain, text_of

if TYPE_CHECKING:
    from agentcore import Event, ExecutionContext

__all__ = ["memory_of"]


def memory_of(context: ExecutionContext, output: Any, event: Event | None, facts: Mapping[str, Any]) -> Document:
    """Return what is remembered of a run that ended well.

    Args:
        context: The run's.
        output: Becomes the text, and a field of the metadata where it is more than text.
        event: Gives the id, so that a second delivery replaces the first, and the time; None makes both anew.
        facts: What else there is to know of the run; becomes metadata.
    """
    made = plain(output)
    time = datetime.now(UTC) if event is None else event.time
    metadata = {
        **facts,
        "context_id": context.context_id,
        "root_id": context.root_id,
        "parent_id": context.parent_id,
        # Of one length, so that times sort as text.
        "time": time.astimezone(UTC).isoformat(timespec="microseconds"),
        "metadata": dict(context.metadata),
    }
    if not isinstance(made, str):
        metadata["output"] = made
    return Document(id=None if event is None else event.id, text=text_of(made), metadata=plain(metadata))
