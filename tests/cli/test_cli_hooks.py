"""``agentcore hooks``, and the command itself."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from agentcore._cli.failures import ended
from agentcore._cli.messages import plain_messages, set_verbosity
from agentcore._cli.program import program
from agentcore._plugins import SPECIFICATIONS


def test_the_catalogue(invoke: Any) -> None:
    """Every hook is there with its kind and summary, in the order of a run."""
    lines = invoke("hooks").stdout.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names == ["hook", *SPECIFICATIONS]
    assert ["agent_start", "event", "a", "run", "begins."] in [line.split() for line in lines]


def test_the_catalogue_for_programs(invoke: Any) -> None:
    """--json has arguments, signature and contract as well."""
    hooks = {each["name"]: each for each in json.loads(invoke("hooks", "--json").stdout)}
    assert list(hooks) == list(SPECIFICATIONS)
    hook = hooks["tool_call"]
    assert (hook["kind"], hook["arguments"]) == ("value", ["context", "call"])
    assert hook["signature"] == "tool_call(context: ExecutionContext, call: ToolCall) -> ToolCall | None"
    assert hook["contract"].startswith(hook["contract"][:1] + "alue hook: a tool that the model asks for")


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_the_contract_of_a_hook(invoke: Any, name: str) -> None:
    """It is printed whole, as text without markup."""
    text = invoke("hooks", name).stdout
    assert f"{name}(" in text
    assert "``" not in text
    assert ":class:" not in text
    assert ":func:" not in text
    assert json.loads(invoke("hooks", name, "--json").stdout)["contract"] in text


def test_an_unknown_hook(invoke: Any) -> None:
    """The nearest one is told."""
    result = invoke("hooks", "tool_exec")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert "did you mean 'tool_execute'?" in result.stderr


# --- the command itself ---


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["nothing", "help"])
def test_help(invoke: Any, arguments: tuple[str, ...]) -> None:
    """Without a command there is help."""
    result = invoke(*arguments)
    assert result.exit_code == 0
    for name in ("doctor", "hooks", "plugins", "run"):
        assert f"\n  {name} " in result.stdout


def test_the_version(invoke: Any) -> None:
    """--version prints the name and the version."""
    assert invoke("--version").stdout.startswith("agentcore ")


def test_the_version_of_a_source_tree(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no package is installed there is no version to tell."""

    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert invoke("--version").stdout == "agentcore (not installed as a package)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("plugns",), "there is no command 'plugns'; did you mean 'plugins'?", id="slip"),
        pytest.param(("zzz",), "there is no command 'zzz'\n", id="like-no-other"),
        pytest.param(("--zzz",), "No such option", id="option"),
    ],
)
def test_a_command_that_there_is_not(invoke: Any, arguments: tuple[str, ...], said: str) -> None:
    """It is refused with 2, and with the nearest one."""
    result = invoke(*arguments)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert said in result.stderr
    assert result.stderr.endswith("hint: see 'agentcore --help'.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with completion")
def test_names_are_completed(command: Any, install: Any) -> None:
    """A shell completes the names of commands, those of plugins among them."""
    install(
        "greeter",
        "import click\nfrom agentcore import hookimpl\n@hookimpl\n"
        "def register_commands():\n    return [click.Command('play')]\n",
    )
    env = {"_AGENTCORE_COMPLETE": "bash_complete", "COMP_WORDS": "agentcore pl", "COMP_CWORD": "1"}
    assert command(env=env).stdout.split() == ["plain,plugins", "plain,play"]


def test_warnings_are_plain(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning is one line for people, without the place in the code."""
    monkeypatch.setenv("AGENTCORE_MODL", "x")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        result = invoke("plugins")
    assert "warning: the environment variable 'AGENTCORE_MODL' is not known" in result.stderr
    assert ".py" not in result.stderr


@pytest.mark.parametrize(
    ("verbosity", "shown"), [(0, ["warning"]), (1, ["warning", "info"]), (2, ["warning", "info", "debug"]), (9, None)]
)
def test_the_log_is_plain(capsys: pytest.CaptureFixture[str], verbosity: int, shown: list[str] | None) -> None:
    """Warnings are shown; -v shows what happens, -vv everything."""
    logger = logging.getLogger("agentcore.test")
    with plain_messages():
        set_verbosity(verbosity)
        logger.warning("one")
        logger.info("two")
        logger.debug("three")
    logger.warning("not ours any more")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines if "not ours" not in line] == (
        shown or ["warning", "info", "debug"]
    )


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(click.Abort(), 1, "aborted", id="abort"),
        pytest.param(click.UsageError("no"), 2, "error: no", id="usage-without-context"),
        pytest.param(click.ClickException("no"), 1, "error: no", id="click"),
    ],
)
def test_how_commands_of_plugins_may_end(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str
) -> None:
    """What click has for failures is told in our own form."""

    def fail() -> None:
        raise error

    assert ended(fail, verbosity=lambda: 0) == code
    assert capsys.readouterr().err == f"{said}\n"


def test_the_command_can_be_called_from_code(project: Path) -> None:
    """As click's own commands it returns its code where it is told not to exit."""
    result = CliRunner().invoke(program, ["hooks", "nope"], standalone_mode=False)
    assert result.return_value == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--version",), id="version"),
        pytest.param(("hooks",), id="table"),
        pytest.param(("run", "crew:echo", "-i", "x", "-q"), id="run"),
        pytest.param(("run", "crew:echo", "-i", "x", "-q", "--stream"), id="stream"),
    ],
)
def test_output_that_cannot_be_written(start: Any, arguments: tuple[str, ...]) -> None:
    """A full disk is an error, not a success, and is told once."""
    with Path("/dev/full").open("wb") as device, start(*arguments, stdout=device) as process:
        said = process.stderr.read().decode()
        assert process.wait(60) == 1
    assert said.count("No space left on device") == 1
    assert said.startswith("error: ")
    assert "Traceback" not in said
