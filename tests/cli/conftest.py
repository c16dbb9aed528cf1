"""Running ``agentcore``: in this process where that shows enough, else in one of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

from agentcore._cli.program import program
from agentcore._delivery.journal import Failure, Passage, Record
from agentcore._delivery.sqlite import SqliteJournal

AGENTS = """
from agentcore import Agent, FunctionAgent
from agentcore.models import ScriptedModel


def shout(request):
    return request.messages[-1].content.upper()


echo = Agent("echo", input="text: str", output="answer: str", model=ScriptedModel(shout))
scripted = 'scripted:{"label": "a", "n": 2}'
typed = Agent("typed", input="text: str, n: int = 3", output="label: str, n: int", model=scripted)


def divide(number: int) -> int:
    print("dividing")
    return 12 // number


divider = FunctionAgent(divide)
"""

AUDIT = """
import asyncio
import os
from pathlib import Path

import click

from agentcore import hookimpl
from agentcore.types import Delivery

delivery = Delivery(mode="durable")
Path("imported").touch()


@hookimpl
async def agent_complete(context, input, event):
    while Path("hold").exists():
        await asyncio.sleep(0.01)
    if Path("broken").exists():
        raise RuntimeError("the audit is out of order")
    if Path("poison").exists() and Path("poison").read_text() in str(input):
        raise ValueError("poison")
    with open("audit.log", "a") as file:
        print(os.getpid(), event.id, input.get("text"), file=file, flush=True)


@hookimpl
def register_commands():
    return [click.Command("audited", callback=audited)]


def audited():
    click.echo(Path("audit.log").read_text() if Path("audit.log").exists() else "", nl=False)
"""
"""A durable plugin that writes what it gets to a file; files named ``hold``, ``broken`` and ``poison`` hinder it."""

Install = Callable[..., None]


class Command(Protocol):
    """Runs ``agentcore`` in a process of its own."""

    def __call__(
        self, *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] = ...
    ) -> subprocess.CompletedProcess[str]: ...


class Invoke(Protocol):
    """Runs ``agentcore`` in this process."""

    def __call__(self, *arguments: str, stdin: str | bytes | None = None) -> Result: ...


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder that commands run in: some agents, and no configuration."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "crew.py").write_text(AGENTS, encoding="utf-8")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder on the path of the commands, where packages are installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def install(site: Path) -> Install:
    """Installs a package of one module with one entry point: its metadata and all."""

    def install(name: str, source: str, *, entry: str = "", version: str = "1.2.3") -> None:
        module = f"{name}_plugin"
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        info = site / f"{name}_package-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[agentcore]\n{name} = {module}{entry}\n")

    return install


@pytest.fixture
def audit(install: Install, project: Path) -> Callable[[], list[str]]:
    """The plugin :data:`AUDIT`, installed; returns the inputs that it has seen."""
    install("audit", AUDIT)

    def seen() -> list[str]:
        log = project / "audit.log"
        # A line without its end is still being written.
        return [line.split()[-1] for line in log.read_text().split("\n")[:-1]] if log.exists() else []

    return seen


class Keep(Protocol):
    """Adds events to the journal of the project, as a program does."""

    def __call__(
        self, *events: Record, lane: str = "", hooks: Sequence[str] = (), fails: Mapping[int, str] = ...
    ) -> None: ...


@pytest.fixture
def keep(project: Path) -> Keep:
    """A journal without a program: *lane* is made for *hooks*, and gives up the events at the positions of *fails*."""

    def keep(
        *events: Record, lane: str = "", hooks: Sequence[str] = (), fails: Mapping[int, str] | None = None
    ) -> None:
        async def work() -> None:
            journal = SqliteJournal(project / ".agentcore" / "journal.db")
            await journal.open()
            if lane:
                await journal.join(lane, hooks, "now")
            if events:
                await journal.append(events)
            if fails:
                dead = [Failure(position=at, run="", attempts=3, due=0.0, error=text) for at, text in fails.items()]
                await journal.settle(lane, Passage(cursor=max(fails), dead=dead))
            await journal.aclose()

        asyncio.run(work())

    return keep


@pytest.fixture
def environment(site: Path) -> dict[str, str]:
    """The environment of commands: no keys, no servers, and none of the plugins that happen to be installed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(("_API_KEY", "_BASE_URL", "OLLAMA_HOST", "PYTHONUNBUFFERED"))
        and not name.startswith("AGENTCORE_")
    }
    path = os.pathsep.join([str(site), *filter(None, [kept.get("PYTHONPATH")])])
    # Nothing listens on the discard port: no Ollama of the tester's takes part.
    return {
        **kept,
        "PYTHONPATH": path,
        "AGENTCORE_DISABLED_PLUGINS": "metrics,vectorstore",
        "OLLAMA_HOST": "127.0.0.1:9",
    }


@pytest.fixture
def start(project: Path, environment: dict[str, str]) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts ``agentcore`` in a process of its own, whose pipes are the test's."""

    def start(*arguments: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        command = [sys.executable, "-m", "agentcore", *arguments]
        return subprocess.Popen(command, cwd=project, env=environment | dict(env or {}), **pipes)

    return start


@pytest.fixture
def command(start: Callable[..., subprocess.Popen[bytes]]) -> Command:
    """Runs ``agentcore`` in a process of its own, to its end."""

    def command(
        *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        with start(*arguments, env=env) as process:
            output, errors = process.communicate(content, timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, output.decode(), errors.decode())

    return command


class Screen:
    """A terminal that a command writes to."""

    def __init__(self) -> None:
        self.ours, self.descriptor = os.openpty()

    def resize(self, *, columns: int) -> None:
        """Make it this wide."""
        import termios

        termios.tcsetwinsize(self.descriptor, (40, columns))

    def shown(self) -> bytes:
        """What the command wrote until its end; it has *descriptor* by now."""
        os.close(self.descriptor)
        shown = b""
        try:
            while chunk := os.read(self.ours, 4096):
                shown += chunk
        except OSError:  # Linux says so when the other end is closed
            pass
        os.close(self.ours)
        return shown


@pytest.fixture
def screen() -> Screen:
    """A pseudo-terminal."""
    if not hasattr(os, "openpty"):
        pytest.skip("needs a pseudo-terminal")
    return Screen()


@pytest.fixture
def invoke(project: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Runs ``agentcore`` in this process: no plugin but the built-in models takes part."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AGENTCORE_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("OLLAMA_HOST", environment["OLLAMA_HOST"])
    monkeypatch.delenv("AGENTCORE_DISABLED_PLUGINS", raising=False)

    def invoke(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(program, arguments, input=stdin, prog_name="agentcore", catch_exceptions=False)

    before = set(sys.modules)
    yield invoke
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(project)):
            del sys.modules[name]
