"""The hooks: each keeps what it is given, and makes nothing of it, for the run waits for it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from time import perf_counter, time
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from agentcore import Event, hookimpl
from agentcore.errors import AgentCoreError, DeniedError, RecordedError
from agentcore_metrics._recorder import Note, Recorder

if TYPE_CHECKING:
    from agentcore import ExecutionContext
    from agentcore.types import Document, Hit, KnowledgeQuery, ModelDelta, ModelResponse, Outcome, Usage

__all__ = ["Hooks"]


class Hooks:
    """What the provider hears, as notes.

    Args:
        note: Takes each; as the hook may, it raises for one whose event comes out of the journal.
    """

    def __init__(self, note: Callable[[Note], None]) -> None:
        self._note = note
        self._denials = Denials()
        self._first_tokens: dict[str, float] = {}

    # --- agent ---

    @hookimpl
    def agent_complete(
        self,
        context: ExecutionContext,
        agent: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Note a run."""
        event = event or _event("agent_complete", context)
        self._note((Recorder.run, event, context, agent, duration, outcome, None, context.usage, usage))

    @hookimpl
    def agent_error(
        self,
        context: ExecutionContext,
        agent: str,
        error: BaseException,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Note a run that ended otherwise, and who denied it."""
        event = event or _event("agent_error", context)
        name = error_name(error)
        self._note((Recorder.run, event, context, agent, duration, outcome, name, context.usage, usage))
        self._denied(event, context, error, outcome)

    # --- model ---

    @hookimpl
    def model_delta(self, delta: ModelDelta, call_id: str) -> None:
        """Note how long the first piece of an answer took."""
        if delta.elapsed is not None:
            self._first_tokens[call_id] = delta.elapsed

    @hookimpl
    def model_complete(
        self,
        context: ExecutionContext,
        model: str,
        response: ModelResponse,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Note a model call."""
        event = event or _event("model_complete", context)
        first_token = self._first_tokens.pop(call_id, None) if self._first_tokens else None
        self._note(
            (
                Recorder.model_call,
                event,
                context,
                model,
                call_id,
                duration,
                outcome,
                None,
                usage,
                response.model,
                response.cached,
                first_token,
            )
        )

    @hookimpl
    def model_error(
        self,
        context: ExecutionContext,
        model: str,
        error: BaseException,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Note a model call that ended otherwise, and who denied it."""
        event = event or _event("model_error", context)
        first_token = self._first_tokens.pop(call_id, None)
        name = error_name(error)
        self._note(
            (
                Recorder.model_call,
                event,
                context,
                model,
                call_id,
                duration,
                outcome,
                name,
                usage,
                None,
                False,
                first_token,
            )
        )
        self._denied(event, context, error, outcome)

    @hookimpl
    def model_retry(
        self, context: ExecutionContext, model: str, error: BaseException, event: Event | None = None
    ) -> None:
        """Note that a model is asked again."""
        event = event or _event("model_retry", context)
        self._note((Recorder.incident, event, context, "retry", model, None, error_name(error)))

    # --- tool ---

    @hookimpl
    def tool_execute(
        self,
        context: ExecutionContext,
        tool: str,
        call_id: str,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Note a tool call."""
        event = event or _event("tool_execute", context)
        self._note((Recorder.tool_call, event, context, tool, call_id, duration, outcome, None))

    @hookimpl
    def tool_error(
        self,
        context: ExecutionContext,
        tool: str,
        error: BaseException,
        call_id: str,
        duration: float,
        outcome: Outcome,
        event: Event | None = None,
    ) -> None:
        """Note a tool call that ended otherwise, and who denied it."""
        event = event or _event("tool_error", context)
        self._note((Recorder.tool_call, event, context, tool, call_id, duration, outcome, error_name(error)))
        self._denied(event, context, error, outcome)

    # --- knowledge ---

    @hookimpl(wrapper=True)
    def knowledge_query(
        self, context: ExecutionContext | None, query: KnowledgeQuery
    ) -> Generator[None, list[Hit], None]:
        """Note how long all stores together took to answer, and with how many hits."""
        began = perf_counter()
        hits: list[Hit] = []
        error: str | None = None
        try:
            hits = yield
        except BaseException as failure:
            error = error_name(failure)
            raise
        finally:
            duration = perf_counter() - began
            event = _event("knowledge_query", context)
            outcome = "ok" if error is None else "cancelled" if error == "CancelledError" else "error"
            self._note((Recorder.knowledge, event, context, "query", len(hits), duration, outcome, error))

    @hookimpl
    def knowledge_update(
        self, context: ExecutionContext | None, documents: Sequence[Document], event: Event | None = None
    ) -> None:
        """Note how many documents are to be remembered."""
        event = event or _event("knowledge_update", context)
        self._note((Recorder.knowledge, event, context, "update", len(documents), None, "ok", None))

    # --- what goes wrong around them ---

    @hookimpl
    def plugin_error(
        self,
        context: ExecutionContext | None,
        plugin: str,
        hook: str,
        error: BaseException,
        event: Event | None = None,
    ) -> None:
        """Note that a plugin failed."""
        event = event or _event("plugin_error", context)
        self._note((Recorder.incident, event, context, "plugin_error", plugin, hook, error_name(error)))

    def _denied(self, event: Event, context: ExecutionContext, error: BaseException, outcome: Outcome) -> None:
        if outcome == "denied" and self._denials.is_new(context, error):
            plugin, hook = (error.plugin, error.hook) if isinstance(error, DeniedError) else (None, None)
            self._note((Recorder.incident, event, context, "denial", plugin, hook, error_name(error)))


_MANY: Final = 10_000
"""Denials out of the journal that are remembered."""


class Denials:
    """Tells a denial from its echoes: the error that ended a model call ends the run as well, and its parents."""

    def __init__(self) -> None:
        self._errors: WeakSet[AgentCoreError] = WeakSet()
        self._told: dict[tuple[str, str], None] = {}

    def is_new(self, context: ExecutionContext, error: BaseException) -> bool:
        """Whether it is not the echo of one that has been told of; remembers it."""
        if isinstance(error, RecordedError):
            # Each event out of the journal has an error of its own; what they say is the same.
            return self._is_new_message((context.root_id, str(error)))
        if not isinstance(error, AgentCoreError):
            return True
        is_new = error not in self._errors
        self._errors.add(error)
        return is_new

    def _is_new_message(self, key: tuple[str, str]) -> bool:
        is_new = key not in self._told
        if len(self._told) >= _MANY:
            del self._told[next(iter(self._told))]
        self._told[key] = None
        return is_new


def _event(name: str, context: ExecutionContext | None) -> Event:
    """Make the envelope of what is called without one."""
    return Event(name, context, time_=time())


def error_name(error: BaseException) -> str:
    """Return the name of the error's class; of one out of the journal, that of the class which it had."""
    return error.type.rpartition(".")[2] if isinstance(error, RecordedError) else type(error).__name__
