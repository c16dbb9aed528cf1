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
_ENGINE: Final = "xllamacpp"
"""The embedded model's: one wheel without dependencies."""
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
    projects = {name: project for name, (project, _) in _IMPORTS.items() if _installed(project)}
    imported = _cpu_times({name: ["-c", _IMPORTS[name][1]] for name in projects})
    started = _cpu_times({name: ["-m", "benchmarks._first", name] for name in projects})
    installed = {name: _installation(project) for name, project in projects.items()}
    core = {name: size for name, size in installed[_OURS].items() if name != _ENGINE}
    counts = {name: Figure(len(sizes)) for name, sizes in installed.items()}
    megabytes = {name: _megabytes(sizes) for name, sizes in installed.items()}
    without = {_OURS: Figure(len(core))}, {_OURS: _megabytes(core)}
    return [
        _row("import, CPU above a bare interpreter", "ms", "≤ 188", imported),
        _row("import and first run, CPU above a bare interpreter", "ms", "", started),
        _row("distributions that an installation brings", "", "", counts),
        _row("the same without the embedded model's engine", "", "≤ 15", without[0]),
        _row("their size on disk, without bytecode", "MB", "", megabytes),
        _row("the same without the embedded model's engine", "MB", "≤ 20", without[1]),
    ]


def _row(what: str, unit: str, target: str, figures: dict[str, Figure]) -> Row:
    return Row(what=what, unit=unit, ours=figures.pop(_OURS), target=target, others=figures)


def _installed(project: str) -> Distribution | None:
    try:
        return distribution(project)
    except PackageNotFoundError:
        return None


# --- time ---


def _cpu_times(commands: dict[str, list[str]]) -> dict[str, Figure]:
    """Measure each command in processes of its own, in milliseconds; the first round writes bytecode, uncounted."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for counted in range(_ROUNDS + 1):
        bare = _cpu(["-c", "pass"])
        for name, command in commands.items():
            above = _cpu(command) - bare
            if counted:
                taken[name].append(above * 1000)
    return {name: Figure(median(each), min(each)) for name, each in taken.items()}


def _cpu(arguments: list[str]) -> float:
    """Return the CPU seconds, user and system, of one interpreter."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


# --- size ---


def _installation(project: str) -> dict[str, int]:
    """Return the distributions that *project* needs, itself included, with their bytes."""
    needed: dict[str, Distribution] = {}
    _gather(Requirement(project), needed)
    return {name: sum(_file_sizes(each)) for name, each in needed.items()}


def _megabytes(sizes: dict[str, int]) -> Figure:
    return Figure(sum(sizes.values()) / _MEGABYTE)


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
