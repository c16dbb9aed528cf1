"""``agentcore doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs
import click

from agentcore._cli import checks, delivery_checks
from agentcore._cli.ending import run_to_end
from agentcore._cli.model_check import default_model
from agentcore._cli.options import common_options, json_option, start_option
from agentcore._cli.output import Output
from agentcore._cli.session import Session
from agentcore._config import Settings
from agentcore._inspection.findings import Finding, Level
from agentcore._plugins import PluginManager
from agentcore._plugins.lifecycle import check_hook_tables, configured_middleware
from agentcore.errors import AgentCoreError, PluginError
from agentcore.models._config import LOCAL

__all__ = ["doctor"]

_MARKS: Final[dict[Level, str]] = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


@click.command("doctor", short_help="Check whether everything works.")
@start_option
@json_option
@common_options
@click.pass_context
def doctor(context: click.Context, start: bool, as_json: bool) -> None:
    """Check Python, the configuration, the journal, the plugins and the model, and say what to do.

    The server of the model is asked whether it is there, at no cost.
    The exit code is 1 where there is a problem.
    """
    findings = list(_examined(context.ensure_object(Session), start=start))
    sound = all(each.level != "problem" for each in findings)
    output = Output()
    if as_json:
        output.json({"ok": sound, "checks": [attrs.asdict(each) for each in findings]})
    else:
        rows = [(_MARKS[each.level], each.check, _text(each)) for each in findings]
        output.table(("", "check", "finding"), rows, fixed=2)
    context.exit(0 if sound else 1)


def _text(finding: Finding) -> str:
    return f"{finding.message}\n→ {finding.advice}" if finding.advice else finding.message


def _examined(session: Session, *, start: bool) -> Iterator[Finding]:
    yield checks.python()
    yield from checks.packages()
    found, settings = checks.configuration(session)
    yield found
    if settings is None:
        yield checks.engine(needed=False)
        return
    yield checks.state_folder(settings)
    yield from run_to_end(delivery_checks.journal(settings), [])
    try:
        plugins = session.plugins()
    except AgentCoreError as error:
        yield Finding.of_error("plugins", "problem", error)
        return
    yield from run_to_end(_of_plugins(plugins, settings, start=start), [plugins])


async def _of_plugins(plugins: PluginManager, settings: Settings, *, start: bool) -> list[Finding]:
    """Look at the plugins, and at the model, for which they are asked."""
    findings: list[Finding] = []
    try:
        if start:
            await plugins.startup()
        else:
            findings.append(checks.NOT_STARTED)
            configured_middleware(settings)
            check_hook_tables(plugins)
    except PluginError:
        # What keeps an agent from running is in the statuses, and among the names.
        pass
    except AgentCoreError as error:
        findings.append(Finding.of_error("plugins", "problem", error))
    findings += [checks.plugin(each) for each in plugins.statuses()]
    findings += checks.names(settings, plugins)
    name, of_model = await default_model(plugins)
    findings += of_model
    findings.append(checks.engine(needed=name.partition(":")[0] == LOCAL))
    return findings
