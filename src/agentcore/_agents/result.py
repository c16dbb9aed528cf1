"""What a run returns."""

from __future__ import annotations

from typing import Generic, TypeVar

from agentcore._context import ExecutionContext
from agentcore._data import data
from agentcore.types import Outcome, Usage

__all__ = ["RunResult"]

T = TypeVar("T", covariant=True)


@data
class RunResult(Generic[T]):
    """What came of one run."""

    output: T
    """An instance of the agent's output model, ``result.output.label``; what :meth:`BaseAgent.run_agent` returned for
    agents without a signature."""
    context: ExecutionContext
    """The run's; it has ended."""
    duration: float
    """Seconds, hooks included."""
    outcome: Outcome = "ok"
    """Always ``"ok"``: a run that ends otherwise raises."""

    @property
    def usage(self) -> Usage:
        """What the run and its sub-agents consumed."""
        return self.context.total_usage
