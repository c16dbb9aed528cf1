"""The same run on other frameworks, each with what costs it least."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol, TypeAlias, cast

from benchmarks._script import Pause, Run

__all__ = ["ADK", "OURS", "Peer", "installed", "installed_peers", "maker_of", "peer_named"]

OURS: Final = "agentcore"
ADK: Final = "ADK"
_MODULES: Final = {
    "Microsoft Agent Framework": ("microsoft", "agent_framework"),
    "LangChain": ("langchain", "langchain"),
    "OpenAI Agents": ("openai_agents", "agents"),
    "pydantic-ai": ("pydantic_ai", "pydantic_ai"),
    ADK: ("adk", "google.adk"),
}
"""The module here, and the package that it needs."""

Make: TypeAlias = Callable[[Pause], Run]
"""Makes a framework's run with observers and without a tool."""


class Peer(Protocol):
    """A module of this package."""

    def make(self, *, observers: bool, tool: bool, pause: Pause) -> Run:
        """Make the run, with two observers of the agent's and the model's begin and end where they are wanted."""
        ...


def installed_peers() -> Iterator[str]:
    """Yield the names of those that are installed, without importing them."""
    return installed({name: package for name, (_, package) in _MODULES.items()})


def installed(packages: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of *packages* that are installed, without importing them; say which are not."""
    for name, package in packages.items():
        if _is_installed(package):
            yield name
        else:
            print(f"left out: {name}; see requirements-peers.txt", file=sys.stderr)


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def peer_named(name: str) -> Peer:
    """Import one of them."""
    return cast("Peer", import_module(f"benchmarks._peers.{_MODULES[name][0]}"))


def maker_of(name: str) -> Make:
    """Import a framework, ours or another, and return what makes its run."""
    if name == OURS:
        from benchmarks import _ours

        return _ours.make
    peer = peer_named(name)
    return lambda pause: peer.make(observers=True, tool=False, pause=pause)
