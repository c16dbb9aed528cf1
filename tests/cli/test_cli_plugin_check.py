"""``agentcore plugins check``: what is wrong with a plugin is said without running it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SOUND = '''
"""A plugin."""

from pathlib import Path

from agentcore import hookimpl
from pydantic import BaseModel


class Plugin:
    class Config(BaseModel):
        level: int = 3

    def __init__(self, config):
        Path("built").touch()

    @hookimpl
    def agent_start(self, agent: str):
        Path("called").touch()

    @hookimpl
    def agentcore_startup(self):
        Path("started").touch()
'''

FAULTY = """
import sqlite3
import sys
import pandas
from agentcore import hookimpl
from pydantic import BaseModel

agentcore_api = 99
print("hello")

class Config(BaseModel, extra="allow"):
    api_key: str = ""

@hookimpl
def agent_compleet(): ...

@hookimpl
async def tool_start(tol): ...

@hookimpl
def agent_start(agent: int): ...

def agent_error(error): ...
"""

PLACED = {
    3: ("warning: importing 'faulty' imports 'pandas'", "import it in the function that needs it."),
    10: ("warning: the config of 'faulty' accepts unknown keys", "write extra='forbid'."),
    13: ("problem: plugin 'faulty' implements 'agent_compleet', which is not a hook", "did you mean 'agent_complete'?"),
    16: ("problem: plugin 'faulty' implements 'tool_start' with the argument 'tol'", "did you mean 'tool'?"),
    19: ("problem: plugin 'faulty' implements 'agent_start' with agent: int", "write agent: str, or leave"),
    22: ("warning: 'faulty' has a function 'agent_error', which is not marked", "mark it with @agentcore.hookimpl."),
}
"""Line, fault and hint, of those faults that have a line of their own."""


@pytest.fixture
def faulty(project: Path) -> Path:
    """A file with many faults; the module that is heavy to import is a stand-in for it."""
    (project / "pandas.py").touch()
    path = project / "faulty.py"
    path.write_text(FAULTY.lstrip(), encoding="utf-8")
    return path


def test_a_sound_plugin_is_neither_built_nor_called(command: Any, install: Any, project: Path):
    """It is said to be sound, though the configuration disables it."""
    install("quiet", SOUND, entry=":Plugin")
    done = command("-p", "no:quiet", "plugins", "check", "quiet")
    assert (done.returncode, done.stderr) == (0, "")
    hooks, config, cost = done.stdout.splitlines()
    assert hooks == "ok: 'quiet' implements agent_start, agentcore_startup"
    assert config == "ok: 'quiet' takes 'level'"
    assert cost.startswith("ok: 'quiet' is imported in ")
    assert not {each.name for each in project.iterdir()} & {"built", "called", "started"}


@pytest.mark.parametrize("target", ["faulty", "faulty.py"])
def test_every_fault_is_told_at_once(invoke: Any, faulty: Path, target: str):
    """With its file, its line, how bad it is, and what to do."""
    done = invoke("plugins", "check", target)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    for line, (fault, hint) in PLACED.items():
        [at] = [number for number, each in enumerate(lines) if each.startswith(f"faulty.py:{line}: {fault}")]
        assert lines[at + 1].startswith(f"    hint: {hint}")
    assert any(
        each.startswith("faulty.py:10: problem: the config of 'faulty' would show what 'api_key'") for each in lines
    )
    assert any(each.startswith("faulty.py:1: problem: plugin 'faulty' was written for version 99") for each in lines)
    assert any(each.startswith("faulty.py:1: warning: importing 'faulty' prints 'hello'") for each in lines)
    assert not [each for each in lines if each.startswith("ok: ")]


def test_editors_get_json(invoke: Any, faulty: Path):
    """A record for each finding, in the order of the lines."""
    done = invoke("plugins", "check", "--json", str(faulty))
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"]) == (1, False)
    assert {each["path"] for each in told["checks"]} == {str(faulty)}
    lines = [each["line"] for each in told["checks"] if each["level"] != "ok"]
    assert len(lines) > 6
    assert lines == sorted(lines)
    [found] = [each for each in told["checks"] if each["check"] == "tool_start"]
    assert (found["level"], found["line"]) == ("problem", 16)
    assert found["advice"].startswith("did you mean 'tool'?")


BROKEN = {
    "raises": (
        "import os\nraise LookupError('no server')",
        "x.py:2: problem: 'x' cannot be imported: LookupError: no server",
    ),
    "syntax": ("def f(:\n    pass", "x.py:1: problem: 'x' cannot be imported: SyntaxError: "),
    "lacks": ("\nimport nowhere_to_be_found", "x.py:2: problem: 'x' cannot be imported: ModuleNotFoundError: "),
    "exits": ("import sys\n\nsys.exit(3)", "x.py:3: problem: importing 'x' ends the program, with exit code 3"),
    "dies": ("import os\nos._exit(3)", "problem: importing 'x' ends the process, with exit status 3"),
    "hangs": ("import time\ntime.sleep(60)", "problem: importing 'x': it did not end within 0.5 s"),
}


@pytest.mark.parametrize(("text", "told"), BROKEN.values(), ids=BROKEN)
def test_an_import_that_does_not_end_well_is_a_problem(invoke: Any, project: Path, text: str, told: str):
    """Whatever it does, the check ends, and says what happened and where."""
    (project / "x.py").write_text(text, encoding="utf-8")
    timeout = "0.5s" if "sleep" in text else "60s"
    done = invoke("plugins", "check", "x.py", "--timeout", timeout)
    assert done.exit_code == 1
    assert done.stdout.startswith(told)


def test_a_plugin_that_fails_when_it_is_looked_at_is_a_problem(invoke: Any, project: Path):
    """As where its events are computed: it is told where, and the check goes on."""
    (project / "x.py").write_text(
        "from agentcore import Provider\nclass Plugin(Provider):\n    @property\n    def events(self):\n"
        "        return self.given\n    async def handle_event(self, event, data): ...\n"
    )
    done = invoke("plugins", "check", "x.py:Plugin")
    assert done.exit_code == 1
    problem, cost = done.stdout.splitlines()
    assert problem.startswith("x.py:5: problem: 'x' cannot be looked at: AttributeError: ")
    assert cost.startswith("ok: 'x' is imported in ")


CONFIGS = {
    "arguments": (
        "class Plugin:\n    def __init__(self, url): ...",
        "problem: 'x' is built without arguments: it has no Config, which Plugin() does not take: missing",
    ),
    "no-argument": (
        "class Plugin:\n    class Config(BaseModel): ...",
        "problem: 'x' is built with its config, which Plugin() does not take: ",
    ),
    "undefined": (
        "class Plugin:\n    class Config(BaseModel):\n        path: 'Paht'\n    def __init__(self, config): ...",
        "problem: the config of 'x' refers to 'Paht', which is not defined",
    ),
    "no-model": (
        "class Plugin:\n    class Config: ...",
        "warning: the Config of 'x' is no pydantic model, and takes no table of the configuration",
    ),
    "from-config": (
        "class Plugin:\n    class Config(BaseModel):\n        a: int\n    from_config = classmethod(print)",
        "ok: 'x' takes 'a'",
    ),
}


@pytest.mark.parametrize(("text", "told"), CONFIGS.values(), ids=CONFIGS)
def test_a_config_is_held_against_what_takes_it(invoke: Any, project: Path, text: str, told: str):
    """As far as that is known without building the plugin."""
    head = "from agentcore import hookimpl\nfrom pydantic import BaseModel\n"
    method = "\n    @hookimpl\n    def agent_start(self): ...\n"
    (project / "x.py").write_text(head + text + method, encoding="utf-8")
    assert told in invoke("plugins", "check", "x.py:Plugin").stdout


def test_a_file_in_a_package_is_checked_as_a_part_of_it(invoke: Any, project: Path):
    """Whatever it imports from beside it, and wherever the command is given."""
    package = project / "src" / "shouting"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "names.py").write_text("NAME = 'shout'")
    (package / "hooks.py").write_text(
        "from agentcore import hookimpl\nfrom .names import NAME\n@hookimpl\ndef agent_start(): ...\n"
    )
    done = invoke("plugins", "check", "src/shouting/hooks.py")
    assert done.stdout.startswith("ok: 'shouting.hooks' implements agent_start")


def test_warnings_count_where_that_is_asked(invoke: Any, project: Path):
    """Else they may be meant so."""
    (project / "x.py").write_text("def agent_start(): ...")
    assert invoke("plugins", "check", "x.py").exit_code == 0
    assert invoke("plugins", "check", "x.py", "--strict").exit_code == 1


@pytest.mark.parametrize("target", ["quite", "nowhere.to.be.found", "no.py"])
def test_what_is_not_there_cannot_be_checked(command: Any, install: Any, target: str):
    """The error names what is near."""
    install("quiet", SOUND, entry=":Plugin")
    done = command("plugins", "check", target)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: no plugin, module or file is named {target!r}\nhint: ")
    assert ("did you mean 'quiet'?" in done.stderr) == (target == "quite")


def test_what_others_import_counts(invoke: Any, project: Path):
    """Heavy modules, and very many, wherever they are imported; the fault is then the file's, not a line's."""
    (project / "pandas.py").touch()
    (project / "helper.py").write_text("import pandas")
    names = [f"part_{number}" for number in range(251)]
    for name in names:
        (project / f"{name}.py").touch()
    (project / "x.py").write_text(f"from agentcore import hookimpl\nimport helper, {', '.join(names)}\n")
    lines = invoke("plugins", "check", "x.py").stdout.splitlines()
    assert "x.py:1: warning: importing 'x' imports 'pandas'" in lines
    assert any(each.startswith("x.py:1: warning: importing 'x' imports 254 modules: ") for each in lines)


def test_an_import_that_fails_the_second_time_is_a_problem(invoke: Any, project: Path):
    """As where it leaves something behind that it stumbles over."""
    (project / "x.py").write_text("from pathlib import Path\nPath('left').mkdir()\n")
    done = invoke("plugins", "check", "x.py")
    assert done.exit_code == 1
    assert "x.py:1: problem: importing 'x' a second time fails: FileExistsError: " in done.stdout


def test_what_is_not_written_in_python_has_no_place(invoke: Any):
    """It is checked all the same."""
    done = invoke("plugins", "check", "builtins:int")
    assert done.exit_code == 0
    assert done.stdout.startswith("warning: 'builtins:int' implements no hook\n")
