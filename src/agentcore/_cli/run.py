"""``agentcore run``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import click

from agentcore._agents import BaseAgent
from agentcore._cli.batch import Batch, Record
from agentcore._cli.ending import TerminatedError, run_to_end
from agentcore._cli.failures import FAILED, FailureError, PipeClosedError, innermost
from agentcore._cli.inputs import checked, read_inputs
from agentcore._cli.messages import note
from agentcore._cli.models import announcement, use_model
from agentcore._cli.options import DURATION, common_options
from agentcore._cli.output import Output
from agentcore._cli.progress import progress_bar
from agentcore._cli.reading import count_lines, opened, read_lines
from agentcore._cli.records import Attempt
from agentcore._cli.session import Session
from agentcore._cli.single import run_once, streams_by_itself
from agentcore._cli.targets import FORMS, load_agent
from agentcore._cli.waiting import catch_up
from agentcore._data import data
from agentcore._plugins import PluginManager
from agentcore.errors import AgentCoreError, InputError

__all__ = ["run"]


@data(kw_only=True)
class _Wishes:
    """What the options say of how to run."""

    inputs: Sequence[str]
    batch: str | None
    concurrency: int
    model: str | None
    timeout: float | None
    stream: bool | None
    as_json: bool
    quiet: bool


def _seconds(_context: click.Context, _option: click.Parameter, seconds: float | None) -> float | None:
    if seconds == 0:
        raise click.BadParameter("a run needs some time.")
    return None if seconds == float("inf") else seconds


_EPILOG = f"TARGET is {FORMS}."


@click.command("run", short_help="Run an agent on one input, or on many.", epilog=_EPILOG)
@click.argument("target")
@click.option(
    "--input",
    "-i",
    "inputs",
    multiple=True,
    metavar="[NAME=]VALUE",
    help="A field of the input; NAME:=VALUE takes JSON; @PATH as the VALUE takes a file, - standard input. "
    "May be given again.",
)
@click.option("--batch", metavar="PATH", help="Run once for each line, a JSON object, of a file; - is standard input.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=4, show_default=True, help="Runs of a batch at once."
)
@click.option("--model", metavar="NAME", help="Ask this model, whatever the agent and the configuration say.")
@click.option(
    "--timeout", type=DURATION, metavar="TIME", callback=_seconds, help="At most this long for each run, as 30s or 2m."
)
@click.option(
    "--stream/--no-stream", default=None, help="Write an answer in plain text as it comes; usual on a terminal."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole record of the run as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Say neither which model is taken nor how far a batch is.")
@common_options
@click.pass_context
def run(context: click.Context, /, target: str, **options: Any) -> None:
    """Run the agent TARGET, and print its answer.

    A batch prints one JSON object for each line, in the order of the lines.
    """
    wishes = _Wishes(**options)
    _check(wishes)
    output = Output()
    # Whatever agents and plugins print is not the result.
    with redirect_stdout(sys.stderr):
        code = _run(context.ensure_object(Session), target, wishes, output)
    context.exit(code)


def _managers_of(agent: BaseAgent[Any], plugins: PluginManager) -> list[PluginManager]:
    """Return the managers to shut down after a run: *plugins*, and the agent's own where it brings one."""
    own = agent.get_plugin_manager().root
    return [plugins] if own is plugins else [own, plugins]


def _check(wishes: _Wishes) -> None:
    if wishes.batch is not None and wishes.inputs:
        raise click.UsageError("give --input or --batch, not both: each line of a batch is an input of its own.")
    if wishes.batch is not None and wishes.stream:
        raise click.UsageError("--stream is for one run: a batch prints records.")


def _run(session: Session, target: str, wishes: _Wishes, output: Output) -> int:
    plugins = session.plugins(model=wishes.model)
    # What is required and not installed the target may register when it is imported.
    plugins.check_loaded()
    agent = load_agent(target, plugins.settings)
    if wishes.model is not None:
        use_model(agent, wishes.model)
    if wishes.batch is not None:
        return _batch(agent, plugins, wishes, wishes.batch, output)
    fields = read_inputs(wishes.inputs, agent)
    checked(fields, agent)
    run_to_end(_once(agent, fields, wishes, output), _managers_of(agent, plugins))
    return 0


# --- one run ---


async def _once(agent: BaseAgent[Any], fields: dict[str, Any], wishes: _Wishes, output: Output) -> None:
    await _begin(agent, wishes)
    stream = streams_by_itself(agent, output) if wishes.stream is None else wishes.stream
    try:
        attempt = Attempt(agent, fields, timeout=wishes.timeout)
        await run_once(agent, attempt, output, stream=stream, as_json=wishes.as_json)
    except (AgentCoreError, FailureError, PipeClosedError):
        raise
    except Exception as error:  # of the agent, or of a tool that must not fail
        frame = innermost(error.__traceback__)
        place = "" if frame is None else f"{frame.filename}:{frame.lineno}: "
        raise FailureError(f"agent {agent.name!r} failed: {place}{type(error).__name__}: {error}") from error


async def _begin(agent: BaseAgent[Any], wishes: _Wishes) -> None:
    """Start the plugins up, deliver what earlier processes left, and say which model will be asked."""
    plugins = agent.get_plugin_manager()
    await plugins.startup()
    await catch_up(plugins)
    text = "" if wishes.quiet else await announcement(agent, given=wishes.model)
    if text:
        note(text)


# --- batches ---


def _batch(agent: BaseAgent[Any], plugins: PluginManager, wishes: _Wishes, name: str, output: Output) -> int:
    def write(record: Record) -> None:
        output.json(record, indent=None)
        show(batch.done, batch.failed)

    batch = Batch(agent, write, concurrency=wishes.concurrency, timeout=wishes.timeout)

    async def work(descriptor: int) -> None:
        await _begin(agent, wishes)
        try:
            await batch.run(read_lines(descriptor))
        except OSError as error:
            raise InputError(f"the batch {name!r} cannot be read: {error.strerror}") from error

    # On a terminal the records themselves show how far it is, and a bar would be in their way.
    with_bar = not wishes.quiet and not output.is_terminal
    try:
        with opened(name) as descriptor, progress_bar(lambda: count_lines(name), wanted=with_bar) as show:
            run_to_end(work(descriptor), _managers_of(agent, plugins))
    except (KeyboardInterrupt, TerminatedError):
        count = f"{batch.failed} of {batch.done} runs failed or were interrupted"
        note(f"{count}; no line after line {batch.line} was begun")
        raise
    if batch.failed:
        note(f"{batch.failed} of {batch.done} runs failed")
    return FAILED if batch.failed else 0
