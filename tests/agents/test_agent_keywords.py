"""Keywords of an agent that an installed package brings."""

import sys
from pathlib import Path

import pytest

from agentcore import Agent
from agentcore.errors import ConfigError
from agentcore.models import ScriptedModel


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that gives agents their memory, before any other one."""
    info = tmp_path / "remembering-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: remembering\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[agentcore.agent_keywords]\nmemory = remembering:Memory\n")
    (tmp_path / "remembering.py").write_text(
        "from agentcore import hookimpl\n"
        "seen = []\n"
        "class Memory:\n"
        "    name = 'memory'\n"
        "    def __init__(self, value):\n"
        "        self.value = value\n"
        "    @hookimpl\n"
        "    def agent_start(self, agent):\n"
        "        seen.append((agent, self.value))\n"
    )
    # Where the other installed plugins keep what they note.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "remembering", raising=False)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("value", [True, {"k": 5}], ids=str)
async def test_package_makes_a_plugin_of_the_value(value: bool | dict[str, int]) -> None:
    """It serves that agent alone."""
    import importlib

    await Agent("writer", model=ScriptedModel(["x"]), memory=value).run("go")
    await Agent("other", model=ScriptedModel(["x"]), memory=False).run("go")
    await Agent("third", model=ScriptedModel(["x"])).run("go")
    assert importlib.import_module("remembering").seen == [("writer", value)]


def test_keyword_that_nobody_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install, when the agent is declared."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: [])
    with pytest.raises(ConfigError, match="no installed package gives an agent its 'memory'") as caught:
        Agent("writer", memory=True)
    assert "agentcore-vectorstore" in caught.value.hint
