"""Frameworks side by side, each in processes where no other one is imported.

A framework leaves threads, patches and a scattered heap behind, which the next one in the process would pay for.
So each gets a process, all of them one after another, and then again: that is a round.
``python -m benchmarks._apart MODULE NAME`` is one such process.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from attrs import asdict

from benchmarks._measure import Repeat, Samples, figure, sample
from benchmarks._table import Figure

__all__ = ["Contest", "measure_apart", "output_of"]


class Contest(Protocol):
    """A module of this package that has contestants to be measured apart."""

    PROCESSES: int
    """Of each framework."""
    ROUNDS: int
    """In each process."""
    WARM_UP: int
    """How often each contestant does its work before it is timed."""

    def contestants(self, name: str) -> Mapping[str, Repeat]:
        """Make those of one framework, by what they do."""
        ...


def measure_apart(module: str, names: Iterable[str]) -> dict[str, dict[str, Figure]]:
    """Measure the contestants of *module*; the figures are by what is done, then by framework."""
    contest = cast("Contest", import_module(f"benchmarks.{module}"))
    collected: dict[str, dict[str, list[Samples]]] = {}
    for _ in range(contest.PROCESSES):
        for name in names:
            for what, taken in json.loads(output_of("benchmarks._apart", module, name)).items():
                collected.setdefault(what, {}).setdefault(name, []).append(Samples(**taken))
    return {what: {name: figure(each) for name, each in by_name.items()} for what, by_name in collected.items()}


def output_of(module: str, *arguments: str) -> str:
    """Run a module of this package in a process of its own, and return what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


async def _sampled(module: str, name: str) -> dict[str, dict[str, Any]]:
    contest = cast("Contest", import_module(f"benchmarks.{module}"))
    taken = await sample(contest.contestants(name), rounds=contest.ROUNDS, warm_up=contest.WARM_UP)
    return {what: asdict(each) for what, each in taken.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_sampled(*sys.argv[1:]))))
