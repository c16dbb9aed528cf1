"""From records to spans.

Each span is made when the thing has ended, with the times and the parent that its record tells: nothing is attached to
the context of anybody's code, and so nothing can fail to be detached from it.
"""

from __future__ import annotations

from random import getrandbits
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import Tracer as SdkTracer
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from agentcore.types import Outcome
from agentcore_metrics._money import dollars
from agentcore_metrics._names import AGENT, ERROR, MODEL, OPERATION, OUTCOME, PROVIDER, TOOL
from agentcore_metrics._pricing import provider_of
from agentcore_metrics._records import KnowledgeRecord, ModelRecord, Record, RunRecord, ToolRecord

__all__ = ["Spans"]

_NANO = 1_000_000_000


class _Ids(IdGenerator):
    """Gives the ids of one span, which are known beforehand."""

    trace_id = 0
    span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id

    def is_trace_id_random(self) -> bool:
        return True


class Spans:
    """Makes the spans with *tracer*, which is ours alone."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._ids = _Ids()
        # Of this tracer only: those of the application go on making their own.
        if isinstance(tracer, SdkTracer):
            tracer.id_generator = self._ids

    def __call__(self, record: Record) -> None:
        """Make the span of *record*; what is no run or call has none."""
        if isinstance(record, RunRecord):
            attributes = _run(record)
            self._span(record, f"invoke_agent {record.agent}", SpanKind.INTERNAL, attributes, record.context_id)
        elif isinstance(record, ModelRecord):
            attributes = _model_call(record)
            self._span(record, f"chat {attributes[MODEL]}", SpanKind.CLIENT, attributes, None)
        elif isinstance(record, ToolRecord):
            attributes = {OPERATION: "execute_tool", TOOL: record.tool, "gen_ai.tool.call.id": record.call_id}
            self._span(record, f"execute_tool {record.tool}", SpanKind.INTERNAL, attributes, None)
        elif isinstance(record, KnowledgeRecord) and record.kind == "query":
            self._retrieval(record)

    def _retrieval(self, record: KnowledgeRecord) -> None:
        # What is asked outside of runs belongs to no trace of ours.
        if record.context_id is not None and record.root_id is not None and record.agent is not None:
            ids = record.context_id, None, record.root_id, record.agent
            timed = record.ended, record.duration or 0.0, record.outcome, record.error
            attributes = {OPERATION: "retrieval", "agentcore.knowledge.hits": record.items}
            self._span(_Retrieval(*ids, *timed), "retrieval", SpanKind.CLIENT, attributes, None)

    def _span(
        self,
        record: RunRecord | ModelRecord | ToolRecord | _Retrieval,
        name: str,
        kind: SpanKind,
        attributes: dict[str, Any],
        own_id: str | None,
    ) -> None:
        trace_id = int(record.root_id, 16)
        parent_id = record.parent_id if own_id is not None else record.context_id
        self._ids.trace_id = trace_id
        self._ids.span_id = getrandbits(64) or 1 if own_id is None else _span_id(own_id)
        ended = int(record.ended * _NANO)
        attributes |= {AGENT: record.agent, OUTCOME: record.outcome}
        parent = None
        if parent_id is not None:
            parent = NonRecordingSpan(SpanContext(trace_id, _span_id(parent_id), False, self._flags(trace_id, name)))
        span = self._tracer.start_span(
            name,
            set_span_in_context(parent) if parent is not None else set_span_in_context(_NO_PARENT),
            kind,
            attributes,
            start_time=ended - int(record.duration * _NANO),
        )
        if record.error is not None:
            span.set_attribute(ERROR, record.error)
        if record.outcome != "ok":
            span.set_status(Status(StatusCode.ERROR, record.error))
        span.end(ended)

    def _flags(self, trace_id: int, name: str) -> TraceFlags:
        """Say of a parent whether it is recorded, which is decided by the trace's id."""
        sampler = getattr(self._tracer, "sampler", None)
        sampled = sampler is None or sampler.should_sample(None, trace_id, name).decision.is_sampled()
        return TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)


class _Retrieval(NamedTuple):
    """A query of the stores that was made in a run."""

    context_id: str
    parent_id: str | None
    root_id: str
    agent: str
    ended: float
    duration: float
    outcome: Outcome
    error: str | None


_NO_PARENT = NonRecordingSpan(SpanContext(0, 0, False))


def _span_id(context_id: str) -> int:
    # As W3C Trace Context has it of a context; the parent in another process may be known by its span id alone.
    return int(context_id[-16:], 16)


def _run(record: RunRecord) -> dict[str, Any]:
    usage = record.usage
    attributes: dict[str, Any] = {
        OPERATION: "invoke_agent",
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "agentcore.context_id": record.context_id,
    }
    return attributes | _cost(record.cost)


def _model_call(record: ModelRecord) -> dict[str, Any]:
    usage = record.usage
    attributes: dict[str, Any] = {
        OPERATION: "chat",
        MODEL: provider_of(record.model)[1],
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
        "agentcore.usage.input_audio_tokens": usage.input_audio_tokens,
        "agentcore.usage.output_audio_tokens": usage.output_audio_tokens,
        "agentcore.from_cache": record.from_cache,
    }
    if record.provider is not None:
        attributes[PROVIDER] = record.provider
    if record.response_model is not None:
        attributes["gen_ai.response.model"] = record.response_model
    if record.first_token is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = record.first_token
    return attributes | _cost(record.cost)


def _cost(cost: int | None) -> dict[str, Any]:
    known = dollars(cost)
    return {} if known is None else {"agentcore.cost.usd": float(known)}
