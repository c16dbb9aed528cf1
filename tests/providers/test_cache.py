"""``cache``: a request that was answered before is answered again without asking the model."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from agentcore import Agent, Deny, ExecutionContext, ModelResponse, ModelSettings, hookimpl
from agentcore.errors import DeadlineError, DeniedError, ModelError
from agentcore.models import ScriptedModel
from agentcore.testing import FakeClock, Gate, HookRecorder, MakeContext
from agentcore.types import ModelRequest, ToolCall


def counting(name: str = "tiny") -> ScriptedModel:
    """A model that says how often it was asked."""
    model: ScriptedModel = ScriptedModel(lambda request: f"answer {len(model.requests)}", name=name)
    return model


@pytest.fixture
def model() -> ScriptedModel:
    return counting()


def recorded(plugins: Any) -> HookRecorder:
    recorder = HookRecorder()
    plugins.register(recorder)
    return recorder


async def answer(agent: Any, *arguments: Any, **more: Any) -> str:
    return str((await agent.run(*arguments, **more)).output.answer)


async def test_the_second_identical_request(enable: Any, model: ScriptedModel) -> None:
    """It is answered without a model call, and the events and the value hooks say so."""
    plugins = enable(cache={})
    recorder = recorded(plugins)
    agent = Agent("clerk", model=model, plugins=plugins)
    first, second = await agent.run("Go."), await agent.run("Go.")
    assert first.output.answer == second.output.answer == "answer 1"
    assert len(model.requests) == 1
    assert [each.response.cached for each in recorder.all("model_complete")] == [False, True]
    assert [each.response.cached for each in recorder.all("model_response")] == [False, True]
    assert [each.usage.requests for each in recorder.all("model_complete")] == [1, 0]
    assert (second.usage.requests, second.usage.total_tokens) == (0, 0)


async def test_what_changes_the_request(enable: Any, model: ScriptedModel) -> None:
    """Another text, instruction, tool, output, setting or model asks the model."""

    def search(text: str) -> str:
        """Search."""
        return text

    def browse(text: str) -> str:
        """Search."""
        return text

    plugins = enable(cache={})
    agents = [
        Agent("a", model=model, plugins=plugins),
        Agent("b", model=model, plugins=plugins, instructions="Be brief."),
        Agent("c", model=model, plugins=plugins, tools=[search]),
        Agent("d", model=model, plugins=plugins, tools=[browse]),
        Agent("e", model=model, plugins=plugins, settings=ModelSettings(temperature=1.0)),
    ]
    said = [await answer(each, "Go.") for each in agents for _ in range(2)]
    assert said == [f"answer {number}" for number in (1, 2, 3, 4, 5) for _ in range(2)]
    assert await answer(agents[0], "Go on.") == "answer 6"
    other = counting("other")
    assert await answer(Agent("a", model=other, plugins=plugins), "Go.") == "answer 1"
    assert len(other.requests) == 1


async def test_another_agent_asks_the_same(enable: Any, model: ScriptedModel) -> None:
    """Not who asks counts, nor how long they would wait, but what."""
    plugins = enable(cache={})
    assert await answer(Agent("a", model=model, plugins=plugins), "Go.") == "answer 1"
    patient = Agent("b", model=model, plugins=plugins, settings=ModelSettings(timeout=50))
    assert await answer(patient, "Go.") == "answer 1"


async def test_tool_calls_are_kept(enable: Any) -> None:
    """A conversation with tools is answered whole: the tools are called again, the model is not asked."""
    called = []

    def search(text: str) -> str:
        """Search."""
        called.append(text)
        return "a cat"

    model = ScriptedModel([ToolCall("1", "search", {"text": "cat"}), "It is a cat."])
    agent = Agent("clerk", model=model, tools=[search], plugins=enable(cache={}))
    assert [await answer(agent, "Go."), await answer(agent, "Go.")] == ["It is a cat."] * 2
    assert (called, len(model.requests)) == (["cat", "cat"], 2)


async def test_a_streamed_answer(enable: Any, model: ScriptedModel) -> None:
    """What was streamed is given again, in one piece, and answers who does not stream, too."""
    agent = Agent("clerk", model=model, plugins=enable(cache={}))
    pieces = []
    for _ in range(2):
        async with agent.run_stream("Go.") as stream:
            pieces.append([each.text async for each in stream])
    assert pieces == [["answer ", "1"], ["answer 1"]]
    assert await answer(agent, "Go.") == "answer 1"


async def test_it_is_forgotten(enable: Any, model: ScriptedModel, fake_clock: FakeClock) -> None:
    """After its time the model is asked again."""
    fake_clock.drive("agentcore.providers._responses")
    agent = Agent("clerk", model=model, plugins=enable(cache={"ttl": 60}))
    said = [await answer(agent, "Go.")]
    fake_clock.advance(59)
    said.append(await answer(agent, "Go."))
    fake_clock.advance(2)
    said.append(await answer(agent, "Go."))
    assert said == ["answer 1", "answer 1", "answer 2"]


async def test_it_is_bounded(enable: Any, model: ScriptedModel, fake_clock: FakeClock) -> None:
    """Of more than it may hold, it drops what was not asked for the longest."""
    fake_clock.drive("agentcore.providers._responses")
    agent = Agent("clerk", model=model, plugins=enable(cache={"max_entries": 2}))
    said = []
    for text in ("a", "b", "a", "c", "a", "b"):
        fake_clock.advance(1)
        said.append(await answer(agent, text))
    assert said == ["answer 1", "answer 2", "answer 1", "answer 3", "answer 1", "answer 4"]


async def test_some_models(enable: Any, model: ScriptedModel) -> None:
    """Only the models of the configuration are cached."""
    agent = Agent("clerk", model=model, plugins=enable(cache={"models": ["huge*"]}))
    assert [await answer(agent, "Go."), await answer(agent, "Go.")] == ["answer 1", "answer 2"]


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_a_part_of_an_answer_is_not_kept(enable: Any, reason: Any) -> None:
    """An answer that was cut off is not given to anybody else."""
    model = ScriptedModel([ModelResponse(text="a par", finish_reason=reason), "a part is not the whole"])
    agent = Agent("clerk", model=model, plugins=enable(cache={}))
    await agent.run("Go.")
    assert await answer(agent, "Go.") == "a part is not the whole"


async def test_a_failure_is_not_kept(enable: Any) -> None:
    """What failed is asked again."""
    agent = Agent("clerk", model=ScriptedModel([ModelError("no", model="m"), "yes"]), plugins=enable(cache={}))
    with pytest.raises(ModelError):
        await agent.run("Go.")
    assert await answer(agent, "Go.") == "yes"


async def test_what_a_guard_changed_is_kept(enable: Any, model: ScriptedModel) -> None:
    """Nothing is kept that guards have not seen; what only listeners are told of it does not matter."""

    class Guard:
        @hookimpl
        def model_response(self, response: ModelResponse) -> ModelResponse:
            return evolve(response, text=response.text.replace("answer", "reply"))

        @hookimpl
        def event_data(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
            hidden = {"response": ModelResponse(text="withheld")} if "response" in data else {}
            return {**data, **hidden}

    plugins = enable(cache={})
    plugins.register(Guard(), "guard")
    agent = Agent("clerk", model=model, plugins=plugins)
    await agent.run("Go.")
    plugins.unregister(name="guard")
    assert await answer(agent, "Go.") == "reply 1"


async def test_those_who_ask_at_once_share_a_call(enable: Any) -> None:
    """A hundred runs that ask the same together ask once; each says whether it was cached."""
    gate = Gate()

    async def think(request: ModelRequest) -> str:
        await gate.wait()
        return f"answer {len(model.requests)}"

    model = ScriptedModel(think)
    plugins = enable(cache={})
    recorder = recorded(plugins)
    agent = Agent("clerk", model=model, plugins=plugins)
    runs = [asyncio.create_task(answer(agent, "Go.")) for _ in range(100)]
    await gate.until_reached()
    gate.open()
    assert await asyncio.gather(*runs) == ["answer 1"] * 100
    cached = [each.response.cached for each in recorder.all("model_complete")]
    assert (cached.count(False), cached.count(True)) == (1, 99)


@pytest.mark.parametrize("ending", ["failed", "cancelled", "denied", "cut off"])
async def test_whoever_waits_is_not_forgotten(ending: str, enable: Any) -> None:
    """Where the call that others wait for comes to nothing, one of them asks, and all have an answer."""
    gate = Gate()

    async def think(request: ModelRequest) -> Any:
        if len(model.requests) > 1:
            return "the answer"
        await gate.wait()
        if ending == "failed":
            return ModelError("no", model="m")
        return ModelResponse(text="the", finish_reason="length" if ending == "cut off" else "stop")

    class Guard:
        @hookimpl
        def model_response(self, context: ExecutionContext, response: ModelResponse) -> None:
            if ending == "denied" and response.text == "the":
                raise Deny("not that")

    model = ScriptedModel(think)
    plugins = enable(cache={})
    plugins.register(Guard())
    agent = Agent("clerk", model=model, plugins=plugins)
    first = asyncio.create_task(agent.run("Go."))
    await gate.until_reached()
    others = [asyncio.create_task(answer(agent, "Go.")) for _ in range(3)]
    await asyncio.sleep(0)
    if ending == "cancelled":
        first.cancel()
    gate.open()
    await asyncio.wait([first])
    assert await asyncio.gather(*others) == ["the answer"] * 3
    assert len(model.requests) == 2
    expected = {"failed": ModelError, "cancelled": asyncio.CancelledError, "denied": DeniedError}
    if ending in expected:
        with pytest.raises(expected[ending]):
            await first


async def test_a_call_that_is_denied_before_it_is_made(enable: Any, model: ScriptedModel) -> None:
    """Where another plugin denies the question after the cache was asked, nobody waits for its answer."""

    class Guard:
        open = False

        @hookimpl(trylast=True)
        def model_answer(self, request: ModelRequest) -> None:
            if not self.open:
                raise Deny("not now")

    guard = Guard()
    plugins = enable(cache={})
    plugins.register(guard)
    agent = Agent("clerk", model=model, plugins=plugins)
    with pytest.raises(DeniedError):
        await agent.run("Go.")
    guard.open = True
    assert await asyncio.wait_for(answer(agent, "Go."), 5) == "answer 1"


async def test_who_has_waited_long_enough_asks(enable: Any) -> None:
    """A call that takes too long, or whose end is never told, holds up nobody else for ever."""
    gate = Gate()

    async def think(request: ModelRequest) -> str:
        if len(model.requests) == 1:
            await gate.wait()
        return f"answer {len(model.requests)}"

    model = ScriptedModel(think)
    agent = Agent("clerk", model=model, plugins=enable(cache={"wait": 0.01}))
    first = asyncio.create_task(answer(agent, "Go."))
    await gate.until_reached()
    assert await answer(agent, "Go.") == "answer 2"
    gate.open()
    await first


async def test_who_waits_keeps_a_deadline(enable: Any, make_context: MakeContext) -> None:
    """A run that waits for another's call ends at its own deadline; the other goes on."""
    gate = Gate()

    async def think(request: ModelRequest) -> str:
        await gate.wait()
        return "late"

    agent = Agent("clerk", model=ScriptedModel(think), plugins=enable(cache={}))
    first = asyncio.create_task(answer(agent, "Go."))
    await gate.until_reached()
    with pytest.raises(DeadlineError):
        await agent.run("Go.", context=make_context("clerk", timeout=0.05))
    gate.open()
    assert await first == "late"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where responses are kept."""
    return tmp_path / ".agentcore" / "kept" / "responses.db"


async def test_a_file(enable: Any, model: ScriptedModel, file: Path) -> None:
    """Another process, or the next one, has the answers of this one; the file is its owner's alone."""
    table = {"path": "kept/responses.db"}
    first, second = enable(cache=table), enable(cache=table)
    assert await answer(Agent("clerk", model=model, plugins=first), "Grüße 🐈.") == "answer 1"
    assert await answer(Agent("clerk", model=model, plugins=second), "Grüße 🐈.") == "answer 1"
    await first.aclose()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await answer(Agent("clerk", model=model, plugins=first), "Grüße 🐈.") == "answer 1"


ASK = """
import sys
from agentcore import Agent, PluginManager, load_settings
from agentcore.models import ScriptedModel
from agentcore.providers import CacheProvider
plugins = PluginManager(load_settings(overrides={"autoload": False, "state_dir": sys.argv[1]}))
plugins.register(CacheProvider(CacheProvider.Config(path="responses.db")), "cache")
agent = Agent("clerk", model=ScriptedModel.repeating(sys.argv[2], record=True), plugins=plugins)
for number in range(30):
    print(agent.run_sync(f"question {number}").output.answer)
"""


def test_several_processes(python: Any, tmp_path: Path) -> None:
    """They write and read one file at once; what comes after them asks no model."""
    writers = [python(ASK, tmp_path, name) for name in ("anna", "bert")]
    said = [line for each in writers for line in each.communicate()[0].splitlines()]
    assert [each.returncode for each in writers] == [0, 0]
    later = python(ASK, tmp_path, "carl").communicate()[0].split()
    assert len(later) == 30
    # Who has to wait for another process too long goes on, and says so.
    assert later.count("carl") <= said.count("a response cannot be kept in the cache: BusyError") < 30


async def test_a_file_that_is_no_database(
    enable: Any, model: ScriptedModel, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A cache that cannot be read or written costs a call of the model, and nothing else; the log says so."""
    file.parent.mkdir(parents=True)
    file.write_text("this is not a database, and it is long enough to look at\n" * 99)
    agent = Agent("clerk", model=model, plugins=enable(cache={"path": str(file)}))
    assert [await answer(agent, "Go."), await answer(agent, "Go.")] == ["answer 1", "answer 2"]
    assert {each.getMessage() for each in caplog.records if each.name == "agentcore.cache"} == {
        "the cache cannot be read, and the model is asked: NotADBError",
        "a response cannot be kept in the cache: NotADBError",
    }


async def test_a_file_of_another_version(enable: Any, model: ScriptedModel, file: Path) -> None:
    """What another version has kept is dropped."""
    import apsw

    file.parent.mkdir(parents=True)
    with apsw.Connection(str(file)) as connection:
        connection.execute("CREATE TABLE response (something TEXT); PRAGMA user_version = 99")
    connection.close()
    agent = Agent("clerk", model=model, plugins=enable(cache={"path": str(file)}))
    assert [await answer(agent, "Go."), await answer(agent, "Go.")] == ["answer 1", "answer 1"]


FORK = """
import os, sys, threading, warnings
from agentcore import Agent, PluginManager, load_settings
from agentcore.models import ScriptedModel
from agentcore.providers import CacheProvider
warnings.simplefilter("ignore", DeprecationWarning)
plugins = PluginManager(load_settings(overrides={"autoload": False, "state_dir": sys.argv[1]}))
path = sys.argv[2] if len(sys.argv) > 2 else None
plugins.register(CacheProvider(CacheProvider.Config(path=path)), "cache")
agent = Agent("clerk", model=ScriptedModel(["first", "second"]), plugins=plugins)
agent.run_sync("a")
child = os.fork()
if child == 0:
    assert agent.run_sync("a").output.answer == "first"
    assert agent.run_sync("b").output.answer == "second"
    assert agent.run_sync("b").output.answer == "second"
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert agent.run_sync("a").output.answer == "first"
assert agent.run_sync("b").output.answer == "second"
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("place", [(), ("responses.db",)], ids=["memory", "file"])
def test_a_fork(place: tuple[str, ...], python: Any, tmp_path: Path) -> None:
    """Parent and child both go on with what was kept before."""
    assert python(FORK, tmp_path, *place).wait() == 0
