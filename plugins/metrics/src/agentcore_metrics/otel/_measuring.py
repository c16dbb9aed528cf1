"""From records to measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.metrics import Counter, Histogram, Meter

from agentcore_metrics._names import AGENT, ERROR, MODEL, OTHER, OUTCOME, PARTS, PROVIDER, TOOL, Instrument, Key
from agentcore_metrics._pricing import provider_of
from agentcore_metrics._records import IncidentRecord, KnowledgeRecord, ModelRecord, Record, RunRecord, ToolRecord

__all__ = ["Measuring"]

_COUNTERS: Final[Mapping[str, Key]] = {
    "denial": "denials",
    "retry": "retries",
    "plugin_error": "plugin_errors",
    "budget": "budgets",
}
_SUBJECT: Final = {"denial": "agentcore.plugin", "retry": MODEL, "plugin_error": "agentcore.plugin"}


class Measuring:
    """Records measurements with the instruments of one dialect.

    Args:
        meter: Makes the instruments.
        names: What they are called.
        max_values: Names of one kind that are told apart; models invent names of tools.
    """

    def __init__(self, meter: Meter, names: Mapping[Key, Instrument], max_values: int) -> None:
        self._max_values = max_values
        self._known: dict[str, set[str]] = {}
        made: dict[str, Counter | Histogram] = {}
        for each in names.values():
            if each.name not in made:
                made[each.name] = _make(meter, each)
        self._instruments = {key: (made[each.name], each.fixed) for key, each in names.items()}

    def __call__(self, record: Record) -> None:
        """Record what *record* tells."""
        if isinstance(record, RunRecord):
            self._add("run_duration", record.duration, self._of(record))
        elif isinstance(record, ModelRecord):
            self._model_call(record)
        elif isinstance(record, ToolRecord):
            attributes = self._of(record) | {TOOL: self._bounded(TOOL, record.tool)}
            self._add("tool_duration", record.duration, attributes)
        elif isinstance(record, KnowledgeRecord):
            self._knowledge(record)
        else:
            self._incident(record)

    def _model_call(self, record: ModelRecord) -> None:
        attributes = self._of(record) | {MODEL: self._bounded(MODEL, provider_of(record.model)[1])}
        if record.provider is not None:
            attributes[PROVIDER] = self._bounded(PROVIDER, record.provider)
        self._add("model_duration", record.duration, attributes)
        if record.first_token is not None:
            self._add("first_token", record.first_token, attributes)
        if record.from_cache:
            self._add("cached_answers", 1, attributes)
        usage = record.usage
        if not usage.requests:
            return
        self._add("input_tokens", usage.input_tokens, attributes)
        self._add("output_tokens", usage.output_tokens, attributes)
        for key in PARTS:
            self._add(key, getattr(usage, key), attributes)
        if record.cost is None:
            self._add("unpriced", 1, attributes)
        else:
            self._add("cost", record.cost, attributes)

    def _knowledge(self, record: KnowledgeRecord) -> None:
        attributes = self._of(record)
        self._add("hits" if record.kind == "query" else "documents", record.items, attributes)
        if record.duration is not None:
            self._add("knowledge_duration", record.duration, attributes)

    def _incident(self, record: IncidentRecord) -> None:
        attributes = {ERROR: self._bounded(ERROR, record.error)}
        if record.agent is not None:
            attributes[AGENT] = self._bounded(AGENT, record.agent)
        name = _SUBJECT.get(record.kind)
        if name is not None and record.subject is not None:
            attributes[name] = self._bounded(name, record.subject)
        if record.hook is not None:
            attributes["agentcore.hook"] = self._bounded("agentcore.hook", record.hook)
        self._add(_COUNTERS[record.kind], 1, attributes)

    def _of(self, record: RunRecord | ModelRecord | ToolRecord | KnowledgeRecord) -> dict[str, str]:
        attributes: dict[str, str] = {OUTCOME: record.outcome}
        if record.agent is not None:
            attributes[AGENT] = self._bounded(AGENT, record.agent)
        if record.error is not None:
            attributes[ERROR] = self._bounded(ERROR, record.error)
        return attributes

    def _bounded(self, attribute: str, value: str) -> str:
        known = self._known.setdefault(attribute, set())
        if value in known:
            return value
        if len(known) >= self._max_values:
            self._add("others", 1, {"agentcore.attribute": attribute})
            return OTHER
        known.add(value)
        return value

    def _add(self, key: Key, value: float, attributes: Mapping[str, str]) -> None:
        instrument, fixed = self._instruments[key]
        told: Any = {**attributes, **fixed} if fixed else attributes
        if isinstance(instrument, Histogram):
            instrument.record(value, told)
        elif value:
            instrument.add(value, told)


def _make(meter: Meter, instrument: Instrument) -> Counter | Histogram:
    if instrument.buckets:
        return meter.create_histogram(
            instrument.name,
            unit=instrument.unit,
            description=instrument.description,
            explicit_bucket_boundaries_advisory=instrument.buckets,
        )
    return meter.create_counter(instrument.name, unit=instrument.unit, description=instrument.description)
