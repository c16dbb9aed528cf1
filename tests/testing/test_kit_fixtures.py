"""The fixtures of the testing kit."""

import asyncio
import threading
from datetime import timedelta

import pytest

from agentcore import (
    Agent,
    ExecutionContext,
    FunctionAgent,
    ModelResponse,
    PluginManager,
    ToolCall,
    Usage,
    get_plugin_manager,
    hookimpl,
)
from agentcore.errors import ModelNotFoundError
from agentcore.testing import BlockingPlugin, CancellingPlugin, FailingPlugin, Gate, SlowPlugin


def test_the_plugin_manager_is_the_process_s(plugin_manager):
    """Agents that are told of no other are on it."""
    assert get_plugin_manager() is plugin_manager


def test_the_process_gets_its_own_manager_back(pytester_in_process):
    """A test that used the fixture leaves nothing behind."""
    pytester_in_process(
        """
        from agentcore import PluginManager, set_plugin_manager, get_plugin_manager

        mine = PluginManager()

        def test_before(): set_plugin_manager(mine)
        def test_with(plugin_manager): assert get_plugin_manager() is plugin_manager
        def test_after():
            assert get_plugin_manager() is mine
            set_plugin_manager(None)
        """
    ).assert_outcomes(passed=3)


def test_the_plugin_manager_knows_nothing_of_the_machine(plugin_manager, tmp_path, monkeypatch):
    """Neither what is installed, nor a configuration, nor the environment."""
    assert plugin_manager.statuses() == []
    assert plugin_manager.settings.config_path is None
    assert plugin_manager.state_dir == tmp_path / ".agentcore"


def test_managers_are_made_of_settings(make_plugin_manager, tmp_path, monkeypatch):
    """By their names in the file; the environment and files above the test's folder say nothing."""
    (tmp_path / "agentcore.toml").write_text("hook_timeout = 7")
    monkeypatch.setenv("AGENTCORE_HOOK_TIMEOUT", "9")
    assert make_plugin_manager().settings.hook_timeout == 30
    manager = make_plugin_manager(hook_timeout="2 s", disabled=["audit"], plugins={"store": {"path": "here"}})
    assert manager.settings.hook_timeout == 2
    assert manager.settings.disabled == ("audit",)
    assert manager.settings.plugin_config("store") == {"path": "here"}


def test_made_managers_are_closed(pytester_in_process):
    """Those that a test forgot, too."""
    pytester_in_process(
        """
        from agentcore import hookimpl
        closed = []

        class Store:
            @hookimpl
            async def agentcore_shutdown(self): closed.append("shut down")

        async def test_opens(make_plugin_manager):
            manager = make_plugin_manager()
            manager.register(Store())
            await manager.startup()

        def test_closed(): assert closed == ["shut down"]
        """
    ).assert_outcomes(passed=2)


def test_contexts_are_made(agent_context, make_context):
    """Roots and children, with what they are to have."""
    assert (agent_context.agent_id, agent_context.parent) == ("agent", None)
    child = make_context("helper", parent=agent_context, metadata={"tenant": "acme"}, timeout=5)
    assert (child.agent_id, child.parent, child.metadata) == ("helper", agent_context, {"tenant": "acme"})
    assert child.remaining is not None
    root = make_context(metadata={"a": 1}, timeout=5)
    assert (root.parent, root.metadata) == (None, {"a": 1})
    assert root.remaining is not None


# --- the scripted model ---


async def test_a_script_has_every_kind_of_answer(hook_recorder, scripted_model):
    """Failures, tool calls, structure, whole responses."""

    def look(key: str) -> str:
        return key.upper()

    usage = Usage(requests=1, input_tokens=5, output_tokens=3)
    model = scripted_model(ToolCall("1", "look", {"key": "a"}), {"label": "A", "n": 2}, usage=usage)
    result = await Agent("triage", input="text: str", output="label: str, n: int", tools=[look]).run("x")
    assert (result.output.label, result.output.n) == ("A", 2)
    assert result.usage == Usage(requests=2, input_tokens=10, output_tokens=6)
    assert [each.messages[-1].role for each in model.requests] == ["user", "tool"]

    scripted_model(ModelResponse(text="whole"))
    assert (await Agent("writer").run("x")).output.answer == "whole"
    scripted_model(ValueError("out of order"))
    with pytest.raises(ValueError, match="out of order"):
        await Agent("writer").run("x")


async def test_a_script_may_be_a_function(scripted_model):
    """Of the request."""
    scripted_model(lambda request: request.messages[-1].content.upper())
    assert (await Agent("writer").run("shout")).output.answer == "SHOUT"


async def test_a_script_streams(hook_recorder, scripted_model):
    """In pieces of so many words."""
    scripted_model("one two three", chunk=2)
    async with Agent("writer").run_stream("Count") as stream:
        assert [piece.text async for piece in stream] == ["one two ", "three"]
    assert len(hook_recorder.all("model_delta")) == 2


async def test_the_newest_script_serves_whoever_brings_no_model(scripted_model):
    """By whatever name a model is asked for; one that an agent brings stays its own."""
    own = scripted_model("own")
    scripted_model("a", "b", "c")
    assert [(await Agent(name, model=model).run("x")).output.answer for name, model in [("x", None), ("y", "gpt")]] == [
        "a",
        "b",
    ]
    assert (await Agent("z", model=own).run("x")).output.answer == "own"


@pytest.mark.usefixtures("plugin_manager")
async def test_no_real_model_serves_a_test(monkeypatch):
    """Where there is no script, there is no model, whatever keys the machine has."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-123")
    with pytest.raises(ModelNotFoundError, match="no plugin resolves the model 'scripted'"):
        await Agent("writer").run("x")


# --- the clock ---


async def test_time_stands_still_until_it_is_advanced(hook_recorder, fake_clock):
    """For durations, events and contexts."""

    async def work() -> None:
        fake_clock.advance(2.5)

    began = fake_clock.now
    result = await FunctionAgent(work).run()
    assert hook_recorder.end().duration == 2.5
    assert hook_recorder.one("agent_start").event.time == result.context.start_time == began
    assert hook_recorder.end().event.time == result.context.end_time == began + timedelta(seconds=2.5)


def test_deadlines_come_near_as_the_clock_says(make_context, fake_clock):
    """To the second."""
    context = make_context(timeout=10)
    fake_clock.advance(4)
    assert context.remaining == 6


async def test_what_hangs_is_ended_by_the_clock(make_plugin_manager, agent_context, fake_clock):
    """No test need wait for a timeout."""
    manager = make_plugin_manager(hook_timeout=20)
    slow = SlowPlugin("agent_start")
    manager.register(slow)
    call = asyncio.ensure_future(manager.hook.agent_start(context=agent_context, agent="agent", input={}))
    await slow.gate.until_reached()
    while not call.done():
        fake_clock.advance(20)
        await asyncio.sleep(0.01)
    [status] = manager.statuses()
    assert "within 20 s" in str(status.error)


def test_a_package_is_driven_by_the_clock(fake_clock, tmp_path, monkeypatch):
    """Where it reads the time through 'time', in whichever way it imports it; 'datetime' it leaves alone."""
    (tmp_path / "timekeeper.py").write_text(
        "import time\nfrom time import monotonic, perf_counter as pc\nfrom datetime import datetime, UTC\n"
        "def read(): return time.time(), monotonic(), pc(), time.monotonic(), time.strftime('%Y', time.gmtime(0))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    fake_clock.drive("timekeeper")
    import timekeeper

    fake_clock.advance(1000)
    assert timekeeper.read() == (fake_clock.time(), 1000, 1000, 1000, "1970")


def test_time_does_not_go_back(fake_clock):
    """The error says so."""
    with pytest.raises(ValueError, match="time does not go back, and so not by -1 s"):
        fake_clock.advance(-1)


def test_real_time_returns_after_the_test(pytester_in_process):
    """In every module."""
    pytester_in_process(
        """
        from agentcore import ExecutionContext
        import time

        def test_frozen(fake_clock): fake_clock.advance(10_000_000)
        def test_real(): assert abs(ExecutionContext("x").start_time.timestamp() - time.time()) < 1_000_000
        """
    ).assert_outcomes(passed=2)


# --- entry points ---


class Audit:
    """A plugin."""

    @hookimpl
    def agent_complete(self) -> None: ...


def test_discovery_finds_what_the_test_offers(plugin_manager, fake_entry_points):
    """As a text, which is imported, or as the object itself; and nothing that is installed."""
    fake_entry_points.add("audit", Audit)
    fake_entry_points.add("ready", Audit(), distribution="acme-tools", version="2.1")
    fake_entry_points.add("named", f"{__name__}:Audit")
    fake_entry_points.add("broken", "no_such_module_here")
    plugin_manager.load()
    found = {each.name: each for each in plugin_manager.statuses()}
    assert {name: each.status for name, each in found.items()} == {
        "audit": "loaded",
        "ready": "loaded",
        "named": "loaded",
        "broken": "failed",
    }
    assert (found["ready"].distribution, found["ready"].version) == ("acme-tools", "2.1")
    assert (found["audit"].distribution, found["audit"].source) == ("agentcore-audit", "Audit")
    assert isinstance(plugin_manager.get_plugin("audit"), Audit)


# --- stubs ---


async def start(manager: PluginManager, context: ExecutionContext) -> None:
    """Send one event."""
    await manager.hook.agent_start(context=context, agent="agent", input={})


async def test_a_failing_plugin_fails(plugin_manager, hook_recorder, agent_context):
    """With the error that it was given."""
    plugin = FailingPlugin("agent_start", error=SystemExit(3))
    plugin_manager.register(plugin)
    plugin_manager.register(FailingPlugin("agent_start", name="another"))
    await start(plugin_manager, agent_context)
    hook_recorder.assert_called("plugin_error", plugin="failingplugin", error=plugin.error)
    assert str(hook_recorder.all("plugin_error")[0].error) == "broken"
    assert plugin.calls == 1


async def test_a_slow_plugin_waits_until_it_is_released(plugin_manager, agent_context):
    """Without blocking the loop."""
    plugin = SlowPlugin("agent_start")
    plugin_manager.register(plugin)
    sent = asyncio.ensure_future(start(plugin_manager, agent_context))
    await plugin.gate.until_reached()
    assert plugin.gate.reached
    assert not sent.done()
    plugin.release()
    await sent


async def test_a_stubborn_plugin_swallows_cancellation(plugin_manager, agent_context):
    """And waits on."""
    plugin = SlowPlugin("agent_start", stubborn=True)
    plugin_manager.register(plugin)
    sent = asyncio.ensure_future(start(plugin_manager, agent_context))
    await plugin.gate.until_reached()
    sent.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sent.done()
    plugin.release()
    await sent


async def test_a_blocking_plugin_blocks_the_loop(plugin_manager, agent_context):
    """Until another thread releases it."""
    plugin = BlockingPlugin("agent_start")
    plugin_manager.register(plugin)
    releasing = threading.Thread(target=plugin.release)
    asyncio.get_running_loop().call_later(0, lambda: pytest.fail("the loop was not blocked"))
    plugin.gate.block = _started(releasing, plugin.gate.block)
    await start(plugin_manager, agent_context)
    releasing.join()
    assert plugin.calls == 1


def _started(thread, block):
    def begin() -> None:
        thread.start()
        block()

    return begin


async def test_a_cancelling_plugin_cancels_itself_or_the_run(plugin_manager, hook_recorder, agent_context):
    """The first is its own fault; the second ends the run."""
    plugin_manager.register(CancellingPlugin("agent_start"))
    await start(plugin_manager, agent_context)
    hook_recorder.assert_called("plugin_error", plugin="cancellingplugin", hook="agent_start")
    plugin_manager.register(CancellingPlugin("model_start", run=True, name="quitter"))
    await plugin_manager.hook.model_start(context=agent_context, model="m", request=None, call_id="1")
    assert agent_context.cancel_reason == "cancelled by a plugin"


async def test_a_gate_holds_up_until_it_is_open():
    """On whichever thread."""
    gate = Gate()
    blocked = asyncio.ensure_future(asyncio.to_thread(gate.block))
    waiting = asyncio.ensure_future(gate.wait())
    await gate.until_reached()
    assert not blocked.done()
    gate.open()
    await asyncio.gather(blocked, waiting)
