"""``redaction`` on whole runs: nothing that is kept, told, logged or measured holds what was planted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import evolve
from providers_secrets import EVERYTHING, KNOWN, PLANTED, found_in
from pydantic import BaseModel

from agentcore import (
    Agent,
    Document,
    ExecutionContext,
    FunctionAgent,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    PluginManager,
    hookimpl,
)
from agentcore.errors import ModelConnectionError, ModelError
from agentcore.models import DeltaHandler, ScriptedModel
from agentcore.providers import RedactionProvider
from agentcore.testing import HookRecorder
from agentcore.types import ToolCall

pytestmark = pytest.mark.providers

EVENTS = (
    *("agent_start", "agent_complete", "agent_error", "context_fork", "knowledge_update", "plugin_error"),
    *("model_start", "model_delta", "model_retry", "model_complete", "model_error"),
    *("tool_start", "tool_execute", "tool_error"),
)


class Letters(ScriptedModel):
    """Streams its answer in pieces of seven characters: every secret is cut."""

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        response = await super().respond(request)
        if on_delta is not None:
            for start in range(0, len(response.text), 7):
                await on_delta(ModelDelta(text=response.text[start : start + 7]))
        return response


class Customer(BaseModel):
    """A result that is an object."""

    note: str
    password: str = "of no known form"


class Careless:
    """A plugin that tells, in its failures, what it was given."""

    @hookimpl
    def tool_start(self, arguments: Mapping[str, Any]) -> None:
        raise ValueError(f"what is {PLANTED}?") from KeyError(PLANTED)


@attrs.frozen
class House:
    """Plugins that keep, tell and measure, with all that they have left behind."""

    plugins: PluginManager
    recorder: HookRecorder
    folder: Path

    async def leaks(self) -> dict[str, list[str]]:
        """Return what is left, by where it was found, when everything has been delivered and closed."""
        await self.plugins.flush()
        await self.plugins.aclose()
        places: dict[str, str | bytes] = {
            str(each.relative_to(self.folder)): each.read_bytes() for each in self.folder.rglob("*") if each.is_file()
        }
        assert {"audit.jsonl", "journal.db", "memory.db", "metrics.db", "responses.db"} <= {*places}
        told = [each for each in self.recorder.calls if each.hook in EVENTS]
        places |= {f"{number} {each.hook}": _shown(each.arguments) for number, each in enumerate(told)}
        return {name: found for name, data in places.items() if (found := found_in(data))}


def _shown(arguments: Mapping[str, Any]) -> str:
    error = arguments.get("error")
    texts = [f"{error!r} {error} {vars(error)}"] if isinstance(error, BaseException) else []
    return " ".join([*texts, *(str(each) + repr(each) for key, each in arguments.items() if key != "context")])


@pytest.fixture
def house(enable: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> House:
    """Everything that keeps anything is on, and so is redaction."""
    caplog.set_level(logging.DEBUG)
    # Whatever a command, or a program, has set before.
    caplog.set_level(logging.DEBUG, logger="agentcore")
    caplog.set_level(logging.DEBUG, logger="agentcore.events")
    monkeypatch.setenv("SHOP_API_KEY", KNOWN["plain"])
    monkeypatch.setenv("SHOP_SECRET", KNOWN["in another script"])
    monkeypatch.setenv("SHOP_PASSWORD", KNOWN["with blanks and signs"])
    monkeypatch.setenv("NOTE", KNOWN["with blanks"])
    (tmp_path / "signs").write_text(KNOWN["with signs"])
    plugins = enable(
        redaction={"find": EVERYTHING, "secrets": ["env:NOTE", f"file:{tmp_path / 'signs'}"]},
        vectorstore={"embedder": "none"},
        metrics={"otel": {"console": True}},
        logging={"level": "DEBUG"},
        audit={},
        cache={"path": "responses.db"},
    )
    plugins.register(Careless(), "careless")
    recorder = HookRecorder()
    plugins.register(recorder)
    return House(plugins, recorder, tmp_path / ".agentcore")


@pytest.fixture
def nothing_said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Callable[[], dict[str, list[str]]]:
    """What is left of the secrets in the log, with all tracebacks, and in what was printed: spans, among it."""

    def found() -> dict[str, list[str]]:
        printed = "".join(capfd.readouterr())
        assert '"trace_id"' in printed
        formatter = logging.Formatter()
        logged = "\n".join(formatter.format(each) + str(vars(each)) for each in caplog.records)
        assert "agent_start" in logged
        return {name: left for name, text in (("log", logged), ("print", printed)) if (left := found_in(text))}

    return found


def lookup(text: str) -> Any:
    """Look somebody up."""
    return {"customer": Customer(note=PLANTED), "raw": PLANTED.encode(), "all": [PLANTED, {"x": (PLANTED,)}]}


def fail(text: str) -> str:
    """Fail."""
    try:
        raise ConnectionError(PLANTED)
    except ConnectionError as error:
        raise RuntimeError(f"cannot look up {PLANTED}") from error


def conversation(plugins: PluginManager, last: Any) -> tuple[Any, ScriptedModel]:
    """An agent that holds the planted set wherever it can, and its model, which ends with *last*."""
    helper = Agent("helper", input="text: str", model=ScriptedModel([PLANTED]), plugins=plugins)
    model = Letters(
        [
            ToolCall("1", "lookup", {"text": PLANTED}),
            [ToolCall("2", "fail", {"text": PLANTED}), ToolCall("3", "helper", {"text": PLANTED})],
            ToolCall("4", PLANTED, {PLANTED: PLANTED, "password": "of no known form"}),
            ModelConnectionError(PLANTED, model="scripted", retryable=True),
            last,
        ]
    )
    tools = [lookup, fail, helper.as_tool()]
    agent = Agent("clerk", input="text: str", model=model, tools=tools, plugins=plugins, instructions=PLANTED)
    return agent, model


def context_of() -> ExecutionContext:
    context = ExecutionContext("clerk", metadata={"user": PLANTED, "deep": {"token": "of no known form"}})
    context.state["note"] = PLANTED
    return context


async def test_a_run(house: House, nothing_said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input, prompt, tool calls, results, failures, retries, sub-runs, metadata, answers and documents."""
    agent, model = conversation(house.plugins, PLANTED)
    context = context_of()
    result = await agent.run(text=PLANTED, context=context)
    documents = [Document(text=PLANTED, metadata={"author": PLANTED})]
    await house.plugins.hook.knowledge_update(context, documents)
    assert found_in(repr(result.output)) == []
    assert [found_in(str(each)) for each in model.requests] == [[]] * 5
    assert "[redacted:iban]" in model.requests[0].messages[-1].content
    assert await house.leaks() == {}
    assert nothing_said() == {}
    assert {each.hook for each in house.recorder.calls if each.hook in EVENTS} == {*EVENTS} - {
        *("agent_error", "model_delta")
    }


async def test_a_run_that_fails(house: House, nothing_said: Any) -> None:
    """The error that ends the run holds nothing either, nor do those that caused it."""
    agent, _ = conversation(house.plugins, ModelError(PLANTED, model="scripted"))
    with pytest.raises(ModelError) as caught:
        await agent.run(text=PLANTED, context=context_of())
    assert found_in(str(caught.value)) == []
    assert await house.leaks() == {}
    assert nothing_said() == {}


async def test_a_run_that_streams(house: House, nothing_said: Any) -> None:
    """Every secret is cut by the pieces, and none is told; together they are what the whole would be."""
    agent, _ = conversation(house.plugins, PLANTED)
    async with agent.run_stream(text=PLANTED, context=context_of()) as stream:
        pieces = [each.text async for each in stream]
    assert "".join(pieces) == stream.result.output.answer
    assert "[redacted:card]" in "".join(pieces)
    assert found_in("".join(pieces)) == []
    assert len(pieces) > 5
    assert await house.leaks() == {}
    assert nothing_said() == {}


async def test_many_streams_at_once(enable: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is held back by itself."""
    monkeypatch.setenv("SHOP_TOKEN", KNOWN["plain"])
    plugins = enable(redaction={})

    async def read(number: int) -> str:
        model = Letters([f"number {number} is ada{number}@example.org, and {KNOWN['plain']} is {number}"])
        async with Agent("clerk", model=model, plugins=plugins).run_stream("Go.") as stream:
            return "".join([each.text async for each in stream])

    said = await asyncio.gather(*(read(number) for number in range(20)))
    assert said == [f"number {each} is [redacted:email], and [redacted:secret] is {each}" for each in range(20)]


async def test_a_stream_that_is_cancelled(make_plugin_manager: Any) -> None:
    """What was held back is forgotten with it."""
    plugins, provider = make_plugin_manager(), RedactionProvider()
    plugins.register(provider)
    reached = asyncio.Event()

    class Hangs(ScriptedModel):
        async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
            assert on_delta is not None
            await on_delta(ModelDelta(text="write to ada@exam"))
            reached.set()
            await asyncio.sleep(60)
            raise AssertionError

    async def read() -> None:
        async with Agent("clerk", model=Hangs([]), plugins=plugins).run_stream("Go.") as stream:
            await anext(aiter(stream))
            await anext(aiter(stream))

    task = asyncio.create_task(read())
    await reached.wait()
    assert len(provider._streams) == 1
    task.cancel()
    await asyncio.wait([task])
    assert provider._streams == {}


async def test_chosen_kinds(enable: Any) -> None:
    """Only what the configuration names is taken out, and patterns of one's own are."""
    plugins = enable(redaction={"find": ["email"], "patterns": {"ticket": r"T-\d+"}, "environment": False})
    model = ScriptedModel(lambda request: request.messages[-1].content)
    result = await Agent("clerk", model=model, plugins=plugins).run("T-12 of ada@example.org, +49 30 1234 56789")
    assert result.output.answer == "[redacted:ticket] of [redacted:email], +49 30 1234 56789"


async def test_tools_get_what_the_model_was_told(enable: Any) -> None:
    """A tool is called without what was taken out, and numbers, lists and objects pass as they are."""
    got: list[Any] = []

    def send(to: str, amounts: list[int], note: str | None = None) -> str:
        """Send."""
        got.append((to, amounts, note))
        return "sent"

    call = ToolCall("1", "send", {"to": "ada@example.org", "amounts": [5, 12345678901], "note": "Hello."})
    plugins = enable(redaction={})
    await Agent("clerk", model=ScriptedModel([call, "done"]), tools=[send], plugins=plugins).run("Go.")
    assert got == [("[redacted:email]", [5, 12345678901], "Hello.")]


async def test_it_fails_closed(make_plugin_manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be loaded, no agent runs: a guard does not vanish silently."""
    from agentcore.errors import AgentCoreError

    plugins = make_plugin_manager(autoload=False, enabled=["redaction"], plugins={"redaction": {"find": ["nothing"]}})
    plugins.load()
    model = ScriptedModel(["done"])
    with pytest.raises(AgentCoreError, match="redaction"):
        await Agent("clerk", model=model, plugins=plugins).run("Go.")
    assert model.requests == []


async def test_secrets_of_the_configuration(make_plugin_manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration of another plugin, or of a model, refers to is a secret, by the letter."""
    monkeypatch.setenv("MODEL_ACCESS", "opaque-value-one")
    models = {"fast": {"type": "openai-compatible", "model": "x", "api_key": "env:MODEL_ACCESS"}}
    plugins = make_plugin_manager(autoload=False, enabled=["redaction"], models=models)
    plugins.load()
    model = ScriptedModel(lambda request: request.messages[-1].content)
    result = await Agent("clerk", model=model, plugins=plugins).run("It is opaque-value-one.")
    assert result.output.answer == "It is [redacted:secret]."


async def test_agents_of_your_own(enable: Any) -> None:
    """A function gets its input, and its caller gets its output, without what was planted."""
    got = []

    def work(note: str) -> dict[str, str]:
        got.append(note)
        return {"note": PLANTED, "secret": "of no known form"}

    plugins = enable(redaction={})
    result = await FunctionAgent(work, plugins=plugins).run(note="Ask ada@example.org.")
    assert got == ["Ask [redacted:email]."]
    assert result.output["secret"] == "[redacted:secret]"
    assert "AKIA" not in result.output["note"]


async def test_calls_that_a_plugin_changes(enable: Any) -> None:
    """What another plugin puts into a model's call of a tool is looked at, too."""
    got = []

    def look(text: str) -> str:
        """Look."""
        got.append(text)
        return text

    class Adds:
        @hookimpl(trylast=True)
        def model_response(self, response: ModelResponse) -> ModelResponse:
            calls = tuple(evolve(each, arguments={"text": "ada@example.org"}) for each in response.tool_calls)
            return evolve(response, tool_calls=calls)

    plugins = enable(redaction={})
    plugins.register(Adds())
    model = ScriptedModel([ToolCall("1", "look", {"text": "x"}), "done"])
    await Agent("clerk", model=model, tools=[look], plugins=plugins).run("Go.")
    assert got == ["[redacted:email]"]
