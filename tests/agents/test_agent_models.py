"""How runs come by their models, and what they do when these fail for a while."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agentcore import Agent, ExecutionContext, PluginManager, Provider, Settings, hookimpl, new_plugin_manager
from agentcore.errors import (
    HookError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
)
from agentcore.models import DeltaHandler, Model, ScriptedModel
from agentcore.types import ModelRequest, ModelResponse

Make = Callable[..., Agent]
Recorder = Any


class Closing(Model):
    """Answers its name, and keeps whether it was closed."""

    provider = "test"

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = 0

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        return ModelResponse(text=self.name)

    async def aclose(self) -> None:
        self.closed += 1


class Resolves:
    """Makes models, and keeps which."""

    def __init__(self, prefix: str = "mine:") -> None:
        self.prefix = prefix
        self.made: list[Closing] = []

    @hookimpl
    async def resolve_model(self, name: str) -> Model | None:
        # Others may come in between.
        await asyncio.sleep(0)
        if not name.startswith(self.prefix):
            return None
        self.made.append(Closing(name))
        return self.made[-1]


@pytest.fixture
def resolves(pm: PluginManager) -> Resolves:
    plugin = Resolves()
    pm.register(plugin)
    return plugin


# --- resolving ---


async def test_a_name_is_resolved_by_a_plugin(make: Make, resolves: Resolves, recorder: Recorder) -> None:
    """The model that it makes is asked."""
    agent = make(model="mine:small")
    assert agent.model == "mine:small"
    assert (await agent.run("x")).output.answer == "mine:small"
    assert recorder.one("model_start").model == "mine:small"


async def test_the_model_may_be_changed(make: Make, resolves: Resolves) -> None:
    """Each run asks the one of the moment: another name, a model, or the default again."""
    agent = make(model="mine:small")
    await agent.run("x")
    agent.model = "mine:large"
    assert (await agent.run("x")).output.answer == "mine:large"
    agent.model = ScriptedModel(["from a model"])
    assert (await agent.run("x")).output.answer == "from a model"
    agent.model = None
    assert agent.model is None
    agent.model = "mine:small"
    assert (agent.model, (await agent.run("x")).output.answer) == ("mine:small", "mine:small")


async def test_a_name_is_resolved_once(make: Make, pm: PluginManager, resolves: Resolves) -> None:
    """For all agents, runs and scopes of the manager; concurrent ones wait for the first."""

    class Other(Provider):
        name = "other"
        events = ("agent_start",)

        async def handle_event(self, event: str, data: Mapping[str, Any]) -> None: ...

    one, other = make(model="mine:small"), make(model="mine:small", providers=[Other()])
    await asyncio.gather(*(agent.run("x") for agent in (one, other) for _ in range(5)))
    await one.run("x", providers=[Other()])
    await one.run("x", disabled=["recorder"])
    assert [each.name for each in resolves.made] == ["mine:small"]
    await make(model="mine:large").run("x")
    assert [each.name for each in resolves.made] == ["mine:small", "mine:large"]


async def test_models_are_closed_with_the_plugins(make: Make, pm: PluginManager, resolves: Resolves) -> None:
    """Once; a run after that makes a new one."""
    agent = make(model="mine:small")
    await agent.run("x")
    await agent.run("x", disabled=["recorder"])
    await pm.aclose()
    await pm.aclose()
    assert [each.closed for each in resolves.made] == [1]
    assert (await agent.run("x")).output.answer == "mine:small"
    assert [each.closed for each in resolves.made] == [1, 0]


async def test_a_scope_that_resolves_otherwise_has_models_of_its_own(
    make: Make, pm: PluginManager, resolves: Resolves
) -> None:
    """A provider of the run may make the model of the same name."""
    own = Resolves()
    agent = make(model="mine:small")
    await agent.run("x")
    await agent.run("x", providers=[own])
    await agent.run("x")
    assert (len(resolves.made), len(own.made)) == (1, 1)


def test_loops_on_several_threads_share_a_model(pm: PluginManager, resolves: Resolves) -> None:
    """Where two make it at once, one is kept, and the other closed."""
    both = threading.Barrier(2)

    class AtOnce:
        @hookimpl(tryfirst=True)
        def resolve_model(self, name: str) -> None:
            both.wait()

    pm.register(AtOnce())
    agent = Agent("triage", model="mine:small", plugins=pm)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(agent.run_sync, "ab"))
    assert [each.output.answer for each in results] == ["mine:small"] * 2
    assert sorted(each.closed for each in resolves.made) == [0, 1]


async def test_a_name_that_nobody_resolves_is_an_error(make: Make, resolves: Resolves, recorder: Recorder) -> None:
    """It names the nearest ones, and the run that needed the model ends with it."""
    with pytest.raises(ModelNotFoundError, match="no plugin resolves the model 'locall'") as caught:
        await make(model="locall").run("x")
    assert "did you mean 'local'?" in caught.value.hint
    assert recorder.names() == ["agent_start", "agent_error"]
    assert recorder.end().outcome == "error"


async def test_a_plugin_may_say_why_it_cannot_make_a_model(make: Make, pm: PluginManager) -> None:
    """Nobody else is asked then; the next run asks again."""
    asked: list[str] = []

    class Refuses:
        @hookimpl
        def resolve_model(self, name: str) -> None:
            asked.append(name)
            raise ModelAuthenticationError("no key", model=name, hint="set one.")

    pm.register(Refuses())
    agent = make(model="mine:small")
    for _ in range(2):
        with pytest.raises(ModelAuthenticationError, match="no key"):
            await agent.run("x")
    assert asked == ["mine:small"] * 2


async def test_the_configured_model_serves_agents_that_name_none() -> None:
    """It is chosen once."""
    pm = PluginManager(Settings(model="mine:default"))
    resolves = Resolves()
    pm.register(resolves)
    assert (await Agent("triage", plugins=pm).run("x")).output.answer == "mine:default"
    assert (await Agent("other", plugins=pm).run("x")).output.answer == "mine:default"
    assert len(resolves.made) == 1


async def test_the_built_in_models_are_there() -> None:
    """A manager of what is installed resolves their names."""
    pm = new_plugin_manager(Settings(autoload=False))
    result = await Agent("triage", model="scripted:hello", plugins=pm).run("x")
    assert result.output.answer == "hello"
    await pm.aclose()


async def test_a_model_may_be_given_itself(make: Make, pm: PluginManager) -> None:
    """It belongs to whoever made it, and is not closed with the plugins."""
    model = Closing("given")
    agent = make(model=model)
    assert agent.model is model
    assert (await agent.run("x")).output.answer == "given"
    await pm.aclose()
    assert model.closed == 0


# --- failures that may pass ---


def busy() -> ModelRateLimitError:
    return ModelRateLimitError("slow down", model="scripted", retry_after=0)


async def test_a_failure_that_may_pass_is_tried_again(make: Make, recorder: Recorder) -> None:
    """Each call has its events, and the retry is one between them."""
    failure = busy()
    result = await make(failure, "done").run("x")
    assert result.output.answer == "done"
    assert recorder.names() == [
        "agent_start",
        "model_start",
        "model_error",
        "model_retry",
        "model_start",
        "model_complete",
        "agent_complete",
    ]
    retry = recorder.one("model_retry")
    assert (retry.error, retry.attempt, retry.delay, retry.model) == (failure, 1, 0, "scripted")
    assert len({each.call_id for each in recorder.all("model_start")}) == 2


@pytest.mark.parametrize("retries", [0, 2])
async def test_a_failure_that_does_not_pass_ends_the_run(make: Make, recorder: Recorder, retries: int) -> None:
    """After as many tries as the agent allows."""
    with pytest.raises(ModelRateLimitError):
        await make(*[busy() for _ in range(5)], retries=retries).run("x")
    assert len(recorder.all("model_error")) == retries + 1
    assert [each.attempt for each in recorder.all("model_retry")] == list(range(1, retries + 1))


async def test_a_failure_that_will_not_pass_is_not_tried_again(make: Make, recorder: Recorder) -> None:
    """A wrong key stays wrong."""
    with pytest.raises(ModelAuthenticationError):
        await make(ModelAuthenticationError("no", model="scripted"), "never").run("x")
    assert recorder.all("model_retry") == []


async def test_without_a_word_from_the_server_the_wait_grows(
    make: Make, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to half a second doubled each time, at random, so that runs do not come back together."""
    monkeypatch.setattr("agentcore._run.asking.random", lambda: 0.001)
    failures = [ModelConnectionError("gone", model="scripted", retryable=True) for _ in range(3)]
    await make(*failures, "done", retries=3).run("x")
    assert [each.delay for each in recorder.all("model_retry")] == pytest.approx([0.001, 0.002, 0.004])


@pytest.mark.parametrize(("asked_for", "delay"), [(7.5, 7.5), (3_600, 30)], ids=["short", "an hour"])
async def test_the_server_says_how_long_to_wait(make: Make, recorder: Recorder, asked_for: float, delay: float) -> None:
    """And nobody waits for longer than half a minute; the wait ends with the run."""
    context = ExecutionContext("request")

    class Impatient:
        @hookimpl
        def model_retry(self) -> None:
            context.cancel()

    failure = ModelRateLimitError("slow down", model="scripted", retry_after=asked_for)
    agent = make(failure, "never", providers=[Impatient()])
    with pytest.raises(RuntimeError, match="cancelled"):
        await agent.run("x", context=context)
    assert recorder.one("model_retry").delay == delay
    assert recorder.end().outcome == "cancelled"


async def test_each_call_has_its_own_tries(make: Make, recorder: Recorder) -> None:
    """A failure does not use up the tries of the next question, nor an answer that does not fit."""
    agent = make(busy(), "no", busy(), '{"n": 1}', output="n: int", retries=1)
    assert (await agent.run("x")).output.n == 1
    assert [type(each.error).__name__ for each in recorder.all("model_retry")] == [
        "ModelRateLimitError",
        "OutputError",
        "ModelRateLimitError",
    ]


async def test_what_a_model_raises_otherwise_ends_the_run(make: Make, recorder: Recorder) -> None:
    """It is told and raised as it is."""
    with pytest.raises(ZeroDivisionError):
        await make(ZeroDivisionError("broken"), "never").run("x")
    assert recorder.one("model_error").outcome == "error"


async def test_a_model_error_of_a_guard_is_no_failure_of_the_model(make: Make, pm: PluginManager) -> None:
    """It is the guard that failed, and asking again does not help."""

    class Confused:
        @hookimpl
        def model_request(self) -> None:
            raise ModelError("not me", model="scripted", retryable=True)

    pm.register(Confused())
    with pytest.raises(HookError):
        await make("never").run("x")
