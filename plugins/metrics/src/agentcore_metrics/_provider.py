"""The plugin."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Self
from weakref import WeakSet

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agentcore import hookimpl
from agentcore.errors import AgentCoreError, DeniedError
from agentcore_metrics._records import Incident, IncidentRecord, ModelRecord, Record, RunRecord, ToolRecord
from agentcore_metrics._schema import FILE_NAME
from agentcore_metrics._series import Metrics
from agentcore_metrics._writer import LedgerWriter

if TYPE_CHECKING:
    from click import Command

    from agentcore import ExecutionContext, PluginManager
    from agentcore.types import Outcome, Usage

__all__ = ["MetricsProvider"]

RETENTION_DAYS: Final = 90.0
MAX_ROWS: Final = 1_000_000
"""About 200 MB for each kind of row."""

_DAY_SECONDS: Final = 86_400


def _endless(days: object) -> object:
    # The framework's own word for a time without end.
    return math.inf if days == "off" else days


class MetricsProvider:
    """Measures every run, model call and tool call: in memory and in a ledger on disk.

    Register it like any plugin; installed, it is found by its entry point.
    Its hooks take about a microsecond each and never wait for the disk: a thread of its own writes what they noted, at
    the latest 0.2 s later, and at shutdown.
    """

    name = "metrics"

    class Config(BaseModel):
        """``[tool.agentcore.plugins.metrics]``"""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

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

    def __init__(
        self, *, path: Path | str | None = None, retention_days: float = RETENTION_DAYS, max_rows: int = MAX_ROWS
    ) -> None:
        """Make a provider that measures at once; the ledger's file is made with the first row.

        Args:
            path: The ledger; ``~`` is the home folder, and a relative path is relative to the current folder.
                None takes ``metrics.db`` in the state folder as soon as :meth:`agentcore_startup` has told where that
                is; as long as it has not, nothing is written.
            retention_days: Rows that are older are deleted; infinity keeps them.
            max_rows: Of more runs, model calls, tool calls or incidents than this, the oldest are deleted.

        Raises:
            pydantic.ValidationError: An argument is out of range.
        """
        config = self.Config(retention_days=retention_days, max_rows=max_rows)
        self.metrics: Final = Metrics()
        """The newest 10,000 records of each kind as series: ``provider.metrics["run_duration"]``."""
        self._writer = LedgerWriter(retention=config.retention_days * _DAY_SECONDS, max_rows=config.max_rows)
        self._denials: WeakSet[AgentCoreError] = WeakSet()
        self._file = config.path
        if path is not None:
            self._writer.place(Path(path).expanduser().absolute())
        # Runs at exit, too, where nobody shuts the provider down.
        weakref.finalize(self, self._writer.close)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Make the provider that a configuration describes; it learns where its ledger is at startup."""
        provider = cls(retention_days=config.retention_days, max_rows=config.max_rows)
        provider._file = config.path
        return provider

    @property
    def path(self) -> Path | None:
        """The ledger's file, absolute; None as long as it is not known."""
        return self._writer.path

    @property
    def dropped(self) -> int:
        """How many records are not in the ledger and never will be."""
        return self._writer.dropped

    def settle(self, folder: Path) -> Path:
        """Keep the ledger in *folder*, unless it has a place already; returns its file."""
        return self._writer.path or self._writer.place(folder.absolute() / self._file.expanduser())

    def flush(self) -> bool:
        """Write what has been measured until now, and say whether all of it is in the ledger.

        Waits for the disk; where another process keeps the ledger locked, 2 s.
        """
        return self._writer.write()

    def close(self) -> None:
        """Flush, and close the file; waits for a few seconds at most.  What is measured later opens it again."""
        self._writer.close()

    # --- agent ---

    @hookimpl
    def agent_complete(
        self, context: ExecutionContext, agent: str, usage: Usage, duration: float, outcome: Outcome
    ) -> None:
        """Note a run."""
        self._run_ended(context, agent, usage, duration, outcome, None)

    @hookimpl
    def agent_error(
        self,
        context: ExecutionContext,
        agent: str,
        error: BaseException,
        usage: Usage,
        duration: float,
        outcome: Outcome,
    ) -> None:
        """Note a run that ended otherwise, and who denied it."""
        self._run_ended(context, agent, usage, duration, outcome, type(error).__name__)
        self._denied(context, error, outcome)

    def _run_ended(
        self,
        context: ExecutionContext,
        agent: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        error: str | None,
    ) -> None:
        self._note(
            RunRecord(
                context.context_id,
                context.parent_id,
                context.root_id,
                agent,
                time(),
                duration,
                outcome,
                error,
                context.usage,
                usage,
            )
        )

    # --- model ---

    @hookimpl
    def model_complete(
        self, context: ExecutionContext, model: str, call_id: str, usage: Usage, duration: float, outcome: Outcome
    ) -> None:
        """Note a model call."""
        self._model_ended(context, model, call_id, usage, duration, outcome, None)

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
    ) -> None:
        """Note a model call that ended otherwise, and who denied it."""
        self._model_ended(context, model, call_id, usage, duration, outcome, type(error).__name__)
        self._denied(context, error, outcome)

    def _model_ended(
        self,
        context: ExecutionContext,
        model: str,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        error: str | None,
    ) -> None:
        self._note(
            ModelRecord(
                context.context_id,
                context.parent_id,
                context.root_id,
                context.agent_id,
                time(),
                duration,
                outcome,
                error,
                model,
                call_id,
                usage,
            )
        )

    @hookimpl
    def model_retry(self, context: ExecutionContext, model: str, error: BaseException) -> None:
        """Note that a model is asked again."""
        self._incident(context, "retry", model, None, error)

    # --- tool ---

    @hookimpl
    def tool_execute(
        self, context: ExecutionContext, tool: str, call_id: str, duration: float, outcome: Outcome
    ) -> None:
        """Note a tool call."""
        self._tool_ended(context, tool, call_id, duration, outcome, None)

    @hookimpl
    def tool_error(
        self,
        context: ExecutionContext,
        tool: str,
        error: BaseException,
        call_id: str,
        duration: float,
        outcome: Outcome,
    ) -> None:
        """Note a tool call that ended otherwise, and who denied it."""
        self._tool_ended(context, tool, call_id, duration, outcome, type(error).__name__)
        self._denied(context, error, outcome)

    def _tool_ended(
        self,
        context: ExecutionContext,
        tool: str,
        call_id: str,
        duration: float,
        outcome: Outcome,
        error: str | None,
    ) -> None:
        self._note(
            ToolRecord(
                context.context_id,
                context.parent_id,
                context.root_id,
                context.agent_id,
                time(),
                duration,
                outcome,
                error,
                tool,
                call_id,
            )
        )

    # --- what goes wrong around them ---

    @hookimpl
    def plugin_error(self, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException) -> None:
        """Note that a plugin failed."""
        self._incident(context, "plugin_error", plugin, hook, error)

    def _denied(self, context: ExecutionContext, error: BaseException, outcome: Outcome) -> None:
        """Note a denial, once: the error that ended a model call ends the run as well, and its parents."""
        if outcome != "denied":
            return
        if isinstance(error, AgentCoreError):
            if error in self._denials:
                return
            self._denials.add(error)
        plugin, hook = (error.plugin, error.hook) if isinstance(error, DeniedError) else (None, None)
        self._incident(context, "denial", plugin, hook, error)

    def _incident(
        self,
        context: ExecutionContext | None,
        kind: Incident,
        subject: str | None,
        hook: str | None,
        error: BaseException,
    ) -> None:
        context_id = root_id = agent = None
        if context is not None:
            context_id, root_id, agent = context.context_id, context.root_id, context.agent_id
        self._note(IncidentRecord(context_id, root_id, agent, time(), kind, subject, hook, type(error).__name__))

    def _note(self, record: Record) -> None:
        self.metrics.records[type(record)].append(record)
        self._writer.add(record)

    # --- process ---

    @hookimpl
    def agentcore_startup(self, plugins: PluginManager) -> None:
        """Learn where the state folder is."""
        self.settle(plugins.state_dir)

    @hookimpl
    def agentcore_shutdown(self) -> None:
        """Flush, and close the file."""
        self.close()

    @hookimpl
    def register_commands(self) -> Iterable[Command]:
        """Offer ``agentcore metrics``."""
        from agentcore_metrics._command import make_command

        return [make_command(self)]
