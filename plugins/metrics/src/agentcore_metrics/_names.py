"""What things are called outside of this package: the one table behind telemetry, dashboards and alert rules.

The names for generative AI move still; each dialect is a version of OpenTelemetry's semantic conventions for it.
Those that begin with ``agentcore`` are ours, where the conventions have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from attrs import frozen

from agentcore_metrics._config import Dialect

__all__ = [
    "AGENT",
    "ERROR",
    "INSTRUMENTS",
    "MODEL",
    "OPERATION",
    "OTHER",
    "OUTCOME",
    "PARTS",
    "PROVIDER",
    "TOOL",
    "Instrument",
    "Key",
    "label",
]

Key: TypeAlias = Literal[
    "run_duration",
    "model_duration",
    "tool_duration",
    "first_token",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cache_write_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "cost",
    "unpriced",
    "cached_answers",
    "knowledge_duration",
    "hits",
    "documents",
    "denials",
    "retries",
    "plugin_errors",
    "budgets",
    "others",
]
"""What is measured, in our own words."""

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
MODEL: Final = "gen_ai.request.model"
AGENT: Final = "gen_ai.agent.name"
TOOL: Final = "gen_ai.tool.name"
ERROR: Final = "error.type"
OUTCOME: Final = "agentcore.outcome"

PARTS: Final[Sequence[Key]] = (
    "cached_tokens",
    "cache_write_tokens",
    "input_audio_tokens",
    "reasoning_tokens",
    "output_audio_tokens",
)
"""Kinds of tokens that are part of the input or the output, as :class:`agentcore.Usage` names them."""

OTHER: Final = "other"
"""Stands for all names of one kind beyond those that are told apart."""

# https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-metrics.md
_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)


@frozen
class Instrument:
    """One metric, and what is part of it."""

    name: str
    unit: str
    description: str
    buckets: Sequence[float] = ()
    """Of a histogram; a counter has none."""
    fixed: Mapping[str, str] = {}
    """Attributes that tell what is measured from others in the same metric."""

    @property
    def prometheus(self) -> str:
        """Its name in Prometheus; that of a histogram is followed by ``_bucket``, ``_sum`` or ``_count``."""
        name = self.name.replace(".", "_") + {"s": "_seconds"}.get(self.unit, "")
        return name if self.buckets else f"{name}_total"

    @property
    def selector(self) -> str:
        """What selects it in Prometheus: labels and their values, or nothing."""
        return ",".join(f'{label(key)}="{value}"' for key, value in self.fixed.items())


def label(attribute: str) -> str:
    """Return the name of an attribute in Prometheus."""
    return attribute.replace(".", "_")


def _seconds(name: str, description: str, **fixed: str) -> Instrument:
    return Instrument(name, "s", description, _SECONDS, {OPERATION: fixed["operation"]} if fixed else {})


_OURS: Final[Mapping[Key, Instrument]] = {
    "cost": Instrument(
        "agentcore.cost.picodollars", "{picodollar}", "What model calls cost, in 10^-12 US dollars, where it is known."
    ),
    "unpriced": Instrument("agentcore.cost.unpriced_calls", "{call}", "Model calls whose cost is not known."),
    "cached_answers": Instrument(
        "agentcore.cached_answers", "{answer}", "Model calls that were answered without asking the model."
    ),
    "input_audio_tokens": Instrument("agentcore.tokens.input_audio", "{token}", "Input tokens that were sound."),
    "output_audio_tokens": Instrument("agentcore.tokens.output_audio", "{token}", "Output tokens that were sound."),
    "hits": Instrument("agentcore.knowledge.hits", "{hit}", "What the stores knew when they were asked."),
    "documents": Instrument("agentcore.knowledge.documents", "{document}", "Documents that were to be remembered."),
    "denials": Instrument("agentcore.denials", "{denial}", "What plugins denied."),
    "retries": Instrument("agentcore.model.retries", "{retry}", "Model calls that were made again."),
    "plugin_errors": Instrument("agentcore.plugin.errors", "{error}", "Failures of plugins."),
    "budgets": Instrument("agentcore.budget.warnings", "{warning}", "Budgets that were nearly spent."),
    "others": Instrument(
        "agentcore.metrics.others", "{measurement}", f"Measurements whose name counts as {OTHER!r}, for want of room."
    ),
}

_OPERATION: Final = "gen_ai.client.operation.duration", "How long model calls, tool calls, retrievals and runs took."
_USAGE: Final = "gen_ai.client.token.usage", "{token}", "Tokens that model calls used.", _TOKENS
_TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105

INSTRUMENTS: Final[Mapping[Dialect, Mapping[Key, Instrument]]] = {
    "1.41.1": {
        "model_duration": _seconds(*_OPERATION, operation="chat"),
        "run_duration": _seconds(*_OPERATION, operation="invoke_agent"),
        "tool_duration": _seconds(*_OPERATION, operation="execute_tool"),
        "knowledge_duration": _seconds(*_OPERATION, operation="retrieval"),
        "first_token": _seconds(
            "gen_ai.client.operation.time_to_first_chunk", "How long the first piece of an answer took."
        ),
        "input_tokens": Instrument(*_USAGE, {_TOKEN_TYPE: "input"}),
        "output_tokens": Instrument(*_USAGE, {_TOKEN_TYPE: "output"}),
        "cached_tokens": Instrument(
            "agentcore.tokens.cached", "{token}", "Input tokens that came out of the model server's cache."
        ),
        "cache_write_tokens": Instrument(
            "agentcore.tokens.cache_write", "{token}", "Input tokens that were put into the model server's cache."
        ),
        "reasoning_tokens": Instrument("agentcore.tokens.reasoning", "{token}", "Output tokens spent on reasoning."),
        **_OURS,
    },
    "latest": {
        "model_duration": _seconds("gen_ai.client.inference.duration", "How long model calls took."),
        "run_duration": _seconds("gen_ai.invoke_agent.duration", "How long runs took."),
        "tool_duration": _seconds("gen_ai.execute_tool.duration", "How long tool calls took."),
        "knowledge_duration": _seconds("agentcore.knowledge.query.duration", "How long retrievals took."),
        "first_token": _seconds(
            "gen_ai.client.inference.time_to_first_chunk", "How long the first piece of an answer took."
        ),
        "input_tokens": Instrument(
            "gen_ai.client.inference.usage.input_tokens", "{token}", "Tokens that models read, cached ones included."
        ),
        "output_tokens": Instrument(
            "gen_ai.client.inference.usage.output_tokens",
            "{token}",
            "Tokens that models wrote, reasoning included.",
        ),
        "cached_tokens": Instrument(
            "gen_ai.client.inference.usage.cache_read.input_tokens",
            "{token}",
            "Input tokens that came out of the model server's cache.",
        ),
        "cache_write_tokens": Instrument(
            "gen_ai.client.inference.usage.cache_creation.input_tokens",
            "{token}",
            "Input tokens that were put into the model server's cache.",
        ),
        "reasoning_tokens": Instrument(
            "gen_ai.client.inference.usage.reasoning.output_tokens", "{token}", "Output tokens spent on reasoning."
        ),
        **_OURS,
    },
}
