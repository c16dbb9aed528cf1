"""From what the hooks note to records: a hook keeps what it was given, and what can wait is done here."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from agentcore.types import Outcome, Usage
from agentcore_metrics._accounts import Accounts
from agentcore_metrics._pricing import Cost, Pricing, provider_of
from agentcore_metrics._records import Incident, IncidentRecord, ModelRecord, Record, RunRecord, ToolRecord

if TYPE_CHECKING:
    from agentcore import ExecutionContext

__all__ = ["Intake", "Note"]

Note: TypeAlias = tuple[Any, ...]
"""The method of :class:`Intake` that makes the record, and its arguments."""


class Intake:
    """Makes records of notes, in their order, and hands each to its consumers.

    Args:
        pricing: Finds the cost of model calls.
        consumers: Called one by one, on whichever thread drains.
    """

    def __init__(self, pricing: Pricing, consumers: Sequence[Callable[[Record], None]]) -> None:
        self.notes: Final[deque[Note]] = deque()
        """Appended to by hooks on any thread."""
        self.accounts: Final = Accounts()
        self._pricing = pricing
        self._consumers = consumers
        self._lock = threading.RLock()

    def drain(self) -> None:
        """Make records of all that has been noted until now."""
        notes = self.notes
        with self._lock:
            for _ in range(len(notes)):
                make, *arguments = notes.popleft()
                record = make(self, *arguments)
                for consume in self._consumers:
                    consume(record)

    @contextmanager
    def still(self) -> Generator[None, None, None]:
        """Let nobody drain for a block."""
        with self._lock:
            yield

    # --- around a fork ---

    def before_fork(self) -> None:
        """Keep still until :meth:`after_fork`."""
        self._lock.acquire()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin with nothing in the child: what was noted is the parent's."""
        self._lock = threading.RLock()
        self.notes.clear()

    # --- records ---

    def run(
        self,
        context: ExecutionContext,
        agent: str,
        ended: float,
        duration: float,
        outcome: Outcome,
        error: str | None,
        usage: Usage,
        total_usage: Usage,
    ) -> RunRecord:
        """A run ended."""
        context_id = context.context_id
        account = self.accounts.close(context_id)
        return RunRecord(
            context_id,
            context.parent_id,
            context.root_id,
            agent,
            ended,
            duration,
            outcome,
            error,
            usage,
            total_usage,
            account.cost,
            account.total_cost,
        )

    def model_call(
        self,
        context: ExecutionContext,
        model: str,
        call_id: str,
        ended: float,
        duration: float,
        outcome: Outcome,
        error: str | None,
        usage: Usage,
        response_model: str | None,
        first_token: float | None,
    ) -> ModelRecord:
        """A model call ended."""
        cost, source = self._cost(model, response_model or None, usage, outcome, ended)
        self.accounts.charge(context, ended, cost)
        return ModelRecord(
            context.context_id,
            context.parent_id,
            context.root_id,
            context.agent_id,
            ended,
            duration,
            outcome,
            error,
            model,
            call_id,
            usage,
            provider_of(model)[0],
            response_model or None,
            first_token,
            cost,
            source,
        )

    def _cost(self, model: str, response_model: str | None, usage: Usage, outcome: Outcome, ended: float) -> Cost:
        try:
            return self._pricing.cost(model, response_model, usage, outcome, ended)
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            # A model has invented its usage; the ledger refuses it.
            return None, None

    def tool_call(
        self,
        context: ExecutionContext,
        tool: str,
        call_id: str,
        ended: float,
        duration: float,
        outcome: Outcome,
        error: str | None,
    ) -> ToolRecord:
        """A tool call ended."""
        return ToolRecord(
            context.context_id,
            context.parent_id,
            context.root_id,
            context.agent_id,
            ended,
            duration,
            outcome,
            error,
            tool,
            call_id,
        )

    def incident(
        self,
        context: ExecutionContext | None,
        at: float,
        kind: Incident,
        subject: str | None,
        hook: str | None,
        error: str,
    ) -> IncidentRecord:
        """Something else happened."""
        if context is None:
            return IncidentRecord(None, None, None, at, kind, subject, hook, error)
        return IncidentRecord(context.context_id, context.root_id, context.agent_id, at, kind, subject, hook, error)
