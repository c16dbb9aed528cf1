"""What the ledger says of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final, Literal, TypeAlias

from attrs import define, evolve, field

from agentcore.errors import PluginError
from agentcore_metrics._reading import Consumption, consumption, moment
from agentcore_metrics._sql import Connection

__all__ = ["Node", "run_tree"]

Kind: TypeAlias = Literal["run", "model", "tool", "knowledge"]

_SHOWN: Final = 3
"""Ids in a message."""


@define(kw_only=True, eq=False)
class Node:
    """A run, a model call, a tool call, or what was asked of the stores or told them."""

    kind: Kind
    name: str
    """The agent, the model or the tool; of knowledge ``query`` or ``update``."""
    agent: str
    """Whose run it is or was made in; ``?`` of a run of which only its children are known."""
    context_id: str
    """Of the run, or of the run that made the call."""
    parent_id: str | None
    started: int
    """In microseconds since the epoch."""
    duration: float | None = None
    """In seconds; None of a run that has not ended, and so is *outcome*."""
    outcome: str | None = None
    error: str | None = None
    usage: Consumption | None = None
    """Of a run its own; None of a tool call, and of knowledge."""
    total: Consumption | None = None
    """Of a run that has ended: its own with that of its children."""
    items: int | None = None
    """Of knowledge the hits or the documents."""
    children: list[Node] = field(factory=list["Node"])
    """In the order in which they began."""

    def as_json(self) -> dict[str, Any]:
        """As a JSON object, with everything below it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "agent": self.agent,
            "context_id": self.context_id,
            "parent_id": self.parent_id,
            "started": moment(self.started).isoformat(),
            "duration": self.duration,
            "outcome": self.outcome,
            "error": self.error,
            "usage": None if self.usage is None else self.usage.as_json(),
            "total_usage": None if self.total is None else self.total.as_json(),
            **({} if self.items is None else {"items": self.items}),
            "children": [each.as_json() for each in self.children],
        }


def run_tree(connection: Connection, run_id: str) -> Node:
    """Return the run of that id with everything below it.

    Args:
        connection: To the ledger.
        run_id: A context id, or how one begins.

    Raises:
        PluginError: No run's id begins so, or those of several do.
    """
    context_id, root_id = _find(connection, run_id)
    tree = _Tree()
    for run in _rows(connection, "run", root_id):
        tree.runs.setdefault(run.context_id, []).append(run)
    for call in chain.from_iterable(_rows(connection, kind, root_id) for kind in ("model", "tool", "knowledge")):
        tree.attach(call, call.context_id, call.agent, call.parent_id)
    tree.adopt(root_id)
    for node in chain.from_iterable(tree.runs.values()):
        node.children.sort(key=lambda each: each.started)
    found = tree.runs[context_id][-1]
    _count_calls(found)
    return found


class _Tree:
    """The runs of one root by context id, those of one context in the order in which they ended."""

    def __init__(self) -> None:
        self.runs: dict[str, list[Node]] = {}

    def attach(self, child: Node, context_id: str, agent: str, parent_id: str | None) -> None:
        """Put *child* below the run of *context_id*; one that has not ended is told of by its children alone."""
        runs = self.runs.setdefault(context_id, [])
        if not runs:
            runs.append(
                Node(
                    kind="run",
                    name=agent,
                    agent=agent,
                    context_id=context_id,
                    parent_id=parent_id,
                    started=child.started,
                )
            )
        # A context may have served several runs, one after the other.
        begun = [each for each in runs if each.started <= child.started]
        run = begun[-1] if begun else runs[0]
        run.started = min(run.started, child.started)
        run.children.append(child)

    def adopt(self, root_id: str) -> None:
        """Put every run below its parent, and one whose parent is not known below the root."""
        orphans = list(chain.from_iterable(self.runs.values()))
        while orphans:
            run = orphans.pop()
            if run.context_id == root_id:
                continue
            parent_id = run.parent_id or root_id
            is_new = parent_id not in self.runs
            self.attach(run, parent_id, "?", None)
            if is_new:
                orphans += self.runs[parent_id]


_TABLES: Final[Mapping[Kind, str]] = {
    "run": "runs",
    "model": "model_calls",
    "tool": "tool_calls",
    "knowledge": "knowledge",
}
_USAGE: Final = ("requests", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost")
_PARTS: Final = ("cache_write_tokens", "input_audio_tokens", "output_audio_tokens")
_COLUMNS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "run": ("parent_id", "agent", *_USAGE, *_PARTS, *(f"total_{each}" for each in (*_USAGE, *_PARTS))),
    "model": ("parent_id", "model", *_USAGE, *_PARTS, "from_cache"),
    "tool": ("parent_id", "tool"),
    "knowledge": ("NULL", "kind", "items"),
}
"""Beside those that all have: the parent's id, the name, and what is known of one kind alone."""


def _rows(connection: Connection, kind: Kind, root_id: str) -> Iterator[Node]:
    """Yield each row of one root, in the order in which they ended."""
    columns = ("context_id, agent, started, duration, outcome, error", *_COLUMNS[kind])
    query = f"SELECT {', '.join(columns)} FROM {_TABLES[kind]} WHERE root_id = ? ORDER BY id"  # noqa: S608  # names alone
    for row in connection.execute(query, (root_id,)):
        context_id, agent, started, duration, outcome, error, parent_id, name, *more = row
        node = Node(
            kind=kind,
            name=name,
            agent=agent,
            context_id=context_id,
            parent_id=parent_id,
            started=started,
            duration=duration,
            outcome=outcome,
            error=error,
        )
        if kind == "knowledge":
            node.items = more[0]
        elif kind == "run":
            node.usage, node.total = _usage(*more[:9]), _usage(*more[9:])
        elif kind == "model":
            node.usage = _usage(*more)
        yield node


def _usage(
    calls: int, read: int, cached: int, written: int, reasoned: int, cost: int | None, *parts: int
) -> Consumption:
    return consumption(calls, read, cached, written, reasoned, cost, calls if cost is None else 0, *parts)


def _count_calls(run: Node) -> Counter[str]:
    """Say exactly how many model calls of *run* and of what is below it were special; returns those of all."""
    own: Counter[str] = Counter()
    for each in run.children:
        if each.kind == "model" and each.usage is not None:
            own.update(unpriced_calls=each.usage.unpriced_calls, cached_answers=each.usage.cached_answers)
    total = sum((_count_calls(each) for each in run.children if each.kind == "run"), own)
    if run.usage is not None and run.total is not None:
        run.usage, run.total = (
            evolve(used, unpriced_calls=counts["unpriced_calls"], cached_answers=counts["cached_answers"])
            for used, counts in ((run.usage, own), (run.total, total))
        )
    return total


# The root may be in another process, or not have ended yet: then only its descendants tell of it.
_IDS: Final = """
    SELECT DISTINCT id, root_id FROM (
        SELECT context_id AS id, root_id FROM runs UNION ALL SELECT root_id, root_id FROM runs
        UNION ALL SELECT context_id, root_id FROM model_calls UNION ALL SELECT root_id, root_id FROM model_calls
        UNION ALL SELECT context_id, root_id FROM tool_calls UNION ALL SELECT root_id, root_id FROM tool_calls
        UNION ALL SELECT context_id, root_id FROM knowledge WHERE root_id IS NOT NULL
    )"""


def _find(connection: Connection, run_id: str) -> tuple[str, str]:
    """Return the context id that *run_id* stands for, and its root's."""
    query = f"{_IDS} WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT ?"
    found: list[tuple[str, str]] = list(connection.execute(query, (len(run_id), run_id, _SHOWN + 1)))
    if not found:
        raise PluginError(f"the ledger has no run {run_id!r}", plugin="metrics", hint=_latest(connection))
    if len(found) > 1 and found[0][0] != run_id:
        ids = ", ".join(repr(context_id) for context_id, _ in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        raise PluginError(f"several runs begin with {run_id!r}: {ids}", plugin="metrics", hint="write more of the id.")
    return found[0]


def _latest(connection: Connection) -> str:
    query = "SELECT context_id, agent FROM runs ORDER BY id DESC LIMIT ?"
    known = ", ".join(f"{context_id!r} ({agent})" for context_id, agent in connection.execute(query, (_SHOWN,)))
    return f"the latest are {known}." if known else "it holds none yet."
