"""``audit``: a trail of all that happened."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agentcore import Agent, ExecutionContext
from agentcore.errors import ModelError
from agentcore.models import ScriptedModel
from agentcore.types import ToolCall

Trail = Callable[[], list[dict[str, Any]]]


def search(text: str) -> str:
    """Search."""
    return f"found {text}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the trail is."""
    return tmp_path / ".agentcore" / "audit.jsonl"


@pytest.fixture
def check(enable: Any) -> Callable[..., Any]:
    """Runs ``agentcore audit check``."""

    async def check(*arguments: str) -> Any:
        plugins = enable(audit={})
        [command] = await plugins.hook.register_commands()
        return CliRunner().invoke(command, ["check", *arguments], obj=plugins)

    return check


async def test_a_run_with_its_children(enable: Any, trail: Trail, path: Path) -> None:
    """Each event of a run and of those below it is a line, in order, with who, what, when and how it ended."""
    plugins = enable(audit={})
    helper = Agent("helper", input="text: str", model=ScriptedModel(["helped"]), plugins=plugins)
    model = ScriptedModel([ToolCall("1", "search", {"text": "cat"}), ToolCall("2", "helper", {"text": "dog"}), "done"])
    agent = Agent("clerk", model=model, tools=[search, helper.as_tool()], plugins=plugins)
    context = ExecutionContext("clerk", metadata={"tenant": "t1"})
    await agent.run("Go.", context=context)
    await plugins.flush()
    lines = trail()
    assert [each["event"] for each in lines if each["agent"] == "clerk"] == [
        "agent_start",
        *("model_start", "model_complete", "tool_start", "tool_execute"),
        *("model_start", "model_complete", "tool_start", "tool_execute"),
        *("model_start", "model_complete", "agent_complete"),
    ]
    assert [each["event"] for each in lines if each["agent"] == "helper"] == [
        *("context_fork", "agent_start", "model_start", "model_complete", "agent_complete")
    ]
    assert {each["root"] for each in lines} == {context.context_id}
    assert [each["seq"] for each in lines] == list(range(1, len(lines) + 1))
    [start, *_, end] = lines
    assert (start["input"], start["metadata"], end["output"]["answer"], end["outcome"]) == (
        {"text": "Go."},
        {"tenant": "t1"},
        "done",
        "ok",
    )
    assert end["usage"]["requests"] == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_failures(enable: Any, trail: Trail) -> None:
    """What went wrong is there by its type and its words."""
    plugins = enable(audit={})
    with pytest.raises(ModelError):
        await Agent("clerk", model=ScriptedModel([ModelError("no", model="m")]), plugins=plugins).run("Go.")
    await plugins.flush()
    ends = {each["event"]: each for each in trail()}
    assert ends["model_error"]["error"] == {"type": "agentcore.errors.ModelError", "message": "no"}
    assert ends["agent_error"]["outcome"] == "error"


async def test_without_content(enable: Any, trail: Trail, path: Path) -> None:
    """Where content is off, who, what, how long and how it ended stay, and nothing that was said."""
    plugins = enable(audit={"content": False})
    model = ScriptedModel([ToolCall("1", "search", {"text": "a secret"}), ModelError("a secret", model="m")])
    agent = Agent("clerk", model=model, tools=[search], plugins=plugins)
    with pytest.raises(ModelError):
        await agent.run("a secret", context=ExecutionContext("clerk", metadata={"note": "a secret"}))
    await plugins.flush()
    assert "a secret" not in path.read_text()
    [executed] = [each for each in trail() if each["event"] == "tool_execute"]
    assert (executed["tool"], executed["outcome"]) == ("search", "ok")
    assert executed["duration"] >= 0
    assert trail()[-1]["error"] == {"type": "agentcore.errors.ModelError"}


async def test_chosen_events(enable: Any, trail: Trail) -> None:
    """Only the events of the configuration are kept."""
    plugins = enable(audit={"events": ["tool_*", "agent_complete"]})
    model = ScriptedModel([ToolCall("1", "search", {"text": "cat"}), "done"])
    await Agent("clerk", model=model, tools=[search], plugins=plugins).run("Go.")
    await plugins.flush()
    assert [each["event"] for each in trail()] == ["tool_start", "tool_execute", "agent_complete"]


async def test_what_is_delivered_again_is_kept_once(enable: Any, trail: Trail, tmp_path: Path) -> None:
    """A replay of the journal through the trail adds nothing, in a process that opens the file anew, too."""
    first = enable(audit={"events": ["agent_*"]})
    await Agent("clerk", model=ScriptedModel(["done"]), plugins=first).run("Go.")
    await first.aclose()
    before = trail()
    replayed = await enable(audit={"events": ["agent_*"]}).replay("audit")
    assert (replayed.delivered, len(before)) == (2, 2)
    assert trail() == before


async def test_a_trail_that_goes_on_in_new_files(enable: Any, path: Path, check: Any) -> None:
    """A file that is large is renamed, the newest of the old ones stay, and the chain goes through all of them."""
    plugins = enable(audit={"max_bytes": 1_000, "keep": 2})
    agent = Agent("clerk", model=ScriptedModel.repeating("done"), plugins=plugins)
    for _ in range(6):
        await agent.run("Go.")
    await plugins.flush()
    old = sorted(path.parent.glob("audit.0*.jsonl"))
    assert len(old) == 2
    assert int(old[0].name.split(".")[1]) > 1
    files = [*old, *([path] if path.exists() else [])]
    lines = [json.loads(line) for each in files for line in each.read_text().splitlines()]
    assert [each["seq"] for each in lines] == list(range(lines[0]["seq"], 25))
    result = await check("--json")
    assert json.loads(result.stdout) == {"path": str(path), "lines": len(lines), "last": lines[-1]["hash"]}


async def test_a_whole_trail_is_sound(enable: Any, path: Path, check: Any) -> None:
    """The command counts the lines, those of a run that goes on among them, and tells the last one's hash."""
    plugins = enable(audit={})
    await Agent("clerk", model=ScriptedModel(["done"]), plugins=plugins).run("Go.")
    await plugins.flush()
    with path.open("a") as file:
        file.write('{"hash":"half a li')
    last = json.loads(path.read_text().splitlines()[3])["hash"]
    result = await check()
    assert (result.exit_code, result.stdout) == (0, f"{path}: 4 lines, unchanged; the last has the hash {last}\n")


async def test_no_trail_at_all(check: Any) -> None:
    """Where nothing has happened, nothing is wrong."""
    result = await check("--json")
    assert json.loads(result.stdout)["lines"] == 0


def _change(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace("Go.", "No."), *lines[2:]]


def _take_out(lines: list[str]) -> list[str]:
    return [lines[0], *lines[2:]]


def _move(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _put_in(lines: list[str]) -> list[str]:
    return [lines[0], '{"hash":"","note":"nothing to see"}', *lines[1:]]


@pytest.mark.parametrize("change", [_change, _take_out, _move, _put_in])
async def test_a_change_shows(change: Callable[[list[str]], list[str]], enable: Any, path: Path, check: Any) -> None:
    """A line that was changed, taken out, moved or put in is found, and named."""
    plugins = enable(audit={"events": ["model_*"]})
    await Agent("clerk", model=ScriptedModel.repeating("done"), plugins=plugins).run("Go.")
    await Agent("clerk", model=ScriptedModel.repeating("done"), plugins=plugins).run("Go.")
    await plugins.flush()
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    result = await check()
    assert result.exit_code == 1
    assert f"line 2 of {str(path)!r} is not what was written, or not where it was" in result.stderr


def test_the_program_has_the_command(tmp_path: Path) -> None:
    """``agentcore audit`` is there where the trail is on."""
    (tmp_path / "agentcore.toml").write_text('enabled = ["audit"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "agentcore", "-p", "no:metrics", "-p", "no:vectorstore", "audit", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("audit.jsonl: 0 lines, unchanged; the last has the hash of none\n")


async def test_a_trail_that_cannot_be_written(enable: Any, path: Path, trail: Trail) -> None:
    """The run goes on and is told nothing; the events wait, and are kept when the trail can be written again."""
    plugins = enable(audit={})
    await plugins.startup()
    path.mkdir()
    result = await Agent("clerk", model=ScriptedModel(["done"]), plugins=plugins).run("Go.")
    assert result.output.answer == "done"
    path.rmdir()
    await plugins.flush()
    assert [each["event"] for each in trail() if each["event"] != "plugin_error"] == [
        *("agent_start", "model_start", "model_complete", "agent_complete")
    ]


FULL = """
import os, resource, signal, sys
from pathlib import Path
from agentcore.providers._trail import Trail, check_trail
path = Path(sys.argv[1])
trail = Trail(path, fsync=True, max_bytes=10**6, keep=None)
body = b'{"text":"' + b"x" * 300 + b'"}'
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
kept, refused = 0, 0
for number in range(8):
    try:
        kept += trail.append(f"event-{number}", body)
    except OSError:
        refused += 1
assert kept and refused, (kept, refused)
assert check_trail(path)[0] == kept
assert path.read_bytes().endswith(b"\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
again = sum(trail.append(f"event-{number}", body) for number in range(8))
assert again == refused
assert check_trail(path)[0] == 8
"""


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX does")
def test_a_full_disk(python: Any, path: Path) -> None:
    """A line that does not fit leaves nothing of it behind, and what is delivered again goes on where it was."""
    assert python(FULL, path).wait() == 0


WRITE = """
import sys
from pathlib import Path
from agentcore.providers._trail import Trail
trail = Trail(Path(sys.argv[1]), fsync=False, max_bytes=4_000, keep=None)
for number in range(40):
    trail.append(f"{sys.argv[2]}-{number}", b'{"text":"' + b"x" * 100 + b'"}')
    trail.append("everybody's", b"{}")
"""


def test_several_processes(python: Any, path: Path) -> None:
    """They write one chain, over all renamed files, and what all of them send is there once."""
    from agentcore.providers._trail import check_trail

    writers = [python(WRITE, path, name) for name in ("anna", "bert", "carl")]
    assert [each.wait() for each in writers] == [0, 0, 0]
    count, _ = check_trail(path)
    text = "".join(each.read_text() for each in path.parent.glob("audit*.jsonl"))
    for name in ("anna", "bert", "carl"):
        assert [f'"id":"{name}-{number}"' for number in range(40) if f'"id":"{name}-{number}"' not in text] == []
    assert count == 120 + text.count("everybody's")


FORK = """
import os, sys, warnings
from agentcore import FunctionAgent, PluginManager, load_settings
from agentcore.providers import AuditProvider
warnings.simplefilter("ignore", DeprecationWarning)
plugins = PluginManager(load_settings(overrides={"autoload": False, "state_dir": sys.argv[1]}))
plugins.register(AuditProvider(), "audit")
agent = FunctionAgent(lambda text: text, name="echo", plugins=plugins)
agent.run_sync("parent")
child = os.fork()
if child == 0:
    agent.run_sync("child")
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
agent.run_sync("parent again")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
async def test_a_fork(python: Any, trail: Trail, path: Path, check: Any) -> None:
    """Parent and child go on with one trail."""
    assert python(FORK, path.parent).wait() == 0
    ends = [each for each in trail() if each["event"] == "agent_complete"]
    assert sorted(each["output"] for each in ends) == ["child", "parent", "parent again"]
    assert (await check()).exit_code == 0


async def test_a_trail_that_is_none(enable: Any, path: Path) -> None:
    """A file that something else has written to is not continued: its events become dead letters, to be replayed."""
    plugins = enable({"delivery": {"audit": {"retries": 0}}}, audit={"events": ["agent_complete"]})
    path.parent.mkdir(exist_ok=True)
    path.write_text("my notes\n")
    await Agent("clerk", model=ScriptedModel(["done"]), plugins=plugins).run("Go.")
    await plugins.flush()
    assert path.read_text() == "my notes\n"
    [lane] = await plugins.lanes()
    assert lane.dead == 1
