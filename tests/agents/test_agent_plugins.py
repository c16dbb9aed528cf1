"""Which plugins take part in which runs."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from agentcore import (
    Agent,
    ExecutionContext,
    FunctionAgent,
    PluginManager,
    Provider,
    ToolCall,
    get_plugin_manager,
    hookimpl,
    set_plugin_manager,
)
from agentcore.errors import PluginNotFoundError, PluginValidationError
from agentcore.models import ScriptedModel

Make = Callable[..., Agent]
Recorder = Any


class Sees(Provider):
    """Keeps whose runs it sees, and its own life."""

    events = ("agent_start",)

    def __init__(self, name: str = "sees") -> None:
        self.name = name
        self.seen: list[str] = []
        self.life: list[str] = []

    async def initialize(self) -> None:
        self.life.append("initialize")

    async def aclose(self) -> None:
        self.life.append("aclose")

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        self.seen.append(data["agent"])


@pytest.fixture
def sees() -> Sees:
    return Sees()


def sub_call() -> ToolCall:
    return ToolCall("1", "sub", {"text": "x"})


def work(text: str) -> str:
    return text


async def test_a_provider_can_be_called_by_hand() -> None:
    """It is a plain object: a test of it needs no agent."""

    class Times(Provider):
        events = ("tool_execute",)

        async def handle_event(self, event: str, data: Mapping[str, Any]) -> Any:
            return f"{event} of {data['tool']} took {data['duration']} s"

    told = await Times().handle_event("tool_execute", {"tool": "search", "duration": 1.5})
    assert told == "tool_execute of search took 1.5 s"


# --- for an agent ---


async def test_an_agents_providers_serve_that_agent_alone(make: Make, recorder: Recorder, sees: Sees) -> None:
    """Neither its sub-agents nor other agents; what the manager has, it has, too."""
    sub = make("helped", "again", name="sub")
    await make(sub_call(), "done", tools=[sub], providers=[sees]).run("x")
    await sub.run("x")
    assert sees.seen == ["triage"]
    assert [each.agent for each in recorder.all("agent_start")] == ["triage", "sub", "sub"]


async def test_a_sub_agents_providers_do_not_see_the_agent_around_it(make: Make, sees: Sees) -> None:
    """They serve the sub-agent, wherever it is called."""
    sub = make("helped", "again", name="sub", providers=[sees])
    await make(sub_call(), "done", tools=[sub]).run("x")
    await sub.run("x")
    assert sees.seen == ["sub", "sub"]


async def test_an_agents_providers_live_as_long_as_the_manager(make: Make, pm: PluginManager, sees: Sees) -> None:
    """They are started up once, before the first run, and shut down with the plugins."""
    agent = make("one", "two", providers=[sees])
    assert sees.life == []
    await agent.run("x")
    await agent.run("x")
    assert sees.life == ["initialize"]
    await pm.aclose()
    assert sees.life == ["initialize", "aclose"]


async def test_an_agents_guard_guards_that_agent(make: Make) -> None:
    """Value hooks are scoped like events."""

    class Shouts:
        @hookimpl
        def agent_input(self, input: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"text": input["text"].upper()}

    loud, quiet = make("x", providers=[Shouts()]), make("x")
    await loud.run("hello")
    await quiet.run("hello")
    asked = [agent.model.requests[0].messages[-1].content for agent in (loud, quiet)]  # type: ignore[union-attr]
    assert asked == ["HELLO", "hello"]


async def test_an_agent_says_which_manager_serves_it(make: Make, pm: PluginManager, sees: Sees) -> None:
    """Its own manager or the process's; with providers of its own a scope of it, the same for all of its runs."""
    plain, own = make("x"), make("x", providers=[sees])
    assert plain.get_plugin_manager() is pm
    scope = own.get_plugin_manager()
    assert scope is own.get_plugin_manager()
    assert (scope.parent, scope.root, pm.root) == (pm, pm, pm)
    assert scope.get_plugin("sees") is sees
    await scope.startup()
    assert sees.life == ["initialize"]
    await own.run("x")
    assert sees.life == ["initialize"]
    set_plugin_manager(pm)
    assert Agent("free").get_plugin_manager() is pm


async def test_an_agent_may_leave_plugins_out(make: Make, pm: PluginManager, sees: Sees) -> None:
    """For its own runs; its sub-agents have them."""
    pm.register(sees)
    sub = make("helped", name="sub")
    await make(sub_call(), "done", tools=[sub], disabled=["sees"]).run("x")
    assert sees.seen == ["sub"]


async def test_a_plugin_that_comes_later_takes_part(make: Make, pm: PluginManager, sees: Sees) -> None:
    """In agents with plugins of their own, too, and when it goes it does not."""
    agent = make("one", "two", "three", providers=[Sees("own")])
    await agent.run("x")
    pm.register(sees)
    await agent.run("x")
    pm.unregister("sees")
    await agent.run("x")
    assert sees.seen == ["triage"]


async def test_a_name_that_nobody_has_is_refused(make: Make) -> None:
    """With the nearest one."""
    agent = make("x", disabled=["recoder"])
    with pytest.raises(PluginNotFoundError, match="'recoder'") as caught:
        await agent.run("x")
    assert "'recorder'" in caught.value.hint


# --- for a run ---


async def test_a_runs_providers_serve_its_sub_runs_too(make: Make, sees: Sees) -> None:
    """And no other run; they live as long as it does."""
    sub = make("helped", name="sub")
    agent = make(sub_call(), "done", "again", tools=[sub])
    await agent.run("x", providers=[sees])
    assert sees.seen == ["triage", "sub"]
    assert sees.life == ["initialize", "aclose"]
    await agent.run("x")
    assert sees.seen == ["triage", "sub"]


async def test_a_runs_providers_are_shut_down_however_it_ends(pm: PluginManager, sees: Sees) -> None:
    """A run that fails has ended like any other."""

    def fails(text: str) -> None:
        raise KeyError(text)

    agent = FunctionAgent(fails, plugins=pm)
    for _ in range(2):
        with pytest.raises(KeyError):
            await agent.run("x", providers=[sees])
    assert sees.life == ["initialize", "aclose"] * 2


async def test_a_run_may_leave_plugins_out(make: Make, pm: PluginManager, sees: Sees) -> None:
    """For its sub-runs, too."""
    pm.register(sees)
    sub = make("helped", name="sub")
    agent = make(sub_call(), "done", "again", tools=[sub])
    await agent.run("x", disabled=["sees"])
    assert sees.seen == []
    await agent.run("x")
    assert sees.seen == ["triage"]


async def test_an_agents_and_a_runs_providers_take_part_together(make: Make, sees: Sees) -> None:
    """Each in its own runs, and a sub-agent with its own, too."""
    own, subs = Sees("own"), Sees("subs")
    sub = make("helped", name="sub", providers=[subs])
    await make(sub_call(), "done", tools=[sub], providers=[own]).run("x", providers=[sees])
    assert (own.seen, subs.seen, sees.seen) == (["triage"], ["sub"], ["triage", "sub"])


async def test_the_tools_of_a_runs_providers_are_its_own(make: Make) -> None:
    """The next run does not have them."""

    def extra() -> str:
        return "extra"

    class Brings:
        @hookimpl
        def register_tools(self) -> list[Any]:
            return [extra]

    agent = make("one", "two")
    await agent.run("x", providers=[Brings()])
    await agent.run("x")
    assert isinstance(agent._model, ScriptedModel)
    assert [[each.name for each in request.tools] for request in agent._model.requests] == [["extra"], []]


async def test_what_is_no_plugin_is_refused(make: Make) -> None:
    """Before the run begins."""

    class Misspelt:
        @hookimpl
        def agent_strat(self) -> None: ...

    with pytest.raises(PluginValidationError, match="agent_strat"):
        await make("x").run("x", providers=[Misspelt()])


# --- which manager ---


async def test_a_sub_agent_takes_the_runs_plugins(pm: PluginManager, recorder: Recorder) -> None:
    """Where it names none of its own, whether it is called by a tool, by a function, or with a context."""
    sub = FunctionAgent(work, name="sub")

    async def plain(text: str) -> None:
        await sub.run("x")

    async def explicit(text: str, context: ExecutionContext) -> None:
        await sub.run("x", context=context)
        await sub.run("x", context=context.fork("other"))

    await FunctionAgent(plain, plugins=pm).run("x")
    await FunctionAgent(explicit, plugins=pm).run("x")
    assert [each.agent for each in recorder.all("agent_start")] == ["plain", "sub", "explicit", "sub", "sub"]


async def test_the_manager_of_a_run_goes_before_that_of_its_agent(pm: PluginManager, recorder: Recorder) -> None:
    """And that of the agent before that of the run around it."""
    other = PluginManager()
    sees = Sees()
    other.register(sees)
    own = FunctionAgent(work, name="own", plugins=other)

    async def around(text: str) -> None:
        await own.run("x")
        await own.run("x", plugins=pm)

    await FunctionAgent(around, plugins=pm).run("x")
    assert sees.seen == ["own"]
    assert [each.agent for each in recorder.all("agent_start")] == ["around", "own"]


async def test_at_the_top_the_process_has_its_manager(pm: PluginManager, recorder: Recorder) -> None:
    """Agents that are told nothing use it."""
    set_plugin_manager(pm)
    assert get_plugin_manager() is pm
    assert (await FunctionAgent(work).run("x")).output == "x"
    assert recorder.names() == ["agent_start", "agent_complete"]


async def test_a_context_says_which_plugins_take_part(pm: PluginManager) -> None:
    """During the run, and not after it."""
    seen: list[Any] = []

    def look(text: str, context: ExecutionContext) -> None:
        seen.append(context.plugins)

    result = await FunctionAgent(look, plugins=pm).run("x")
    assert seen == [pm]
    assert result.context.plugins is None


# --- installed plugins ---


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a plugin that is installed and disabled."""
    (tmp_path / "agentcore.toml").write_text('disabled = ["extra"]\n')
    (tmp_path / "extra_plugin.py").write_text(
        dedent("""\
        import agentcore

        @agentcore.hookimpl
        def agent_start(agent):
            print("extra saw", agent)
        """)
    )
    info = tmp_path / "extra-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[agentcore]\nextra = extra_plugin\n")
    return tmp_path


def run_script(folder: Path, script: str) -> str:
    """Run *script* in a process of its own, and return what it prints."""
    path = os.pathsep.join([str(folder), *(each for each in sys.path if each)])
    environment = {"PYTHONPATH": path, "PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("where", ["agent", "run"])
def test_an_installed_plugin_may_be_enabled_where_it_is_wanted(project: Path, where: str) -> None:
    """For one agent, or for one run with its sub-runs, although the configuration leaves it out."""
    script = f"""
        import sys
        from agentcore import FunctionAgent

        def work(text: str) -> str:
            assert ("extra_plugin" in sys.modules) == (text != "without")
            return text

        async def around(text: str) -> str:
            return (await FunctionAgent(work, name="sub").run("with")).output

        FunctionAgent(work, name="plain").run_sync("without")
        on_agent, on_run = ((["extra"], []), ([], ["extra"]))[{where == "run"}]
        agent = FunctionAgent(around, enabled=on_agent)
        agent.run_sync("x", enabled=on_run)
        FunctionAgent(work, name="plain").run_sync("x")
        """
    seen = ["extra saw around"] + ["extra saw sub"] * (where == "run")
    assert run_script(project, script).splitlines() == seen


def test_a_plugin_that_is_not_installed_cannot_be_enabled(make: Make, pm: PluginManager) -> None:
    """The error names it."""
    with pytest.raises(PluginNotFoundError, match="'no-such-plugin'"):
        make("x", enabled=["no-such-plugin"]).run_sync("x")
