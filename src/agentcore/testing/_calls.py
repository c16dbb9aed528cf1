"""Calls of hooks, as they were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from agentcore._context import ExecutionContext

__all__ = ["ENDS", "STARTS", "RecordedCall", "listing"]

STARTS: Final = {"agent_start": "agent", "model_start": "model", "tool_start": "tool"}
ENDS: Final = {
    "agent_complete": "agent",
    "agent_error": "agent",
    "model_complete": "model",
    "model_error": "model",
    "tool_execute": "tool",
    "tool_error": "tool",
}
_GOOD: Final = frozenset({"agent_complete", "model_complete", "tool_execute"})

_LONGEST: Final = 160
"""Characters of the line of a call."""
_UNSHOWN: Final = frozenset({"context", "event", "agent"})


class RecordedCall:
    """One call of a hook; its arguments are attributes, too."""

    def __init__(self, hook: str, arguments: Mapping[str, Any]) -> None:
        self.hook = hook
        """The hook's name."""
        self.arguments = arguments
        """By name, as they were passed; with the envelope under ``"event"`` where the hook has one."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self.arguments[name]
        except KeyError:
            raise AttributeError(f"{self.hook!r} was not called with {name!r}") from None

    @property
    def run(self) -> ExecutionContext | None:
        """The context; None where it was called outside of a run."""
        return self.arguments.get("context")

    @property
    def agent(self) -> str:
        """The agent's name; empty where it was called outside of a run."""
        return "" if self.run is None else self.run.agent_id

    @property
    def starts(self) -> str:
        """``"agent"``, ``"model"`` or ``"tool"`` where it is the start of one, else empty."""
        return STARTS.get(self.hook, "")

    @property
    def ends(self) -> str:
        """``"agent"``, ``"model"`` or ``"tool"`` where it is the end of one, else empty."""
        return ENDS.get(self.hook, "")

    @property
    def misfit(self) -> str | None:
        """What an end says of itself that cannot be; None where nothing is wrong."""
        if self.arguments["duration"] < 0:
            return f"took {self.arguments['duration']} s"
        if (self.arguments["outcome"] == "ok") != (self.hook in _GOOD):
            return f"came out as {self.arguments['outcome']!r}"
        return None

    def has(self, arguments: Mapping[str, Any]) -> bool:
        """Whether it was called with these, and maybe others."""
        return all(name in self.arguments and self.arguments[name] == value for name, value in arguments.items())

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items() if name not in _UNSHOWN)
        return f"{self.hook}({shown})"


def listing(calls: Iterable[RecordedCall]) -> str:
    """Return the calls one below the other, as a tree: what happened within something stands to its right."""
    lines = list(_lines(calls))
    return "\n".join(["what was called:", *lines]) if lines else "nothing was called"


def _lines(calls: Iterable[RecordedCall]) -> Iterator[str]:
    open_: dict[int, int] = {}
    for number, each in enumerate(calls, 1):
        run = each.run
        key = id(run)
        if each.ends:
            open_[key] = max(open_.get(key, 0) - 1, 0)
        family = () if run is None else (run, *run.ancestors)
        within = sum(open_.get(id(context), 0) for context in family)
        if each.starts:
            open_[key] = open_.get(key, 0) + 1
        line = f"{number:>4}  {each.agent:<12} {'  ' * within}{each!r}"
        yield line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
