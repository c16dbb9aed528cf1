"""What it takes to import a framework, and to install it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import agentcore
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_ROUNDS: Final = 7
_OURS: Final = "agentcore"
_MEGABYTE: Final = 1e6
_IMPORTS: Final = {
    _OURS: ("agentcore-framework", "from agentcore import Agent"),
    "Microsoft Agent Framework": ("agent-framework-core", "from agent_framework import Agent"),
    "LangChain": ("langchain", "from langchain.agents import create_agent"),
    "OpenAI Agents": ("openai-agents", "from agents import Agent"),
    "pydantic-ai": ("pydantic-ai-slim", "from pydantic_ai import Agent"),
    "ADK": ("google-adk", "from google.adk.agents import LlmAgent"),
}
"""The distribution, and the statement that brings what declares an agent."""


async def rows() -> list[Row]:
    """Measure.  Nothing else runs meanwhile, and so nothing is lost by not awaiting."""
    statements = {name: statement for name, (project, statement) in _IMPORTS.items() if _installed(project)}
    times = _import_times(statements)
    sizes = {name: _installation(project) for name, (project, _) in _IMPORTS.items() if name in statements}
    counts = {name: Figure(float(count)) for name, (count, _) in sizes.items()}
    megabytes = {name: Figure(size / _MEGABYTE) for name, (_, size) in sizes.items()}
    microsoft = times.get("Microsoft Agent Framework")
    half = 376 / 2 if microsoft is None else microsoft.median / 2
    return [
        _row("import, CPU above a bare interpreter", "ms", f"≤ {half:.0f}, half of Microsoft's", times),
        _row("distributions that an installation brings", "", "≤ 15", counts),
        _row("their size on disk, without bytecode", "MB", "≤ 20", megabytes),
    ]


def _row(what: str, unit: str, target: str, figures: dict[str, Figure]) -> Row:
    return Row(what=what, unit=unit, ours=figures.pop(_OURS), target=target, others=figures)


def _installed(project: str) -> Distribution | None:
    try:
        return distribution(project)
    except PackageNotFoundError:
        return None


# --- time ---


def _import_times(statements: dict[str, str]) -> dict[str, Figure]:
    """Measure each statement in processes of its own, in milliseconds; the first round writes bytecode, uncounted."""
    taken: dict[str, list[float]] = {name: [] for name in statements}
    for counted in range(_ROUNDS + 1):
        bare = _cpu("pass")
        for name, statement in statements.items():
            above = _cpu(statement) - bare
            if counted:
                taken[name].append(above * 1000)
    return {name: Figure(median(each), min(each)) for name, each in taken.items()}


def _cpu(statement: str) -> float:
    """Return the CPU seconds, user and system, of one interpreter that runs *statement*."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


# --- size ---


def _installation(project: str) -> tuple[int, int]:
    """Count the distributions that *project* needs, itself included, and add up their bytes."""
    needed: dict[str, Distribution] = {}
    _gather(Requirement(project), needed)
    return len(needed), sum(sum(_file_sizes(each)) for each in needed.values())


def _gather(requirement: Requirement, needed: dict[str, Distribution]) -> None:
    found = _installed(requirement.name)
    name = canonicalize_name(requirement.name)
    if found is None or (name in needed and not requirement.extras):
        return
    needed[name] = found
    for text in found.requires or []:
        dependency = Requirement(text)
        extras = requirement.extras or {""}
        if dependency.marker is None or any(dependency.marker.evaluate({"extra": extra}) for extra in extras):
            _gather(dependency, needed)


def _file_sizes(of: Distribution) -> Iterator[int]:
    paths = [Path(str(each.locate())) for each in of.files or []]
    if of.name == "agentcore-framework" and not any(path.name == "hookspecs.py" for path in paths):
        # An editable installation lists a pointer to the sources, not the sources.
        paths += Path(agentcore.__file__).parent.rglob("*")
    for path in paths:
        if path.suffix != ".pyc" and path.is_file():
            yield path.stat().st_size
