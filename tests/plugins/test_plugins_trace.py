"""``AGENTCORE_TRACE`` tells every execution of an implementation on stderr."""

from __future__ import annotations

import asyncio
import inspect
import io
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import (
    DeniedError,
    Deny,
    ExecutionContext,
    KnowledgeQuery,
    ModelResponse,
    PluginManager,
    Provider,
    Settings,
    hookimpl,
)
from agentcore.errors import HookError

Arguments = Callable[..., dict[str, Any]]
Told = Callable[[], list[str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], context: ExecutionContext) -> Told:
    """What has been told since, without the times, which must be there, and the name of the run."""

    def told() -> list[str]:
        lines = capsys.readouterr().err.splitlines()
        plain = [re.sub(r"  \d+\.\d\d ms  ", "  … ms  ", each) for each in lines if each.startswith("trace: ")]
        return [each.removeprefix("trace: ").replace(f"triage {context.context_id[:8]}", "run", 1) for each in plain]

    return told


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTCORE_TRACE", "1")


@pytest.fixture
def with_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTCORE_TRACE", "values")


class Listing(Provider):
    events = ("tool_start",)

    async def handle_event(self, event, data):
        return [1, 2]


@pytest.mark.usefixtures("traced")
async def test_each_execution_is_told_with_plugin_order_duration_and_result(
    arguments: Arguments, plugin: Callable[..., Any], told: Told
):
    """However it is written; what a result holds is not told, but what it is."""

    async def waiting(tool):
        await asyncio.sleep(0)
        return "a secret"

    manager = PluginManager()
    manager.register(Listing(), "provider")
    manager.register(plugin(tool_start=hookimpl(blocking=True)(lambda context: b"secret")), "thread")
    manager.register(plugin(tool_start=waiting), "async")
    manager.register(plugin(tool_start=lambda tool: asyncio.sleep(0, {"key": "secret"})), "awaitable")
    manager.register(plugin(tool_start=lambda: ModelResponse(text="secret")), "sync")
    manager.register(plugin(tool_start=lambda: None), "silent")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert told() == [
        "-  tool_start 1/6 silent  … ms  None",
        "-  tool_start 2/6 sync  … ms  ModelResponse",
        "-  tool_start 3/6 awaitable  … ms  dict of 1",
        "-  tool_start 4/6 async  … ms  str of 8",
        "run  tool_start 5/6 thread  … ms  bytes of 6",
        "run  tool_start 6/6 provider  … ms  list of 2",
    ]


@pytest.mark.usefixtures("with_values")
@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ({"text": "hello", "api_key": "sk-1"}, "{'text': 'hello', 'api_key': **********}"),
        ([ModelResponse(text="pong", model="m")], "[ModelResponse(text='pong', tool_calls=[], usage=Usage("),
        ("see https://me:hunter2@host/x?token=1", "'see https://host/x"),
        ("x" * 200, "'" + "x" * 99 + "…"),
        ("a\nb\x1b[31m", r"'a\nb\x1b[31m'"),
        (None, "None"),
    ],
    ids=["mapping", "record", "url", "long", "control", "none"],
)
async def test_a_piece_of_a_result_is_told_where_that_is_asked_for(
    arguments: Arguments, plugin: Callable[..., Any], told: Told, result: object, shown: str
):
    """On one line, and without what is called a secret."""
    manager = PluginManager()
    manager.register(plugin(agent_output=lambda: result), "p")
    await manager.hook.agent_output(**arguments("agent_output"))
    [line] = told()
    assert line.startswith(f"-  agent_output 1/1 p  … ms  {shown}")
    assert not {"sk-1", "hunter2", "token"} & set(re.findall(r"[\w-]+", line))


@pytest.mark.usefixtures("traced")
async def test_how_an_execution_fails_is_told(
    arguments: Arguments, plugin: Callable[..., Any], told: Told, failures: Any
):
    """A denial, an error and a cancellation are told apart; what they say is not told."""

    def denies(context, input):
        raise Deny("the secret")

    async def raises():
        raise ValueError("the secret")

    async def cancelled():
        raise asyncio.CancelledError

    manager = PluginManager()
    manager.register(plugin(agent_input=denies, agent_start=raises, agent_error=cancelled), "p")
    with pytest.raises(DeniedError):
        await manager.hook.agent_input(**arguments("agent_input"))
    await manager.hook.agent_start(**arguments("agent_start"))
    await manager.hook.agent_error(**arguments("agent_error"))
    assert told() == [
        "run  agent_input 1/1 p  … ms  denies",
        "-  agent_start 1/1 p  … ms  raises ValueError",
        "-  agent_error 1/1 p  … ms  is cancelled",
    ]


@pytest.mark.usefixtures("with_values")
async def test_what_a_failure_says_is_told_where_that_is_asked_for(
    arguments: Arguments, plugin: Callable[..., Any], told: Told
):
    """On one line."""

    def raises(context):
        raise ValueError("no\nsuch password=hunter2")

    manager = PluginManager()
    manager.register(plugin(agent_input=raises), "p")
    with pytest.raises(HookError):
        await manager.hook.agent_input(**arguments("agent_input"))
    assert told() == ["run  agent_input 1/1 p  … ms  raises ValueError: no such password=**********"]


@pytest.mark.usefixtures("traced")
async def test_one_that_is_ended_because_it_hangs_is_told(
    arguments: Arguments, plugin: Callable[..., Any], told: Told, hasty: Settings
):
    """As cancelled, which it is."""
    manager = PluginManager(hasty)
    manager.register(plugin(tool_start=lambda: asyncio.sleep(30)), "slow")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert told() == ["-  tool_start 1/1 slow  … ms  is cancelled"]


@pytest.mark.usefixtures("traced")
async def test_calls_within_calls_are_told_within_them(
    arguments: Arguments, plugin: Callable[..., Any], told: Told, context: ExecutionContext
):
    """Their beginning is told, too; a wrapper's is, where it surrounds something."""
    manager = PluginManager()

    def around(context):
        return (yield)

    async def asks(context, request):
        await manager.hook.knowledge_query(context=context, query=KnowledgeQuery(text="cat"))

    manager.register(plugin(knowledge_query=lambda context: []), "store")
    manager.register(plugin(model_request=asks), "memory")
    manager.register(plugin(model_request=hookimpl(wrapper=True)(around)), "wrapper")
    await manager.hook.model_request(**arguments("model_request"))
    assert told() == [
        "run  model_request 1/2 wrapper …",
        "run    model_request 2/2 memory …",
        "run      knowledge_query 1/1 store  … ms  list of 0",
        "run    model_request 2/2 memory  … ms  None",
        "run  model_request 1/2 wrapper  … ms  ModelRequest",
    ]


@pytest.mark.usefixtures("traced")
async def test_what_a_wrapper_raises_or_passes_on_is_told(arguments: Arguments, plugin: Callable[..., Any], told: Told):
    """It has the failure of what is inside."""

    def around():
        return (yield)

    def denies(context):
        raise Deny("no")

    manager = PluginManager()
    manager.register(plugin(agent_input=denies), "guard")
    manager.register(plugin(agent_input=hookimpl(wrapper=True)(around)), "wrapper")
    with pytest.raises(DeniedError):
        await manager.hook.agent_input(**arguments("agent_input"))
    assert told()[-2:] == [
        "run    agent_input 2/2 guard  … ms  denies",
        "-  agent_input 1/2 wrapper  … ms  raises DeniedError",
    ]


@pytest.mark.usefixtures("traced")
async def test_a_task_that_outlives_its_execution_is_not_within_it(
    arguments: Arguments, plugin: Callable[..., Any], told: Told
):
    """What it calls stands for itself."""
    manager = PluginManager()
    tasks: list[asyncio.Task[None]] = []

    async def goes_on():
        await manager.hook.tool_execute(**arguments("tool_execute"))

    def begins():
        tasks.append(asyncio.ensure_future(goes_on()))

    manager.register(plugin(tool_start=begins, tool_execute=lambda context: None), "p")
    await manager.hook.tool_start(**arguments("tool_start"))
    await tasks[0]
    assert told() == ["-  tool_start 1/1 p  … ms  None", "run  tool_execute 1/1 p  … ms  None"]


@pytest.mark.usefixtures("traced")
async def test_what_is_delivered_later_is_told_then(
    arguments: Arguments, plugin: Callable[..., Any], told: Told, tmp_path: Any
):
    """With how it is delivered."""
    manager = PluginManager(Settings(state_dir=tmp_path))
    manager.register(plugin(tool_start=hookimpl(delivery="background")(lambda context: 1)), "later")
    manager.register(plugin(tool_start=lambda context: 2), "now")
    await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))
    await manager.flush()
    await manager.aclose()
    assert sorted(told()) == ["run  tool_start 1/2 now  … ms  int", "run  tool_start 2/2 later (background)  … ms  int"]


@pytest.mark.usefixtures("traced")
async def test_a_stderr_that_nobody_reads_is_no_failure_of_a_plugin(
    arguments: Arguments, plugin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    """A guard that has done its work lets the run go on."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    manager = PluginManager()
    manager.register(plugin(agent_output=lambda output: output.upper()), "p")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "DONE"
    monkeypatch.setattr(sys, "stderr", None)
    assert await manager.hook.agent_output(**arguments("agent_output")) == "DONE"


@pytest.mark.parametrize("value", ["", "0", "off", None])
async def test_where_it_is_not_asked_for_calls_are_what_they_were(
    arguments: Arguments, plugin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, told: Told, value: str | None
):
    """They are compiled of the plugins' own functions."""
    monkeypatch.delenv("AGENTCORE_TRACE", raising=False)
    if value is not None:
        monkeypatch.setenv("AGENTCORE_TRACE", value)
    each = plugin(tool_start=lambda tool: None)
    manager = PluginManager()
    manager.register(each, "p")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert inspect.getclosurevars(manager.hook.tool_start).nonlocals["_function_0"] is each.tool_start
    assert told() == []
