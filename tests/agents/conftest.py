"""Fixtures of the agents' tests."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from agentcore import Agent, ExecutionContext, PluginManager, Provider, Usage
from agentcore.models import ModelProfile, ScriptedModel

STARTS: Final = {"agent_start": "agent", "model_start": "model", "tool_start": "tool"}
ENDS: Final = {
    "agent_complete": "agent",
    "agent_error": "agent",
    "model_complete": "model",
    "model_error": "model",
    "tool_execute": "tool",
    "tool_error": "tool",
}


class Told:
    """One event as it was told: its name, and its arguments as attributes."""

    def __init__(self, name: str, data: Mapping[str, Any]) -> None:
        self.name = name
        self.data = data

    def __getattr__(self, name: str) -> Any:
        try:
            return self.data[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"<{self.name} {dict(self.data)}>"


class Recorder(Provider):
    """Keeps every event of every run, in order."""

    name = "recorder"
    events = (*STARTS, *ENDS, "model_delta", "model_retry", "context_fork", "plugin_error")

    def __init__(self) -> None:
        self.told: list[Told] = []

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        self.told.append(Told(event, data))

    def names(self, agent: str | None = None) -> list[str]:
        """The names of the events, of one agent or of all."""
        return [each.name for each in self.told if agent in (None, each.context.agent_id)]

    def all(self, name: str, agent: str | None = None) -> list[Told]:
        """The events of this name."""
        return [each for each in self.told if each.name == name and agent in (None, each.context.agent_id)]

    def one(self, name: str, agent: str | None = None) -> Told:
        """The only event of this name."""
        (found,) = self.all(name, agent)
        return found

    @property
    def last_message(self) -> str:
        """What the model of the outermost agent was told last."""
        roots = [each for each in self.all("model_start") if each.context.parent is None]
        return str(roots[-1].request.messages[-1].content)

    def end(self, agent: str | None = None) -> Told:
        """The end of the only run."""
        (found,) = self.all("agent_complete", agent) + self.all("agent_error", agent)
        return found

    def check(self) -> None:
        """Fail unless every start has exactly one end, which came later, with an outcome and a duration."""
        open_: dict[tuple[str, ExecutionContext, Any], bool] = {}
        for each in self.told:
            call_id = each.data.get("call_id")
            if each.name in STARTS:
                key = (STARTS[each.name], each.context, call_id)
                # A model may use an id again when its call has ended.
                assert not open_.get(key), f"{each} began twice"
                open_[key] = True
            elif each.name in ENDS:
                key = (ENDS[each.name], each.context, call_id)
                assert open_.get(key), f"{each} ended without having begun, or twice"
                open_[key] = False
                assert each.duration >= 0
                assert (each.outcome == "ok") == (each.name in ("agent_complete", "model_complete", "tool_execute"))
        assert not any(open_.values()), f"without an end: {[key for key, live in open_.items() if live]}"
        numbers: defaultdict[ExecutionContext, list[int]] = defaultdict(list)
        for each in self.told:
            if each.data.get("context") is not None:
                numbers[each.context].append(each.event.sequence)
        for context, sequence in numbers.items():
            # In any order: what a plugin does during an event is told before the next plugin is told of that event.
            assert sorted(sequence) == list(range(1, len(sequence) + 1)), f"{context} numbered its events {sequence}"


@pytest.fixture
def recorder() -> Recorder:
    """A plugin that keeps all events."""
    return Recorder()


@pytest.fixture
def pm(recorder: Recorder) -> Iterator[PluginManager]:
    """A manager with the recorder; when the test ends nothing may be live."""
    manager = PluginManager()
    manager.register(recorder)
    yield manager
    assert manager.contexts.live() == []
    recorder.check()


@pytest.fixture
def make(pm: PluginManager) -> Callable[..., Agent]:
    """Makes agents on scripted models; each model call reads 3 tokens and writes 2."""

    def make(*answers: Any, name: str = "triage", profile: ModelProfile | None = None, **options: Any) -> Agent:
        script: Any = answers[0] if len(answers) == 1 and callable(answers[0]) else answers
        model = ScriptedModel(script, usage=Usage(requests=1, input_tokens=3, output_tokens=2), profile=profile)
        given: dict[str, Any] = {"model": model, "plugins": pm, **options}
        return Agent(name, **given)

    return make


class Gate:
    """Where something waits until a test lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        await self.open.wait()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def begun() -> Callable[..., Awaitable[list[ExecutionContext]]]:
    """Waits until so many runs of a manager have begun, and returns their contexts."""

    async def begun(pm: PluginManager, count: int = 1) -> list[ExecutionContext]:
        while len(pm.contexts.live()) < count:
            await asyncio.sleep(0)
        # And on, until each of them waits.
        for _ in range(10):
            await asyncio.sleep(0)
        return pm.contexts.live()

    return begun
