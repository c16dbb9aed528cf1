"""From notes to records: a hook keeps what it was given, and what can wait is done here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from agentcore.types import Outcome, Usage
from agentcore_metrics._accounts import Account
from agentcore_metrics._pricing import Cost, Pricing, provider_of
from agentcore_metrics._records import (
    Incident,
    IncidentRecord,
    Knowledge,
    KnowledgeRecord,
    ModelRecord,
    Record,
    RunRecord,
    ToolRecord,
)

if TYPE_CHECKING:
    from agentcore import Event, ExecutionContext

__all__ = ["Accounting", "Note", "Recorder"]

Note: TypeAlias = tuple[Any, ...]
"""The method of :class:`Recorder` that makes the record, and its arguments: the event, the context, and others."""


class Accounting(Protocol):
    """Knows what runs have spent."""

    def charge(self, context: ExecutionContext, ended: float, cost: int | None) -> None:
        """Count a model call of *context*."""
        ...

    def close(self, context: ExecutionContext, ended: float, duration: float) -> Account:
        """Return the account of a run that ended."""
        ...


class Recorder:
    """Makes records of notes, in their order.

    Args:
        pricing: Finds the cost of model calls.
        accounts: Adds them up by runs.
    """

    def __init__(self, pricing: Pricing, accounts: Accounting) -> None:
        self._pricing = pricing
        self._accounts = accounts

    def record(self, note: Note) -> Record:
        """Make the record of *note*."""
        make, *arguments = note
        record: Record = make(self, *arguments)
        return record

    def run(
        self,
        event: Event,
        context: ExecutionContext,
        agent: str,
        duration: float,
        outcome: Outcome,
        error: str | None,
        usage: Usage,
        total_usage: Usage,
    ) -> RunRecord:
        """A run ended."""
        ended = event.timestamp
        account = self._accounts.close(context, ended, duration)
        return RunRecord(
            context.context_id,
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
            event.id,
        )

    def model_call(
        self,
        event: Event,
        context: ExecutionContext,
        model: str,
        call_id: str,
        duration: float,
        outcome: Outcome,
        error: str | None,
        usage: Usage,
        response_model: str | None,
        from_cache: bool,
        first_token: float | None,
    ) -> ModelRecord:
        """A model call ended."""
        ended = event.timestamp
        cost, source = (0, "cache") if from_cache else self._cost(model, response_model or None, usage, outcome, ended)
        self._accounts.charge(context, ended, cost)
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
            from_cache,
            event.id,
        )

    def _cost(self, model: str, response_model: str | None, usage: Usage, outcome: Outcome, ended: float) -> Cost:
        try:
            return self._pricing.cost(model, response_model, usage, outcome, ended)
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            # A model has invented its usage; the ledger refuses it.
            return None, None

    def tool_call(
        self,
        event: Event,
        context: ExecutionContext,
        tool: str,
        call_id: str,
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
            event.timestamp,
            duration,
            outcome,
            error,
            tool,
            call_id,
            event.id,
        )

    def knowledge(
        self,
        event: Event,
        context: ExecutionContext | None,
        kind: Knowledge,
        items: int,
        duration: float | None,
        outcome: Outcome,
        error: str | None,
    ) -> KnowledgeRecord:
        """The stores were asked, or told."""
        return KnowledgeRecord(*_ids(context), event.timestamp, duration, outcome, error, kind, items, event.id)

    def incident(
        self,
        event: Event,
        context: ExecutionContext | None,
        kind: Incident,
        subject: str | None,
        hook: str | None,
        error: str,
    ) -> IncidentRecord:
        """Something else happened."""
        return IncidentRecord(*_ids(context), event.timestamp, kind, subject, hook, error, event.id)


def _ids(context: ExecutionContext | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if context is None else (context.context_id, context.root_id, context.agent_id)
