"""``agentcore replay``."""

from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import Any

import attrs
import click

from agentcore._cli.ending import TerminatedError, run_to_end
from agentcore._cli.failures import FAILED, FailureError
from agentcore._cli.journals import is_there, nothing_there, use_journal
from agentcore._cli.messages import note
from agentcore._cli.options import DURATION, common_options, json_option
from agentcore._cli.output import Output
from agentcore._cli.plugins import reason_of, status_of
from agentcore._cli.progress import progress_bar
from agentcore._cli.runs import find_run
from agentcore._cli.session import Session
from agentcore._cli.units import counted, short
from agentcore._data import data
from agentcore._delivery.replay import Replayed
from agentcore._plugins import PluginManager
from agentcore.errors import ConfigError

__all__ = ["replay"]


@data(kw_only=True)
class _Wishes:
    """What the options say of what to send."""

    since: float | None
    run: str | None
    from_start: bool
    hook: str | None
    dry_run: bool
    restart: bool
    as_json: bool


@click.command("replay", short_help="Send the journal's events through a plugin again.")
@click.argument("plugin")
@click.option("--since", type=DURATION, metavar="TIME", help="Only those of the last TIME, as 30m or 7d.")
@click.option(
    "--run", metavar="ID", help="Only those of this run, and of a root's whole tree; the beginning is enough."
)
@click.option("--from-start", is_flag=True, help="All that the journal has; as where nothing is said.")
@click.option("--hook", metavar="HOOK", help="Only those of this hook.")
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@click.option("--restart", is_flag=True, help="Begin anew where the same replay was interrupted.")
@json_option
@common_options
@click.pass_context
def replay(context: click.Context, /, plugin: str, **options: Any) -> None:
    """Send the events that are in the journal through PLUGIN again, in order, whatever its delivery is.

    The events are those of the hooks that it implements, and keep their ids, by which it knows those that it has.
    One that fails is sent again as often as the plugin's delivery says; then it is given up, which is told, and the
    exit code is 1.  A plugin that fails at everything ends the replay.
    One that was interrupted, in whichever way, goes on when the same command is given again.
    """
    wishes = _Wishes(**options)
    if sum((wishes.since is not None, wishes.run is not None, wishes.from_start)) > 1:
        raise click.UsageError("give one of --since, --run and --from-start.")
    session, output = context.ensure_object(Session), Output()
    plugins = session.plugins()
    _check(plugins, plugin)
    run = wishes.run and use_journal(session, lambda journal: find_run(journal, wishes.run or "")).id
    replayed = _replayed(plugins, plugin, run, wishes)
    if wishes.as_json:
        output.json({"plugin": plugin, **attrs.asdict(replayed)})
    else:
        _print(plugin, replayed, output, dry_run=wishes.dry_run)
    context.exit(0 if replayed else FAILED)


def _check(plugins: PluginManager, name: str) -> None:
    """Refuse a plugin that cannot be sent anything, and to look for events where there are none."""
    status = status_of(plugins, name)
    if status.status != "loaded":
        reason = reason_of(status)
        raise FailureError(
            f"the plugin {name!r} is {status.status}{f' ({reason})' if reason else ''}", hint="enable it, or mend it."
        )
    if not is_there(plugins.settings.journal_path):
        raise ConfigError(nothing_there(plugins.settings))


def _replayed(plugins: PluginManager, plugin: str, run: str | None, wishes: _Wishes) -> Replayed:
    since = None if wishes.since in (None, inf) else timedelta(seconds=wishes.since or 0.0)
    with progress_bar(lambda: None, wanted=not wishes.dry_run) as show:
        work = plugins.replay(
            plugin,
            since=since,
            run=run,
            hook=wishes.hook,
            restart=wishes.restart,
            dry_run=wishes.dry_run,
            progress=lambda done, total, failed: show(done + failed, failed, total),
        )
        try:
            return run_to_end(work, [plugins])
        except (KeyboardInterrupt, TerminatedError):
            note("the replay was interrupted; the same command goes on with it")
            raise


def _print(plugin: str, replayed: Replayed, output: Output, *, dry_run: bool) -> None:
    more = ", where the last replay was interrupted" if replayed.resumed else ""
    if dry_run:
        output.line(f"{counted(replayed.total, 'event')} would be sent through {plugin!r}{more}")
        for hook, count in replayed.hooks.items():
            output.line(f"  {hook:<16} {count:>9,}")
        return
    output.line(f"{replayed.delivered:,} of {counted(replayed.total, 'event')} sent through {plugin!r}{more}")
    if replayed.failed:
        rows = [(str(each.position), each.hook, short(each.run), each.error) for each in replayed.failed]
        output.table(("position", "hook", "run", "error"), rows)
