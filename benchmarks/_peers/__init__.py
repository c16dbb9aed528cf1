"""The same run on other frameworks, each with what costs it least."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Final, Protocol

from benchmarks._script import Pause, Run

__all__ = ["Peer", "peers"]

_MODULES: Final = {
    "Microsoft Agent Framework": "microsoft",
    "LangChain": "langchain",
    "OpenAI Agents": "openai_agents",
    "pydantic-ai": "pydantic_ai",
    "ADK": "adk",
}


class Peer(Protocol):
    """A module of this package."""

    def make(self, *, observers: bool, tool: bool, pause: Pause) -> Run:
        """Make the run, with two observers of the agent's and the model's begin and end where they are wanted."""
        ...


def peers() -> Iterator[tuple[str, Peer]]:
    """Yield those that are installed, by name."""
    for name, module in _MODULES.items():
        try:
            peer: Peer = import_module(f"benchmarks._peers.{module}")  # type: ignore[assignment]
        except ImportError as error:
            print(f"left out: {name} ({error}); see requirements-peers.txt", file=sys.stderr)
        else:
            yield name, peer
