"""The examples on the pages are run, and those of configurations are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from agentcore import load_settings, new_plugin_manager
from agentcore._agents.declared import declared_agent
from agentcore.errors import ConfigError

pytestmark = pytest.mark.providers

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("plugins/*/README.md"))]


def _blocks(language: str) -> dict[str, str]:
    """The blocks of a language on all pages, by page and number."""
    found: dict[str, str] = {}
    for page in PAGES:
        name = page.parent.name if page.name == "README.md" else page.name
        blocks = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        found |= {f"{name} {number}": each for number, each in enumerate(blocks, 1)}
    return found


def read(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the configuration *text* read as a program in *folder* would, plugins' tables included."""
    # A line of a project's table may stand alone.
    project = {"tool", "project", "dependencies"} & tomllib.loads(text).keys()
    path = folder / ("pyproject.toml" if project else "agentcore.toml")
    path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    for name in re.findall(r'"env:(\w+)"', text):
        monkeypatch.setenv(name, "a secret")
    settings = load_settings()
    for status in new_plugin_manager(settings).statuses():
        if isinstance(status.error, ConfigError):
            raise status.error
    for name, table in settings.agents.items():
        declared_agent(name, table, path=path, folder=folder, others=settings.agents)


CONFIGURATIONS = _blocks("toml")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_configuration(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keys are there and its values fit: agentcore's own, and those of the plugins of this repository."""
    read(CONFIGURATIONS[name], tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "text",
    [
        "modle = 'scripted:yes'",
        "hook_timeout = 'soon'",
        "[delivery.shipping]\nmode = 'sometimes'",
        "[tool.agentcore.plugins.metrics]\nretention = 90",
        "[plugins.vectorstore]\nembeder = 'none'",
        "[models.house]\nbase_ulr = 'http://127.0.0.1'",
        "[agents.triage]\ninput = 'ticket: strr'",
    ],
)
def test_a_wrong_configuration_is_found(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be it a key or a value, of agentcore, a plugin, a model or an agent."""
    with pytest.raises(ConfigError):
        read(text, tmp_path, monkeypatch)


def test_every_python_block_is_run() -> None:
    """None is in a language that nobody runs."""
    languages = {each for page in PAGES for each in re.findall(r"^```(\S+)", page.read_text("utf-8"), re.MULTILINE)}
    known = {"python", "toml", "sh", "shell", "console", "text", "{toctree}", "{include}"}
    assert languages <= known


def test_an_example_that_breaks_is_found(pytester: pytest.Pytester) -> None:
    """A page fails by its first block that does, and passes where all do."""
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    good, bad = "```python\nvalue = 1\n```\n\n```python\nassert value == 1\n```\n", "```python\nassert 1 == 2\n```\n"
    pytester.makefile(".md", good=good, bad=bad)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2, failed=1)
