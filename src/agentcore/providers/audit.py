"""``audit``: a trail of all that happened, on disk before a run returns.

An example of durable delivery: events come out of the journal, again where a process was killed, and are known by
their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, cast

import attrs
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from agentcore import Delivery, Event, ExecutionContext, PluginManager, Provider, hookimpl
from agentcore.errors import AgentCoreError, RecordedError
from agentcore.providers._events import FACTS, EventPattern, chosen
from agentcore.providers._trail import Trail, TrailError
from agentcore.types import DeliveryMode

if TYPE_CHECKING:
    from click import Command

__all__ = ["AuditProvider"]

_FACTS: Final = frozenset((*FACTS, "usage"))
"""What is kept of an event without its content."""


class AuditProvider(Provider):
    """Keeps a JSON line of each event, in a file for its owner alone.

    An event that is delivered twice is kept once.  Each line holds the hash of the line before it, so that a change
    shows: ``agentcore audit check``.
    """

    class Config(BaseModel):
        """The table ``[plugins.audit]``."""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

        path: Path = Path("audit.jsonl")
        """The file; a relative path starts in the state folder."""
        content: bool = True
        """Whether inputs, outputs, messages, arguments, results and the texts of errors are kept."""
        events: tuple[EventPattern, ...] = ("*",)
        """Which events; patterns as "tool_*" are possible."""
        fsync: bool = True
        """Whether a line is on disk, and not only with the operating system, before the event counts as delivered."""
        max_bytes: Annotated[int, Field(ge=1_000)] = 50_000_000
        """From this size on the file is renamed, as audit.000001.jsonl, and a new one begins."""
        keep: Annotated[int | None, Field(ge=1)] = None
        """How many renamed files stay; unset keeps all."""

    name = "audit"
    delivery: DeliveryMode | Delivery = "durable"

    def __init__(self, config: Config | None = None) -> None:
        """Prepare, as *config* says; None leaves everything as usual.  The file is opened with the first event."""
        self._config = config or self.Config()
        self.events: Sequence[str] = chosen(self._config.events)
        self._trail: Trail | None = None

    def place(self, folder: Path) -> Path:
        """Return the file of a trail whose state folder is *folder*."""
        return folder / self._config.path.expanduser()

    @hookimpl
    def agentcore_startup(self, plugins: PluginManager) -> None:
        """Learn where the state folder is."""
        config = self._config
        self._trail = Trail(
            self.place(plugins.state_dir), fsync=config.fsync, max_bytes=config.max_bytes, keep=config.keep
        )

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        """Keep it; on the thread of the lane, where waiting for the disk keeps nobody."""
        if self._trail is None:
            raise TrailError("the audit trail has not been started", hint="await startup() of the plugin manager.")
        envelope: Event = data["event"]
        self._trail.append(envelope.id, _json(self._record(event, envelope, data)))

    def _record(self, name: str, event: Event, data: Mapping[str, Any]) -> dict[str, Any]:
        context: ExecutionContext | None = data.get("context")
        record: dict[str, Any] = {"event": name, "time": event.time.isoformat(timespec="microseconds")}
        if context is not None:
            record |= {"run": context.context_id, "root": context.root_id, "parent": context.parent_id}
            record["agent"] = context.agent_id
            if self._config.content and context.metadata:
                record["metadata"] = context.metadata
        for key, value in data.items():
            if key in _FACTS or (self._config.content and key not in ("context", "event", "parent")):
                record[key] = value
        if "error" in data:
            record["error"] = _error(data["error"], content=self._config.content)
        return record

    async def aclose(self) -> None:
        """Close the file."""
        if self._trail is not None:
            self._trail.close()

    @hookimpl
    def register_commands(self) -> Iterable[Command]:
        """Offer ``agentcore audit check``."""
        from agentcore.providers._audit_command import audit_command

        return [audit_command(self.place)]


def _error(error: BaseException, *, content: bool) -> dict[str, str]:
    told = {"type": error.type if isinstance(error, RecordedError) else type(error).__name__}
    if content:
        told["message"] = error.message if isinstance(error, AgentCoreError) else str(error)
    return told


def _json(record: Mapping[str, Any]) -> bytes:
    return to_json(record, fallback=_plain, inf_nan_mode="strings", bytes_mode="base64")


def _plain(value: Any) -> Any:
    cls = cast("type[Any]", type(value))  # type: ignore[redundant-cast]
    if attrs.has(cls):
        return {each.name: getattr(value, each.name) for each in attrs.fields(cls)}
    return {**value} if isinstance(value, Mapping) else repr(value)  # pyright: ignore[reportUnknownVariableType]
