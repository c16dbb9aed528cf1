"""The plugin."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self

from agentcore import Event, hookimpl
from agentcore_metrics._config import MAX_ROWS, RETENTION_DAYS, Budgets
from agentcore_metrics._config import Config as MetricsConfig
from agentcore_metrics._hooks import Hooks
from agentcore_metrics._prices import Price
from agentcore_metrics._pricing import Pricing
from agentcore_metrics._recorder import Recorder
from agentcore_metrics._series import Metrics
from agentcore_metrics._writer import LedgerWriter

if TYPE_CHECKING:
    from click import Command

    from agentcore import ExecutionContext, PluginManager
    from agentcore_metrics._client import Client

__all__ = ["MetricsProvider"]

_DAY_SECONDS: Final = 86_400


class MetricsProvider(Hooks):
    """Measures every run, model call and tool call: in memory and in a ledger on disk.

    Register it like any plugin; installed, it is found by its entry point.
    Its hooks take about a microsecond each and never wait for the disk: a thread of its own writes what they noted, at
    the latest 0.2 s later, and at shutdown.
    """

    name = "metrics"

    Config: ClassVar[type[MetricsConfig]] = MetricsConfig

    def __init__(
        self,
        client: Client | None = None,
        *,
        path: Path | str | None = None,
        retention_days: float = RETENTION_DAYS,
        max_rows: int = MAX_ROWS,
        prices: Mapping[str, Price] | None = None,
        published_prices: bool = True,
        budgets: Budgets | None = None,
    ) -> None:
        """Make a provider that measures at once; the ledger's file is made with the first row.

        Args:
            client: Gets every record, too, as :class:`agentcore_metrics.otel.OpenTelemetryClient`; closed with the
                provider.
            path: The ledger; ``~`` is the home folder, and a relative path is relative to the current folder.
                None takes ``metrics.db`` in the state folder as soon as :meth:`agentcore_startup` has told where that
                is; as long as it has not, nothing is written.
            retention_days: Rows that are older are deleted; infinity keeps them.
            max_rows: Of more runs, model calls, tool calls or incidents than this, the oldest are deleted.
            prices: By a model's name or a pattern; what a server reports wins over them.
            published_prices: Whether ``genai-prices`` is asked where no price is known, if it is installed.
            budgets: What may be spent; None sets no limit.

        Raises:
            pydantic.ValidationError: An argument is out of range.
        """
        config = MetricsConfig(retention_days=retention_days, max_rows=max_rows, prices=prices or {})
        self.metrics: Final = Metrics()
        """The newest 10,000 records of each kind as series: ``provider.metrics["run_duration"]``."""
        self.client: Final = client
        """Gets every record, too; None where nothing does."""
        self._pricing = Pricing(config.prices, published=published_prices)
        self._writer = LedgerWriter(
            self.metrics,
            self._pricing,
            client,
            retention=config.retention_days * _DAY_SECONDS,
            max_rows=config.max_rows,
        )
        super().__init__(self._writer.note)
        self._file = config.path
        if budgets is not None:
            self._guard(budgets)
        if path is not None:
            self._writer.place(Path(path).expanduser().absolute())
        # Runs at exit, too, where nobody shuts the provider down.
        weakref.finalize(self, self._writer.close)

    @classmethod
    def from_config(cls, config: MetricsConfig) -> Self:
        """Make the provider that a configuration describes; it learns where its ledger is at startup."""
        client: Client | None = None
        if config.otel is not None:
            from agentcore_metrics.otel import OpenTelemetryClient

            client = OpenTelemetryClient.from_config(config.otel)
        provider = cls(
            client,
            retention_days=config.retention_days,
            max_rows=config.max_rows,
            prices=config.prices,
            published_prices=config.published_prices,
            budgets=config.budgets,
        )
        provider._file = config.path
        return provider

    def _guard(self, config: Budgets) -> None:
        from agentcore_metrics._budgets import Budgets as Guard

        writer = self._writer

        def warned(context: ExecutionContext, name: str) -> None:
            event = Event("budget", context)
            writer.note((Recorder.incident, event, context, "budget", name, None, "BudgetReached"))

        guard = writer.budgets = Guard(config, writer.intake, warned=warned, stale=writer.ask)

        # There only where something is guarded: each model call waits for a value hook, and its plugin is required.
        @hookimpl
        def model_request(context: ExecutionContext) -> None:
            guard.check(context)

        self.model_request = model_request

    @property
    def path(self) -> Path | None:
        """The ledger's file, absolute; None as long as it is not known."""
        return self._writer.path

    @property
    def dropped(self) -> int:
        """How many records are not in the ledger and never will be."""
        self._writer.intake.drain()
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

    # --- process ---

    @hookimpl(blocking=True)
    def agentcore_startup(self, plugins: PluginManager) -> None:
        """Learn where the state folder is, and open what takes long."""
        self.settle(plugins.state_dir)
        self._writer.open_client()
        if self._writer.budgets is not None:
            self._pricing.warm()
            self._writer.ask()
            self._writer.write()

    @hookimpl
    def agentcore_shutdown(self) -> None:
        """Flush, and close the file."""
        self.close()

    @hookimpl
    def register_commands(self) -> Iterable[Command]:
        """Offer ``agentcore metrics``."""
        from agentcore_metrics._command import make_command

        return [make_command(self)]
