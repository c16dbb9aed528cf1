"""``agentcore metrics``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from agentcore import PluginManager, load_settings
from agentcore.errors import AgentCoreError
from agentcore_metrics._asking import summarise
from agentcore_metrics._output import Format, print_csv, print_json
from agentcore_metrics._reading import reading
from agentcore_metrics._runs import run_tree
from agentcore_metrics._sql import Connection
from agentcore_metrics._summary import BY, COUNTED, By, Summary, empty_summary
from agentcore_metrics._units import parse_span
from agentcore_metrics._views import TOP, CostLine, ErrorLine, RunLine, Top, compare, cost_lines, error_lines, top_runs

if TYPE_CHECKING:
    from rich.console import Console

    from agentcore_metrics._provider import MetricsProvider

__all__ = ["make_command"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_MICRO = 1_000_000


def _seconds(_context: click.Context, _parameter: click.Parameter, span: str | None) -> float | None:
    try:
        return None if span is None else parse_span(span)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_since = click.option("--since", callback=_seconds, metavar="SPAN", help="Only what began in the last 30m, 24h, 7d.")


def _formatted(command: F) -> F:
    """Add the options that say for whom results are written."""
    for flag, text in (("csv", "Print CSV, for spreadsheets."), ("json", "Print JSON, for programs.")):
        command = click.option(f"--{flag}", "form", flag_value=flag, type=str, help=text)(command)
    return command


def make_command(provider: MetricsProvider) -> click.Command:
    """Make the command that reads the ledger of *provider*."""

    @click.group(
        "metrics",
        short_help="What the agents did, how long it took, what it cost.",
        invoke_without_command=True,
        subcommand_metavar="[COMMAND]",
    )
    @_since
    @click.option("--by", type=click.Choice(BY), default="agent", show_default=True, help="What to group by.")
    @click.option("--run", "run_id", metavar="ID", help="One run and everything below it; ID may be its beginning.")
    @_formatted
    @click.pass_context
    def metrics(context: click.Context, since: float | None, by: By, run_id: str | None, form: Format | None) -> None:
        """What the agents did: how often, how long, how many tokens, at what cost.

        Errors are all that did not end well: failures, denials, timeouts, cancellations.
        Percentiles are exact; what was denied is left out of them.
        Each run, model call and tool call counts once, in the group of its own agent, day or outcome.
        """
        if context.invoked_subcommand is not None:
            _check_nothing_given(context)
            return
        asked = _Asked(provider, context, since, form)
        if run_id is None:
            _summary(asked, by)
        else:
            _check_run(context, run_id)
            _run(asked, run_id)

    for add in (_add_top, _add_errors, _add_cost, _add_compare):
        add(metrics, provider)
    from agentcore_metrics._operating import add_operating

    add_operating(metrics)
    return metrics


def _add_top(group: click.Group, provider: MetricsProvider) -> None:
    @group.command("top", short_help="The dearest, the slowest, or the largest runs.")
    @_since
    @click.option(
        "--by", type=click.Choice(list(TOP)), default="cost", show_default=True, help="What there was most of."
    )
    @click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many.")
    @_formatted
    @click.pass_context
    def top(context: click.Context, since: float | None, by: Top, limit: int, form: Format | None) -> None:
        """The dearest, the slowest, or the largest runs, each with all that it called."""
        asked = _Asked(provider, context, since, form)
        lines: list[RunLine] = asked.ask(
            lambda connection: top_runs(connection, by=by, since=asked.start or 0, limit=limit), []
        )
        if asked.printed("runs", [each.as_json() for each in lines]):
            return
        from agentcore_metrics._report_more import print_top

        print_top(_console(), lines, by)


def _add_errors(group: click.Group, provider: MetricsProvider) -> None:
    @group.command("errors")
    @_since
    @_formatted
    @click.pass_context
    def errors(context: click.Context, since: float | None, form: Format | None) -> None:
        """What did not end well, the most frequent first."""
        asked = _Asked(provider, context, since, form)
        lines: list[ErrorLine] = asked.ask(lambda connection: error_lines(connection, since=asked.start or 0), [])
        if asked.printed("errors", [each.as_json() for each in lines]):
            return
        from agentcore_metrics._report_more import print_errors

        print_errors(_console(), lines)


def _add_cost(group: click.Group, provider: MetricsProvider) -> None:
    @group.command("cost", short_help="What was paid for which model, and how that is known.")
    @_since
    @_formatted
    @click.pass_context
    def cost(context: click.Context, since: float | None, form: Format | None) -> None:
        """What was paid for which model, and how that is known, the dearest first."""
        asked = _Asked(provider, context, since, form)
        lines: list[CostLine] = asked.ask(lambda connection: cost_lines(connection, since=asked.start or 0), [])
        if asked.printed("models", [each.as_json() for each in lines]):
            return
        from agentcore_metrics._report_more import print_cost

        print_cost(_console(), lines)


def _add_compare(group: click.Group, provider: MetricsProvider) -> None:
    @group.command("compare")
    @click.argument("first", metavar="A")
    @click.argument("second", metavar="B")
    @_since
    @click.option("--by", type=click.Choice(BY), default="agent", show_default=True, help="What A and B are.")
    @_formatted
    @click.pass_context
    def compare_(
        context: click.Context, first: str, second: str, since: float | None, by: By, form: Format | None
    ) -> None:
        """Two agents, models, tools, days … side by side."""
        asked = _Asked(provider, context, since, form)
        summary = asked.summary(by)
        try:
            measures = compare(summary, first, second)
        except AgentCoreError as error:
            raise click.ClickException(str(error)) from error
        if asked.printed("measures", [each.as_json() for each in measures]):
            return
        from agentcore_metrics._report_more import print_comparison

        print_comparison(_console(), measures, by, first, second)


class _Asked:
    """One call of the command."""

    def __init__(
        self, provider: MetricsProvider, context: click.Context, since: float | None, form: Format | None
    ) -> None:
        # What this very process has measured belongs to the answer, too.
        provider.flush()
        # The command line has not started the plugins to ask them for their commands.
        self.path: Path = provider.path or provider.settle(_state_folder(context))
        self.form: Format = form or "table"
        self.now = int(time() * _MICRO)
        self.start = None if since is None else int(max(0.0, self.now - since * _MICRO))
        self.is_empty = False

    def ask(self, question: Callable[[Connection], T], nothing: T) -> T:
        """Ask the ledger; *nothing* is what one would answer that is not there yet."""
        try:
            with reading(self.path) as connection:
                if connection is not None:
                    return question(connection)
        except AgentCoreError as error:
            raise click.ClickException(str(error)) from error
        self.is_empty = True
        click.echo(no_ledger(self.path), err=True)
        return nothing

    def summary(self, by: By) -> Summary:
        return self.ask(
            lambda connection: summarise(connection, by=by, since=self.start, now=self.now),
            empty_summary(by, self.start),
        )

    def printed(self, name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Print *rows* where a program reads them; true where nothing is left to print."""
        if self.form == "json":
            print_json({"ledger": str(self.path), name: rows})
        elif self.form == "csv":
            print_csv(rows)
        elif not rows and not self.is_empty:
            click.echo(f"No {name} are recorded{' in that time' if self.start is not None else ''}.", err=True)
        return self.form != "table" or not rows


def _state_folder(context: click.Context) -> Path:
    """The state folder of the program that the command is part of, which need not be there."""
    program = context.obj
    return (program.settings if isinstance(program, PluginManager) else load_settings()).state_dir


def _check_run(context: click.Context, run_id: str) -> None:
    if not run_id:
        raise click.UsageError("--run needs the id of a run, or how it begins.", context)
    for name in ("since", "by"):
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--run shows one run: leave out --{name}.", context)
    if context.params["form"] == "csv":
        raise click.UsageError("a run is a tree, and no table: --run is shown as text or with --json.", context)


def _check_nothing_given(context: click.Context) -> None:
    for name in context.params:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            flag = {"run_id": "run", "form": "json or --csv"}.get(name, name)
            raise click.UsageError(f"write --{flag} after {context.invoked_subcommand!r}.", context)


def _summary(asked: _Asked, by: By) -> None:
    summary = asked.summary(by)
    if not summary.groups and not asked.is_empty:
        within = " in that time" if asked.start is not None else ""
        click.echo(f"No {COUNTED[by].replace('_', ' ')} are recorded{within}.", err=True)
    if asked.form == "json":
        print_json({"ledger": str(asked.path), **summary.as_json()})
    elif asked.form == "csv":
        print_csv(summary.as_json()["groups"])
    elif summary.groups or summary.incidents or summary.knowledge:
        from agentcore_metrics._report import print_summary

        print_summary(_console(), summary)


def _run(asked: _Asked, run_id: str) -> None:
    run = asked.ask(lambda connection: run_tree(connection, run_id), None)
    if run is None:
        raise click.ClickException(f"there is no run {run_id!r}")
    if asked.form == "json":
        print_json({"ledger": str(asked.path), "run": run.as_json()})
        return
    from agentcore_metrics._report import print_run

    print_run(_console(), run)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def no_ledger(path: Path) -> str:
    """Say why there is nothing to show."""
    return f"No metrics yet: {str(path)!r} is made when an agent runs here with this plugin enabled."
