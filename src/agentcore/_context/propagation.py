"""How a context travels to another process: W3C headers, and pickling."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from random import getrandbits
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, unquote

from agentcore._context.details import details_of

if TYPE_CHECKING:
    from agentcore._context.execution import ExecutionContext

__all__ = ["Carrier", "freeze", "from_headers", "thaw", "to_headers"]

# Version 00 ends after the flags, with 55 characters; later ones may go on.
_TRACEPARENT: Final = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?"
)
_CONTEXT_ID: Final = re.compile(r"[0-9a-f]{32}")
_STATE_KEY: Final = "agentcore"
_DEADLINE: Final = "agentcore.deadline"
_BAGGAGE_LIMIT: Final = 8192
"""Bytes of one baggage header, https://www.w3.org/TR/baggage/#limits."""


class Carrier(NamedTuple):
    """Where a context comes from whose parent lives in another process."""

    parent_id: str
    root_id: str


def to_headers(context: ExecutionContext, *, baggage: bool) -> dict[str, str]:
    headers = {
        "traceparent": f"00-{context.root_id}-{context.span_id}-01",
        "tracestate": f"{_STATE_KEY}={context.context_id}",
    }
    members = [f"{_quoted(key)}={_encode(value)}" for key, value in _portable(context, baggage)]
    if members:
        headers["baggage"] = _within_limit(members)
    return headers


def _portable(context: ExecutionContext, baggage: bool) -> list[tuple[str, str | int | float | bool]]:
    pairs: list[tuple[str, str | int | float | bool]] = []
    if context.remaining is not None:
        pairs.append((_DEADLINE, time.time() + context.remaining))
    if baggage:
        pairs += [(key, value) for key, value in context.metadata.items() if isinstance(value, (str, int, float))]
    return pairs


def _encode(value: str | int | float | bool) -> str:
    # A string that reads as JSON of another type is quoted, so that "1" comes back as "1" and 1 as 1.
    text = value if isinstance(value, str) and _decode(value) == value else json.dumps(value)
    return _quoted(text)


def _quoted(text: str) -> str:
    # Text may hold halves of surrogate pairs, out of a file name for one, and UTF-8 has none.
    return quote(text, safe="", errors="replace")


def _decode(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, (str, int, float)) else text


def _within_limit(members: list[str]) -> str:
    kept: list[str] = []
    size = -1
    for member in members:
        if size + 1 + len(member) <= _BAGGAGE_LIMIT:
            size += 1 + len(member)
            kept.append(member)
    return ",".join(kept)


def from_headers(headers: Mapping[str, str], agent_id: str) -> ExecutionContext:
    from agentcore._context.execution import ExecutionContext

    lower = {key.lower(): value for key, value in headers.items()}
    context = ExecutionContext(agent_id)
    found = _TRACEPARENT.fullmatch(lower.get("traceparent", "").strip())
    if found is not None:
        root_id, span_id = found[1], found[2]
        details_of(context).remote = Carrier(_parent_id(lower.get("tracestate", ""), span_id), root_id)
    for key, value in _members(lower.get("baggage", "")):
        if key != _DEADLINE:
            context.metadata[key] = value
        elif isinstance(value, float) and math.isfinite(value):
            context.limit_time(value - time.time())
    return context


def _parent_id(tracestate: str, span_id: str) -> str:
    """Return the parent's full id: *tracestate* has it, unless a tracer in between has become the parent."""
    for member in tracestate.split(","):
        key, _, value = member.strip().partition("=")
        if key == _STATE_KEY and _CONTEXT_ID.fullmatch(value) and value.endswith(span_id):
            return value
    return span_id


def _members(baggage: str) -> list[tuple[str, Any]]:
    pairs = (member.split(";")[0].partition("=") for member in baggage.split(",") if "=" in member)
    return [(unquote(key.strip()), _decode(unquote(value.strip()))) for key, _, value in pairs]


def freeze(context: ExecutionContext) -> dict[str, Any]:
    """Return what pickling keeps: everything but the task and the plugins, which belong to this process."""
    details = context._details
    return {
        "agent_id": context.agent_id,
        "id": context.context_id,
        "parent": context.parent,
        "remote": details.remote,
        "metadata": details.metadata,
        "state": details.state,
        "usage": (context._usage, details.children_usage),
        "times": (context._started, context._ended),
        "deadline": None if context.remaining is None else time.time() + context.remaining,
        "outcome": context.outcome,
        "cancel_reason": details.cancel_reason,
        "begun": details.begun or context.plugins is not None,
    }


def thaw(context: ExecutionContext, state: dict[str, Any]) -> None:
    """Fill a context that was unpickled.  Its events get ids of their own, for its twin goes on counting elsewhere."""
    context.__init__(state["agent_id"])  # type: ignore[misc]
    details = details_of(context)
    context.parent = state["parent"]
    details.id = state["id"]
    details.remote = state["remote"]
    details.metadata = state["metadata"]
    details.state = state["state"]
    context._usage, details.children_usage = state["usage"]
    context._started, context._ended = state["times"]
    if state["deadline"] is not None:
        context.limit_time(state["deadline"] - time.time())
    context.outcome = state["outcome"]
    details.cancel_reason = state["cancel_reason"]
    details.begun = state["begun"]
    details.salt = f"{getrandbits(32):08x}-"
