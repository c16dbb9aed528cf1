"""``approval``: a person is asked before a named tool is called."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agentcore import Agent, ExecutionContext, PluginManager, hookimpl
from agentcore.errors import DeadlineError
from agentcore.models import ScriptedModel
from agentcore.providers import ApprovalProvider
from agentcore.testing import HookRecorder, MakeContext, MakePluginManager
from agentcore.types import ToolCall

ALLOWED = "deleted /etc/passwd"


class Desk:
    """An agent with a dangerous tool, and a person who is asked."""

    def __init__(self, plugins: PluginManager) -> None:
        self.plugins = plugins
        self.recorder = HookRecorder()
        self.deleted: list[str] = []
        plugins.register(self.recorder)

    def agent(self, *calls: Any) -> Any:
        """An agent whose model wants *calls*, and then repeats what it was told."""

        def delete_file(path: str) -> str:
            """Delete a file."""
            self.deleted.append(path)
            return f"deleted {path}"

        def look(path: str) -> str:
            """Look at a file."""
            return f"looked at {path}"

        script = iter([*calls])
        model = ScriptedModel(lambda request: next(script, None) or request.messages[-1].content)
        return Agent("clerk", model=model, tools=[delete_file, look], plugins=self.plugins)


def delete(path: str = "/etc/passwd", *, id: str = "1") -> ToolCall:
    return ToolCall(id, "delete_file", {"path": path})


@pytest.fixture
def desk(make_plugin_manager: MakePluginManager) -> Callable[..., Desk]:
    """Makes an agent with a person who is asked by a function."""

    def desk(ask: Any, **config: Any) -> Desk:
        plugins = make_plugin_manager()
        plugins.register(ApprovalProvider(ApprovalProvider.Config(**config), ask=ask), "approval")
        return Desk(plugins)

    return desk


def says(answer: str | None) -> Any:
    return lambda question, timeout, withdrawn: answer


@pytest.mark.parametrize("answer", ["y", "yes", " YES ", "a", "Always"])
async def test_what_is_approved(answer: str, desk: Any) -> None:
    """The tool is called."""
    clerk = desk(says(answer))
    result = await clerk.agent(delete()).run("Go.")
    assert (result.output.answer, clerk.deleted) == (ALLOWED, ["/etc/passwd"])


@pytest.mark.parametrize("answer", ["n", "no", "", "yesterday", "y n", None])
async def test_what_is_refused(answer: str | None, desk: Any) -> None:
    """The call is denied, which the events and the model are told; the tool is not called, and the run goes on."""
    clerk = desk(says(answer))
    result = await clerk.agent(delete()).run("Go.")
    reason = "was not approved" if answer is not None else "must be approved, and nobody has answered in time"
    assert result.output.answer == f"denied: calling 'delete_file' {reason}"
    assert (result.outcome, clerk.deleted) == ("ok", [])
    error = clerk.recorder.one("tool_error")
    assert (error.outcome, error.error.plugin, error.arguments["arguments"]) == ("denied", "approval", {})
    assert clerk.recorder.all("tool_execute") == []


async def test_only_the_tools_that_are_named(desk: Any) -> None:
    """For others nobody is asked."""
    clerk = desk(says("n"), tools=("delete_*",))
    result = await clerk.agent(ToolCall("1", "look", {"path": "/x"}), delete(id="2")).run("Go.")
    assert [each.result for each in clerk.recorder.all("tool_execute")] == ["looked at /x"]
    assert result.output.answer == "denied: calling 'delete_file' was not approved"


async def test_always(desk: Any) -> None:
    """It holds for the tool, in every run, and for no other tool."""
    asked: list[str] = []

    def ask(question: str, timeout: float | None, withdrawn: threading.Event) -> str:
        asked.append(question)
        return "always" if "delete_file" in question else "no"

    clerk = desk(ask)
    await clerk.agent([delete("/a", id="1"), delete("/b", id="2")]).run("Go.")
    await clerk.agent(delete("/c")).run("Go.")
    await clerk.agent(ToolCall("1", "look", {"path": "/d"})).run("Go.")
    assert clerk.deleted == ["/a", "/b", "/c"]
    assert len(asked) == 2


async def test_the_question(desk: Any) -> None:
    """It names agent, tool and arguments, without what could move the cursor, and cut where it is long."""
    asked: list[tuple[str, float | None]] = []

    def ask(question: str, timeout: float | None, withdrawn: threading.Event) -> str:
        asked.append((question, timeout))
        return "no"

    await desk(ask, timeout=9).agent(delete("\x1b[2Jß" + "x" * 5_000)).run("Go.")
    [(question, timeout)] = asked
    assert timeout == 9
    assert "The agent 'clerk' wants to call the tool 'delete_file' with:" in question
    assert '{"path": "\\u001b[2J\\u00df' in question
    assert "characters)\nAllow it? [y]es / [n]o / [a]lways: " in question
    assert len(question) < 2_300


async def test_one_question_at_a_time(desk: Any) -> None:
    """However many calls there are, on however many loops."""
    at_once, most = 0, 0

    def ask(question: str, timeout: float | None, withdrawn: threading.Event) -> str:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        withdrawn.wait(0.01)
        at_once -= 1
        return "yes"

    clerk = desk(ask)
    runs = [clerk.agent([delete(id="1"), delete(id="2")]).run("Go.") for _ in range(4)]
    await asyncio.gather(*runs, asyncio.to_thread(clerk.agent(delete()).run_sync, "Go."))
    assert (most, len(clerk.deleted)) == (1, 9)


async def test_an_approved_call_is_the_call(desk: Any) -> None:
    """What other plugins make of a call comes before the question."""
    asked: list[str] = []

    def ask(question: str, timeout: float | None, withdrawn: threading.Event) -> str:
        asked.append(question)
        return "yes"

    class Moves:
        @hookimpl
        def tool_call(self, call: ToolCall) -> ToolCall:
            return ToolCall(call.id, call.name, {"path": "/tmp/moved"})

    clerk = desk(ask)
    clerk.plugins.register(Moves())
    await clerk.agent(delete()).run("Go.")
    assert "/tmp/moved" in asked[0]
    assert clerk.deleted == ["/tmp/moved"]


@pytest.mark.parametrize("ending", ["deadline", "cancelled"])
async def test_a_question_is_withdrawn(ending: str, desk: Any, make_context: MakeContext) -> None:
    """Where the run ends meanwhile, nobody waits for the answer, and the next question is asked."""
    asked = threading.Event()

    def ask(question: str, timeout: float | None, withdrawn: threading.Event) -> str | None:
        if "/wait" not in question:
            return "yes"
        asked.set()
        return None if withdrawn.wait(30) else "yes"

    clerk = desk(ask)
    context = make_context("clerk", timeout=0.1) if ending == "deadline" else ExecutionContext("clerk")
    run = asyncio.create_task(clerk.agent(delete("/wait")).run("Go.", context=context))
    await asyncio.to_thread(asked.wait, 30)
    if ending == "cancelled":
        run.cancel()
    with pytest.raises(DeadlineError if ending == "deadline" else asyncio.CancelledError):
        await run
    await asyncio.wait_for(clerk.agent(delete("/next")).run("Go."), 10)
    assert clerk.deleted == ["/next"]


async def test_a_shutdown_approves_nothing(desk: Any) -> None:
    """The question that stands is withdrawn, and so are those behind it: their calls are denied."""
    asked = threading.Event()

    def ask(question: str, timeout: float | None, withdrawn: threading.Event) -> str | None:
        asked.set()
        return None if withdrawn.wait(30) else "yes"

    clerk = desk(ask)
    runs = [asyncio.create_task(clerk.agent(delete()).run("Go.")) for _ in range(3)]
    await asyncio.to_thread(asked.wait, 30)
    await clerk.plugins.aclose()
    said = {(await each).output.answer for each in runs}
    assert {each.partition(", and ")[0] for each in said} == {"denied: calling 'delete_file' must be approved"}
    assert clerk.deleted == []


async def test_after_a_shutdown(desk: Any) -> None:
    """Plugins that are started again ask again."""
    clerk = desk(says("yes"))
    await clerk.agent(delete()).run("Go.")
    await clerk.plugins.aclose()
    await clerk.agent(delete()).run("Go.")
    assert len(clerk.deleted) == 2


# --- on a real terminal ---

PROGRAM = """
import sys
from agentcore import Agent, PluginManager, load_settings
from agentcore.models import ScriptedModel
from agentcore.types import ToolCall

def delete_file(path: str) -> str:
    return f"deleted {path}"

table = {"tools": ["delete_*"], "timeout": float(sys.argv[2])}
overrides = {"autoload": False, "enabled": ["approval"], "plugins": {"approval": table}, "state_dir": sys.argv[1]}
plugins = PluginManager(load_settings(overrides=overrides))
plugins.load()
script = iter([ToolCall("1", "delete_file", {"path": "/etc/passwd"})])
model = ScriptedModel(lambda request: next(script, None) or request.messages[-1].content)
print(Agent("clerk", model=model, tools=[delete_file], plugins=plugins).run_sync("Go.").output.answer)
"""


def on_terminal(typed: bytes, *command: object) -> tuple[str, int]:
    """Run a program on a terminal of its own, type once it has asked; return what was shown, and its exit code."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", *map(str, command)])
    shown = b""
    # Linux says so that nobody has the other side open.
    with suppress(OSError):
        while read := os.read(terminal, 1024):
            shown += read
            if typed and shown.endswith(b"lways: "):
                os.write(terminal, typed)
                typed = b""
    os.close(terminal)
    return shown.decode().rstrip(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


posix = pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals")


@posix
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"y\n", ALLOWED),
        (b"no\n", "denied: calling 'delete_file' was not approved"),
        (b"\x04", "denied: calling 'delete_file' must be approved, and nobody has answered in time"),
    ],
    ids=["yes", "no", "the end of input"],
)
def test_a_terminal(typed: bytes, said: str, tmp_path: Path) -> None:
    """The question is shown there, and what is typed there counts."""
    shown, code = on_terminal(typed, PROGRAM, tmp_path, 60)
    assert '{"path": "/etc/passwd"}' in shown
    assert shown.endswith(said)
    assert code == 0


@posix
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nobody_answers(tmp_path: Path) -> None:
    """After its time a question is over."""
    shown, _ = on_terminal(b"", PROGRAM, tmp_path, 0.2)
    assert shown.endswith("denied: calling 'delete_file' must be approved, and nobody has answered in time")


@posix
def test_no_terminal(tmp_path: Path) -> None:
    """Where there is none, the call is denied, and the log says what to do."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), "60"],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "denied: calling 'delete_file' must be approved by a person, and there is nobody to ask\n"
    assert "the tool 'delete_file' was denied: there is no terminal to ask on; run the program" in done.stderr


BACKGROUND = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[3], *sys.argv[1:3]], process_group=0)
sys.exit(child.wait(30))
"""


@posix
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_in_the_background(tmp_path: Path) -> None:
    """A job in the background is not stopped by the system for reading: its calls are denied."""
    shown, code = on_terminal(b"", BACKGROUND, tmp_path, 60, PROGRAM)
    assert code == 0
    assert "there is nobody to ask" in shown


FORK = """
import os, sys, warnings
from agentcore import Agent, PluginManager, load_settings
from agentcore.models import ScriptedModel
from agentcore.providers import ApprovalProvider
from agentcore.types import ToolCall
warnings.simplefilter("ignore", DeprecationWarning)

def look(path: str) -> str:
    return "seen"

def run():
    script = iter([ToolCall("1", "look", {"path": "/x"})])
    model = ScriptedModel(lambda request: next(script, None) or request.messages[-1].content)
    return Agent("clerk", model=model, tools=[look], plugins=plugins).run_sync("Go.").output.answer

plugins = PluginManager(load_settings(overrides={"autoload": False, "state_dir": sys.argv[1]}))
plugins.register(ApprovalProvider(ask=lambda question, timeout, withdrawn: "yes"), "approval")
assert run() == "seen"
child = os.fork()
if child == 0:
    assert run() == "seen"
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert run() == "seen"
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork(python: Any, tmp_path: Path) -> None:
    """A child asks, too, though the thread that asks was its parent's."""
    assert python(FORK, tmp_path).wait(30) == 0
