"""``agentcore metrics``."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from agentcore import PluginManager, load_settings
from agentcore.errors import AgentCoreError
from agentcore_metrics._asking import summarise
from agentcore_metrics._reading import reading
from agentcore_metrics._runs import run_tree
from agentcore_metrics._summary import BY, COUNTED, By, empty_summary
from agentcore_metrics._units import parse_span

if TYPE_CHECKING:
    from rich.console import Console

    from agentcore_metrics._provider import MetricsProvider

__all__ = ["make_command"]


def _seconds(_context: click.Context, _parameter: click.Parameter, span: str | None) -> float | None:
    try:
        return None if span is None else parse_span(span)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def make_command(provider: MetricsProvider) -> click.Command:
    """Make the command that reads the ledger of *provider*."""

    @click.command("metrics")
    @click.option("--since", callback=_seconds, metavar="SPAN", help="Only what began in the last 30m, 24h, 7d.")
    @click.option("--by", type=click.Choice(BY), default="agent", show_default=True, help="What to group by.")
    @click.option("--run", "run_id", metavar="ID", help="One run and everything below it; ID may be its beginning.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_context
    def metrics(context: click.Context, since: float | None, by: By, run_id: str | None, as_json: bool) -> None:
        """What the agents did: how often, how long, how many tokens, at what cost.

        Errors are all that did not end well: failures, denials, timeouts, cancellations.
        Percentiles are exact; what was denied is left out of them.
        Each run, model call and tool call counts once, in the group of its own agent, day or outcome.
        """
        if run_id is not None:
            _check_run(context, run_id)
        try:
            path = _ledger(provider, context)
            if run_id is None:
                _summary(path, by, since, as_json)
            else:
                _run(path, run_id, as_json)
        except AgentCoreError as error:
            raise click.ClickException(str(error)) from error

    return metrics


def _ledger(provider: MetricsProvider, context: click.Context) -> Path:
    # What this very process has measured belongs to the answer, too.
    provider.flush()
    # The command line has not started the plugins to ask them for their commands.
    return provider.path or provider.settle(_state_folder(context))


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


def _summary(path: Path, by: By, since: float | None, as_json: bool) -> None:
    start = None if since is None else int(max(0.0, time() - since) * 1_000_000)
    with reading(path) as connection:
        summary = empty_summary(by, start) if connection is None else summarise(connection, by=by, since=start)
    if connection is None:
        click.echo(_no_ledger(path), err=True)
    elif not summary.groups:
        click.echo(f"No {COUNTED[by].replace('_', ' ')} are recorded{' in that time' if since else ''}.", err=True)
    if as_json:
        click.echo(json.dumps({"ledger": str(path), **summary.as_json()}, indent=2))
    elif summary.groups or summary.incidents:
        from agentcore_metrics._report import print_summary

        print_summary(_console(), summary)


def _run(path: Path, run_id: str, as_json: bool) -> None:
    with reading(path) as connection:
        if connection is None:
            raise click.ClickException(f"there is no run {run_id!r}\nhint: {_no_ledger(path)}")
        run = run_tree(connection, run_id)
    if as_json:
        click.echo(json.dumps({"ledger": str(path), "run": run.as_json()}, indent=2))
        return
    from agentcore_metrics._report import print_run

    print_run(_console(), run)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _no_ledger(path: Path) -> str:
    return f"No metrics yet: {str(path)!r} is made when an agent runs here with this plugin enabled."
