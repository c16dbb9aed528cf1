"""The data that passes through hooks, models and tools.

Every class is immutable to a type checker: make a changed copy with :func:`attrs.evolve`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from attrs import field

from agentcore._data import data

__all__ = [
    "Delivery",
    "DeliveryMode",
    "Document",
    "FinishReason",
    "Hit",
    "JsonSchema",
    "KnowledgeQuery",
    "Message",
    "ModelDelta",
    "ModelRequest",
    "ModelResponse",
    "ModelSettings",
    "OnFull",
    "Outcome",
    "Role",
    "Start",
    "ToolCall",
    "ToolSpec",
    "Usage",
]

Outcome: TypeAlias = Literal["ok", "error", "denied", "timeout", "cancelled"]
"""How an agent, a model call or a tool call ended."""

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
"""Who speaks in a message."""

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "other"]
"""Why a model stopped."""

DeliveryMode: TypeAlias = Literal["inline", "background", "durable"]
"""How an event reaches a provider: awaited by the agent; on a lane of the provider's own; or on that lane out of the
journal, where it is on disk before the run returns."""

OnFull: TypeAlias = Literal["drop_oldest", "drop_new", "wait"]
"""What happens to an event for which a background lane has no room; ``wait`` makes the agent wait."""

Start: TypeAlias = Literal["now", "beginning"]
"""Where a durable lane begins that the journal sees for the first time: behind what is in it, or with the oldest."""

JsonSchema: TypeAlias = Mapping[str, Any]
"""A JSON Schema (draft 2020-12), as pydantic writes it."""


@data
class Usage:
    """What model calls consumed.  Add two with ``+``."""

    requests: int = 0
    """Model calls, failed ones included."""
    input_tokens: int = 0
    """Tokens read, the cached ones included."""
    output_tokens: int = 0
    """Tokens written, the reasoning ones included."""
    cached_tokens: int = 0
    """The part of *input_tokens* that came out of the model server's cache."""
    reasoning_tokens: int = 0
    """The part of *output_tokens* that was spent on reasoning."""
    cache_write_tokens: int = 0
    """The part of *input_tokens* that was put into the model server's cache."""
    input_audio_tokens: int = 0
    """The part of *input_tokens* that was sound."""
    output_audio_tokens: int = 0
    """The part of *output_tokens* that was sound."""
    cost: Decimal | None = None
    """In US dollars, as the model's server reported it; None where none did."""

    @property
    def total_tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        cost = self.cost if other.cost is None else other.cost if self.cost is None else self.cost + other.cost
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.input_audio_tokens + other.input_audio_tokens,
            self.output_audio_tokens + other.output_audio_tokens,
            cost,
        )


@data
class ToolCall:
    """One call of a tool, as the model asked for it."""

    id: str
    """Unique within the run; the answer carries it back to the model."""
    name: str
    """The tool's name."""
    arguments: Mapping[str, Any]
    """By parameter name, as JSON values; not yet validated."""


@data
class ToolSpec:
    """What a model is told of a tool."""

    name: str
    description: str
    parameters: JsonSchema
    """An ``object`` schema."""


@data
class Message:
    """One turn of a conversation."""

    role: Role
    content: str
    tool_calls: Sequence[ToolCall] = ()
    """Only of the assistant: the tools it asks for."""
    tool_call_id: str | None = None
    """Only of a tool: the call that this answers."""


@data(kw_only=True)
class ModelSettings:
    """How a model is to answer; None leaves the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """Of the answer."""
    seed: int | None = None
    stop: Sequence[str] = ()
    timeout: float | None = None
    """Seconds for one model call."""
    extra: Mapping[str, Any] = field(factory=dict[str, Any], hash=False)
    """Sent to the model's server as it is."""


@data
class ModelRequest:
    """What a model is asked."""

    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    output_schema: JsonSchema | None = field(default=None, hash=False)
    """The schema that the answer must fit; None asks for plain text."""
    settings: ModelSettings = ModelSettings()


@data(kw_only=True)
class ModelDelta:
    """A piece of a model's answer, while it is being written."""

    text: str
    first: bool = False
    """Whether an answer begins with it; set by the run.  A run has several where tools are called, and where an answer
    does not fit and the model is asked again."""
    elapsed: float | None = None
    """Of the first piece of an answer, the seconds since its model was asked; set by the run."""
    last: bool = False
    """Whether nothing comes after it; only the hook ``model_piece`` sees one."""


@data(kw_only=True)
class ModelResponse:
    """What a model answered."""

    text: str = ""
    """Empty where it only asks for tools."""
    tool_calls: Sequence[ToolCall] = ()
    usage: Usage = Usage()
    model: str = ""
    """The model's own name for itself, as its server reports it; may be longer than the name it was asked by."""
    finish_reason: FinishReason = "stop"
    cached: bool = False
    """Whether a plugin answered and the model was not asked, so that nothing was consumed; set by the run."""


@data(kw_only=True)
class Document:
    """A text to remember."""

    text: str
    id: str | None = None
    """A document of the same id is replaced; None lets the store choose."""
    metadata: Mapping[str, Any] = field(factory=dict[str, Any], hash=False)
    """JSON values, for filters."""


@data(kw_only=True)
class KnowledgeQuery:
    """A question to every store."""

    text: str
    limit: int = 10
    """At most this many hits from each store."""
    filter: Mapping[str, Any] = field(factory=dict[str, Any], hash=False)
    """Metadata that a hit must have, by equality."""


@data(kw_only=True)
class Hit:
    """A document that a store found."""

    document: Document
    score: float
    """Larger is nearer; comparable only within one source."""
    source: str
    """The plugin that found it."""


@data(kw_only=True)
class Delivery:
    """How a provider gets its events; the configuration's ``[delivery.<plugin>]`` may say otherwise, field by field."""

    mode: DeliveryMode = "inline"
    """How events get there."""
    timeout: float | None = None
    """Seconds for one execution; None takes the implementation's own, else the configured ``hook_timeout``."""
    retries: int | None = None
    """How often a failed execution is repeated; None is 8 where the mode is durable, else 0."""
    queue: int = 10_000
    """Events that wait in memory at most, where the mode is background."""
    on_full: OnFull = "drop_oldest"
    """What happens to an event for which there is no room, where the mode is background."""
    start: Start = "now"
    """Where a lane begins that the journal has not seen before, where the mode is durable."""
    worker: bool = False
    """Whether only ``agentcore worker`` delivers, and no agent's process; where the mode is durable."""
