"""``logging``: writes what agents do to Python's logging.

An example of a class-based provider with background delivery: it has a thread of its own, so that a handler that
blocks, as one over the network, keeps no agent waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict

from agentcore import Delivery, Event, ExecutionContext, Provider, Usage
from agentcore.errors import ConfigError, RecordedError, nearest
from agentcore.providers._events import FACTS, EventPattern, chosen
from agentcore.types import DeliveryMode, ModelResponse

__all__ = ["LoggingProvider"]

_LONGEST: Final = 128
"""Characters of a name: a model can ask for a tool of any name."""


def _level(name: str) -> str:
    known = logging.getLevelNamesMapping()
    if name.upper() not in known:
        raise ConfigError(f"no level is named {name!r}", hint=nearest(name.upper(), known))
    return name.upper()


class LoggingProvider(Provider):
    """Logs each event as one record, with its facts as attributes: ``record.agent``, ``record.duration``.

    What went wrong is a warning, an end that is well has the level of the configuration, and all else is for debugging.
    Inputs, outputs, messages, arguments and the texts of errors are never logged.
    """

    class Config(BaseModel):
        """The table ``[plugins.logging]``."""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

        logger: str = "agentcore.events"
        """The logger's name."""
        level: Annotated[str, AfterValidator(_level)] = "INFO"
        """Of ends that are well."""
        events: tuple[EventPattern, ...] = ("*",)
        """Which events; patterns as "tool_*" are possible."""

    name = "logging"
    delivery: DeliveryMode | Delivery = "background"

    def __init__(self, config: Config | None = None) -> None:
        """Prepare, as *config* says; None leaves everything as usual."""
        config = config or self.Config()
        self.events: Sequence[str] = chosen(config.events)
        self._logger = logging.getLogger(config.logger)
        self._level = logging.getLevelNamesMapping()[config.level]

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        """Log it."""
        level = self._level_of(data)
        if not self._logger.isEnabledFor(level):
            return
        facts = _facts(event, data)
        told = [f"{name}={facts[name]}" for name in (*FACTS, "cached", "error") if name in facts]
        self._logger.log(level, "%s run=%s %s", event, str(facts["run"])[:8], " ".join(told), extra=facts)

    def _level_of(self, data: Mapping[str, Any]) -> int:
        outcome = data.get("outcome")
        if "error" in data:
            return self._level if outcome == "cancelled" else logging.WARNING
        return logging.DEBUG if outcome is None else self._level


def _facts(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of the record; none has the name of one that logging itself sets."""
    envelope: Event = data["event"]
    context: ExecutionContext | None = data.get("context")
    facts: dict[str, Any] = {"event": name, "event_id": envelope.id, "event_time": envelope.timestamp, "run": ""}
    if context is not None:
        facts |= {"run": context.context_id, "root": context.root_id, "parent": context.parent_id}
        facts["agent"] = _short(context.agent_id)
    facts |= {each: _short(data[each]) for each in FACTS if each in data}
    if isinstance(usage := data.get("usage"), Usage):
        facts |= {"requests": usage.requests, "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    if isinstance(response := data.get("response"), ModelResponse) and response.cached:
        facts["cached"] = True
    if "error" in data:
        error = data["error"]
        facts["error"] = error.type if isinstance(error, RecordedError) else type(error).__name__
    return facts


def _short(value: Any) -> Any:
    """Return *value* without what could end a line or colour a terminal."""
    return ascii(value[:_LONGEST])[1:-1] if isinstance(value, str) else value
