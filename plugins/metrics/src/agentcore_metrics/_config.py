"""What the plugin can be told in the configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from agentcore import SecretRef
from agentcore_metrics._prices import Price
from agentcore_metrics._schema import FILE_NAME

__all__ = ["MAX_ROWS", "RETENTION_DAYS", "Budgets", "Config", "Dialect", "Limit", "OpenTelemetry", "Prometheus"]

RETENTION_DAYS: Final = 90.0
MAX_ROWS: Final = 1_000_000
"""About 300 MB of model calls, less of other rows."""

Dialect: TypeAlias = Literal["1.41.1", "latest"]
"""Of the semantic conventions for generative AI."""


class _Table(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class Limit(_Table):
    """Amounts in US dollars at which something happens; at least one."""

    warn: Annotated[Decimal | None, Field(gt=0, allow_inf_nan=False, description="Warn, once.")] = None
    deny: Annotated[Decimal | None, Field(gt=0, allow_inf_nan=False, description="Deny the next model call.")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.warn is None and self.deny is None:
            raise ValueError("a budget needs an amount: warn, deny, or both")
        if self.warn is not None and self.deny is not None and self.warn > self.deny:
            raise ValueError("warn must not be more than deny: nobody would be warned")
        return self


class Budgets(_Table):
    """``[tool.agentcore.plugins.metrics.budgets]``"""

    run: Annotated[Limit | None, Field(description="What one run may cost, with its children.")] = None
    day: Annotated[Limit | None, Field(description="What all runs of a day may cost, in UTC.")] = None
    agent: Annotated[
        Mapping[str, Limit],
        Field(description="What the runs of an agent may cost in a day, by its name or a pattern as 'draft-*'."),
    ] = {}


class Prometheus(_Table):
    """Where the endpoint listens that Prometheus asks."""

    port: Annotated[int, Field(ge=0, le=65535, description="0 takes any that is free.")] = 9464
    host: Annotated[str, Field(description="The address it listens on.")] = "127.0.0.1"


def _as_endpoint(value: object) -> object:
    # A bool is an int, and no port.
    if value is True:
        return {}
    return {"port": value} if isinstance(value, int) and not isinstance(value, bool) else value


class OpenTelemetry(_Table):
    """``[tool.agentcore.plugins.metrics.otel]``: without an exporter, the providers of the application are used."""

    dialect: Annotated[Dialect, Field(description="Of the GenAI conventions.")] = "1.41.1"
    prometheus: Annotated[
        Prometheus | None, BeforeValidator(_as_endpoint), Field(description="A port, true, or a table.")
    ] = None
    otlp: Annotated[str | None, Field(pattern=r"^https?://", description="The collector's URL.")] = None
    protocol: Annotated[Literal["http", "grpc"], Field(description="Of OTLP.")] = "http"
    headers: Annotated[Mapping[str, SecretRef], Field(description="Sent to the collector.")] = {}
    console: Annotated[bool, Field(description="Write everything to stderr, too.")] = False
    histograms: Annotated[
        Literal["explicit", "exponential"], Field(description="Prometheus' endpoint knows explicit buckets alone.")
    ] = "explicit"
    interval: Annotated[float, Field(gt=0, description="Seconds between two exports of metrics.")] = 60.0
    traces: Annotated[bool, Field(description="Whether spans are made.")] = True
    metrics: Annotated[bool, Field(description="Whether metrics are made.")] = True
    max_values: Annotated[
        int, Field(gt=0, description="Names of one kind, as agents or tools; further ones become 'other'.")
    ] = 200
    service_name: Annotated[str, Field(description="What the program is called there.")] = "agentcore"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.prometheus is not None and self.histograms == "exponential":
            raise ValueError("the Prometheus endpoint cannot show exponential histograms: use OTLP for them")
        return self


def _endless(days: object) -> object:
    # The framework's own word for a time without end.
    return math.inf if days == "off" else days


class Config(_Table):
    """``[tool.agentcore.plugins.metrics]``"""

    path: Annotated[
        Path,
        Field(description="The ledger's file; a relative path is relative to the state folder."),
    ] = Path(FILE_NAME)
    retention_days: Annotated[
        float,
        BeforeValidator(_endless),
        Field(gt=0, description='Rows that are older are deleted; "off" keeps them.'),
    ] = RETENTION_DAYS
    max_rows: Annotated[
        int,
        Field(gt=0, description="Of more runs, model calls or tool calls than this the oldest are deleted."),
    ] = MAX_ROWS
    prices: Annotated[
        Mapping[str, Price],
        Field(description="By a model's name or a pattern: US dollars for a million tokens."),
    ] = {}
    published_prices: Annotated[
        bool, Field(description="Whether genai-prices, where it is installed, is asked for other models.")
    ] = True
    budgets: Budgets | None = None
    otel: OpenTelemetry | None = None
