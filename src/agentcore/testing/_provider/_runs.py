"""What a provider must bear of runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, cast

import pytest

from agentcore import Document, ExecutionContext, Message, ToolCall
from agentcore.testing._arguments import hook_arguments
from agentcore.testing._hooks import assert_hooks_valid
from agentcore.testing._provider._setting import (
    Call,
    ProviderTests,
    Trial,
    a_context,
    failed,
    in_turn,
    is_event,
    plain_runs,
    run_of,
    with_envelope,
)

__all__ = ["RunContract"]

_NEW: Any = {"of a later version": [1, {"deep": None}]}
"""What no provider has heard of."""


class RunContract(ProviderTests):
    """It fits the hooks, and nothing that happens in runs makes it fail."""

    def test_it_fits_the_hooks(self) -> None:
        """Every hook, argument and annotation of it is one of agentcore's."""
        assert_hooks_valid(self.make_provider())

    def test_it_starts_up(self) -> None:
        """In an empty folder, with what :meth:`make_provider` gives it."""

        async def main() -> dict[object, str]:
            async with self.trial(starts=True) as trial:
                return {} if trial.is_there else trial.failures() | trial.failures(timeouts=True)

        failed(asyncio.run(main()).values())

    def test_it_never_raises_into_a_run(self) -> None:
        """Whether runs end well, or in errors; what it is asked outside of runs it answers, too."""
        collected: list[Call] = [(f"register_{what}", {}) for what in ("tools", "commands", "middleware")]
        outside: list[Call] = [
            (hook, hook_arguments(hook, a_context(), context=None)) for hook in ("plugin_error", "knowledge_query")
        ]
        unknown: Call = ("resolve_model", {"name": "no-model-of-this-name"})

        async def play(trial: Trial) -> None:
            await plain_runs(trial)
            await trial.play([*collected, *outside, unknown])

        failed(self.failures_in(play).values())

    def test_it_tolerates_unknown_fields(self) -> None:
        """Of what a later version sends: arguments, keys and attributes that it does not know."""

        async def play(trial: Trial) -> None:
            context = a_context()
            for each in trial.implementations:
                arguments = with_envelope(each.hook, hook_arguments(each.hook, context))
                more = {name: _with_more(value) for name, value in arguments.items()}
                if each.mode == "handler":
                    await trial.handle(each, {**more, "added_later": _NEW})
                else:
                    await trial.call(each.hook, more)

        self.check(play)

    def test_it_tolerates_duplicates(self) -> None:
        """What is delivered at least once may be delivered twice: each event with the same id, each run again."""

        async def play(trial: Trial) -> None:
            for run in (run_of(a_context()), run_of(a_context(), ends_well=False)):
                await trial.play([call for call in run for _ in range(2 if is_event(call) else 1)])
                await trial.play(filter(is_event, run))

        self.check(play)

    def test_it_tolerates_reordering_across_runs(self) -> None:
        """Events of many agents in turn, in either direction, and ends whose starts it has not seen."""

        async def play(trial: Trial) -> None:
            for step in (1, -1):
                runs = [run_of(a_context(agent), ends_well=agent != "b")[::step] for agent in "abc"]
                await trial.play(filter(is_event, in_turn(runs)))
            ends = [call for call in run_of(a_context()) if not call[0].endswith(("_start", "_fork"))]
            await trial.play(filter(is_event, ends))

        self.check(play)

    def test_it_serves_runs_at_the_same_time(self) -> None:
        """On one event loop, each in its own task."""

        async def play(trial: Trial) -> None:
            await asyncio.gather(*(trial.play(run_of(a_context(f"agent-{number}"))) for number in range(10)))

        self.check(play)

    def test_it_leaves_alone_what_it_is_given(self) -> None:
        """What an event carries belongs to the run: a value hook returns another, and changes nothing."""

        async def play(trial: Trial) -> list[str]:
            runs = [*run_of(a_context()), *run_of(a_context(), ends_well=False)]
            return [line for call in runs if call[0] in trial.hooks for line in await _changes(trial, *call)]

        failed(self.tried(play))

    def test_it_never_prints(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Neither to stdout, where results go, nor to stderr: what there is to say goes to a log."""
        capfd.readouterr()
        self.tried(plain_runs)
        printed = "".join(capfd.readouterr())
        failed([f"it prints {printed!r}"] if printed else [])


async def _changes(trial: Trial, hook: str, arguments: Mapping[str, Any]) -> list[str]:
    """Say what a call of *hook* changes of its arguments."""
    before = _snapshot(arguments)
    await trial.call(hook, arguments)
    after = _snapshot(arguments)
    changed = [name for name in before if before[name] != after[name]]
    return [f"{hook} changes {name!r} from {before[name]!r} to {after[name]!r}" for name in changed]


def _with_more(value: Any) -> Any:
    """Return *value* with a part that nobody knows yet."""
    if isinstance(value, Mapping):
        return {**cast("Mapping[str, Any]", value), "added_later": _NEW}
    if isinstance(value, list):
        return [_with_more(each) for each in cast("Any", value)]
    if isinstance(value, (Document, Message, ToolCall)):
        # A subclass without slots: it is what it was, and has an attribute more.
        made: Any = deepcopy(value)
        made.__class__ = type(type(value).__name__, (type(value),), {"__slots__": (), "added_later": _NEW})
        return made
    return value


def _snapshot(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Copy what a run might miss; contexts and envelopes are no data."""
    data = {name: value for name, value in arguments.items() if name not in ("context", "event", "parent", "error")}
    context: ExecutionContext = arguments["context"]
    return deepcopy({**data, "context.metadata": context.metadata})
