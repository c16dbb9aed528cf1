"""The recorder of hook calls."""

import pytest

from agentcore import Agent, ToolCall
from agentcore.testing import HookRecorder, RecordedCall


async def test_what_a_run_calls_is_kept_in_order(hook_recorder, scripted_model):
    """Every hook of a run, once, however many implement it."""
    scripted_model("hi")
    await Agent("greeter").run("Hello")
    assert hook_recorder.names() == [
        "agent_input",
        "agent_start",
        "model_request",
        "model_answer",
        "model_start",
        "model_response",
        "model_complete",
        "agent_output",
        "agent_complete",
    ]
    hook_recorder.assert_paired()


async def test_calls_are_found_by_what_they_were_called_with(hook_recorder, scripted_model):
    """By hook, agent and arguments; those that are not asked for may be anything."""

    def double(number: int) -> int:
        return 2 * number

    scripted_model(ToolCall("1", "double", {"number": 21}), "42")
    await Agent("counter", tools=[double]).run("Count")
    call = hook_recorder.assert_called("tool_execute", tool="double", arguments={"number": 21}, times=1)
    assert (call.result, call.agent, call.outcome) == (42, "counter", "ok")
    assert hook_recorder.one("tool_execute") is call
    assert hook_recorder.end("counter").hook == "agent_complete"
    assert hook_recorder.all("tool_execute", "another") == []
    hook_recorder.assert_not_called("tool_error", "agent_error")
    hook_recorder.assert_order("agent_start", "tool_start", "tool_execute", "agent_complete")


FAILING = {
    "not called": (
        lambda it: it.assert_called("tool_execute"),
        "'tool_execute' was called never, and not at least once",
    ),
    "too often": (
        lambda it: it.assert_called("model_start", times=1),
        "'model_start' was called twice, and not once",
    ),
    "other arguments": (
        lambda it: it.assert_called("tool_start", tool="search", call_id="2"),
        "tool_start(tool='search', call_id='2') was called never, and not at least once\n"
        "in the call that is nearest, call_id is '1'",
    ),
    "no such argument": (
        lambda it: it.assert_called("tool_start", name="search"),
        "in the call that is nearest, there is no argument 'name'",
    ),
    "called": (lambda it: it.assert_not_called("agent_error", "model_start"), "'model_start' was called twice"),
    "not one": (lambda it: it.one("model_start"), "'model_start' was called twice, and not once"),
    "no end": (lambda it: it.end(), "never a run came to its end, and not once"),
    "first missing": (
        lambda it: it.assert_order("agent_input", "agent_start"),
        "'agent_input' was not called, as the order demands: agent_input -> agent_start",
    ),
    "wrong order": (
        lambda it: it.assert_order("agent_start", "tool_start", "model_start", "model_start"),
        "'model_start' was not called after 'model_start' (call 5), as the order demands",
    ),
    "unknown": (lambda it: it.all("tool_strat"), "'tool_strat' is not recorded: did you mean 'tool_start'?"),
}


@pytest.fixture
def recorded(agent_context) -> HookRecorder:
    """A recorder of a run that is going on."""
    recorder = HookRecorder()
    model = {"context": agent_context, "call_id": "m"}
    recorder.calls = [
        RecordedCall("agent_start", {"context": agent_context, "input": {"text": "x" * 300}}),
        RecordedCall("model_start", {**model, "model": "tiny"}),
        RecordedCall("model_complete", {**model, "outcome": "ok", "duration": 0.0}),
        RecordedCall("tool_start", {"context": agent_context, "tool": "search", "call_id": "1"}),
        RecordedCall("model_start", {**model, "model": "tiny"}),
    ]
    return recorder


@pytest.mark.parametrize(("failing", "message"), FAILING.values(), ids=FAILING)
def test_a_failed_assertion_says_what_was_called(recorded, failing, message):
    """And which call was nearest to what was asked for."""
    with pytest.raises(AssertionError) as failed:
        failing(recorded)
    assert message in str(failed.value)
    if "is not recorded" not in message:
        assert str(failed.value).endswith(f"\n\n{recorded}")


def test_calls_are_listed_as_a_tree(recorded):
    """What happened within something stands to its right; long lines are cut."""
    first, *lines = str(recorded).splitlines()[1:]
    assert first.startswith("   1  agent        agent_start(input={'text': 'xxx")
    assert first.endswith("…")
    assert len(first) == 160
    assert lines == [
        "   2  agent          model_start(call_id='m', model='tiny')",
        "   3  agent          model_complete(call_id='m', outcome='ok', duration=0.0)",
        "   4  agent          tool_start(tool='search', call_id='1')",
        "   5  agent            model_start(call_id='m', model='tiny')",
    ]
    recorded.clear()
    assert str(recorded) == "nothing was called"


OK = {"outcome": "ok", "duration": 0.0}
UNPAIRED = {
    "never ended": (["agent_start"], "call 1, 'agent_start', was never ended"),
    "ended twice": (
        ["agent_start", "agent_complete", "agent_complete"],
        "call 3, 'agent_complete', ended what had not",
    ),
    "begun twice": (["agent_start", "agent_start"], "call 2, 'agent_start', began what call 1 had begun"),
    "ended by another": (["model_start", "agent_complete"], "call 2, 'agent_complete', ended what had not begun"),
    "a bad end": (["agent_start", "agent_error"], "call 2, 'agent_error', came out as 'ok'"),
}


@pytest.mark.parametrize(("hooks", "message"), UNPAIRED.values(), ids=UNPAIRED)
def test_every_start_has_exactly_one_end(agent_context, hooks, message):
    """Or the assertion says which call is to blame."""
    recorder = HookRecorder()
    recorder.calls = [RecordedCall(hook, {"context": agent_context, **OK}) for hook in hooks]
    with pytest.raises(AssertionError, match="^" + message):
        recorder.assert_paired()


def test_an_end_lasts_no_negative_time(agent_context):
    """Such a duration was not measured."""
    recorder = HookRecorder()
    ended = {"context": agent_context, "outcome": "ok", "duration": -1.0}
    recorder.calls = [RecordedCall("agent_start", ended), RecordedCall("agent_complete", ended)]
    with pytest.raises(AssertionError, match="call 2, 'agent_complete', took -1.0 s"):
        recorder.assert_paired()


def test_what_a_call_does_not_have_is_no_attribute(recorded):
    """The error names the hook."""
    with pytest.raises(AttributeError, match="'agent_start' was not called with 'outputt'"):
        _ = recorded.calls[0].outputt


async def test_only_what_is_asked_for_is_recorded(plugin_manager, scripted_model):
    """By a recorder that is made by hand."""
    recorder = HookRecorder("agent_complete")
    plugin_manager.register(recorder)
    scripted_model("hi")
    await Agent("greeter").run("Hello")
    assert recorder.names() == ["agent_complete"]
