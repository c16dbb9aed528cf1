"""Measure one store at one size, in a process of its own: prints a JSON object.

The time is CPU time, user and system, of this process and of all that it started.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from benchmarks.vectorstore.contestants import CONTESTANTS, Contestant
from benchmarks.vectorstore.data import questions, texts, vectors

LONG = 60.0
"""Seconds of CPU time after which searches of one kind have been measured often enough."""


def cpu(server: int | None = None) -> float:
    """Seconds of CPU time until now; of *server*, and of its children, too."""
    children = os.times()
    total = process_time() + children.children_user + children.children_system
    if server is not None:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if server in (int(fields[1]), int(stat.parent.name)):
                # Of the server itself with those of its children that have ended: a pool renews its connections.
                counted = fields[11:15] if server == int(stat.parent.name) else fields[11:13]
                total += sum(map(int, counted)) / os.sysconf("SC_CLK_TCK")
    return total


def timed(work: Callable[[int], object], count: int, server: int | None) -> float:
    """Median milliseconds of CPU time, over batches long enough to be told by the clock; fewer where it takes long."""
    work(0)
    size = 1 if server is None else max(1, count // 4)
    samples: list[float] = []
    started = cpu(server)
    for start in range(0, count, size):
        began = cpu(server)
        if began - started > LONG and len(samples) >= 3:
            break
        for number in range(start, min(start + size, count)):
            work(number)
        samples.append((cpu(server) - began) / (min(start + size, count) - start) * 1000)
    return median(samples)


def measure(name: str, size: int) -> dict[str, Any]:
    """Add, search and search again."""
    folder = Path(tempfile.mkdtemp())
    store = CONTESTANTS[name](folder)
    server = getattr(store, "server", None)
    pid = None if server is None else int(server.get_pid())
    words, rows = texts(size), vectors(size)
    began = cpu(pid)
    store.add(0, words, rows)
    made: dict[str, Any] = {"name": name, "size": size, "rows_per_second": size / (cpu(pid) - began)}
    if size <= 10_000:
        more, others = texts(200, seed=5), vectors(200, seed=5)
        began = cpu(pid)
        for number in range(200):
            store.add(size + number, [more[number]], others[number : number + 1])
        made["single"] = (cpu(pid) - began) / 200 * 1000
        rows = np.concatenate([rows, others])
    made |= searches(store, rows, pid)
    made["bytes"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    store.close()
    shutil.rmtree(folder, ignore_errors=True)
    return made


def searches(store: Contestant, rows: Any, pid: int | None) -> dict[str, Any]:
    """Measure searches of every kind that the store has, and how many of the nearest they find."""
    asked, queries = questions(40)
    made: dict[str, Any] = {}
    for kind, group in (("search", None), ("grouped", 3)):
        found = [set(store.search(query, group)) for query in queries[:20]]
        right = 0
        for query, numbers in zip(queries[:20], found, strict=True):
            cosines = rows @ query
            if group is not None:
                cosines[np.arange(len(rows)) % 10 != group] = -2
            right += len(numbers & set(np.argpartition(-cosines, 10)[:10].tolist()))
        made[f"{kind}_recall"] = right / 200
        made[kind] = timed(lambda n, group=group: store.search(queries[n], group), 40, pid)
    for kind, group in (("hybrid", None), ("hybrid_grouped", 3)):
        try:
            store.hybrid(asked[0], queries[0], group)
        except NotImplementedError:
            continue
        made[kind] = timed(lambda n, group=group: store.hybrid(asked[n], queries[n], group), 40, pid)
    return made


if __name__ == "__main__":
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = measure(sys.argv[1], int(sys.argv[2]))
    print(json.dumps(result))
    sys.stdout.flush()
    # What others leave running is no concern of the measurement.
    os._exit(0)
