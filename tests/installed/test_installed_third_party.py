"""A package of somebody else's: one module, one entry point."""

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.providers

MODULE = '''
"""Sees tool calls, rewrites one argument, and denies one tool."""

import json
import os

from agentcore import Deny, hookimpl
from attrs import evolve


def _write(**record):
    with open(os.environ["SEEN"], "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\\n")


@hookimpl
def agent_start(agent, event):
    _write(event=event.name, agent=agent, sequence=event.sequence)


@hookimpl
async def tool_start(context, tool, arguments, event):
    _write(event=event.name, agent=context.agent_id, tool=tool, arguments=dict(arguments), sequence=event.sequence)


@hookimpl
def tool_execute(tool, result, outcome, event):
    _write(event=event.name, tool=tool, result=result, outcome=outcome, sequence=event.sequence)


@hookimpl
def tool_error(tool, outcome, event):
    _write(event=event.name, tool=tool, outcome=outcome, sequence=event.sequence)


@hookimpl
def agent_complete(agent, event):
    _write(event=event.name, agent=agent, sequence=event.sequence)


@hookimpl
def tool_call(call):
    if call.name == "delete":
        raise Deny("deleting is not allowed here")
    return evolve(call, arguments={**call.arguments, "limit": 1})
'''

PROGRAM = '''
import json
from agentcore import Agent, ToolCall
from agentcore.models import ScriptedModel

def search(query: str, limit: int = 10) -> str:
    """Search."""
    return f"{limit} on {query}"

def delete(name: str) -> str:
    """Delete."""
    raise AssertionError("it was denied")

model = ScriptedModel([ToolCall("1", "search", {"query": "bolts"}), ToolCall("2", "delete", {"name": "x"}), "done"])
print(Agent("clerk", tools=[search, delete], model=model).run_sync("go").output.answer)
print(json.dumps([message.content for message in model.requests[-1].messages if message.role == "tool"]))
'''


def _wheel(folder: Path) -> Path:
    """Build the package by hand: a wheel is a zip archive with a few files."""
    info = "watchful-1.2.dist-info"
    files = {
        "watchful.py": MODULE,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: watchful\nVersion: 1.2\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[agentcore]\nwatchful = watchful\n",
    }
    record = [f"{name},sha256={_digest(text)},{len(text.encode())}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    path = folder / "watchful-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip installed the package."""
    folder = tmp_path_factory.mktemp("wheel")
    target = tmp_path_factory.mktemp("site")
    wheel = _wheel(folder)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    return target


def test_an_installed_package_sees_rewrites_and_denies(
    python: Any, plugins: Callable[..., dict[str, Any]], installed: Path, project: Path
) -> None:
    """It gets every event it asks for in order, and its value hook changes one call and refuses another."""
    seen = project / "seen.jsonl"
    env = {"PYTHONPATH": str(installed), "SEEN": str(seen)}

    row = plugins(env=env)["watchful"]
    assert (row["status"], row["distribution"], row["version"]) == ("loaded", "watchful", "1.2")

    answer, told = python(PROGRAM, env=env).stdout.splitlines()
    assert answer == "done"
    assert json.loads(told) == ["1 on bolts", "denied: deleting is not allowed here"]

    records = [json.loads(line) for line in seen.read_text(encoding="utf-8").splitlines()]
    assert [(each["event"], each.get("tool"), each.get("outcome")) for each in records] == [
        ("agent_start", None, None),
        ("tool_start", "search", None),
        ("tool_execute", "search", "ok"),
        ("tool_start", "delete", None),
        ("tool_error", "delete", "denied"),
        ("agent_complete", None, None),
    ]
    assert records[1]["arguments"] == {"query": "bolts", "limit": 1}
    assert records[3]["arguments"] == {}, "what was denied is withheld"
    assert [each["sequence"] for each in records] == sorted(each["sequence"] for each in records)
