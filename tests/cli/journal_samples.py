"""Events as they are in a journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

from agentcore._delivery.journal import Record

_ids = count(1)


def happened(
    hook: str,
    run: str = "a1" * 16,
    *,
    root: str = "",
    agent: str = "echo",
    time: float = 1_800_000_000.0,
    lanes: Sequence[str] = (),
    parent: str | None = None,
    **arguments: Any,
) -> Record:
    """An event as the journal has it."""
    context = {"id": run, "agent": agent, "start": time} | ({"parent": parent, "root": root} if parent else {})
    payload = {"version": 1, "sequence": 1, "arguments": arguments, "context": context}
    return Record(
        id=f"{run}-{next(_ids)}",
        hook=hook,
        run=run,
        root=root or run,
        agent=agent,
        time=time,
        payload=json.dumps(payload).encode(),
        lanes=tuple(lanes),
    )
