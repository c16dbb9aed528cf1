"""``agentcore plugins``, and the commands that plugins add."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

GOOD = '''
"""A plugin that writes down what it sees."""

from pathlib import Path

from agentcore import hookimpl
from pydantic import BaseModel


class Config(BaseModel):
    """What it can be told."""

    level: int = 3
    "How much."
    password: str = "none"


Path("imported").touch()


@hookimpl
def agent_start(agent):
    write(f"start {agent}")


@hookimpl
def agent_error(outcome):
    write(f"error {outcome}")


@hookimpl
def agentcore_shutdown():
    write("shutdown")


def write(line):
    with Path("seen").open("a") as file:
        file.write(f"{line}\\n")
'''

STARTING = """
from pathlib import Path
from agentcore import hookimpl


@hookimpl
def agentcore_startup(plugins):
    (plugins.state_dir / "seen").write_text("startup\\n")


@hookimpl
def agentcore_shutdown(plugins):
    with (plugins.state_dir / "seen").open("a") as file:
        file.write("shutdown\\n")
"""

COMMANDS = """
import click
from agentcore import hookimpl


@click.command("hello")
@click.pass_obj
def hello(plugins):
    "Greet from a plugin."
    click.echo(f"hello from {sorted(each.name for each in plugins.statuses())} in {plugins.state_dir.name}")


@click.command("quit")
def quit_():
    raise click.ClickException("not today\\nhint: tomorrow.")


@click.command("count")
def count():
    return 7


@hookimpl
def register_commands():
    return [hello, quit_, count]
"""

RAISING = "raise ValueError('it is broken')\n"
GUARD = "from agentcore import hookimpl\nimport no_such_module\n@hookimpl\ndef tool_call(call):\n    return None\n"


def seen(project: Path) -> list[str]:
    return (project / "seen").read_text().splitlines()


def listed(result: Any) -> dict[str, dict[str, Any]]:
    assert result.returncode == 0, result.stderr
    return {each["name"]: each for each in json.loads(result.stdout)}


# --- the list ---


def test_the_list_of_plugins(command: Any, install: Any) -> None:
    """Each plugin has its name, status, version, distribution, load time, hooks and, where it failed, the error."""
    install("good", GOOD)
    install("bad", RAISING)
    result = command("plugins")
    assert result.returncode == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    for words in ("loaded", "1.2.3", "good-package", " ms", "agent_start, agent_error, agentcore_shutdown"):
        assert words in rows["good"]
    for words in ("failed", "bad-package", "at import: ValueError: it is broken"):
        assert words in rows["bad"]
    assert "resolve_model" in rows["agentcore.models"]


def test_the_list_for_programs(command: Any, install: Any) -> None:
    """--json has all of a status."""
    install("good", GOOD)
    install("bad", RAISING)
    plugins = listed(command("plugins", "--json"))
    good, bad = plugins["good"], plugins["bad"]
    assert (good["status"], good["version"], good["error"], good["required"]) == ("loaded", "1.2.3", None, False)
    assert good["hooks"] == ["agent_start", "agent_error", "agentcore_shutdown"]
    assert good["load_time"] > 0
    assert (bad["status"], bad["stage"]) == ("failed", "import")
    assert bad["error"] == {"type": "ValueError", "message": "it is broken"}


def test_a_required_plugin_that_is_not_there_is_listed(command: Any, project: Path) -> None:
    """With who requires it, said once; and stderr says what that means for runs."""
    (project / "agentcore.toml").write_text('required = ["house_audit"]\n')
    result = command("plugins")
    assert result.returncode == 0
    assert "required: required" not in result.stdout
    assert "required in" in " ".join(result.stdout.split())
    assert (
        "no agent can run, unless the program registers it: no plugin named 'house_audit' is installed" in result.stderr
    )


def test_the_list_by_hook(command: Any, install: Any) -> None:
    """--hook leaves those that implement it; a name that is no hook's is refused."""
    install("good", GOOD)
    assert list(listed(command("plugins", "--hook", "agent_start", "--json"))) == ["good"]
    result = command("plugins", "--hook", "agent_strat")
    assert result.returncode == 2
    assert "did you mean 'agent_start'?" in result.stderr


def test_a_plugin_that_fails_at_startup_is_listed_as_failed(command: Any, install: Any, project: Path) -> None:
    """With --start, what would fail when a run begins is seen in the list; the others are shut down again."""
    install(
        "late",
        "from agentcore import hookimpl\n@hookimpl\ndef agentcore_startup():\n    raise OSError('no disk')\n",
    )
    install("steady", STARTING)
    plugins = listed(command("plugins", "--start", "--json"))
    late, steady = plugins["late"], plugins["steady"]
    assert (late["status"], late["stage"]) == ("failed", "setup")
    assert late["error"] == {"type": "OSError", "message": "no disk"}
    assert steady["status"] == "loaded"
    assert seen(project / ".agentcore") == ["startup", "shutdown"]
    assert listed(command("plugins", "--json"))["late"]["status"] == "loaded"
    assert "'late'" in command("plugins", "--start").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("plugins",), id="list"),
        pytest.param(("plugins", "--hook", "agentcore_startup"), id="list-by-hook"),
        pytest.param(("plugins", "info", "steady"), id="info"),
        pytest.param(("plugins", "order", "agentcore_startup"), id="order"),
        pytest.param(("hooks",), id="hooks"),
        pytest.param(("doctor",), id="doctor"),
        pytest.param(("--help",), id="help"),
    ],
)
def test_looking_leaves_no_trace(command: Any, install: Any, project: Path, arguments: tuple[str, ...]) -> None:
    """What only tells something starts no plugin up, and makes neither a file nor the state folder."""
    install("steady", STARTING)
    (project / "agentcore.toml").write_text('model = "scripted:x"\n')
    before = sorted(project.iterdir())
    result = command(*arguments)
    assert result.returncode == 0, result.stderr
    assert sorted(project.iterdir()) == before


@pytest.mark.parametrize(
    ("config", "env", "flags", "reason"),
    [
        pytest.param('disabled = ["good"]\n', {}, (), "agentcore.toml", id="file"),
        pytest.param("", {"AGENTCORE_DISABLED_PLUGINS": "good"}, (), "AGENTCORE_DISABLED_PLUGINS", id="environment"),
        pytest.param("", {}, ("-p", "no:good"), "-p no:good", id="flag"),
    ],
)
def test_a_disabled_plugin_is_not_imported(
    command: Any, install: Any, project: Path, config: str, env: dict[str, str], flags: tuple[str, ...], reason: str
) -> None:
    """Its module is left alone, whether it is listed or an agent runs, and the list says who disabled it."""
    install("good", GOOD)
    (project / "agentcore.toml").write_text(config)
    before = listed(command(*flags, "plugins", "--json", env=env))["good"]
    after = listed(command("plugins", "--json", *flags, env=env))["good"]
    assert before == after
    assert before["status"] == "disabled"
    assert reason in before["reason"]
    assert command("run", "crew:echo", "-i", "x", *flags, env=env).returncode == 0
    assert "it is disabled" in command("plugins", "info", "good", *flags, env=env).stdout
    assert not (project / "imported").exists()


def test_another_configuration_file(command: Any, install: Any, project: Path) -> None:
    """--config names the file, before the command's name or after it."""
    install("good", GOOD)
    (project / "other.toml").write_text('disabled = ["good"]\n')
    for arguments in (("--config", "other.toml", "plugins", "--json"), ("plugins", "--json", "--config", "other.toml")):
        assert listed(command(*arguments))["good"]["status"] == "disabled"
    assert command("--config", "none.toml", "plugins").returncode == 2


def test_what_plugins_print_is_not_the_result(command: Any, install: Any) -> None:
    """It goes to stderr, wherever they print it."""
    install(
        "chatty",
        "import click\nfrom agentcore import hookimpl\nprint('imported')\n"
        "@hookimpl\ndef agentcore_startup():\n    print('started')\n"
        "@hookimpl\ndef register_commands():\n    print('asked')\n    return [click.Command('quiet')]\n",
    )
    result = command("plugins", "--start", "--json")
    assert "chatty" in listed(result)
    assert result.stderr.split() == ["imported", "started"]
    assert command("quiet").stdout == ""
    assert json.loads(command("doctor", "--json").stdout)["ok"]


def test_a_narrow_terminal(start: Any, install: Any, screen: Any) -> None:
    """Where the table would break words, each plugin has lines of its own."""
    install("good", GOOD)
    screen.resize(columns=50)
    with start("plugins", stdout=screen.descriptor) as process:
        shown = screen.shown().decode().split("\r\n")
        assert process.wait(60) == 0
    begin = shown.index("good")
    assert shown[begin : begin + 4] == [
        "good",
        "  status        loaded",
        "  version       1.2.3",
        "  distribution  good-package",
    ]
    assert "  hooks         agent_start, agent_error," in shown
    assert "                agentcore_shutdown" in shown
    assert shown[begin - 1] == ""
    assert max(map(len, shown)) <= 50


# --- one plugin's config ---


def test_the_config_of_a_plugin(command: Any, install: Any, project: Path) -> None:
    """info shows each key with its type, default and value; secrets are hidden."""
    install("good", GOOD)
    (project / "agentcore.toml").write_text('[plugins.good]\nlevel = 5\npassword = "hunter2"\n')
    result = command("plugins", "info", "good")
    assert result.returncode == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["level", "int", "3", "5"] in rows
    assert "[tool.agentcore.plugins.good]" in result.stdout
    assert "hunter2" not in result.stdout + command("plugins", "info", "good", "--json").stdout


def test_the_config_of_a_plugin_for_programs(command: Any, install: Any) -> None:
    """--json has the status with the rows of the config."""
    install("good", GOOD)
    record = json.loads(command("plugins", "info", "good", "--json").stdout)
    assert record["status"] == "loaded"
    level = record["config"][0]
    assert (level["name"], level["default"], level["value"]) == ("level", "3", "3")


def test_the_config_of_a_plugin_that_refused_it(command: Any, install: Any, project: Path) -> None:
    """A plugin whose config does not fit still says what would."""
    install("good", GOOD)
    (project / "agentcore.toml").write_text("[plugins.good]\nlevle = 5\n")
    result = command("plugins", "info", "good")
    assert "unknown key 'levle'" in result.stdout
    assert "did you mean 'level'?" in result.stdout
    assert ["level", "int", "3"] in [line.split() for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        pytest.param("bad", RAISING, "is not known: ValueError: it is broken", id="broken"),
        pytest.param("plain", "", "takes no config", id="without"),
    ],
)
def test_a_plugin_without_a_config(command: Any, install: Any, name: str, source: str, said: str) -> None:
    """info says why there is nothing to show."""
    install(name, source)
    assert said in command("plugins", "info", name).stdout


def test_info_on_an_unknown_plugin(command: Any, install: Any) -> None:
    """The nearest name is told."""
    install("good", GOOD)
    result = command("plugins", "info", "godo")
    assert result.returncode == 2
    assert "did you mean 'good'?" in result.stderr


# --- the order of a hook ---


def test_the_order_of_a_hook(command: Any, install: Any, project: Path) -> None:
    """order tells who runs when, and why."""
    for name in ("one", "two", "three"):
        mark = "(tryfirst=True)" if name == "one" else ""
        install(name, f"from agentcore import hookimpl\n@hookimpl{mark}\ndef agent_start(): ...\n")
    places = json.loads(command("plugins", "order", "agent_start", "--json").stdout)
    assert [place["position"] for place in places] == [1, 2, 3]
    assert (places[0]["plugin"], places[0]["reason"]) == ("one", "tryfirst")
    (project / "agentcore.toml").write_text('[hooks.agent_start]\norder = ["three", "one"]\n')
    lines = command("plugins", "order", "agent_start").stdout.splitlines()
    assert lines[1].split() == ["1", "three", "the", "config's", "order"]


def test_the_order_of_a_hook_that_nobody_implements(command: Any) -> None:
    """That is said on stderr, and is no failure."""
    result = command("plugins", "order", "agent_start")
    assert (result.stdout, result.returncode) == ("", 0)
    assert "no plugin implements 'agent_start'" in result.stderr


# --- plugins that are broken ---


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("plugins",), id="list"),
        pytest.param(("plugins", "info", "guard"), id="info"),
        pytest.param(("plugins", "order", "agent_start"), id="order"),
        pytest.param(("hooks",), id="hooks"),
        pytest.param(("--help",), id="help"),
    ],
)
def test_commands_that_work_without_a_required_plugin(
    command: Any, install: Any, project: Path, arguments: tuple[str, ...]
) -> None:
    """What helps to mend a required plugin works while it is broken."""
    install("guard", GUARD)
    (project / "agentcore.toml").write_text('required = ["guard"]\n')
    assert command(*arguments).returncode == 0


@pytest.mark.parametrize("config", ['required = ["guard"]\n', ""], ids=["required", "guard"])
def test_no_agent_runs_without_a_required_plugin(command: Any, install: Any, project: Path, config: str) -> None:
    """A run refuses to start without a plugin that is required, or that would guard it, and names it."""
    install("guard", GUARD)
    (project / "agentcore.toml").write_text(config)
    result = command("run", "crew:echo", "-i", "x")
    assert (result.stdout, result.returncode) == ("", 1)
    assert "the required plugin 'guard'" in result.stderr
    assert "No module named 'no_such_module'" in result.stderr
    assert "no agent can run: the required plugin 'guard'" in command("plugins").stderr


def test_no_agent_runs_with_middleware_that_cannot_be_made(invoke: Any, project: Path) -> None:
    """With --start the list says so, and is given all the same."""
    (project / "agentcore.toml").write_text('middleware = ["no_such_module:it"]\n')
    result = invoke("plugins", "--start")
    assert result.exit_code == 0
    assert "agentcore.models" in result.stdout
    assert "warning: no agent can run: " in result.stderr
    assert "the middleware 'no_such_module:it' cannot be made" in result.stderr


def test_a_broken_plugin_leaves_the_run_alone(command: Any, install: Any, project: Path) -> None:
    """The others take part, and the answer comes."""
    install("bad", RAISING)
    install("good", GOOD)
    assert command("run", "crew:echo", "-i", "x").stdout == "X\n"
    assert seen(project) == ["start echo", "shutdown"]


# --- shutting down ---


def test_plugins_are_shut_down_after_a_failure(command: Any, install: Any, project: Path) -> None:
    """What a plugin holds is written when a run fails."""
    install("good", GOOD)
    command("run", "crew:divider", "-i", "0")
    assert seen(project) == ["start divide", "error error", "shutdown"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, id="ctrl-c"), pytest.param(signal.SIGTERM, 143, id="sigterm")]
)
def test_plugins_are_shut_down_after_an_interruption(
    start: Any, install: Any, project: Path, number: int, code: int
) -> None:
    """What a plugin holds is written when the command is interrupted, and the run has its end."""
    install("good", GOOD)
    (project / "waiting.py").write_text(
        "import asyncio\nfrom agentcore import FunctionAgent\n"
        "async def wait(text: str) -> str:\n    print('began')\n    await asyncio.Event().wait()\n"
        "agent = FunctionAgent(wait)\n"
    )
    with start("run", "waiting.py", "-i", "x") as process:
        assert process.stderr.readline() == b"began\n"
        process.send_signal(number)
        assert process.wait(60) == code
        assert process.stdout.read() == b""
        assert b"Traceback" not in process.stderr.read()
    assert seen(project) == ["start wait", "error cancelled", "shutdown"]


# --- commands of plugins ---


def test_a_plugin_adds_commands(command: Any, install: Any) -> None:
    """They are in the help and can be used; the plugin manager is what they are passed."""
    install("greeter", COMMANDS)
    added = command("--help").stdout.partition("Commands of plugins:")[2]
    assert ["hello", "Greet", "from", "a", "plugin."] in [line.split() for line in added.splitlines()]
    result = command("hello")
    assert result.returncode == 0
    assert "'greeter'" in result.stdout
    assert "in .agentcore" in result.stdout


def test_a_plugins_command_that_fails(command: Any, install: Any) -> None:
    """Its error looks like any other; what it returns is no exit code."""
    install("greeter", COMMANDS)
    result = command("quit")
    assert (result.returncode, result.stderr) == (1, "error: not today\nhint: tomorrow.\n")
    assert command("count").returncode == 0


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        pytest.param("[click.Command('run')]", "the command 'run', which is built in", id="built-in"),
        pytest.param("[click.Command('hello')]", "which plugin 'greeter' adds already", id="other-plugin"),
        pytest.param("[click.Command(None)]", "a command without a name", id="nameless"),
        pytest.param("[3]", "3 as a command, which is 'int'", id="no-command"),
        pytest.param("1 / 0", "plugin 'an' failed in 'register_commands': ZeroDivisionError", id="raises"),
        pytest.param("'text'", "plugin 'an' failed in 'register_commands': TypeError", id="nonsense"),
    ],
)
def test_a_command_that_cannot_be_added(command: Any, install: Any, returned: str, said: str) -> None:
    """It is reported and left out, and the others are there."""
    install("greeter", COMMANDS)
    install(
        "an",
        f"import click\nfrom agentcore import hookimpl\n@hookimpl\ndef register_commands():\n    return {returned}\n",
    )
    result = command("hello")
    assert "hello from" in result.stdout
    assert said in result.stderr


PRINTING = """
import click
from agentcore import hookimpl


@click.command("say")
def say():
    print("something")


@hookimpl
def register_commands():
    return [say]
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_plugins_command_whose_output_cannot_be_written(start: Any, install: Any) -> None:
    """What is left in the buffer at the end counts, too."""
    install("printer", PRINTING)
    with Path("/dev/full").open("wb") as device, start("say", stdout=device) as process:
        said = process.stderr.read().decode()
        assert (process.wait(60), said) == (1, "error: the results cannot be written: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are another matter there")
def test_a_plugins_command_whose_output_nobody_reads(start: Any, install: Any) -> None:
    """A closed pipe ends it quietly."""
    install("printer", PRINTING)
    with start("say") as process:
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (141, b"")


def test_an_unknown_command(command: Any, install: Any) -> None:
    """The nearest command is told, and the plugins that might have brought it and failed."""
    install("greeter", COMMANDS)
    install("bad", RAISING)
    result = command("helo")
    assert result.returncode == 2
    assert "there is no command 'helo'; did you mean 'hello'?" in result.stderr
    assert "not loaded, and its commands with it: 'bad'" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--version",), id="version"),
        pytest.param(("hooks",), id="hooks"),
        pytest.param(("run", "--help"), id="help-of-a-command"),
    ],
)
def test_plugins_are_loaded_only_where_they_are_needed(
    command: Any, install: Any, project: Path, arguments: tuple[str, ...]
) -> None:
    """Commands that need no plugin load none."""
    install("good", GOOD)
    assert command(*arguments).returncode == 0
    assert not (project / "imported").exists()


def test_help_where_the_configuration_is_broken(command: Any, install: Any, project: Path) -> None:
    """The built-in commands are listed, with a warning; a command that may be a plugin's says what is wrong."""
    (project / "agentcore.toml").write_text("x = \n")
    result = command("--help")
    assert result.returncode == 0
    assert "run " in result.stdout
    assert "plugins' commands are not listed" in result.stderr
    assert "agentcore.toml:1:" in result.stderr
    assert command("hello").returncode == 2


FAULTS = {
    "raises": ("    raise ValueError('broken')", "ValueError", "broken"),
    "hangs": ("    import asyncio\n    await asyncio.Event().wait()", "HookTimeoutError", "within 0.2 s"),
    "cancels": ("    import asyncio\n    raise asyncio.CancelledError", "CancelledError", ""),
    "exits": ("    import sys\n    sys.exit(3)", "SystemExit", "3"),
}


def test_what_failed_in_a_run_is_listed_afterwards(command: Any, install: Any, project: Path) -> None:
    """A later process sees which plugin failed in which hook, however it did; runs and other plugins were unharmed."""
    (project / "agentcore.toml").write_text("hook_timeout = 0.2\n")
    for name, (body, *_) in FAULTS.items():
        install(name, f"from agentcore import hookimpl\n@hookimpl\nasync def agent_start():\n{body}\n")
    install(
        "late", "from agentcore import hookimpl\n@hookimpl\ndef agentcore_startup():\n    raise OSError('no disk')\n"
    )
    install("good", GOOD)
    assert listed(command("plugins", "--json"))["raises"]["logged"] == []
    for _ in range(2):
        result = command("run", "crew:echo", "-i", "x")
        assert result.returncode == 0, result.stderr
    found = listed(command("plugins", "--json"))
    assert found["good"]["logged"] == []
    (late,) = found["late"]["logged"]
    assert (late["hook"], late["type"], late["message"]) == ("setup", "OSError", "no disk")
    for name, (_, error, message) in FAULTS.items():
        (failure,) = found[name]["logged"]
        assert (failure["hook"], failure["type"]) == ("agent_start", error)
        assert message in failure["message"]
    assert "failed in" in command("plugins").stdout
    told = command("plugins", "info", "raises").stdout
    assert re.search(r"failed in agent_start \d+ s ago: ValueError: broken", told)
