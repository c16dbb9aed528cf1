"""The value hooks round a model call that answer in its place, and that see an answer piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from agentcore import Agent, Deny, ModelDelta, ModelRequest, ModelResponse, PluginManager, Usage, hookimpl
from agentcore.errors import DeniedError, HookError, ModelError
from agentcore.models import ScriptedModel

Make = Callable[..., Agent]


class Answering:
    """Answers what it knows."""

    def __init__(self, text: str | None = "known") -> None:
        self.text = text
        self.asked: list[tuple[str, str, str, ModelResponse | None]] = []

    @hookimpl
    async def model_answer(
        self, model: str, provider: str, request: ModelRequest, call_id: str, response: ModelResponse | None
    ) -> ModelResponse | None:
        self.asked.append((model, provider, call_id, response))
        return None if self.text is None else ModelResponse(text=self.text, usage=Usage(requests=1, input_tokens=9))


async def test_an_answer_replaces_the_call(make: Make, pm: PluginManager, recorder: Any) -> None:
    """The model is not asked, and the events say so: nothing was consumed, and the response is a cached one."""
    pm.register(Answering())
    agent = make("never")
    result = await agent.run("Hello")

    assert result.output.answer == "known"
    assert isinstance(agent.model, ScriptedModel)
    assert agent.model.requests == []
    assert result.usage == Usage()
    end = recorder.one("model_complete")
    assert (end.response.cached, end.usage, end.duration) == (True, Usage(), 0.0)
    assert recorder.names() == ["agent_start", "model_start", "model_complete", "agent_complete"]


async def test_no_answer_asks_the_model(make: Make, pm: PluginManager, recorder: Any) -> None:
    """Where nobody answers the model is asked, and the response is not a cached one, whatever a plugin says."""
    answering = Answering(None)
    pm.register(answering)
    await make("asked").run("Hello")
    end = recorder.one("model_complete")
    assert (end.response.cached, end.usage.requests) == (False, 1)
    assert answering.asked == [("scripted", "scripted", end.call_id, None)]


async def test_answers_pass_on(make: Make, pm: PluginManager) -> None:
    """A later implementation sees what an earlier one answered, and the guards of responses see it, too."""
    later, seen = Answering(None), []

    class Guard:
        @hookimpl
        def model_response(self, response: ModelResponse) -> None:
            seen.append((response.text, response.cached))

    pm.register(later, "later")
    pm.register(Answering(), "first")
    pm.register(Guard())
    await make("never").run("Hello")
    assert [each[3] and each[3].text for each in later.asked] == ["known"]
    assert seen == [("known", True)]


async def test_a_denied_call_is_withheld(make: Make, pm: PluginManager, recorder: Any) -> None:
    """A denial there ends the run before the model is asked; what was to be asked is not told."""

    class Guard:
        @hookimpl
        def model_answer(self) -> None:
            raise Deny("not now")

    pm.register(Guard())
    agent = make("never")
    with pytest.raises(DeniedError, match="not now"):
        await agent.run("Hello")
    assert isinstance(agent.model, ScriptedModel)
    assert agent.model.requests == []
    assert recorder.one("model_start").request.messages == ()
    assert (recorder.one("model_error").outcome, recorder.one("model_error").usage) == ("denied", Usage())


async def test_a_failing_answer_ends_the_run(make: Make, pm: PluginManager) -> None:
    """As a guard of calls it fails closed."""

    class Broken:
        @hookimpl
        def model_answer(self) -> None:
            raise RuntimeError("broken")

    pm.register(Broken())
    with pytest.raises(HookError, match="broken"):
        await make("never").run("Hello")


async def test_an_answer_is_streamed_as_one_piece(make: Make, pm: PluginManager, recorder: Any) -> None:
    """Whoever reads along gets the answer all the same."""
    pm.register(Answering("two words"))
    async with make("never").run_stream("Hello") as stream:
        pieces = [(each.text, each.first) async for each in stream]
    assert pieces == [("two words", True)]
    assert recorder.one("model_delta").delta.text == "two words"


class Holding:
    """Holds everything back until the answer is whole."""

    def __init__(self) -> None:
        self.text = ""

    @hookimpl
    async def model_piece(self, delta: ModelDelta) -> ModelDelta:
        self.text += delta.text
        return evolve(delta, text=self.text.upper() if delta.last else "")


async def test_pieces_can_be_held_back(make: Make, pm: PluginManager, recorder: Any) -> None:
    """An empty piece is passed on to nobody; what was held back comes when the answer is whole, before its end."""
    pm.register(Holding())
    async with make("one two three").run_stream("Count") as stream:
        pieces = [(each.text, each.first, each.last) async for each in stream]
    assert pieces == [("ONE TWO THREE", True, False)]
    assert recorder.names() == ["agent_start", "model_start", "model_delta", "model_complete", "agent_complete"]
    assert stream.result.output.answer == "one two three"


async def test_what_was_held_back_was_not_read(make: Make, pm: PluginManager, recorder: Any) -> None:
    """A call that fails before anybody has read a piece of it is made again."""

    class Failing(ScriptedModel):
        async def respond(self, request: ModelRequest, *, on_delta: Any = None) -> ModelResponse:
            if not self.requests:
                await on_delta(ModelDelta(text="beginning"))
                self.requests.append(request)
                raise ModelError("lost", model=self.name, retryable=True)
            return await super().respond(request, on_delta=on_delta)

    pm.register(Holding())
    async with Agent("writer", model=Failing(["whole"]), plugins=pm).run_stream("Go") as stream:
        _ = [each async for each in stream]
    assert stream.result.output.answer == "whole"
    assert len(recorder.all("model_retry")) == 1


async def test_pieces_pass_untouched(make: Make, pm: PluginManager) -> None:
    """An implementation that leaves them changes nothing, and sees the end."""
    seen: list[tuple[str, bool]] = []

    class Looking:
        @hookimpl
        def model_piece(self, delta: ModelDelta) -> None:
            seen.append((delta.text, delta.last))

    pm.register(Looking())
    async with make("one two").run_stream("Count") as stream:
        pieces = [each.text async for each in stream]
    assert pieces == ["one ", "two"]
    assert seen == [("one ", False), ("two", False), ("", True)]
