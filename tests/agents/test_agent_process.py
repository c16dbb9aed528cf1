"""The manager of the process: what is installed and configured, for agents that are told nothing else."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import pytest

import agentcore
from agentcore import PluginManager, Settings, get_plugin_manager, hookimpl, new_plugin_manager, set_plugin_manager
from agentcore.errors import ConfigError, PluginLoadError, PluginNotFoundError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: an empty one, in which nothing that is installed is loaded."""
    for name in [each for each in os.environ if each.startswith("AGENTCORE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AGENTCORE_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Closes:
    """Keeps its shutdowns."""

    def __init__(self) -> None:
        self.closed = 0

    @hookimpl
    def agentcore_startup(self) -> None: ...

    @hookimpl
    async def agentcore_shutdown(self) -> None:
        self.closed += 1


def test_there_is_one_manager(folder: Path) -> None:
    """Made at the first call, and the same from then on, on any thread."""
    made: list[PluginManager] = []
    threads = [threading.Thread(target=lambda: made.append(get_plugin_manager())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [get_plugin_manager()] * 4


def test_another_manager_may_take_its_place(folder: Path) -> None:
    """None has a new one made at the next use."""
    mine = PluginManager()
    set_plugin_manager(mine)
    assert get_plugin_manager() is mine
    set_plugin_manager(None)
    assert get_plugin_manager() is not mine


def test_a_manager_of_ones_own_has_the_built_in_models() -> None:
    """And what the settings say."""
    pm = new_plugin_manager(Settings(autoload=False))
    assert [each.name for each in pm.statuses() if each.status == "loaded"] == ["agentcore.models"]


def test_the_configuration_of_the_folder_holds(folder: Path) -> None:
    """It is read when the manager is made."""
    (folder / "agentcore.toml").write_text('model = "scripted:hello"\n')
    assert get_plugin_manager().settings.model == "scripted:hello"
    assert agentcore.Agent("triage").run_sync("x").output.answer == "hello"


def test_a_configuration_that_cannot_be_used_is_an_error_each_time(folder: Path) -> None:
    """Until it is mended."""
    config = folder / "agentcore.toml"
    config.write_text("model = \n")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"agentcore\.toml:1:"):
            get_plugin_manager()
    config.write_text("")
    assert get_plugin_manager().settings.model is None


def test_a_model_that_is_configured_wrongly_is_an_error(folder: Path) -> None:
    """It names the key at fault."""
    (folder / "agentcore.toml").write_text('[models.mine]\nserver = "openai"\nmodle = "x"\n')
    with pytest.raises(ConfigError, match="modle"):
        get_plugin_manager()


def test_a_configured_model_is_known_by_its_name(folder: Path) -> None:
    """In the hint about an unknown one, too."""
    (folder / "agentcore.toml").write_text('[models.house]\nserver = "openai"\nmodel = "x"\n')
    with pytest.raises(LookupError, match="did you mean 'house'"):
        agentcore.Agent("triage", model="hause").run_sync("x")


class Notes:
    """Keeps the agents that ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    @hookimpl
    def agent_start(self, agent: str) -> None:
        self.ran.append(agent)


def test_a_required_plugin_that_is_not_there_stops_every_run(folder: Path) -> None:
    """No agent runs without it, however often it is tried."""
    (folder / "agentcore.toml").write_text('required = ["notes"]\nmodel = "scripted:hello"\n')
    notes = Notes()
    get_plugin_manager().register(notes, "others")
    for _ in range(2):
        with pytest.raises(PluginNotFoundError, match=r"'notes' is installed \(required in .*agentcore\.toml\)"):
            agentcore.Agent("triage").run_sync("x")
    assert notes.ran == []


def test_a_program_may_register_what_it_requires(folder: Path) -> None:
    """Until its first run has begun there is time for it, also after a run that was refused."""
    (folder / "agentcore.toml").write_text('required = ["notes"]\nmodel = "scripted:hello"\n[delivery.notes]\n')
    agent = agentcore.Agent("triage")
    with pytest.raises(PluginNotFoundError):
        agent.run_sync("x")
    notes = Notes()
    get_plugin_manager().register(notes, "notes")
    assert agent.run_sync("x").output.answer == "hello"
    assert notes.ran == ["triage"]


def test_what_a_program_requires_and_registers_may_still_fail(folder: Path) -> None:
    """Then it does not run."""
    (folder / "agentcore.toml").write_text('required = ["fragile"]\nmodel = "scripted:hello"\n')

    class Fragile:
        @hookimpl
        def agentcore_startup(self) -> None:
            raise ConnectionError("no database")

    get_plugin_manager().register(Fragile(), "fragile")
    with pytest.raises(PluginLoadError, match="'fragile' .* failed at setup: ConnectionError: no database"):
        agentcore.Agent("triage").run_sync("x")


def test_a_required_plugin_that_cannot_be_loaded_stops_the_program(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once and each time: nothing that the program might register mends it."""
    monkeypatch.syspath_prepend(folder)
    (folder / "broken_guard.py").write_text("raise ValueError('broken')\n")
    (folder / "agentcore.toml").write_text('required = ["broken_guard"]\n')
    for _ in range(2):
        with pytest.raises(PluginLoadError, match="'broken_guard' .* failed at import: ValueError: broken"):
            get_plugin_manager()


async def test_closing_shuts_the_plugins_down(folder: Path) -> None:
    """And nothing where there is no manager."""
    await agentcore.aclose()
    plugin = Closes()
    get_plugin_manager().register(plugin)
    await get_plugin_manager().startup()
    await agentcore.aclose()
    await agentcore.aclose()
    assert plugin.closed == 1


def test_the_folder_of_what_plugins_keep_is_made(folder: Path) -> None:
    """Beside the configuration, with or without a manager; it hides itself from git."""
    (folder / "agentcore.toml").write_text("")
    assert agentcore.state_dir() == folder / ".agentcore"
    assert (folder / ".agentcore" / ".gitignore").read_text().startswith("*")
    get_plugin_manager()
    assert agentcore.state_dir() == folder / ".agentcore"


def test_the_folder_is_that_of_the_managers_settings(folder: Path) -> None:
    """Where the program chose them."""
    set_plugin_manager(PluginManager(Settings(state_dir=folder / "kept")))
    assert agentcore.state_dir() == folder / "kept"
    assert (folder / "kept").is_dir()


# --- at the end of the program ---


def run_program(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(each for each in sys.path if each)
    return subprocess.run(
        [sys.executable, "-c", dedent(program)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SAYS_GOODBYE = """
    import agentcore
    from agentcore.models import ScriptedModel

    class Says:
        @agentcore.hookimpl
        async def agentcore_startup(self):
            print("hello")

        @agentcore.hookimpl
        async def agentcore_shutdown(self):
            print("goodbye")

    agent = agentcore.Agent("triage", model=ScriptedModel.repeating("done"))
"""


@pytest.mark.parametrize(
    "use",
    [
        "agentcore.get_plugin_manager().register(Says())",
        "pm = agentcore.PluginManager(); pm.register(Says()); agentcore.set_plugin_manager(pm)",
        "agentcore.get_plugin_manager(); pm = agentcore.PluginManager(); pm.register(Says());"
        " agentcore.set_plugin_manager(pm)",
    ],
    ids=["made", "set", "set after another"],
)
def test_plugins_are_shut_down_when_the_interpreter_exits(folder: Path, use: str) -> None:
    """Once, whoever made the manager."""
    done = run_program(folder, f"{dedent(SAYS_GOODBYE)}\n{use}\nprint(agent.run_sync('x').output.answer)\n")
    assert done.stdout.split() == ["hello", "done", "goodbye"]
    assert done.stderr == ""


def test_plugins_are_shut_down_after_an_error(folder: Path) -> None:
    """A program that fails has ended, too."""
    use = "agentcore.get_plugin_manager().register(Says())"
    done = run_program(folder, f"{dedent(SAYS_GOODBYE)}\n{use}\nagent.run_sync('x')\nraise SystemExit(3)\n")
    assert done.stdout.split() == ["hello", "goodbye"]
    assert done.returncode == 3


def test_plugins_that_were_closed_are_not_closed_again(folder: Path) -> None:
    """The program did it in time."""
    use = "agentcore.get_plugin_manager().register(Says())"
    end = "import asyncio\nagent.run_sync('x')\nasyncio.run(agentcore.aclose())\nprint('end')"
    done = run_program(folder, f"{dedent(SAYS_GOODBYE)}\n{use}\n{end}\n")
    assert done.stdout.split() == ["hello", "goodbye", "end"]


def test_a_manager_that_was_taken_away_is_not_closed(folder: Path) -> None:
    """It is whoever's who took it."""
    use = "agentcore.get_plugin_manager().register(Says())\nagent.run_sync('x')\nagentcore.set_plugin_manager(None)"
    done = run_program(folder, f"{dedent(SAYS_GOODBYE)}\n{use}\n")
    assert done.stdout.split() == ["hello"]


def test_what_cannot_be_closed_does_not_spoil_the_exit(folder: Path) -> None:
    """It is logged, and the program's exit code is its own."""
    program = """
        import agentcore

        class Broken(agentcore.PluginManager):
            async def aclose(self):
                raise ZeroDivisionError("stuck")

        agentcore.set_plugin_manager(Broken())
        """
    done = run_program(folder, program)
    assert done.returncode == 0
    assert done.stderr.strip() == "shutting down the plugins failed: ZeroDivisionError: stuck"
