"""Agents that are declared in TOML."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentcore import DeclarativeAgent, Limits, PluginManager
from agentcore._agents.declared import declared_agent
from agentcore.errors import ConfigError
from agentcore.models import BuiltinModels
from agentcore.types import ModelSettings

HELPERS = '''
from pydantic import BaseModel


class Ticket(BaseModel):
    title: str


def search(query: str) -> str:
    """Search the handbook."""
    return query


number = 3
'''


@pytest.fixture(autouse=True)
def helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with a tool and a type, where declarations find it."""
    (tmp_path / "declared_helpers.py").write_text(HELPERS)
    (tmp_path / "declared_leaving.py").write_text("raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "declared_helpers", raising=False)


def declare(text: str, folder: Path, *, name: str = "triage") -> DeclarativeAgent:
    """Make the agent *name* of a file that declares agents."""
    path = folder / "agents.toml"
    path.write_text(text, encoding="utf-8")
    tables: Mapping[str, Any] = tomllib.loads(text)["agents"]
    return declared_agent(name, tables[name], path=path, folder=folder, others=tables)


def test_everything_can_be_declared(tmp_path: Path) -> None:
    """A declaration says what the constructor takes."""
    (tmp_path / "prompt.md").write_text("\ufeffSort the ticket.\n", encoding="utf-8")
    agent = declare(
        """
        [agents.triage]
        input = "ticket: Ticket, limit: int = 3"
        output = { label = "Literal['bug', 'question'] | what it is", "note?" = "str" }
        instructions_file = "prompt.md"
        model = "scripted:x"
        tools = ["declared_helpers:search"]
        types = { Ticket = "declared_helpers:Ticket" }
        settings = { temperature = 0, max_tokens = 50, stop = ["."], timeout = "2m", extra = { top_k = 1 } }
        limits = { steps = 3, tokens = 1000, timeout = "1.5s" }
        retries = 1
        enabled = []
        disabled = []
        """,
        tmp_path,
    )
    assert agent.name == "triage"
    assert agent.input_model is not None
    assert agent.input_model.model_fields["ticket"].annotation is sys.modules["declared_helpers"].Ticket
    assert agent.output_model is not None
    assert list(agent.output_model.model_fields) == ["label", "note"]
    assert agent.instructions == "Sort the ticket.\n"
    assert agent.model == "scripted:x"
    assert list(agent.tools) == ["search"]
    assert agent.settings == ModelSettings(temperature=0, max_tokens=50, stop=(".",), timeout=120, extra={"top_k": 1})
    assert agent.limits == Limits(steps=3, tokens=1000, timeout=1.5)
    assert agent.retries == 1


def test_nothing_must_be_declared(tmp_path: Path) -> None:
    """An empty table is an agent with the defaults of the constructor."""
    agent, usual = declare("[agents.triage]\n", tmp_path), DeclarativeAgent("triage")
    for attribute in ("instructions", "model", "settings", "limits", "retries", "tools"):
        assert getattr(agent, attribute) == getattr(usual, attribute)


def test_endless_times_are_no_limit(tmp_path: Path) -> None:
    """``"off"`` leaves no time limit."""
    agent = declare('[agents.triage]\nlimits.timeout = "off"\nsettings.timeout = "off"\n', tmp_path)
    assert (agent.limits.timeout, agent.settings.timeout) == (None, None)


async def test_a_declared_agent_is_another_ones_tool(tmp_path: Path) -> None:
    """Its answer is what the other's model is told, and its context is a child."""
    agent = declare(
        '[agents.triage]\ntools = ["helper"]\n[agents.helper]\nmodel = "scripted:from the helper"\n', tmp_path
    )
    plugins = PluginManager()
    plugins.register(BuiltinModels(), "models")
    helper = agent.tools["helper"]
    output = await helper.execute(helper.validate({"text": "x"}), _context(plugins))
    assert output.answer == "from the helper"


def _context(plugins: PluginManager) -> Any:
    from agentcore import ExecutionContext

    context = ExecutionContext("triage")
    context._scope = context.plugins = plugins
    return context


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("modle = 'x'", 2, ["unknown key 'modle'", "did you mean 'model'?"], id="key"),
        pytest.param("settings.temprature = 1", 2, ["did you mean 'temperature'?"], id="key-of-a-table"),
        pytest.param("limits.steps = 0", 2, ["greater than or equal to 1"], id="limit"),
        pytest.param("limits.timeout = 'soon'", 2, ["not a duration"], id="duration"),
        pytest.param("input = 3", None, ["input"], id="input"),
        pytest.param("model = 'x'\ninput = 'text: strr'", 3, ["unknown type 'strr'", "'str'"], id="input-type"),
        pytest.param("output = 'label: '", 2, ["agent 'triage'"], id="output-signature"),
        pytest.param("input = 'context: str'", 2, ["'context' is reserved"], id="reserved"),
        pytest.param("tools = 'x:y'", 2, ["must be a list", 'tools = ["…"]'], id="no-list"),
        pytest.param(
            "tools = ['no_such:it']", 2, ["tool 'no_such:it' cannot be imported", "package.module"], id="module"
        ),
        pytest.param("tools = ['declared_helpers:serch']", 2, ["AttributeError"], id="attribute"),
        pytest.param("tools = ['declared_leaving:it']", 2, ["SystemExit: 3"], id="leaves"),
        pytest.param("tools = ['declared_helpers:number']", 2, ["3 cannot be a tool"], id="no-tool"),
        pytest.param("tools = ['declared_helpers:search', 'declared_helpers:search']", 2, ["two tools"], id="twice"),
        pytest.param("tools = ['hepler']", 2, ["no agent 'hepler'", "did you mean 'helper'?"], id="agent"),
        pytest.param("tools = ['triage']", 2, ["in a circle: 'triage' -> 'triage'"], id="itself"),
        pytest.param("tools = ['user']", 4, ["in a circle: 'triage' -> 'user' -> 'triage'"], id="circle"),
        pytest.param("types = { Ticket = 'declared_helpers:number' }", 2, ["is not a type"], id="type"),
        pytest.param("types = { Ticket = 'no_such:it' }", 2, ["type 'no_such:it' cannot be imported"], id="no-type"),
        pytest.param("instructions_file = 'none.md'", 2, ["'none.md' cannot be read: No such file"], id="no-file"),
        pytest.param("instructions_file = 'latin.md'", 2, ["'latin.md' is not UTF-8"], id="encoding"),
        pytest.param("instructions_file = 'x'\ninstructions = 'y'", 2, ["keep one of them"], id="both"),
    ],
)
def test_a_declaration_that_cannot_be_used(tmp_path: Path, text: str, line: int | None, said: list[str]) -> None:
    """The error names the agent, the file and the line, and what to write."""
    (tmp_path / "latin.md").write_bytes(b"gr\xfcn")
    rest = "[agents.helper]\n[agents.user]\ntools = ['triage']\n"
    if line == 4:
        rest = "[agents.user]\ntools = ['triage']\n[agents.helper]\n"
    with pytest.raises(ConfigError) as caught:
        declare(f"[agents.triage]\n{text}\n{rest}", tmp_path)
    assert "triage" in caught.value.message or "user" in caught.value.message
    assert caught.value.path == tmp_path / "agents.toml"
    assert caught.value.line == line
    for words in said:
        assert words in str(caught.value)


def test_a_declaration_without_a_file(tmp_path: Path) -> None:
    """A table from elsewhere is one, too; its errors have no place."""
    assert declared_agent("triage", {"model": "scripted:x"}, folder=tmp_path).model == "scripted:x"
    with pytest.raises(ConfigError, match="unknown key 'modle'") as caught:
        declared_agent("triage", {"modle": "x"}, folder=tmp_path)
    assert caught.value.path is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("a.toml", "input = 3 =\n", ["a.toml:1:11", "not TOML"], id="toml"),
        pytest.param("a.toml", "name = 3\n", ["a.toml:1:1", "key 'name': must be a text"], id="name"),
        pytest.param("a.toml", "modle = 'x'\n", ["a.toml:1:1", "did you mean 'model'?"], id="key"),
        pytest.param("a.toml", "agents = 3\n", ["a.toml:1:1", "must hold a table for each"], id="agents"),
        pytest.param("a.toml", "agents.x = 3\n", ["a.toml:1:1", "must hold a table for each"], id="agent"),
        pytest.param("a.toml", "model = 'x'\n[agents.a]\n", ["a.toml:1:1", "'model' stands beside"], id="beside"),
        pytest.param("pyproject.toml", "[project]\nname = 'x'\n", ["[tool.agentcore]"], id="other-pyproject"),
    ],
)
def test_a_file_that_cannot_be_used(invoke: Any, project: Path, name: str, text: str, said: list[str]) -> None:
    """What is wrong is told with its line and column."""
    (project / name).write_text(text)
    result = invoke("run", name, "-i", "x")
    assert (result.stdout, result.exit_code) == ("", 2)
    for words in said:
        assert words in result.stderr


def test_agents_of_a_pyproject_file(invoke: Any, project: Path) -> None:
    """[tool.agentcore.agents.<name>] is a declaration as any other."""
    (project / "pyproject.toml").write_text(
        "[tool.agentcore]\nstrict = false\n[tool.agentcore.agents.a]\nmodel = 'scripted:y'\n"
    )
    assert invoke("run", "pyproject.toml:a", "-i", "x").stdout == "y\n"
    assert invoke("run", "a", "-i", "x").stdout == "y\n"
