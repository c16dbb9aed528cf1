"""What became of deliveries: settled batches, failures that wait, dead letters."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from agentcore._delivery.journal import DeadLetter, Failure, Passage
from agentcore._delivery.sqlite.events import NAMED, RAW, decoded
from agentcore._delivery.sqlite.lanes import Lane
from agentcore._delivery.sqlite.sql import Connection

__all__ = ["blocked", "dead", "drop", "next_due", "revive", "settle"]


def settle(connection: Connection, lane: Lane, passage: Passage, now: float) -> None:
    """Note what became of a batch; inside a transaction."""
    known = _failures(connection, lane, passage)
    repeated = _repeated(known, passage) if known else 0
    # A cursor never goes back: what it has passed may be gone.
    connection.execute(
        "UPDATE lane SET cursor = max(cursor, ?), delivered = delivered + ?, retried = retried + ? WHERE id = ?",
        (lane.cursor if passage.cursor is None else passage.cursor, len(passage.delivered), repeated, lane.id),
    )
    if known or passage.retry or passage.dead:
        _move(connection, lane, passage, known, now)


def _failures(connection: Connection, lane: Lane, passage: Passage) -> dict[int, tuple[str, int]]:
    """Return the runs and the attempts of those of *passage* that failed before, by position."""
    if connection.execute("SELECT 1 FROM failure WHERE lane = ? LIMIT 1", (lane.id,)).fetchone() is None:
        return {}
    positions = [*passage.delivered, *(each.position for each in (*passage.retry, *passage.dead))]
    rows = connection.execute(
        "SELECT position, run, attempts FROM failure WHERE lane = ? AND position IN (SELECT value FROM json_each(?))",
        (lane.id, json.dumps(positions)),
    ).fetchall()
    return {position: (run, attempts) for position, run, attempts in rows}


def _repeated(known: dict[int, tuple[str, int]], passage: Passage) -> int:
    """Count the deliveries that were not the first of their events."""
    tried = {position: attempts for position, (_, attempts) in known.items() if attempts}
    failed = (*passage.retry, *passage.dead)
    again = sum(each.position in tried and each.attempts > tried[each.position] for each in failed)
    return again + sum(position in tried for position in passage.delivered)


def _move(connection: Connection, lane: Lane, passage: Passage, known: dict[int, tuple[str, int]], now: float) -> None:
    gone = [position for position in passage.delivered if position in known]
    gone += [each.position for each in passage.dead]
    connection.executemany("DELETE FROM failure WHERE position = ? AND lane = ?", [(each, lane.id) for each in gone])
    connection.executemany(
        "INSERT OR REPLACE INTO dead VALUES (?, ?, ?, ?, ?)",
        [(each.position, lane.id, each.attempts, each.error, now) for each in passage.dead],
    )
    _insert(connection, lane, passage.retry)
    runs = {each.run for each in (*passage.retry, *passage.dead)}
    _find_heads(connection, lane, runs.union(known[each][0] for each in gone if each in known))


def _insert(connection: Connection, lane: Lane, failures: Iterable[Failure]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO failure VALUES (?, ?, ?, ?, ?, ?, 0)",
        [(each.position, lane.id, each.run, each.attempts, each.due, each.error) for each in failures],
    )


def _find_heads(connection: Connection, lane: Lane, runs: Collection[str]) -> None:
    """Mark the oldest failure of each of *runs*, and no other."""
    connection.executemany(
        "UPDATE failure SET head = 0 WHERE lane = ? AND run = ? AND head", [(lane.id, run) for run in runs]
    )
    connection.executemany(
        "UPDATE failure SET head = 1 WHERE lane = ?1 AND position = "
        "(SELECT min(position) FROM failure WHERE lane = ?1 AND run = ?2)",
        [(lane.id, run) for run in runs],
    )


def blocked(connection: Connection, lane: Lane) -> set[str]:
    """Return the runs of which *lane* has failures."""
    rows = connection.execute("SELECT DISTINCT run FROM failure WHERE lane = ?", (lane.id,)).fetchall()
    return {run for (run,) in rows}


def next_due(connection: Connection, lane: Lane) -> float | None:
    """Return when the next failure is due."""
    row: Any = connection.execute("SELECT min(due) FROM failure WHERE lane = ? AND head", (lane.id,)).fetchone()
    due: float | None = row[0]
    return due


def dead(connection: Connection, lane: Lane | None, limit: int | None, path: Path) -> list[DeadLetter]:
    """Return dead letters, oldest first."""
    columns = ", ".join(f"event.{column}" for column in RAW.split(", "))
    source = (
        f"SELECT {columns}, dead.attempts, lane.name AS lane, dead.error, dead.time AS died FROM dead "
        "CROSS JOIN event ON event.position = dead.position CROSS JOIN lane ON lane.id = dead.lane "
        "WHERE ?1 IS NULL OR dead.lane = ?1 ORDER BY dead.time, dead.position LIMIT ?2"
    )
    more = "raw.attempts, raw.lane, raw.error, raw.died"
    bindings = (None if lane is None else lane.id, -1 if limit is None else limit)
    rows = connection.execute(NAMED.format(more=more, source=source), bindings).fetchall()
    events = decoded([row[:-3] for row in rows], path)
    letters = [
        DeadLetter(lane=name, appended=appended, attempts=appended.attempt - 1, error=error, time=died)
        for appended, (*_, name, error, died) in zip(events, rows, strict=True)
    ]
    return sorted(letters, key=lambda letter: (letter.time, letter.appended.position))


def revive(connection: Connection, lane: Lane, positions: Collection[int] | None, now: float) -> int:
    """Make dead letters due now; inside a transaction."""
    rows = connection.execute(
        "SELECT dead.position, run.run FROM dead JOIN event ON event.position = dead.position "
        f"JOIN run ON run.id = event.run WHERE {_CHOSEN}",
        _chosen(lane, positions),
    ).fetchall()
    failures = [Failure(position=position, run=run, attempts=0, due=now, error="") for position, run in rows]
    drop(connection, lane, [each.position for each in failures])
    _insert(connection, lane, failures)
    _find_heads(connection, lane, {each.run for each in failures})
    return len(failures)


def drop(connection: Connection, lane: Lane, positions: Collection[int] | None) -> int:
    """Delete dead letters; inside a transaction."""
    connection.execute(f"DELETE FROM dead WHERE {_CHOSEN}", _chosen(lane, positions))
    return connection.changes()


_CHOSEN = "dead.lane = ?1 AND (?2 IS NULL OR dead.position IN (SELECT value FROM json_each(?2)))"


def _chosen(lane: Lane, positions: Collection[int] | None) -> tuple[int, str | None]:
    return lane.id, None if positions is None else json.dumps(sorted(positions))
