"""``agentcore run`` with one input."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentcore._cli.ending import _Running
from agentcore._cli.output import Output, json_text, jsonable

LONE = '[agents.lone]\nmodel = "scripted:from the lone one"\n'
ONE = 'input = "text: str"\noutput = "summary: str"\nmodel = "scripted:all is well"\n'
MANY = '[agents.first]\nmodel = "scripted:from the first"\n[agents.second]\nmodel = "scripted:from the second"\n'


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        pytest.param("crew:echo", "HELLO", id="module"),
        pytest.param("crew.py:echo", "HELLO", id="file"),
        pytest.param("only.py", "HELLO", id="only-agent-of-a-file"),
        pytest.param("one.toml", "all is well", id="toml"),
        pytest.param("one.toml:one", "all is well", id="toml-named-by-its-file"),
        pytest.param("named.toml:chief", "all is well", id="toml-with-a-name"),
        pytest.param("lone.toml", "from the lone one", id="only-one-declared"),
        pytest.param("many.toml:second", "from the second", id="one-of-many-in-toml"),
        pytest.param("agentcore.toml:second", "from the second", id="of-the-configuration-file"),
        pytest.param("first", "from the first", id="name-in-the-configuration"),
    ],
)
def test_a_target_names_an_agent(invoke: Any, project: Path, target: str, answer: str) -> None:
    """An agent is named by module, by Python file, by TOML file, or by its name in the configuration."""
    (project / "only.py").write_text("from crew import echo\nsame = echo\n")
    (project / "one.toml").write_text(ONE)
    (project / "named.toml").write_text(f'name = "chief"\n{ONE}')
    (project / "lone.toml").write_text(LONE)
    (project / "many.toml").write_text(MANY)
    (project / "agentcore.toml").write_text(f"strict = false\n{MANY}")
    result = invoke("run", target, "--input", "hello")
    assert (result.stdout, result.exit_code) == (f"{answer}\n", 0), result.stderr


def test_modules_beside_a_target_can_be_imported(invoke: Any, project: Path) -> None:
    """A file in another folder imports its neighbours, and a declaration names tools beside it."""
    folder = project / "elsewhere"
    folder.mkdir()
    (folder / "neighbour.py").write_text("ANSWER = 'from next door'\ndef look(word: str) -> str: ...\n")
    (folder / "here.py").write_text(
        "from agentcore import Agent\nimport neighbour\nagent = Agent('here', model='scripted:' + neighbour.ANSWER)\n"
    )
    (folder / "there.toml").write_text('model = "scripted:with a tool"\ntools = ["neighbour:look"]\n')
    assert invoke("run", "elsewhere/here.py", "-i", "x").stdout == "from next door\n"
    assert invoke("run", "elsewhere/there.toml", "-i", "x").stdout == "with a tool\n"


REGISTERS = """
from agentcore import Agent, get_plugin_manager, hookimpl


class Audit:
    @hookimpl
    def agent_start(self, agent):
        print("audited", agent)


get_plugin_manager().register(Audit(), "house_audit")
agent = Agent("own", model="scripted:done")
"""


def test_a_target_may_register_what_the_configuration_requires(invoke: Any, project: Path) -> None:
    """What is required is looked for when the target has been imported, and before it runs."""
    (project / "agentcore.toml").write_text('required = ["house_audit"]\n')
    (project / "registers.py").write_text(REGISTERS)
    result = invoke("run", "registers.py", "-i", "x")
    assert (result.stdout, result.exit_code) == ("done\n", 0), result.stderr
    assert "audited own" in result.stderr
    refused = invoke("run", "crew:echo", "-i", "x")
    assert (refused.stdout, refused.exit_code) == ("", 2)
    assert "no plugin named 'house_audit' is installed (required in" in refused.stderr


def test_a_value_of_the_wrong_type(invoke: Any) -> None:
    """The hint names the fields with their types."""
    result = invoke("run", "crew:typed", "-i", "text=hello", "-i", "n=many")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert "n: Input should be a valid integer" in result.stderr
    assert result.stderr.endswith("hint: it takes: text (str), n (int).\n")


def test_an_answer_of_several_fields_is_json(invoke: Any) -> None:
    """What is not one text is printed as JSON."""
    result = invoke("run", "crew:typed", "-i", "hello")
    assert json.loads(result.stdout) == {"label": "a", "n": 2}


def test_a_value_that_is_no_text_is_json(invoke: Any) -> None:
    """So is what a function returned, and what it printed is not in between."""
    result = invoke("run", "crew:divider", "-i", "number=3")
    assert json.loads(result.stdout) == 4
    assert "dividing" in result.stderr


def test_the_record_of_a_run(invoke: Any) -> None:
    """--json prints input, output, outcome, usage, duration and the context's id."""
    result = invoke("run", "crew:echo", "-i", "hello", "--json")
    record = json.loads(result.stdout)
    assert list(record) == ["input", "output", "outcome", "usage", "duration", "context_id"]
    assert record["input"] == {"text": "hello"}
    assert record["output"] == {"answer": "HELLO"}
    assert record["outcome"] == "ok"
    assert record["usage"]["requests"] == 1
    assert record["duration"] > 0
    assert len(record["context_id"]) == 32


@pytest.mark.parametrize(
    ("target", "arguments", "stdin", "fields"),
    [
        pytest.param("echo", ["hello"], None, {"text": "hello"}, id="only-field"),
        pytest.param("echo", ["text=hello"], None, {"text": "hello"}, id="named"),
        pytest.param("echo", ["text=a=b"], None, {"text": "a=b"}, id="equals-sign-in-the-value"),
        pytest.param("echo", ["x = 3"], None, {"text": "x = 3"}, id="value-with-an-equals-sign"),
        pytest.param("echo", ["y=3"], None, {"text": "y=3"}, id="value-that-looks-like-a-name"),
        pytest.param("echo", ["@note.txt"], None, {"text": "from a file ü\n"}, id="file"),
        pytest.param("echo", ["text=@note.txt"], None, {"text": "from a file ü\n"}, id="named-file"),
        pytest.param("echo", ["-"], "from a pipe ü", {"text": "from a pipe ü"}, id="stdin"),
        pytest.param("echo", ["text=-"], "from a pipe", {"text": "from a pipe"}, id="named-stdin"),
        pytest.param("echo", ['text:="@note.txt"'], None, {"text": "@note.txt"}, id="text-as-json"),
        pytest.param("typed", ["hello"], None, {"text": "hello"}, id="only-required-field"),
        pytest.param("typed", ["hello", "n=4"], None, {"text": "hello", "n": "4"}, id="text-for-a-number"),
        pytest.param("typed", ["hello", "n:=4"], None, {"text": "hello", "n": 4}, id="json"),
        pytest.param("typed", ["hello", "n:=@five.json"], None, {"text": "hello", "n": 5}, id="json-file"),
        pytest.param("typed", ["hello", "n:=-"], "6", {"text": "hello", "n": 6}, id="json-from-stdin"),
        pytest.param("free", ["a=1", "b:=[2]"], None, {"a": "1", "b": [2]}, id="agent-that-takes-anything"),
    ],
)
def test_inputs(
    invoke: Any, project: Path, target: str, arguments: list[str], stdin: str | None, fields: dict[str, Any]
) -> None:
    """A field's value is text, a file's content, standard input, or JSON."""
    (project / "note.txt").write_text("\ufefffrom a file ü\n", encoding="utf-8")
    (project / "five.json").write_text("5\n")
    (project / "more.py").write_text(
        "from agentcore import BaseAgent\nfrom crew import echo, typed\n"
        "class Free(BaseAgent):\n    async def run_agent(self, input, context):\n        return input\n"
        "free = Free('free')\n"
    )
    options = [option for each in arguments for option in ("--input", each)]
    result = invoke("run", f"more:{target}", *options, "--json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["input"] == fields


@pytest.mark.parametrize(
    ("target", "arguments", "stdin", "said"),
    [
        pytest.param("echo", [], None, ["text: Field required", "--input text=…"], id="missing"),
        pytest.param("typed", ["txt=hello"], None, ["no input field 'txt'", "did you mean 'text'?"], id="slip"),
        pytest.param("two", ["hello"], None, ["which field 'hello' is for", "left, right"], id="which-field"),
        pytest.param("two", ["middle=1"], None, ["no input field 'middle'", "'left', 'right'"], id="unknown"),
        pytest.param("echo", ["a", "b"], None, ["'text' is given twice"], id="twice"),
        pytest.param("two", ["left=-", "right=-"], "x", ["standard input is asked for twice"], id="stdin-twice"),
        pytest.param("echo", ["@none.txt"], None, ["'none.txt' cannot be read: No such file"], id="no-file"),
        pytest.param("echo", ["@latin.txt"], None, ["'latin.txt' is not UTF-8 text"], id="not-utf-8"),
        pytest.param("echo", ["-"], b"\xff", ["standard input is not UTF-8 text"], id="stdin-not-utf-8"),
        pytest.param("echo", ["\udcff"], None, ["'text' is not UTF-8 text"], id="argument-not-utf-8"),
        pytest.param("typed", ["hi", "n=many"], None, ["n: Input should be a valid integer"], id="no-number"),
        pytest.param("typed", ["hi", "n:=many"], None, ["'n' is not JSON: Expecting value (column 1)"], id="no-json"),
        pytest.param("typed", ["hi", "n:=NaN"], None, ["'n' is not JSON: NaN is no number"], id="nan"),
        pytest.param("listing", ["words=a,b"], None, ["valid list", "--input 'words:=…'"], id="text-for-a-list"),
    ],
)
def test_bad_inputs(invoke: Any, project: Path, target: str, arguments: list[str], stdin: Any, said: list[str]) -> None:
    """What is wrong with the input is said before anything runs, with what to write instead."""
    (project / "latin.txt").write_bytes(b"gr\xfcn")
    (project / "more.py").write_text(
        "from agentcore import Agent\nfrom crew import echo, typed\n"
        "two = Agent('two', input='left: str, right: str')\nlisting = Agent('listing', input='words: list[str]')\n"
    )
    options = [option for each in arguments for option in ("--input", each)]
    result = invoke("run", f"more:{target}", *options, stdin=stdin)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.startswith("error: ")
    for words in said:
        assert words in result.stderr


@pytest.mark.parametrize(
    ("target", "said"),
    [
        pytest.param("crew:ehco", ["'crew' has no agent 'ehco'", "did you mean 'echo'?"], id="attribute"),
        pytest.param("crew.py:ehco", ["'crew.py' has no agent 'ehco'", "did you mean 'echo'?"], id="file-attribute"),
        pytest.param("crwe:echo", ["no module 'crwe'", "did you mean 'crew'?"], id="module"),
        pytest.param("package.crwe:echo", ["no module 'package.crwe'", "'package.crew'?"], id="submodule"),
        pytest.param("zzzzqqqq:echo", ["no module 'zzzzqqqq'", "current folder"], id="module-like-no-other"),
        pytest.param("a-b:echo", ["'a-b' is no module's name"], id="no-name"),
        pytest.param("crwe.py:echo", ["no file 'crwe.py'", "did you mean 'crew.py'?"], id="file"),
        pytest.param("no/such.toml", ["no file", "a target as module:agent"], id="folder"),
        pytest.param("crew.py", ["'crew.py' holds 3 agents", "crew.py:divider"], id="several"),
        pytest.param("crew:divide", ["no agent but a function", "FunctionAgent(divide)"], id="function"),
        pytest.param("crew:Agent", ["no agent but the class 'DeclarativeAgent'", "name an instance"], id="class"),
        pytest.param("crew:ScriptedModel", ["the class 'ScriptedModel'", "known: 'divider'"], id="other-class"),
        pytest.param("crew:__name__", ["no agent but 'str'", "'echo'"], id="value"),
        pytest.param("empty.py", ["holds no agent", "agent = Agent(...)"], id="none"),
        pytest.param("empty.py:x", ["has no agent 'x'", "known: 'something'"], id="none-of-that-name"),
        pytest.param("many.toml", ["2 agents are declared", "many.toml:first"], id="several-in-toml"),
        pytest.param("many.toml:frist", ["many.toml:1:", "no agent 'frist'", "did you mean 'first'?"], id="toml-name"),
        pytest.param("one.toml:two", ["no agent 'two'", "'one'"], id="toml-other-name"),
        pytest.param("frist", ["no agent 'frist'", "did you mean 'first'?"], id="configured-name"),
    ],
)
def test_unknown_targets(invoke: Any, project: Path, target: str, said: list[str]) -> None:
    """A target that does not exist is refused, with the nearest that does."""
    (project / "package").mkdir()
    (project / "package" / "__init__.py").touch()
    (project / "package" / "crew.py").touch()
    (project / "empty.py").write_text("something = 1\n")
    (project / "one.toml").write_text(ONE)
    (project / "many.toml").write_text(MANY)
    (project / "agentcore.toml").write_text(MANY)
    result = invoke("run", target, "-i", "x")
    assert (result.stdout, result.exit_code) == ("", 2), result.stderr
    for words in said:
        assert words in result.stderr


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("\nagent = 1 / 0\n", ["target.py:2: ZeroDivisionError", "agent = 1 / 0", "-vv"], id="raises"),
        pytest.param("import json\njson.loads('{')\n", ["target.py:2: JSONDecodeError"], id="raises-in-a-library"),
        pytest.param("x = 1\ndef f(:\n", ["target.py:2: SyntaxError", "def f(:\n        ^"], id="syntax"),
        pytest.param("import no_such_thing\n", ["target.py:1: ModuleNotFoundError", "no_such_thing"], id="import"),
        pytest.param("x = 1\0\n", ["target", "null bytes"], id="null-bytes"),
        pytest.param("import sys\nsys.exit(3)\n", ["target.py:2: it ends the program", "__main__"], id="exit"),
        pytest.param(
            "from agentcore import Agent\nagent = Agent('a', input='x: strr')\n",
            ["target.py:2: unknown type 'strr'", "did you mean 'str'?"],
            id="signature",
        ),
    ],
)
@pytest.mark.parametrize("target", ["target.py", "target:agent"])
def test_a_target_that_raises_is_shown_by_its_own_line(
    invoke: Any, project: Path, target: str, source: str, said: list[str]
) -> None:
    """What goes wrong in the user's file is told with that file and line, without a traceback."""
    (project / "target.py").write_text(source)
    result = invoke("run", target, "-i", "x")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "Traceback" not in result.stderr
    for words in said:
        assert words in result.stderr


def test_a_target_that_raises_before_its_first_line(invoke: Any, project: Path) -> None:
    """Where no line is at fault the module is named."""
    (project / "weird.pyc").write_bytes(b"no bytecode at all")
    result = invoke("run", "weird:agent", "-i", "x")
    assert result.exit_code == 1
    assert "error: weird: ImportError: bad magic number" in result.stderr


def test_an_agent_that_cancels_itself(invoke: Any, project: Path) -> None:
    """A cancellation that nobody asked for is a failure."""
    (project / "quitting.py").write_text(
        "import asyncio\nfrom agentcore import FunctionAgent\n"
        "async def quit(n: int) -> str:\n    raise asyncio.CancelledError\nagent = FunctionAgent(quit)\n"
    )
    result = invoke("run", "quitting.py", "-i", "1")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "error: the run was cancelled by its own code" in result.stderr


@pytest.mark.parametrize("option", ["--no-stream", "--stream"])
def test_an_agent_that_ends_the_program(invoke: Any, project: Path, option: str) -> None:
    """It is a failure of the run, which has its record."""
    (project / "leaving.py").write_text(
        "import sys\nfrom agentcore import FunctionAgent\n"
        "def leave(n: int) -> str:\n    sys.exit(n)\nagent = FunctionAgent(leave)\n"
    )
    result = invoke("run", "leaving.py", "-i", "3", option)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "error: the run tried to end the program (SystemExit: 3)" in result.stderr
    record = json.loads(invoke("run", "leaving.py", "-i", "3", option, "--json").stdout)
    assert record["error"] == {"type": "SystemExit", "message": "3"}


@pytest.mark.parametrize("option", ["providers=[Closing()]", "plugins=manager"])
def test_an_agents_own_plugins_are_shut_down(invoke: Any, project: Path, option: str) -> None:
    """Those of its providers, and those of a manager that it brings."""
    (project / "owner.py").write_text(
        "from pathlib import Path\nfrom agentcore import Agent, PluginManager, Provider\n"
        "class Closing(Provider):\n    events = ('agent_start',)\n"
        "    async def handle_event(self, event, data): ...\n"
        "    async def aclose(self):\n        Path('closed').touch()\n"
        "from agentcore.models import ScriptedModel\n"
        f"manager = PluginManager()\nmanager.register(Closing())\n"
        f"agent = Agent('owner', model=ScriptedModel(['done']), {option})\n"
    )
    assert invoke("run", "owner.py", "-i", "x").stdout == "done\n"
    assert (project / "closed").exists()


def test_sigterm_before_the_first_step() -> None:
    """A signal that comes before the work has begun cancels it all the same."""

    async def work() -> None:
        raise AssertionError("it must not begin")

    with asyncio.Runner() as runner:
        running = _Running(runner.get_loop())
        running.terminate(15, None)
        with pytest.raises(asyncio.CancelledError):
            runner.run(running.do(work()))


def test_a_traceback_is_shown_when_it_is_asked_for(invoke: Any, project: Path) -> None:
    """-vv shows where an error comes from."""
    (project / "target.py").write_text("def make():\n    return 1 / 0\nagent = make()\n")
    result = invoke("run", "target.py", "-i", "x", "-vv")
    assert "Traceback" in result.stderr
    assert "in make" in result.stderr


def test_a_file_may_have_the_name_of_a_module(invoke: Any, project: Path) -> None:
    """A file called like a module that is loaded already is run all the same, and does not take its place."""
    (project / "json.py").write_text("from agentcore import Agent\nagent = Agent('a', model='scripted:mine')\n")
    assert invoke("run", "json.py", "-i", "x").stdout == "mine\n"


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        pytest.param("crew:echo", (), "model: scripted (the agent brings it)", id="brought"),
        pytest.param("crew:typed", (), "(the agent names it)", id="named"),
        pytest.param("crew:typed", ("--model", "scripted:{}"), "model: scripted:{} (given by --model)", id="given"),
        pytest.param("crew:divider", (), "", id="code"),
        pytest.param("crew:echo", ("--quiet",), "", id="quiet"),
        pytest.param("plain", (), "model: scripted:configured (the configuration names it)", id="configured"),
    ],
)
def test_the_model_that_is_taken_is_said(
    invoke: Any, project: Path, target: str, options: tuple[str, ...], said: str
) -> None:
    """stderr says which model is taken, and why; not for agents that decide it in code, and not when quiet."""
    (project / "agentcore.toml").write_text('model = "scripted:configured"\n[agents.plain]\n')
    lines = invoke("run", target, "-i", "1", *options).stderr.splitlines()
    shown = [line for line in lines if line.startswith("model: ")]
    assert len(shown) == bool(said)
    assert all(said in line for line in shown)


def test_the_given_model_replaces_the_agents(invoke: Any) -> None:
    """--model counts more than the model that the agent brings."""
    assert invoke("run", "crew:echo", "-i", "x", "--model", "scripted:another").stdout == "another\n"


def test_agents_in_code_get_the_given_model_as_the_default(invoke: Any, project: Path) -> None:
    """--model is the default of agents that an agent in code runs."""
    (project / "more.py").write_text(
        "from agentcore import Agent, FunctionAgent\ninner = Agent('inner')\n"
        "async def outer(text: str) -> str:\n    return (await inner.run(text)).output.answer\n"
        "agent = FunctionAgent(outer)\n"
    )
    assert invoke("run", "more:agent", "-i", "x", "--model", "scripted:the default").stdout == "the default\n"


def test_a_run_that_fails_in_the_agents_code(invoke: Any) -> None:
    """The agent's own line is told, and the exit code is 1."""
    result = invoke("run", "crew:divider", "-i", "0")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "agent 'divide' failed: " in result.stderr
    assert "crew.py:17: ZeroDivisionError" in result.stderr


def test_the_record_of_a_run_that_fails(invoke: Any) -> None:
    """With --json a failure is a record, too, and the exit code is 1."""
    result = invoke("run", "crew:divider", "-i", "0", "--json")
    record = json.loads(result.stdout)
    assert result.exit_code == 1
    assert record["outcome"] == "error"
    assert record["error"] == {"type": "ZeroDivisionError", "message": "integer division or modulo by zero"}
    assert "output" not in record


@pytest.mark.parametrize("written", ["0.02", "20ms"])
def test_a_run_has_a_time_limit(invoke: Any, project: Path, written: str) -> None:
    """--timeout ends a run that takes too long."""
    (project / "slow.py").write_text(
        "import asyncio\nfrom agentcore import FunctionAgent\n"
        "async def wait(text: str) -> str:\n    await asyncio.Event().wait()\n"
        "agent = FunctionAgent(wait)\n"
    )
    result = invoke("run", "slow.py", "-i", "x", "--timeout", written, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outcome"] == "timeout"
    assert "error: the run of agent 'wait' reached its deadline" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--timeout", "soon"), "'soon' is not a duration", id="no-duration"),
        pytest.param(("--timeout", "0"), "needs some time", id="no-time"),
        pytest.param(("--concurrency", "0"), "--concurrency", id="no-concurrency"),
        pytest.param(("--batch", "x.jsonl"), "give --input or --batch", id="input-and-batch"),
        pytest.param(("--no-such-option",), "No such option", id="option"),
    ],
)
def test_options_that_cannot_be_used(invoke: Any, options: tuple[str, ...], said: str) -> None:
    """A command line that makes no sense ends with 2, and names the help that explains it."""
    result = invoke("run", "crew:echo", "-i", "x", *options)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert said in result.stderr
    assert "hint: see 'agentcore run --help'." in result.stderr


def test_endless_time_is_no_limit(invoke: Any) -> None:
    """--timeout off sets none."""
    assert invoke("run", "crew:echo", "-i", "x", "--timeout", "off").stdout == "X\n"


def test_streaming_a_batch_makes_no_sense(invoke: Any) -> None:
    """--stream is refused for a batch."""
    assert "--stream is for one run" in invoke("run", "crew:echo", "--batch", "-", "--stream").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_a_target_that_is_interrupted_while_it_is_imported(start: Any, project: Path) -> None:
    """SIGTERM ends the command with its own code, wherever it is."""
    (project / "waiting.py").write_text("import signal\nprint('began')\nsignal.pause()\n")
    with start("run", "waiting.py", "-i", "x") as process:
        assert process.stderr.readline() == b"began\n"
        process.terminate()
        assert process.wait(60) == 143
        assert process.stderr.read() == b""


def test_a_command_on_another_thread(invoke: Any) -> None:
    """Signals belong to the main thread; elsewhere commands do without."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(invoke, "run", "crew:echo", "-i", "x").result().stdout == "X\n"


# --- results of every kind ---


class Mute:
    """Cannot even say what it is."""

    def __repr__(self) -> str:
        raise ValueError("no")


@attrs.define
class Point:
    """A value of somebody else's."""

    x: int
    there: list[Any]


def _cycle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param({"a": Decimal("1.50")}, {"a": "1.50"}, id="decimal"),
        pytest.param(Point(1, [Point(2, [])]), {"x": 1, "there": [{"x": 2, "there": []}]}, id="attrs"),
        pytest.param([float("nan"), float("inf")], ["NaN", "Infinity"], id="no-number"),
        pytest.param({"half": "\ud800"}, {"half": "\ud800"}, id="half-a-character"),
        pytest.param({"half": "\ud800", "n": float("nan")}, "{'half': '\\ud800', 'n': nan}", id="both"),
        pytest.param(_cycle(), "[[...]]", id="contains-itself"),
        pytest.param(b"\xff", "b'\\xff'", id="bytes"),
        pytest.param(len, "<built-in function len>", id="function"),
        pytest.param(Mute(), "<Mute, whose repr raises ValueError>", id="mute"),
    ],
)
def test_any_result_can_be_shown(value: Any, shown: Any) -> None:
    """What JSON has nothing for becomes its repr, and nothing is lost around it."""
    assert jsonable(value) == shown
    assert json.loads(json_text(jsonable(value))) == shown


def test_text_goes_to_a_stream_without_bytes() -> None:
    """Any text stream will do."""
    stream = io.StringIO()
    Output(stream).line("text")
    assert stream.getvalue() == "text\n"


def test_characters_that_utf_8_has_no_place_for(invoke: Any, project: Path) -> None:
    """They are escaped, as JSON does."""
    source = "def half(n: int) -> str:\n    return 'half \\ud800'\n"
    (project / "half.py").write_text(f"from agentcore import FunctionAgent\n{source}agent = FunctionAgent(half)\n")
    assert invoke("run", "half.py", "-i", "1").stdout == "half \\ud800\n"
