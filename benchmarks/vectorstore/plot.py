"""``python -m benchmarks.vectorstore.plot OUT.svg RESULTS.json …``: what adding and searching cost by size."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

PANELS = {
    "add": ("adding in batches", "CPU ms for each document"),
    "search": ("search by meaning", "CPU ms for each search"),
    "hybrid": ("hybrid search", "CPU ms for each search"),
}
STORES = {
    "agentcore sqlite": "SQLite",
    "agentcore pgvector": "PostgreSQL, pgvector",
    "agentcore qdrant": "embedded Qdrant",
}


def main() -> None:
    """Read what ``python -m benchmarks.vectorstore --json`` wrote, and draw it."""
    target, *sources = map(Path, sys.argv[1:])
    results: list[dict[str, Any]] = [each for source in sources for each in json.loads(source.read_text())]
    plt.rcParams["svg.fonttype"] = "none"
    figure, axes = plt.subplots(1, len(PANELS), figsize=(11, 3.4), layout="constrained")
    for axis, (name, (title, label)) in zip(axes, PANELS.items(), strict=True):
        for store, shown in STORES.items():
            points = sorted((each["size"], cost(each, name)) for each in results if each["name"] == store)
            axis.plot(*zip(*points, strict=True), marker="o", label=shown)
        axis.set(xscale="log", yscale="log", title=title, xlabel="documents", ylabel=label)
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend()
    figure.savefig(target)


def cost(result: dict[str, Any], name: str) -> float:
    """Return milliseconds."""
    return 1000 / result["rows_per_second"] if name == "add" else float(result[name])


main()
