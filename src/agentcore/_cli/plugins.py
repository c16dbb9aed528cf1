"""``agentcore plugins``."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Any, Final

import attrs
import click
from pydantic import BaseModel

from agentcore._cli.delivery_facts import DeliveryFact, delivery_facts
from agentcore._cli.ending import run_to_end
from agentcore._cli.hooks import known_hook
from agentcore._cli.messages import note, warn
from agentcore._cli.options import common_options, json_option, start_option
from agentcore._cli.output import Output, json_text
from agentcore._cli.plugin_check import check
from agentcore._cli.records import described
from agentcore._cli.session import Session
from agentcore._cli.units import span
from agentcore._config import ConfigRow, config_table
from agentcore._plugins import FailureLog, LoggedFailure, PluginManager, PluginStatus, installed_plugins
from agentcore._plugins.loading import config_model, import_plugin
from agentcore.errors import AgentCoreError, PluginError, PluginNotFoundError, nearest

__all__ = ["plugins", "reason_of", "status_of"]

_COLUMNS: Final = ("name", "status", "version", "distribution", "load time", "hooks", "reason")


@click.group("plugins", short_help="List the plugins, their configs and orders.", invoke_without_command=True)
@click.option("--hook", metavar="HOOK", help="Only the plugins that implement this hook.")
@start_option
@json_option
@common_options
@click.pass_context
def plugins(context: click.Context, hook: str | None, start: bool, as_json: bool) -> None:
    """List the plugins, and what became of each.

    They are loaded for it, and not started up: what fails only then is seen with --start.  What failed in runs of the
    last week is listed, too.
    """
    if context.invoked_subcommand is not None:
        return
    manager = context.ensure_object(Session).plugins()
    if hook is not None:
        known_hook(hook, vars(manager.hook))
    statuses = run_to_end(_started(manager), [manager]) if start else manager.statuses()
    _warn_of_refusal(manager)
    shown = [each for each in statuses if hook is None or hook in each.hooks]
    failures = _logged(manager)
    output = Output()
    if as_json:
        output.json([_record(each, failures) for each in shown])
    else:
        output.table(_COLUMNS, [_row(each, failures) for each in shown])


async def _started(manager: PluginManager) -> Sequence[PluginStatus]:
    """Start the plugins up, and return what became of them."""
    try:
        await manager.startup()
    except PluginError:
        # What keeps an agent from running is in the statuses, and among the warnings.
        pass
    except AgentCoreError as error:
        warn(f"no agent can run: {error}")
    return [attrs.evolve(each) for each in manager.statuses()]


def _warn_of_refusal(manager: PluginManager) -> None:
    """Say what would keep an agent from running."""
    try:
        manager.check_required()
    except PluginNotFoundError as error:
        warn(f"no agent can run, unless the program registers it: {error}")
    except PluginError as error:
        warn(f"no agent can run: {error}")


def _logged(manager: PluginManager) -> Sequence[LoggedFailure]:
    """Return what failed in the runs of other processes."""
    return FailureLog(manager.settings.state_dir).recent()


def _row(status: PluginStatus, failures: Sequence[LoggedFailure] = ()) -> Sequence[str]:
    load_time = "" if status.load_time is None else f"{status.load_time * 1000:.0f} ms"
    logged = [_failure(each) for each in failures if each.plugin == status.name]
    return (
        status.name,
        status.status,
        status.version or "",
        status.distribution or status.source,
        load_time,
        ", ".join(status.hooks),
        "; ".join([reason for reason in (reason_of(status),) if reason] + logged),
    )


def _failure(failure: LoggedFailure) -> str:
    ago = span(time() - failure.time)
    return f"failed in {failure.hook} {ago} ago: {failure.type}: {failure.message}"


def reason_of(status: PluginStatus) -> str:
    """Say why a plugin is what it is: its error, who decided, who requires it."""
    parts: list[str] = []
    if status.error is not None:
        error = described(status.error)
        stage = f"at {status.stage}: " if status.stage else ""
        parts.append(f"{stage}{error['type']}: {error['message']}")
    if status.required:
        parts.append(status.reason if status.reason.startswith("required") else f"required: {status.reason}")
    elif status.status in ("disabled", "blocked") and status.reason:
        parts.append(status.reason)
    return "; ".join(parts)


def _record(status: PluginStatus, failures: Sequence[LoggedFailure] = ()) -> dict[str, Any]:
    error = None if status.error is None else described(status.error)
    logged = [attrs.asdict(each) for each in failures if each.plugin == status.name]
    return {**attrs.asdict(status, recurse=False), "error": error, "logged": logged}


plugins.add_command(check)


# --- one plugin's config ---


@plugins.command("info", short_help="Show what the plugin NAME is, and what it is told.")
@click.argument("name")
@json_option
@common_options
@click.pass_context
def info(context: click.Context, name: str, as_json: bool) -> None:
    """Show what the plugin NAME is, what it can be told by the configuration, and what it is told."""
    manager = context.ensure_object(Session).plugins()
    status = status_of(manager, name)
    model, problem = _config_model(manager, status)
    rows = [] if model is None else config_table(model, manager.get_config(name))
    failures = _logged(manager)
    facts = delivery_facts(manager, name) if status.status == "loaded" else ()
    output = Output()
    if as_json:
        config, delivery = ([attrs.asdict(each) for each in found] for found in (rows, facts))
        output.json({**_record(status, failures), "config": config, "delivery": delivery})
        return
    hint = status.error.hint if isinstance(status.error, AgentCoreError) else ""
    for fact, value in (*zip(_COLUMNS, _row(status, failures), strict=True), ("hint", hint), ("source", status.source)):
        if value:
            output.line(f"{fact:<13} {value}")
    output.line("")
    if rows:
        output.line(f"[tool.agentcore.plugins.{name}]")
        output.table(("key", "type", "default", "value", "description"), [_config_row(each) for each in rows])
    else:
        output.line(problem or "It takes no config.")
    if facts:
        output.line("")
        output.table(("delivery", "value", "from"), [_fact_row(each) for each in facts])


def _fact_row(fact: DeliveryFact) -> Sequence[str]:
    return fact.name, json_text(fact.value).strip('"'), fact.origin


def status_of(manager: PluginManager, name: str) -> PluginStatus:
    """Return what became of the plugin *name*.

    Raises:
        PluginNotFoundError: There is none.
    """
    statuses = {each.name: each for each in manager.statuses()}
    if name not in statuses:
        raise PluginNotFoundError(f"no plugin named {name!r} is installed", plugin=name, hint=nearest(name, statuses))
    return statuses[name]


def _config_model(manager: PluginManager, status: PluginStatus) -> tuple[type[BaseModel] | None, str]:
    """Return the model of the plugin's config, or why it cannot be known; a disabled plugin is not imported."""
    plugin = manager.get_plugin(status.name)
    if plugin is None and status.status != "failed":
        return None, f"What it can be told is known when it is enabled: it is {status.status}."
    if plugin is None:
        source = next((each for each in installed_plugins() if each.name == status.name), status.source)
        try:
            plugin = import_plugin(source)
        except (Exception, SystemExit) as error:  # the plugin may raise anything; it has failed already
            return None, f"What it can be told is not known: {type(error).__name__}: {error}"
    return config_model(plugin), ""


def _config_row(row: ConfigRow) -> Sequence[str]:
    default = "(must be given)" if row.default is None else row.default
    return row.name, row.type, default, row.value or "", row.description


# --- the order of a hook ---


@plugins.command("order", short_help="Show who implements HOOK, in which order, and why.")
@click.argument("hook")
@json_option
@common_options
@click.pass_context
def order(context: click.Context, hook: str, as_json: bool) -> None:
    """Show who implements HOOK, in the order in which they run, and why in this order."""
    manager = context.ensure_object(Session).plugins()
    places = manager.explain(known_hook(hook, vars(manager.hook)))
    output = Output()
    if as_json:
        output.json([{"position": number, **attrs.asdict(each)} for number, each in enumerate(places, start=1)])
    elif places:
        rows = [(str(number), each.plugin, each.reason) for number, each in enumerate(places, start=1)]
        output.table(("", "plugin", "reason"), rows, fixed=2)
    else:
        note(f"no plugin implements {hook!r}")
