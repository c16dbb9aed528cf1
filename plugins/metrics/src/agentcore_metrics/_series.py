"""The raw observations in memory, for tests and notebooks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

from agentcore.errors import nearest
from agentcore_metrics._money import dollars
from agentcore_metrics._records import IncidentRecord, KnowledgeRecord, ModelRecord, Record, RunRecord, ToolRecord

__all__ = ["KEPT", "Metrics", "Number", "Observation", "Series"]

KEPT: Final = 10_000
"""How many records of each kind are held: the newest; each kind's series reach back as far."""

Number: TypeAlias = int | float | Decimal


class Observation(NamedTuple):
    """One measured value."""

    value: Number
    unit: str
    """``"s"``, ``"token"``, ``"USD"``, or ``"1"`` for what is counted."""
    attributes: Mapping[str, str | None]
    """What it was measured of, as agent, model, tool, outcome; the error is None where there was none."""
    context_id: str | None
    """The run; None where it did not happen in one."""


class Series:
    """Observations of one kind, oldest first; a snapshot that does not grow."""

    def __init__(self, name: str, attributes: Sequence[str], observations: Iterable[Observation]) -> None:
        self.name = name
        """As in ``provider.metrics[name]``."""
        self._attributes = tuple(attributes)
        self._observations = tuple(observations)

    def __getitem__(self, index: int) -> Observation:
        return self._observations[index]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._observations)

    def __len__(self) -> int:
        return len(self._observations)

    def __repr__(self) -> str:
        return f"<Series {self.name} count={len(self)}>"

    @property
    def values(self) -> list[Number]:
        """The bare values, oldest first."""
        return [each.value for each in self._observations]

    @property
    def count(self) -> int:
        """How many observations there are."""
        return len(self._observations)

    @property
    def sum(self) -> Number:
        """All values added up: exactly where they are whole or decimal, correctly rounded where they are floats."""
        values = self.values
        return math.fsum(values) if any(isinstance(each, float) for each in values) else sum(values)

    def percentile(self, quantile: float) -> float | None:
        """Return the value below which the fraction *quantile* of all values lies; None where there are none.

        Between two values it is interpolated linearly, as ``numpy.percentile`` and SQL's ``percentile_cont`` do.

        Args:
            quantile: From 0 to 1, as 0.95.

        Raises:
            ValueError: *quantile* lies outside.
        """
        if not 0 <= quantile <= 1:
            raise ValueError(f"the quantile {quantile!r} is not between 0 and 1; the 95th percentile is 0.95")
        ordered = sorted(map(float, self.values))
        if not ordered:
            return None
        position = quantile * (len(ordered) - 1)
        index = int(position)
        low, high = ordered[index], ordered[min(index + 1, len(ordered) - 1)]
        return low + (high - low) * (position - index)

    def where(self, **attributes: str | None) -> Series:
        """Return the observations that have these attributes, as ``where(agent="triage", outcome="ok")``.

        Raises:
            TypeError: The series knows no attribute of that name.
        """
        for name in attributes:
            if name not in self._attributes:
                raise TypeError(f"{self.name!r} has no attribute {name!r}; {nearest(name, self._attributes)}")
        wanted = attributes.items()
        found = (each for each in self._observations if each.attributes.items() >= wanted)
        return Series(self.name, self._attributes, found)


class _Definition(NamedTuple):
    kind: type[Record]
    unit: str
    value: Callable[[Any], Number | None]
    """None makes no observation."""
    attributes: Mapping[str, str]
    """The record's field by the attribute's name."""
    record_kind: str | None = None
    """Which incidents, and what was done with knowledge; None of other records."""


def _of(*names: str, **renamed: str) -> dict[str, str]:
    return {name: name for name in names} | renamed


def _one(_record: object) -> int:
    return 1


def _cached(record: ModelRecord) -> int | None:
    return 1 if record.from_cache else None


def _cost(record: ModelRecord) -> Decimal | None:
    return dollars(record.cost)


_RUN: Final = _of("agent", "outcome", "error")
_MODEL: Final = _of("agent", "model", "outcome", "error")
_TOOL: Final = _of("agent", "tool", "outcome", "error")
_KNOWLEDGE: Final = _of("agent", "outcome", "error")

_DEFINITIONS: Final[Mapping[str, _Definition]] = {
    "run_duration": _Definition(RunRecord, "s", attrgetter("duration"), _RUN),
    "model_duration": _Definition(ModelRecord, "s", attrgetter("duration"), _MODEL),
    "tool_duration": _Definition(ToolRecord, "s", attrgetter("duration"), _TOOL),
    "time_to_first_token": _Definition(ModelRecord, "s", attrgetter("first_token"), _MODEL),
    "input_tokens": _Definition(ModelRecord, "token", attrgetter("usage.input_tokens"), _MODEL),
    "output_tokens": _Definition(ModelRecord, "token", attrgetter("usage.output_tokens"), _MODEL),
    "cached_tokens": _Definition(ModelRecord, "token", attrgetter("usage.cached_tokens"), _MODEL),
    "reasoning_tokens": _Definition(ModelRecord, "token", attrgetter("usage.reasoning_tokens"), _MODEL),
    "cache_write_tokens": _Definition(ModelRecord, "token", attrgetter("usage.cache_write_tokens"), _MODEL),
    "input_audio_tokens": _Definition(ModelRecord, "token", attrgetter("usage.input_audio_tokens"), _MODEL),
    "output_audio_tokens": _Definition(ModelRecord, "token", attrgetter("usage.output_audio_tokens"), _MODEL),
    "cached_answers": _Definition(ModelRecord, "1", _cached, _MODEL),
    "cost": _Definition(ModelRecord, "USD", _cost, _of("agent", "model", "outcome", "error", source="cost_source")),
    "knowledge_duration": _Definition(KnowledgeRecord, "s", attrgetter("duration"), _KNOWLEDGE, "query"),
    "hits": _Definition(KnowledgeRecord, "1", attrgetter("items"), _KNOWLEDGE, "query"),
    "documents": _Definition(KnowledgeRecord, "1", attrgetter("items"), _KNOWLEDGE, "update"),
    "denials": _Definition(IncidentRecord, "1", _one, _of("agent", "hook", plugin="subject"), "denial"),
    "retries": _Definition(IncidentRecord, "1", _one, _of("agent", "error", model="subject"), "retry"),
    "plugin_errors": _Definition(
        IncidentRecord, "1", _one, _of("agent", "hook", "error", plugin="subject"), "plugin_error"
    ),
    "budget_warnings": _Definition(IncidentRecord, "1", _one, _of("agent", budget="subject"), "budget"),
}


class Metrics(Mapping[str, Series]):
    """Every series by its name, made of the records that are held when it is asked for.

    ``run_duration``, ``model_duration`` and ``tool_duration`` have one observation for each run or call that ended;
    ``input_tokens``, ``output_tokens`` and their parts, as ``cached_tokens`` and ``reasoning_tokens``, one for each
    model call, so that nested runs count once; ``time_to_first_token`` one for each that was streamed; ``cost`` one for
    each model call whose cost is known; ``cached_answers`` one for each that was answered without asking the model;
    ``knowledge_duration`` and ``hits`` one for each query of the stores, ``documents`` one for each update of them;
    ``denials``, ``retries``, ``plugin_errors`` and ``budget_warnings`` one for each.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._records: Mapping[type[Record], deque[Any]] = {
            kind: deque(maxlen=kept) for kind in (RunRecord, ModelRecord, ToolRecord, KnowledgeRecord, IncidentRecord)
        }
        self.refresh: Callable[[], None] | None = None
        """Called before each look: brings what has been noted and not been added yet."""

    def add(self, record: Record) -> None:
        """Hold *record*; the oldest of its kind is forgotten where there are too many."""
        self._records[type(record)].append(record)

    def __getitem__(self, name: str) -> Series:
        definition = _DEFINITIONS.get(name)
        if definition is None:
            raise KeyError(f"no series {name!r}; {nearest(name, _DEFINITIONS)}")
        if self.refresh is not None:
            self.refresh()
        # Copied first: a run on another thread may add to it meanwhile.
        records = self._records[definition.kind].copy()
        return Series(name, tuple(definition.attributes), _observations(definition, records))

    def __iter__(self) -> Iterator[str]:
        return iter(_DEFINITIONS)

    def __len__(self) -> int:
        return len(_DEFINITIONS)


def _observations(definition: _Definition, records: Iterable[Any]) -> Iterator[Observation]:
    for record in records:
        value = definition.value(record)
        if value is not None and definition.record_kind in (None, getattr(record, "kind", None)):
            attributes = {name: getattr(record, field) for name, field in definition.attributes.items()}
            yield Observation(value, definition.unit, attributes, record.context_id)
