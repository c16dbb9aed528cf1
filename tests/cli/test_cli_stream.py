"""``agentcore run --stream``: an answer is written while it comes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import Agent, PluginManager, hookimpl
from agentcore._cli.output import Output
from agentcore._cli.records import Attempt
from agentcore._cli.single import run_once, streams_by_itself
from agentcore.errors import ModelError
from agentcore.models import DeltaHandler, Model, ScriptedModel
from agentcore.types import ModelDelta, ModelRequest, ModelResponse


def look(word: str) -> str:
    """Look a word up."""
    return word


class Terminal(io.StringIO):
    """A terminal that remembers what was written in one go."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


class Redactor:
    """A guard that has the last word."""

    @hookimpl
    def agent_output(self, output: Any) -> Any:
        return output.model_copy(update={"answer": "[removed]"})


class Toolbox:
    """Brings tools to every agent."""

    @hookimpl
    def register_tools(self) -> list[Any]:
        return [look]


@pytest.fixture
def terminal() -> Terminal:
    """Where answers are written."""
    return Terminal()


@pytest.fixture
def pm() -> PluginManager:
    """A manager without plugins."""
    return PluginManager()


def agent_of(pm: PluginManager, *answers: Any, **options: Any) -> Agent:
    return Agent("agent", model=ScriptedModel(list(answers)), plugins=pm, **options)


async def run(agent: Agent, terminal: Terminal) -> None:
    await run_once(agent, Attempt(agent, {"text": "x"}, timeout=None), Output(terminal), stream=True, as_json=False)


async def test_an_answer_is_written_in_pieces(pm: PluginManager, terminal: Terminal) -> None:
    """Each piece is written when it comes, and a line end after the last."""
    await run(agent_of(pm, "one two three"), terminal)
    assert terminal.pieces == ["one ", "two ", "three", "\n"]


async def test_an_answer_is_written_once(pm: PluginManager, terminal: Terminal) -> None:
    """White space round an answer, and its own line end, do not have it written again."""
    await run(agent_of(pm, " one two\n"), terminal)
    assert terminal.getvalue() == " one two\n"


async def test_what_a_plugin_made_of_the_answer_comes_last(pm: PluginManager, terminal: Terminal) -> None:
    """Where the answer is not what was written, it is written below."""
    pm.register(Redactor())
    await run(agent_of(pm, "a secret"), terminal)
    assert terminal.getvalue() == "a secret\n[removed]\n"


async def test_an_answer_that_did_not_stream_is_written(terminal: Terminal) -> None:
    """A model that cannot stream still has its answer written."""

    class Mute(Model):
        name = "mute"
        provider = "test"

        async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
            return ModelResponse(text="at once")

    await run(Agent("agent", model=Mute(), plugins=PluginManager()), terminal)
    assert terminal.pieces == ["at once\n"]


async def test_a_failure_begins_on_a_line_of_its_own(terminal: Terminal) -> None:
    """What was written before a failure is ended by a line end."""

    class Faint(Model):
        name = "faint"
        provider = "test"

        async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
            assert on_delta is not None
            await on_delta(ModelDelta(text="half an ans"))
            raise ModelError("it fainted", model="faint")

    with pytest.raises(ModelError, match="it fainted"):
        await run(Agent("agent", model=Faint(), plugins=PluginManager()), terminal)
    assert terminal.getvalue() == "half an ans\n"


async def test_a_terminal_is_not_steered(pm: PluginManager, terminal: Terminal) -> None:
    """Characters that would move the cursor or colour the screen are left out."""
    await run(agent_of(pm, "\x1b[31mred\x1b[0m\tand \x9b2Jgone\u202f!"), terminal)
    assert terminal.getvalue() == "[31mred[0m\tand 2Jgone\u202f!\n"


@pytest.mark.parametrize(
    ("options", "plugin", "wanted"),
    [
        pytest.param({}, None, True, id="plain-text"),
        pytest.param({"output": "n: int"}, None, False, id="no-text"),
        pytest.param({"tools": [look]}, None, False, id="tools"),
        pytest.param({}, Toolbox, False, id="tools-of-a-plugin"),
        pytest.param({}, Redactor, False, id="guard"),
    ],
)
def test_what_streams_by_itself(
    pm: PluginManager, terminal: Terminal, options: dict[str, Any], plugin: Callable[[], object] | None, wanted: bool
) -> None:
    """On a terminal plain text does, unless tools come in between or a guard has not spoken yet."""
    if plugin is not None:
        pm.register(plugin())

    agent = agent_of(pm, "x", **options)
    assert streams_by_itself(agent, Output(terminal)) is wanted
    assert streams_by_itself(agent, Output(io.StringIO())) is False


def test_an_agents_own_guard_has_the_last_word(pm: PluginManager, terminal: Terminal) -> None:
    """Nor does it stream by itself where the guard is one of the agent's own providers."""
    agent = agent_of(pm, "x", providers=[Redactor()])
    assert streams_by_itself(agent, Output(terminal)) is False


@pytest.mark.parametrize("options", [(), ("--stream",), ("--no-stream",), ("--json",)], ids=" ".join)
def test_answers_on_a_terminal(start: Any, screen: Any, options: tuple[str, ...]) -> None:
    """On a real terminal the answer arrives, whether it streams or not."""
    with start("run", "crew:echo", "-i", "hello there", *options, stdout=screen.descriptor) as process:
        shown = screen.shown()
        assert process.wait(60) == 0, process.stderr.read()
    assert shown.count(b"HELLO THERE") == 1
    assert shown.endswith(b"\r\n")
