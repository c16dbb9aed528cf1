"""``agentcore run --batch``: many inputs, a record of each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any

import pytest

from agentcore import Agent, FunctionAgent, PluginManager
from agentcore._cli.batch import Batch, Record
from agentcore._cli.reading import count_lines, read_lines
from agentcore.models import ScriptedModel

Start = Callable[..., subprocess.Popen[bytes]]

WAITING = """
import asyncio
from agentcore import FunctionAgent


async def wait(text: str) -> str:
    print("began", text)
    if text.startswith("stay"):
        await asyncio.Event().wait()
    return text.upper()


agent = FunctionAgent(wait)
"""


@pytest.fixture(autouse=True)
def waiting(project: Path) -> None:
    """An agent that goes on until it is ended where its text says so."""
    (project / "waiting.py").write_text(WAITING)


def lines_of(*fields: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in fields)


def records_of(output: str | bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


async def each_line(*lines: bytes) -> AsyncIterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, start=1):
        yield number, line


# --- in order, and few at once ---


async def run_batch(agent: Any, lines: AsyncIterator[tuple[int, bytes]], *, concurrency: int) -> list[Record]:
    records: list[Record] = []
    await Batch(agent, records.append, concurrency=concurrency, timeout=None).run(lines)
    return records


async def test_records_come_in_the_order_of_the_lines() -> None:
    """The first run ends last, and its record is the first all the same."""
    others = asyncio.Event()

    async def work(n: int) -> int:
        if n == 0:
            await others.wait()
        if n == 7:
            others.set()
        return n

    lines = [json.dumps({"n": n}).encode() for n in range(8)]
    agent = FunctionAgent(work, plugins=PluginManager())
    records = await run_batch(agent, each_line(*lines), concurrency=8)
    assert [record["output"] for record in records] == list(range(8))


async def test_as_many_runs_at_once_as_allowed() -> None:
    """Never more than the concurrency go on, and as many do."""
    live, most = 0, 0

    async def work(n: int) -> int:
        nonlocal live, most
        live += 1
        most = max(most, live)
        await asyncio.sleep(0)
        live -= 1
        return n

    lines = [json.dumps({"n": n}).encode() for n in range(50)]
    await run_batch(FunctionAgent(work, plugins=PluginManager()), each_line(*lines), concurrency=3)
    assert most == 3


async def test_an_endless_batch_is_never_held() -> None:
    """While the first run stands, a bounded number of lines is read; then it goes on where it was."""
    taken = 0
    first, settled = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[tuple[int, bytes]]:
        nonlocal taken
        while taken < 500:
            taken += 1
            yield taken, json.dumps({"n": taken}).encode()

    async def work(n: int) -> int:
        if n == 1:
            await first.wait()
        if n == 32:
            settled.set()
        return n

    agent = FunctionAgent(work, plugins=PluginManager())
    running = asyncio.create_task(run_batch(agent, endless(), concurrency=2))
    await settled.wait()
    for _ in range(200):
        await asyncio.sleep(0)
    # Sixteen for each of the two, and one more that has been read and waits.
    assert taken == 33
    first.set()
    assert len(await running) == 500


async def test_a_cancelled_batch_has_a_record_of_all_that_was_begun() -> None:
    """Runs that had ended keep their records, those that went on are cancelled, and what was not begun has none."""
    begun = asyncio.Event()

    async def work(n: int) -> int:
        if n == 3:
            begun.set()
        if n in (1, 3):
            await asyncio.Event().wait()
        return n

    records: list[Record] = []
    agent = FunctionAgent(work, plugins=PluginManager())
    batch = Batch(agent, records.append, concurrency=2, timeout=None)
    lines = [json.dumps({"n": n}).encode() for n in range(10)]
    running = asyncio.create_task(batch.run(each_line(*lines)))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [(record["input"]["n"], record["outcome"]) for record in records] == [
        (0, "ok"),
        (1, "cancelled"),
        (2, "ok"),
        (3, "cancelled"),
    ]
    assert records[1]["error"]["message"] == "the batch was interrupted"
    assert (batch.done, batch.failed) == (4, 2)


async def test_nothing_goes_on_when_records_cannot_be_written() -> None:
    """A write that fails ends the batch, and its runs with it."""

    def write(record: Record) -> None:
        raise OSError("no room")

    async def work(n: int) -> int:
        if n:
            await asyncio.Event().wait()
        return n

    agent = FunctionAgent(work, plugins=PluginManager())
    lines = [json.dumps({"n": n}).encode() for n in range(3)]
    with pytest.raises(OSError, match="no room"):
        await Batch(agent, write, concurrency=3, timeout=None).run(each_line(*lines))
    assert len(asyncio.all_tasks()) == 1


async def test_lines_that_cannot_be_read_any_further() -> None:
    """What was read before has its records; then the error comes."""

    async def torn() -> AsyncIterator[tuple[int, bytes]]:
        yield 1, b'{"text": "x"}'
        raise OSError("the disk is gone")

    records: list[Record] = []
    agent = Agent("agent", model=ScriptedModel.repeating("fine"), plugins=PluginManager())
    with pytest.raises(OSError, match="the disk is gone"):
        await Batch(agent, records.append, concurrency=2, timeout=None).run(torn())
    assert [record["outcome"] for record in records] == ["ok"]


# --- what a record says ---


def test_records(command: Any, project: Path) -> None:
    """Each line has a record on one line, with the figures of its run."""
    (project / "batch.jsonl").write_bytes(lines_of({"text": "eins"}, {"text": "zwei ü"}))
    result = command("run", "crew:echo", "--batch", "batch.jsonl")
    first, second = records_of(result.stdout)
    assert result.returncode == 0
    assert [first["line"], second["line"]] == [1, 2]
    assert list(first) == ["line", "input", "output", "outcome", "usage", "duration", "context_id"]
    assert (first["input"], first["output"], first["outcome"]) == ({"text": "eins"}, {"answer": "EINS"}, "ok")
    assert second["output"] == {"answer": "ZWEI Ü"}
    assert "ZWEI Ü" in result.stdout, "JSON is in UTF-8"
    assert first["context_id"] != second["context_id"]
    assert result.stderr == "model: scripted (the agent brings it)\n"


def test_failures_are_records_while_the_rest_goes_on(command: Any) -> None:
    """Runs that fail and lines that are none are records with their line and error; the exit code is 1."""
    lines = (
        b'\xef\xbb\xbf{"number": 1}',
        b"",
        b'{"number": 0}',
        b"not json\r",
        b"[1, 2]",
        b'{"nmber": 3}',
        b"\xff",
        b'{"number": NaN}',
        b'{"number": 4}',
    )
    stdin = b"\n".join(lines)
    result = command("run", "crew:divider", "--batch", "-", stdin=stdin)
    records = records_of(result.stdout)
    assert result.returncode == 1
    assert [record["outcome"] for record in records] == ["ok", *["error"] * 6, "ok"]
    assert [record["line"] for record in records] == [1, 3, 4, 5, 6, 7, 8, 9]
    assert [record.get("error", {}).get("type") for record in records[1:-1]] == [
        "ZeroDivisionError",
        *["InputError"] * 5,
    ]
    said = [record.get("error", {}).get("message") for record in records]
    assert said[2] == "line 4 is not JSON: Expecting value (column 1)"
    assert said[3] == "line 5 is not a JSON object"
    assert "number: Field required" in said[4]
    assert said[5] == "line 7 is not UTF-8 text"
    assert "NaN is no number" in said[6]
    assert records[2]["input"] == "not json"
    assert records[2]["context_id"] is None
    assert "6 of 8 runs failed" in result.stderr


def test_a_long_line_that_cannot_be_read_is_repeated_in_part(command: Any) -> None:
    """A record does not grow with the rubbish it is about, and a line may be longer than what is read at once."""
    result = command(
        "run", "crew:echo", "--batch", "-", stdin=b"x" * 200_000 + b"\n" + lines_of({"text": "y" * 200_000})
    )
    first, second = records_of(result.stdout)
    assert first["input"] == "x" * 1000
    assert second["output"] == {"answer": "Y" * 200_000}


def test_a_tool_that_ends_the_program_fails_one_run(command: Any, project: Path) -> None:
    """SystemExit is one run's failure."""
    (project / "leaving.py").write_text(
        "import sys\nfrom agentcore import FunctionAgent\n"
        "def leave(n: int) -> int:\n    return sys.exit(n) if n else n\n"
        "agent = FunctionAgent(leave)\n"
    )
    result = command("run", "leaving.py", "--batch", "-", stdin=lines_of({"n": 3}, {"n": 0}))
    assert [record["outcome"] for record in records_of(result.stdout)] == ["error", "ok"]


def test_each_run_has_the_time_limit(command: Any) -> None:
    """--timeout holds for each run."""
    stdin = lines_of({"text": "stay"}, {"text": "go"}, {"text": "stay too"})
    result = command("run", "waiting:agent", "--batch", "-", "--timeout", "50ms", stdin=stdin)
    assert [record["outcome"] for record in records_of(result.stdout)] == ["timeout", "ok", "timeout"]
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("none.jsonl", "the batch 'none.jsonl' cannot be read: No such file", id="missing"),
        pytest.param(".", "the batch '.' cannot be read: Is a directory", id="folder"),
    ],
)
def test_a_batch_that_cannot_be_read(command: Any, name: str, said: str) -> None:
    """The file is named, and the reason."""
    result = command("run", "crew:echo", "--batch", name)
    assert (result.stdout, result.returncode) == ("", 2)
    assert said in result.stderr


def test_an_empty_batch_is_done_at_once(command: Any) -> None:
    """No lines, no records, no failure."""
    result = command("run", "crew:echo", "--batch", "-", stdin=b"\n \n")
    assert (result.stdout, result.returncode) == ("", 0)


# --- reading ---


async def read_all(descriptor: int) -> list[tuple[int, bytes]]:
    return [line async for line in read_lines(descriptor)]


def test_lines_that_come_when_nobody_waits_any_more() -> None:
    """A read that outlives its batch, or its loop, is dropped."""
    ours, theirs = os.pipe()

    async def give_up(*, late: bool) -> None:
        reading = asyncio.create_task(read_all(ours))
        while not threads():
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        if not late:
            os.write(theirs, b"x\n")
            while threads():
                await asyncio.sleep(0)

    def threads() -> list[Thread]:
        return [each for each in enumerate_threads() if each.name == "agentcore-read"]

    asyncio.run(give_up(late=False))
    asyncio.run(give_up(late=True))
    os.write(theirs, b"x\n")
    for each in threads():
        each.join(60)
    assert not threads()
    os.close(ours)
    os.close(theirs)


def test_how_many_records_there_will_be(tmp_path: Path) -> None:
    """Lines that are not blank are counted, where that does not use them up."""
    (tmp_path / "batch.jsonl").write_bytes(b"{}\n\n{}\n{}")
    assert count_lines(str(tmp_path / "batch.jsonl")) == 3
    assert count_lines("-") is None
    assert count_lines(str(tmp_path)) is None


# --- as a process among others ---


def test_a_record_is_written_as_soon_as_its_turn_comes(start: Start) -> None:
    """The first record is there before the second line is."""
    with start("run", "crew:echo", "--batch", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("first", "second"):
            process.stdin.write(lines_of({"text": text}))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["output"] == {"answer": text.upper()}
        process.stdin.close()
        assert process.wait(60) == 0


def begun(process: subprocess.Popen[bytes], *texts: str) -> None:
    """Wait until the runs of *texts* go on."""
    assert process.stderr is not None
    waiting = {f"began {text}\n".encode() for text in texts}
    while waiting:
        line = process.stderr.readline()
        assert line, "the command ended early"
        waiting.discard(line)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        pytest.param(signal.SIGINT, 130, "interrupted", id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, "", id="termination"),
    ],
)
def test_an_interrupted_batch_keeps_what_is_done(start: Start, number: int, code: int, said: str) -> None:
    """Ctrl-C and SIGTERM end it in order, although standard input stays open: what was begun has its records."""
    with start("run", "waiting:agent", "--batch", "-", "--concurrency", "2") as process:
        assert process.stdin is not None
        process.stdin.write(lines_of({"text": "done"}, {"text": "stay"}, {"text": "also done"}, {"text": "stay too"}))
        process.stdin.flush()
        begun(process, "done", "stay", "also done", "stay too")
        process.send_signal(number)
        assert process.wait(60) == code
        assert process.stdout is not None
        assert process.stderr is not None
        records = records_of(process.stdout.read())
        errors = process.stderr.read().decode()
    assert [record["outcome"] for record in records] == ["ok", "cancelled", "ok", "cancelled"]
    assert said in errors
    assert "2 of 4 runs failed or were interrupted; no line after line 4 was begun" in errors
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are another matter there")
def test_a_closed_pipe_ends_the_batch_quietly(start: Start) -> None:
    """When nobody reads the records any more, the runs are ended, and nothing is said."""
    with start("run", "waiting:agent", "--batch", "-", "--quiet", "--concurrency", "1") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines_of({"text": "done"}))
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(lines_of({"text": "unread"}, {"text": "stay"}))
        process.stdin.flush()
        assert process.wait(60) == 141
        said = process.stderr.read().decode().splitlines()
    assert [line for line in said if not line.startswith("began")] == []


def test_a_bar_shows_how_far_a_batch_is(start: Start, screen: Any, project: Path) -> None:
    """A terminal on stderr gets a bar, with the number of records there will be; stdout gets the records alone."""
    (project / "batch.jsonl").write_bytes(lines_of(*({"number": number} for number in range(5))))
    arguments = ("run", "crew:divider", "--batch", "batch.jsonl")
    with start(*arguments, stderr=screen.descriptor, env={"TERM": "xterm"}) as process:
        shown = screen.shown()
        assert process.stdout is not None
        output = process.stdout.read()
    assert len(records_of(output)) == 5
    assert b"5/5" in shown
    assert b"1 failed" in shown
