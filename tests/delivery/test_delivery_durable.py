"""Durable lanes: what was promised is delivered, whatever comes between."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from delivery_parts import Gate, Listener, echo, manager_in
from pydantic import BaseModel

from agentcore import Agent, Delivery, Document, ExecutionContext, FunctionAgent, PluginManager, Usage
from agentcore.delivery import Appended, Journal, JournalError, Record, RecordedError, Selection, SqliteJournal
from agentcore.models import ScriptedModel


async def journalled(folder: Path, **selection: Any) -> list[Record]:
    """What another process would find in the journal."""
    journal = SqliteJournal(folder / "state" / "journal.db")
    await journal.open()
    try:
        return [each.record async for batch in journal.select(Selection(**selection)) for each in batch]
    finally:
        await journal.aclose()


def hooks(records: Sequence[Record]) -> list[str]:
    return [each.hook for each in records]


async def test_run_returns_when_its_events_are_on_disk(tmp_path: Path) -> None:
    """However a run ends, what a durable provider is promised of it is in the journal then, delivered or not."""
    gate = Gate()

    async def work(how: str) -> str:
        if how == "error":
            raise KeyError(how)
        if how == "cancel":
            await asyncio.Event().wait()
        return how

    pm = manager_in(tmp_path, shutdown_timeout=0)
    pm.register(Listener("durable", gate.wait, events=("agent_complete", "agent_error")))
    async with pm:
        agent = FunctionAgent(work, plugins=pm)
        await agent.run("ok")
        assert hooks(await journalled(tmp_path)) == ["agent_start", "agent_complete"]
        with pytest.raises(KeyError):
            await agent.run("error")
        assert hooks(await journalled(tmp_path))[2:] == ["agent_start", "agent_error"]
        running = asyncio.ensure_future(agent.run("cancel"))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert hooks(await journalled(tmp_path))[-1] == "agent_error"
        gate.open()


async def test_each_event_may_be_acknowledged(tmp_path: Path) -> None:
    """With ack = "event" a hook call returns when its event is on disk, in the middle of a run."""
    found: list[list[str]] = []

    async def work(value: str) -> None:
        found.append(hooks(await journalled(tmp_path)))

    pm = manager_in(tmp_path, journal={"ack": "event"})
    pm.register(Listener("durable", events=("agent_start", "agent_complete")))
    async with pm:
        await FunctionAgent(work, plugins=pm).run("x")
    assert found == [["agent_start"]]


async def test_event_outside_of_a_run_is_on_disk_when_its_call_returns(tmp_path: Path) -> None:
    """Where there is no run that could wait for it, the call itself does."""
    gate = Gate()
    pm = manager_in(tmp_path, shutdown_timeout=0)
    pm.register(Listener("durable", gate.wait, events=("knowledge_update",)))
    async with pm:
        await pm.hook.knowledge_update(context=None, documents=[Document(text="known")])
        (record,) = await journalled(tmp_path)
        assert (record.hook, record.run, record.lanes) == ("knowledge_update", "", ("listener",))
        gate.open()


async def test_provider_gets_what_the_journal_has(tmp_path: Path) -> None:
    """What the hook types is of that type; what it leaves open is JSON; the context has what a provider asks it for."""

    class Answer(BaseModel):
        words: list[str]

    listener = Listener("durable", events=("agent_complete", "agent_error", "knowledge_update"))
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:

        async def work(fail: bool, context: ExecutionContext) -> Answer:
            context.add_usage(Usage(requests=1, input_tokens=5))
            context.state["note"] = ["kept"]
            if fail:
                raise KeyError("gone")
            return Answer(words=["a"])

        parent = ExecutionContext("parent", {"tenant": "acme"})
        agent = FunctionAgent(work, plugins=pm)
        result = await agent.run(False, context=parent.fork("child"))
        with pytest.raises(KeyError):
            await agent.run(True)
        await pm.hook.knowledge_update(context=None, documents=[Document(text="t", metadata={"n": 1})])
        assert await pm.flush(10)
    complete, failed, update = listener.heard
    assert complete["output"] == {"words": ["a"]}
    assert complete["input"] == {"fail": False}
    assert complete["usage"] == Usage(requests=1, input_tokens=5)
    context = complete["context"]
    assert (context.context_id, context.parent_id) == (result.context.context_id, parent.context_id)
    assert (context.root_id, context.metadata, context.outcome) == (parent.context_id, {"tenant": "acme"}, "ok")
    assert (context.usage, context.state) == (Usage(requests=1, input_tokens=5), {"note": ["kept"]})
    assert complete["event"].context is context
    assert isinstance(failed["error"], RecordedError)
    assert (failed["error"].type, failed["error"].message) == ("KeyError", "'gone'")
    assert update["documents"] == [Document(text="t", metadata={"n": 1})]
    assert update["context"] is None


async def test_what_was_not_delivered_is_delivered_by_the_next(tmp_path: Path) -> None:
    """Events that one process has left are delivered when the next one starts up, once, in order."""
    gate = Gate()
    first = manager_in(tmp_path, shutdown_timeout=0)
    stuck = Listener("durable", gate.wait)
    first.register(stuck)
    async with first:
        for number in range(5):
            await echo(first).run(number)
        await gate.until_reached()
    assert stuck.outputs == []
    listener = Listener("durable")
    second = manager_in(tmp_path)
    second.register(listener)
    async with second:
        assert await second.flush(10)
    assert listener.outputs == [0, 1, 2, 3, 4]
    third, again = manager_in(tmp_path), Listener("durable")
    third.register(again)
    async with third:
        await third.flush(10)
    assert again.outputs == []


async def test_attempts_survive_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How often an event was tried, and when it is due, the next process knows; after its last try it is dead."""
    monkeypatch.setattr("agentcore._delivery.breaker.FIRST_DELAY", 0.02)
    attempts: list[int] = []

    def fail(data: Mapping[str, Any]) -> None:
        attempts.append(data["event"].attempt)
        raise ConnectionError("down")

    while len(attempts) < 3:
        pm = manager_in(tmp_path, shutdown_timeout=0)
        pm.register(Listener(Delivery(mode="durable", retries=2), fail))
        async with pm:
            seen = len(attempts)
            if not seen:
                await echo(pm).run("x")
            while len(attempts) == seen:
                await asyncio.sleep(0.001)
    assert attempts == [1, 2, 3]
    journal = SqliteJournal(tmp_path / "state" / "journal.db")
    await journal.open()
    (letter,) = await journal.dead()
    assert (letter.lane, letter.attempts, letter.error) == ("listener", 3, "ConnectionError: down")
    assert await journal.revive("listener") == 1
    await journal.aclose()
    mended = Listener("durable")
    pm = manager_in(tmp_path)
    pm.register(mended)
    async with pm:
        assert await pm.flush(10)
    assert mended.outputs == ["x"]


async def test_poison_holds_up_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that always fails delays what comes later of its own run, and that no longer than until it is dead."""
    monkeypatch.setattr("agentcore._delivery.breaker.FIRST_DELAY", 0.01)

    def act(data: Mapping[str, Any]) -> None:
        if data["event"].name == "agent_start" and data["input"] == {"value": "poison"}:
            raise ValueError("poison")

    listener = Listener(Delivery(mode="durable", retries=2), act, events=("agent_start", "agent_complete"))
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:
        for value in ("a", "poison", "b"):
            await echo(pm).run(value)
        assert await pm.flush(20)
        (status,) = await pm.lanes()
    heard = [(each["event"].name, each["input"]["value"]) for each in listener.heard]
    assert heard == [
        ("agent_start", "a"),
        ("agent_complete", "a"),
        ("agent_start", "b"),
        ("agent_complete", "b"),
        ("agent_complete", "poison"),
    ]
    assert (status.delivered, status.retried, status.dead) == (5, 2, 1)


async def test_run_that_disables_a_provider_promises_it_nothing(tmp_path: Path) -> None:
    """A durable provider hears of the runs that it takes part in, and of no others."""
    listener = Listener("durable")
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:
        await echo(pm).run(1, disabled=["listener"])
        await echo(pm, disabled=["listener"]).run(2)
        await echo(pm).run(3)
        assert await pm.flush(10)
    assert listener.outputs == [3]
    assert [each.lanes for each in await journalled(tmp_path, hooks=("agent_complete",))] == [(), (), ("listener",)]


async def test_agents_own_provider_has_a_lane_of_its_own(tmp_path: Path) -> None:
    """Durable providers of two agents, of one name, get the events of their own agent; so does the next process's."""
    pm = manager_in(tmp_path, shutdown_timeout=0)
    gate = Gate()
    one, other = Listener("durable"), Listener("durable", gate.wait)
    async with pm:
        # Held: what an agent that is gone was promised waits for the next one of its name.
        agents = [echo(pm, "one", providers=[one]), echo(pm, "other", providers=[other])]
        for number, agent in enumerate(agents, start=1):
            await agent.run(number)
        await gate.until_reached()
        while not one.heard:
            await asyncio.sleep(0.001)
        assert [each.lane for each in await pm.lanes()] == ["listener", "listener"]
    assert (one.outputs, other.outputs) == ([1], [])
    found = Listener("durable")
    pm = manager_in(tmp_path)
    async with pm:
        agent = echo(pm, "other", providers=[found])
        await agent.run(3)
        assert await pm.flush(10)
    assert found.outputs == [2, 3]


async def test_new_provider_may_begin_at_the_beginning(tmp_path: Path) -> None:
    """One that asks for the history gets what the journal has of its hooks, and one that does not begins now."""
    pm = manager_in(tmp_path)
    pm.register(Listener("durable", name="old"))
    async with pm:
        for number in range(3):
            await echo(pm).run(number)
    early, late = Listener(Delivery(mode="durable", start="beginning"), name="early"), Listener("durable", name="late")
    for number in (3, 4):
        pm = manager_in(tmp_path)
        pm.register(early)
        pm.register(late)
        async with pm:
            await echo(pm).run(number)
            assert await pm.flush(10)
    assert early.outputs == [0, 1, 2, 3, 4]
    assert late.outputs == [3, 4]


async def test_one_of_two_managers_delivers(tmp_path: Path) -> None:
    """Of two that share a journal one owns the lane; when that is closed the other takes over."""
    managers = [manager_in(tmp_path), manager_in(tmp_path)]
    listeners = [Listener("durable"), Listener("durable")]
    for pm, listener in zip(managers, listeners, strict=True):
        pm.register(listener)
    async with managers[1]:
        async with managers[0]:
            await echo(managers[0]).run(0)
            await echo(managers[1]).run(1)
            assert await managers[0].flush(10)
            assert await managers[1].flush(10)
            assert sorted(listeners[0].outputs + listeners[1].outputs) == [0, 1]
            assert [] in (listeners[0].outputs, listeners[1].outputs)
        await echo(managers[1]).run(2)
        assert await managers[1].flush(10)
    assert 2 in listeners[1].outputs
    assert sorted(listeners[0].outputs + listeners[1].outputs) == [0, 1, 2]


async def test_worker_alone_delivers_where_that_is_asked_for(tmp_path: Path) -> None:
    """With worker = true an agent's process appends, and only a worker's delivers."""
    table = {"listener": {"worker": True}}
    agents, worker = manager_in(tmp_path, delivery=table), manager_in(tmp_path, delivery=table)
    worker.is_worker = True
    here, there = Listener("durable"), Listener("durable")
    agents.register(here)
    worker.register(there)
    async with agents:
        await echo(agents).run("x")
        async with worker:
            assert await worker.flush(10)
    assert (here.outputs, there.outputs) == ([], ["x"])


class Failing:
    """A journal that cannot be appended to until it is mended."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.broken = False
        self.error: Exception = JournalError("the journal cannot be written: disk full", hint="make room.")
        self.tries = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def append(self, records: Sequence[Record]) -> int:
        self.tries += 1
        if self.broken:
            raise self.error
        return await self._journal.append(records)


async def test_agents_go_on_while_the_journal_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While nothing can be written runs end as ever, the operator is told once, and nothing is lost when it can."""
    monkeypatch.setattr("agentcore._delivery.log.PATIENCE", 0.01)
    listener = Listener("durable")
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:
        log = pm.delivering.journal
        failing = Failing(log.journal)
        log.journal = failing
        failing.broken = True
        for number in range(20):
            await echo(pm).run(number)
        while failing.tries < 3:
            await asyncio.sleep(0.001)
        assert isinstance(log.failure, JournalError)
        assert listener.outputs == []
        told = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert ["disk full" in each.getMessage() for each in told] == [True]
        failing.broken = False
        assert await pm.flush(10)
        assert log.failure is None
        assert caplog.messages[-1].endswith("can be written again")
    assert listener.outputs == list(range(20))


async def test_end_says_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that ends while the journal fails is told how many events are lost."""
    monkeypatch.setattr("agentcore._delivery.log.PATIENCE", 0.01)
    pm = manager_in(tmp_path, shutdown_timeout=0)
    pm.register(Listener("durable"))
    async with pm:
        failing = Failing(pm.delivering.journal.journal)
        pm.delivering.journal.journal = failing
        failing.broken = True
        await echo(pm).run("x")
        while not failing.tries:
            await asyncio.sleep(0.001)
    assert any("could not take 2 of the events: lost" in each for each in caplog.messages)


async def test_journal_that_cannot_be_opened_keeps_agents_from_running(tmp_path: Path) -> None:
    """What is promised must be kept: a broken journal is refused by name, and left as it is."""
    path = tmp_path / "state" / "journal.db"
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all, but some text" * 100)
    pm = manager_in(tmp_path)
    pm.register(Listener("durable"))
    with pytest.raises(JournalError, match=r"journal\.db"):
        await echo(pm).run("x")
    assert path.read_bytes().startswith(b"this is no database")
    await pm.aclose()


async def test_what_cannot_be_encoded_is_kept_all_the_same(tmp_path: Path) -> None:
    """A payload without JSON comes as a marked representation, and the rest of its event as it is."""

    class Opaque:
        def __repr__(self) -> str:
            return "<opaque>"

    listener = Listener("durable")
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:

        async def work(value: str) -> Any:
            return {"half": "\ud800", "thing": Opaque(), value: [1, 2]}

        await FunctionAgent(work, plugins=pm).run("list")
        assert await pm.flush(10)
    (output,) = listener.outputs
    assert output["half"] == "?"
    assert output["thing"]["$repr"] == "<opaque>"
    assert output["thing"]["$type"].endswith("Opaque")
    assert output["list"] == [1, 2]


async def test_streams_and_nested_agents_are_promised_as_runs_are(tmp_path: Path) -> None:
    """A streamed run, too, has ended when its events are on disk, its sub-agents' before its own."""
    gate = Gate()
    pm = manager_in(tmp_path, shutdown_timeout=0)
    pm.register(Listener("durable", gate.wait))
    async with pm:
        inner = echo(pm, "inner")
        outer = Agent(
            "outer",
            input="question: str",
            output="answer: str",
            model=ScriptedModel(["one two"]),
            plugins=pm,
            tools=[inner.as_tool()],
        )
        async with outer.run_stream(question="?") as stream:
            async for _ in stream:
                pass
        found = await journalled(tmp_path, hooks=("agent_complete",))
        assert [each.agent for each in found] == ["outer"]
        gate.open()


def test_process_without_durable_providers_has_no_journal(tmp_path: Path) -> None:
    """No folder and no file is made for those who need none."""
    pm = manager_in(tmp_path)
    pm.register(Listener("background"))
    echo(pm).run_sync("x")
    asyncio.run(pm.aclose())
    assert not (tmp_path / "state").exists()


def _position(appended: Appended) -> int:
    return appended.position


async def test_journal_records_what_traces_need(tmp_path: Path) -> None:
    """Where there is a journal it keeps what is configured, even if nobody was promised it."""
    pm = manager_in(tmp_path, journal={"events": ["agent_start", "tool_*"]})
    pm.register(Listener("durable"))
    async with pm:
        await echo(pm).run("x")
    assert hooks(await journalled(tmp_path)) == ["agent_start", "agent_complete"]
    pm = PluginManager()
    assert not pm.delivering.has_journal


async def test_lane_outlives_a_journal_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of the journal, and fails, is asked again until it can be answered."""
    monkeypatch.setattr("agentcore._delivery.worker._PATIENCE", 0.01)
    monkeypatch.setattr("agentcore._delivery.lane.TAKEOVER", 0.01)
    failing = dict.fromkeys(("own", "blocked", "read", "next_due", "settle"), 2)

    def at_first_failing(name: str) -> Callable[..., Awaitable[Any]]:
        real = getattr(SqliteJournal, name)

        async def work(*args: Any) -> Any:
            if failing[name]:
                failing[name] -= 1
                raise JournalError(f"the journal does not answer {name}")
            return await real(*args)

        return work

    for name in failing:
        monkeypatch.setattr(SqliteJournal, name, at_first_failing(name))
    listener = Listener("durable")
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:
        await echo(pm).run(0)
        while any(failing.values()):
            await asyncio.sleep(0.01)
        await echo(pm).run(1)
        assert await pm.flush(20)
    # What was delivered and could not be noted is delivered again.
    assert list(dict.fromkeys(listener.outputs)) == [0, 1]


async def test_writer_outlives_whatever_a_journal_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine that raises what it should not is told of, and tried again: nobody waits for ever."""
    monkeypatch.setattr("agentcore._delivery.log.PATIENCE", 0.01)
    listener = Listener("durable")
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:
        log = pm.delivering.journal
        failing = Failing(log.journal)
        failing.error = ZeroDivisionError("a fault of the engine's")
        log.journal = failing
        failing.broken = True
        await asyncio.wait_for(echo(pm).run("x"), 10)
        failing.broken = False
        assert await pm.flush(10)
    assert listener.outputs == ["x"]
    assert any("ZeroDivisionError: a fault of the engine's" in each for each in caplog.messages)


async def test_unregistered_plugin_is_owed_what_it_was_promised(tmp_path: Path) -> None:
    """What waits in the journal for a plugin that is taken out stays there for the next of its name."""
    gate = Gate()
    pm = manager_in(tmp_path)
    pm.register(Listener("durable", gate.wait))
    async with pm:
        for number in range(3):
            await echo(pm).run(number)
        await gate.until_reached()
        pm.unregister("listener")
        gate.open()
        # It waits for nobody who is not there any more.
        assert await pm.flush(10)
        again = Listener("durable")
        pm.register(again)
        await pm.startup()
        assert await pm.flush(10)
    assert again.outputs == [0, 1, 2]
