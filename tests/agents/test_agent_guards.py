"""What guards deny, and what becomes of guards that fail."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agentcore import (
    Agent,
    DeniedError,
    Deny,
    ModelRequest,
    ModelResponse,
    PluginManager,
    ToolCall,
    Usage,
    hookimpl,
)
from agentcore.errors import (
    HookError,
    InputError,
)

Make = Callable[..., Agent]
Recorder = Any


CALL = ToolCall("1", "search", {"query": "bolts"})


def search(query: str) -> str:
    """Search the handbook."""
    return f"page on {query}"


class Guard:
    """Denies in one hook, or fails there."""

    def __init__(self, hook: str, error: BaseException) -> None:
        self.hook = hook
        self.error = error

    def _at(self, hook: str) -> None:
        if hook == self.hook:
            raise self.error

    @hookimpl
    def agent_input(self, input: Mapping[str, Any]) -> None:
        self._at("agent_input")

    @hookimpl
    def agent_output(self, output: Any) -> None:
        self._at("agent_output")

    @hookimpl
    def model_request(self, request: ModelRequest) -> None:
        self._at("model_request")

    @hookimpl
    def model_response(self, response: ModelResponse) -> None:
        self._at("model_response")

    @hookimpl
    def tool_call(self, call: ToolCall) -> None:
        self._at("tool_call")

    @hookimpl
    def tool_result(self, result: Any) -> None:
        self._at("tool_result")


RUN_GUARDS = ["agent_input", "agent_output", "model_request", "model_response"]


@pytest.mark.parametrize("hook", RUN_GUARDS)
async def test_a_denial_ends_the_run(make: Make, pm: PluginManager, recorder: Recorder, hook: str) -> None:
    """The caller is told who said no, and why; the run's outcome is denied."""
    pm.register(Guard(hook, Deny("not here")), "guard")
    with pytest.raises(DeniedError, match="not here") as caught:
        await make("done").run("Hello.")
    assert (caught.value.plugin, caught.value.hook, caught.value.reason) == ("guard", hook, "not here")
    assert isinstance(caught.value.__cause__, Deny)
    assert recorder.end().error is caught.value
    assert recorder.end().outcome == recorder.end().context.outcome == "denied"


@pytest.mark.parametrize("hook", RUN_GUARDS)
async def test_a_guard_that_comes_later_is_asked(make: Make, pm: PluginManager, hook: str) -> None:
    """That the runs before it had none to ask does not outlast its coming."""
    agent = make("done", "done")
    await agent.run("Hello.")
    pm.register(Guard(hook, Deny("not any more")))
    with pytest.raises(DeniedError, match="not any more"):
        await agent.run("Hello.")


@pytest.mark.parametrize("hook", ["agent_output", "model_request", "model_response", "tool_result"])
async def test_a_guard_that_comes_in_the_midst_of_a_run_is_asked(
    make: Make, pm: PluginManager, recorder: Recorder, hook: str
) -> None:
    """From the next hook on."""
    runs: list[str] = []

    def call_a_guard() -> str:
        if runs:
            pm.register(Guard(hook, Deny("no further")), "guard")
        runs.append("one")
        return "called"

    calling = ToolCall("1", "call_a_guard", {})
    agent = make(calling, "done", calling, "done", tools=[call_a_guard])
    await agent.run("Hello.")
    if hook == "tool_result":
        await agent.run("Hello.")
        assert recorder.one("tool_error").error.plugin == "guard"
    else:
        with pytest.raises(DeniedError, match="no further"):
            await agent.run("Hello.")


@pytest.mark.parametrize("hook", RUN_GUARDS)
async def test_a_guard_that_fails_ends_the_run(make: Make, pm: PluginManager, recorder: Recorder, hook: str) -> None:
    """What it guards must not go on; the cause is kept."""
    pm.register(Guard(hook, ZeroDivisionError("oops")), "guard")
    with pytest.raises(HookError, match="'guard' failed in") as caught:
        await make("done").run("Hello.")
    assert (caught.value.plugin, caught.value.hook) == ("guard", hook)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert recorder.end().outcome == "error"
    assert recorder.one("plugin_error").plugin == "guard"


@pytest.mark.parametrize(
    ("hook", "outcome", "usage"),
    [
        ("model_request", "denied", Usage()),
        ("model_response", "denied", Usage(requests=1, input_tokens=3, output_tokens=2)),
    ],
)
async def test_a_denied_model_call_ends_denied_and_costs_what_it_cost(
    make: Make, pm: PluginManager, recorder: Recorder, hook: str, outcome: str, usage: Usage
) -> None:
    """A request that was never sent costs nothing, and an answer that was denied has been paid for."""
    pm.register(Guard(hook, Deny("no")))
    with pytest.raises(DeniedError):
        await make("done").run("Hello.")
    end = recorder.one("model_error")
    assert (end.outcome, end.usage) == (outcome, usage)
    assert recorder.end().usage == usage


@pytest.mark.parametrize("error", [Deny("no"), ZeroDivisionError("oops")], ids=["denied", "failed"])
async def test_a_denied_input_is_withheld(make: Make, pm: PluginManager, recorder: Recorder, error: Exception) -> None:
    """The pair of events is whole, and nothing of the input is in it."""
    pm.register(Guard("agent_input", error))
    with pytest.raises((DeniedError, HookError)):
        await make("done").run("secret")
    assert [each for each in recorder.names() if each != "plugin_error"] == ["agent_start", "agent_error"]
    assert recorder.one("agent_start").input == recorder.one("agent_error").input == {}


@pytest.mark.parametrize("error", [Deny("no"), ZeroDivisionError("oops")], ids=["denied", "failed"])
async def test_a_denied_request_is_withheld(
    make: Make, pm: PluginManager, recorder: Recorder, error: Exception
) -> None:
    """The model's pair of events is whole, without the messages."""
    pm.register(Guard("model_request", error))
    with pytest.raises((DeniedError, HookError)):
        await make("done").run("secret")
    assert recorder.one("model_start").request.messages == ()
    assert recorder.one("model_error").request.messages == ()
    assert recorder.one("model_error").duration == 0


async def test_a_denied_tool_call_is_told_to_the_model_and_withheld(
    make: Make, pm: PluginManager, recorder: Recorder
) -> None:
    """The run goes on; the events of the call carry no arguments."""
    pm.register(Guard("tool_call", Deny("not here")))
    agent = make(CALL, "done", tools=[search])
    assert (await agent.run("Hello.")).output.answer == "done"
    assert recorder.one("tool_start").arguments == recorder.one("tool_error").arguments == {}
    assert recorder.one("tool_error").outcome == "denied"
    assert recorder.all("model_start")[-1].request.messages[-1].content == "denied: not here"
    assert recorder.end().outcome == "ok"


async def test_a_denied_tool_result_is_withheld_from_the_model(
    make: Make, pm: PluginManager, recorder: Recorder
) -> None:
    """The model is told the reason instead, and no event carries the result."""
    pm.register(Guard("tool_result", Deny("not for you")))
    await make(CALL, "done", tools=[search]).run("Hello.")
    assert recorder.one("tool_start").arguments == {"query": "bolts"}
    assert recorder.one("tool_error").outcome == "denied"
    messages = recorder.all("model_start")[-1].request.messages
    assert messages[-1].content == "denied: not for you"
    assert "page on bolts" not in repr(recorder.told)


@pytest.mark.parametrize("hook", ["tool_call", "tool_result"])
async def test_a_tool_guard_that_fails_ends_the_run(
    make: Make, pm: PluginManager, recorder: Recorder, hook: str
) -> None:
    """A guard that cannot say yes has not said yes."""
    pm.register(Guard(hook, ZeroDivisionError("oops")), "guard")
    with pytest.raises(HookError, match=hook):
        await make(CALL, "done", tools=[search]).run("Hello.")
    assert recorder.one("tool_error").outcome == "error"
    assert recorder.end().outcome == "error"


async def test_a_replaced_input_that_does_not_fit_is_withheld(
    make: Make, pm: PluginManager, recorder: Recorder
) -> None:
    """A replacement is validated again, before anybody sees it."""

    class Careless:
        @hookimpl
        def agent_input(self, input: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"text": 7}

    pm.register(Careless())
    with pytest.raises(InputError, match="text"):
        await make("done").run("Hello.")
    assert recorder.one("agent_start").input == {}
    assert recorder.end().outcome == "error"


async def test_invalid_input_is_no_run(make: Make, recorder: Recorder) -> None:
    """What does not fit is refused before anything begins."""
    with pytest.raises(InputError):
        await make("done").run(text=7)
    assert recorder.told == []
