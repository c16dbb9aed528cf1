"""``agentcore worker``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest

from agentcore._cli.worker import Watch
from agentcore._delivery.journal import LaneState

Begin = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def begin(start: Any, project: Path) -> Iterator[Begin]:
    """Starts a worker, and waits until it says a line with a certain text; whoever is left at the end is killed."""
    workers: list[subprocess.Popen[bytes]] = []

    def begin(until: str = "is delivered", *arguments: str, env: Any = None) -> subprocess.Popen[bytes]:
        worker: subprocess.Popen[bytes] = start("worker", *arguments, env=env, stdout=subprocess.DEVNULL)
        workers.append(worker)
        await_lines(worker, until)
        return worker

    yield begin
    for worker in workers:
        worker.kill()
        worker.communicate()


def await_lines(worker: subprocess.Popen[bytes], *texts: str) -> None:
    """Read what a worker says until it has said each of *texts*, in any order."""
    assert worker.stderr is not None
    said = ""
    for line in worker.stderr:
        said += line.decode()
        if all(text in said for text in texts):
            return
    raise AssertionError(f"the worker ended without saying {texts!r}:\n{said}")


def owner(command: Any) -> int | None:
    """The process that delivers the lane of the audit."""
    (row,) = json.loads(command("lanes", "--json").stdout)
    assert row["lane"] == "audit"
    found: int | None = row["owner"]
    return found


@pytest.fixture
def by_workers(audit: Any, project: Path) -> Any:
    """The audit, to which only workers deliver."""
    (project / "agentcore.toml").write_text("[delivery.audit]\nworker = true\n")
    return audit


def pids(project: Path) -> set[int]:
    """The processes that delivered."""
    return {int(line.split()[0]) for line in (project / "audit.log").read_text().splitlines()}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_delivers(
    command: Any, begin: Begin, by_workers: Any, project: Path, end: signal.Signals
) -> None:
    """Agents only add to the lane; the worker delivers it, and says what it does, until it is ended in order."""
    result = command("run", "crew.py:echo", "-i", "before")
    assert (result.returncode, result.stdout) == (0, "BEFORE\n")
    assert "waiting for a worker" not in result.stderr, "its own are not what others left"
    assert "nobody delivers this: `agentcore worker` does" in command("lanes").stdout
    assert "1 event for 'audit' waiting for a worker" in command("run", "crew.py:echo", "-i", "second").stderr
    assert by_workers() == []
    worker = begin("process")
    while len(by_workers()) < 2:
        assert worker.poll() is None
    assert by_workers() == ["before", "second"]
    assert pids(project) == {worker.pid} == {owner(command)}
    worker.send_signal(end)
    said = worker.communicate()[1].decode()
    assert worker.returncode == 0
    assert said.endswith("worker: ended\n")
    assert owner(command) is None


def test_what_is_in_hand_is_delivered(command: Any, begin: Begin, by_workers: Any, project: Path) -> None:
    """SIGTERM waits for what can be delivered within the time to shut down."""
    (project / "hold").touch()
    worker = begin()
    for text in ("one", "two"):
        command("run", "crew.py:echo", "-i", text)
    worker.terminate()
    (project / "hold").unlink()
    assert worker.wait() == 0
    assert by_workers() == ["one", "two"]


def test_what_hangs_is_left(command: Any, begin: Begin, by_workers: Any, project: Path) -> None:
    """After that time it ends all the same, and what it could not deliver is said, and waits."""
    (project / "agentcore.toml").write_text("shutdown_timeout = 0.1\n[delivery.audit]\nworker = true\n")
    (project / "hold").touch()
    worker = begin()
    command("run", "crew.py:echo", "-i", "one")
    worker.terminate()
    said = worker.communicate()[1].decode()
    assert worker.returncode == 0
    assert "the plugin 'audit' did not get 1 of its events within 0.1 s" in said
    (row,) = json.loads(command("lanes", "--json").stdout)
    assert row["waiting"] == 1


def test_one_that_dies(command: Any, begin: Begin, by_workers: Any, project: Path) -> None:
    """Another worker takes its lanes over, with what it had in hand."""
    first = begin("is delivered here")
    second = begin(f"is delivered by process {first.pid}")
    (project / "hold").touch()
    for text in ("one", "two"):
        command("run", "crew.py:echo", "-i", text)
    assert owner(command) == first.pid
    first.kill()
    first.wait()
    await_lines(second, "is delivered here")
    assert owner(command) == second.pid
    (project / "hold").unlink()
    while len(by_workers()) < 2:
        assert second.poll() is None
    assert by_workers() == ["one", "two"]
    assert pids(project) == {second.pid}


def test_some_lanes(command: Any, begin: Begin, by_workers: Any, install: Any, project: Path) -> None:
    """A worker may be there for some of the lanes alone."""
    source = (
        "from agentcore import hookimpl\ndelivery = 'durable'\n@hookimpl\ndef agent_start(input):\n"
        "    open('other.log', 'a').write(input['text'])\n"
    )
    install("other", source)
    worker = begin("process", "--lanes", "other")
    # The run of an agent would deliver to it as well.
    command("run", "crew.py:echo", "-i", "one")
    rows = {row["lane"]: row["owner"] for row in json.loads(command("lanes", "--json").stdout)}
    assert rows == {"audit": None, "other": worker.pid}
    assert ((project / "other.log").read_text(), by_workers()) == ("one", [])


def test_a_plugin_that_fails(command: Any, begin: Begin, by_workers: Any, project: Path) -> None:
    """That it is left alone, that it works again, and what was given up, is said."""
    with (project / "agentcore.toml").open("a") as file:
        file.write("retries = 0\n")
    (project / "broken").touch()
    lines = "".join(json.dumps({"text": str(number)}) + "\n" for number in range(5))
    command("run", "crew.py:echo", "--batch", "-", stdin=lines)
    worker = begin()
    await_lines(worker, "keeps failing", "has 5 dead letters")
    (project / "broken").unlink()
    command("run", "crew.py:echo", "-i", "good")
    await_lines(worker, "works again")
    assert by_workers() == ["good"]


def test_how_much_it_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said now and then, where there was anything."""
    watch = Watch(["audit", "unknown"])

    def look(delivered: int, *, counts: bool, oldest: float | None = None) -> str:
        state = LaneState(
            lane="audit",
            hooks=(),
            cursor=0,
            waiting=7,
            retrying=0,
            dead=0,
            delivered=delivered,
            retried=0,
            oldest=oldest,
            owner=None,
            paused_until=None,
        )
        watch.look({"audit": state}, counts=counts)
        return capsys.readouterr().err

    assert look(10, counts=True) == ""
    assert look(1010, counts=False) == ""
    assert look(1234, counts=True) == "worker: the lane 'audit': 1,224 events delivered, 7 wait\n"
    assert look(1234, counts=True) == ""
    assert look(1235, counts=True, oldest=time() - 60.5) == (
        "worker: the lane 'audit': 1 event delivered, 7 wait, the oldest for 1 min\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--lanes", "audti"), "did you mean 'audit'?", id="another name"),
        pytest.param(("-p", "no:audit"), "no plugin's delivery is durable", id="nothing to do"),
    ],
)
def test_what_there_is_not(command: Any, audit: Any, arguments: tuple[str, ...], message: str) -> None:
    """It is a mistake on the command line."""
    result = command("worker", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


def test_all_of_them_share(command: Any, begin: Begin, audit: Any, project: Path) -> None:
    """Agents and workers at once deliver everything once, in order."""
    begin("process")
    begin("process")
    for number in range(4):
        assert command("run", "crew.py:echo", "-i", str(number)).returncode == 0
    while len(audit()) < 4:
        os.sched_yield()
    assert audit() == ["0", "1", "2", "3"]
