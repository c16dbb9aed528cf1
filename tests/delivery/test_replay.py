"""Replaying the journal through one plugin."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agentcore import Agent, PluginManager, Settings, hookimpl
from agentcore._delivery import replay
from agentcore._delivery.breaker import THRESHOLD
from agentcore.errors import PluginError, PluginNotFoundError
from agentcore.models import ScriptedModel
from agentcore.types import Delivery


class Recording:
    """Keeps what it gets; raises what :attr:`fails` returns for an event."""

    def __init__(self, mode: Any = "inline", retries: int | None = None) -> None:
        self.delivery = Delivery(mode=mode, retries=retries)
        self.seen: list[SimpleNamespace] = []
        self.fails: Callable[[str], Exception | None] = lambda text: None

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.seen]

    @hookimpl
    async def agent_complete(self, context: Any, input: Any, output: Any, usage: Any, event: Any) -> None:
        await asyncio.sleep(0)
        failure = self.fails(input["text"])
        if failure is not None:
            raise failure
        self.seen.append(
            SimpleNamespace(
                text=input["text"],
                id=event.id,
                attempt=event.attempt,
                run=context.context_id,
                usage=usage,
                output=output,
            )
        )


class Starting:
    """Implements another event, and a value hook."""

    def __init__(self) -> None:
        self.hooks: Counter[str] = Counter()

    @hookimpl
    def agent_start(self) -> None:
        self.hooks["agent_start"] += 1

    @hookimpl
    def agent_complete(self) -> None:
        self.hooks["agent_complete"] += 1

    @hookimpl
    def agent_output(self) -> None:
        self.hooks["agent_output"] += 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a program with a journal."""
    return Settings(state_dir=tmp_path / "state")


@pytest.fixture
async def plugins(settings: Settings) -> AsyncIterator[PluginManager]:
    """A program whose runs are journalled."""
    async with PluginManager(settings) as plugins:
        plugins.register(Recording("durable"), "audit")
        yield plugins


@pytest.fixture
def echo(plugins: PluginManager) -> Agent:
    """An agent of the program."""
    return Agent("echo", input="text: str", model=ScriptedModel(lambda request: "fine"), plugins=plugins)


@pytest.fixture
async def history(echo: Agent) -> list[str]:
    """What happened before: the inputs of some runs."""
    texts = [f"t{number}" for number in range(10)]
    for text in texts:
        await echo.run(text=text)
    return texts


def join(plugins: PluginManager, plugin: Any, name: str = "late") -> Any:
    """Have *plugin* come after all that."""
    plugins.register(plugin, name)
    return plugin


@pytest.mark.parametrize("mode", ["inline", "background", "durable"])
async def test_a_plugin_that_comes_late(plugins: PluginManager, history: list[str], mode: str) -> None:
    """It gets the events of the past in order, with their ids and contexts, whatever its delivery is."""
    late = join(plugins, Recording(mode))
    replayed = await plugins.replay("late")
    assert late.texts == history
    assert (replayed.total, replayed.delivered, bool(replayed), replayed.resumed) == (10, 10, True, False)
    audit: Any = plugins.get_plugin("audit")
    assert await plugins.flush(10)
    assert [(each.id, each.run, each.usage) for each in late.seen] == [
        (each.id, each.run, each.usage) for each in audit.seen
    ]
    assert {each.attempt for each in late.seen} == {1}


async def test_a_plugin_that_has_them(plugins: PluginManager, history: list[str]) -> None:
    """It gets the same events again, with the ids by which it knows them; its lane is not touched."""
    assert await plugins.flush(10)
    audit: Any = plugins.get_plugin("audit")
    before = [each.id for each in audit.seen]
    await plugins.replay("audit")
    assert [each.id for each in audit.seen] == before * 2
    (status,) = await plugins.lanes()
    assert status.delivered == 10


async def test_events_alone_are_replayed(plugins: PluginManager, history: list[str]) -> None:
    """A value hook guards what goes on, and not what is over."""
    late = join(plugins, Starting())
    assert (await plugins.replay("late")).total == 20
    assert late.hooks == {"agent_start": 10, "agent_complete": 10}


async def test_one_hook(plugins: PluginManager, history: list[str]) -> None:
    """Only its events are sent."""
    late = join(plugins, Starting())
    assert (await plugins.replay("late", hook="agent_start")).total == 10
    assert late.hooks == {"agent_start": 10}


async def test_one_run(plugins: PluginManager, echo: Agent, history: list[str]) -> None:
    """Only its events are sent."""
    result = await echo.run(text="this one")
    late = join(plugins, Recording())
    await plugins.replay("late", run=result.context.context_id)
    assert late.texts == ["this one"]


@pytest.mark.parametrize("kind", ["moment", "span"])
async def test_since_a_time(plugins: PluginManager, echo: Agent, history: list[str], kind: str) -> None:
    """Only what was sent since then, or within that time."""
    now = datetime.now(UTC)
    await echo.run(text="later")
    late = join(plugins, Recording())
    await plugins.replay("late", since=now if kind == "moment" else timedelta(days=1))
    assert late.texts == (["later"] if kind == "moment" else [*history, "later"])
    await plugins.replay("late", since=now + timedelta(days=1))
    assert len(late.texts) == (1 if kind == "moment" else 11)


async def test_a_dry_run(plugins: PluginManager, history: list[str]) -> None:
    """It says what would be sent, and sends nothing."""
    late = join(plugins, Starting())
    replayed = await plugins.replay("late", dry_run=True)
    assert (replayed.total, replayed.hooks, replayed.delivered) == (20, {"agent_start": 10, "agent_complete": 10}, 0)
    assert not late.hooks


async def test_nothing_to_send(plugins: PluginManager) -> None:
    """A journal without events is replayed at once."""
    join(plugins, Recording())
    assert (await plugins.replay("late")).total == 0


async def test_what_happens_meanwhile(plugins: PluginManager, echo: Agent, history: list[str]) -> None:
    """A replay ends where the journal ended when it began: what is new comes by its own way."""
    late = join(plugins, Recording())
    ran: list[Any] = []

    def run_once(_text: str) -> None:
        if not ran:
            ran.append(asyncio.get_running_loop().create_task(echo.run(text="new")))

    late.fails = run_once
    assert (await plugins.replay("late")).total == 10
    await asyncio.gather(*ran)
    assert sorted(late.texts) == sorted([*history, "new"])


async def test_progress(plugins: PluginManager, history: list[str]) -> None:
    """It is told how many were delivered, how many there are, and how many were given up."""
    late = join(plugins, Recording())
    late.fails = lambda text: ValueError("no") if text == "t3" else None
    told: list[tuple[int, int, int]] = []
    await plugins.replay("late", progress=lambda *figures: told.append(figures))
    assert told[-1] == (9, 10, 1)


# --- failures ---


async def test_one_that_is_given_up(plugins: PluginManager, history: list[str]) -> None:
    """It holds nobody up, the result names it, and it is not among the dead letters."""
    late = join(plugins, Recording())
    late.fails = lambda text: ValueError("not this") if text == "t3" else None
    replayed = await plugins.replay("late")
    assert not replayed
    (failure,) = replayed.failed
    assert (failure.hook, failure.attempts, failure.error) == ("agent_complete", 1, "ValueError: not this")
    assert late.texts == [text for text in history if text != "t3"]
    assert replayed.delivered == 9
    assert all(each.dead == 0 for each in await plugins.lanes())
    assert plugins.statuses()[1].failures == 1


async def test_one_that_is_sent_again(
    plugins: PluginManager, history: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As often as the plugin's delivery says; the others do not wait for it."""
    monkeypatch.setattr(replay, "LONGEST_DELAY", 0.02)
    late = join(plugins, Recording(retries=3))
    tries: Counter[str] = Counter()

    def fails(text: str) -> Exception | None:
        tries[text] += 1
        return ValueError("not yet") if text == "t3" and tries[text] <= 3 else None

    late.fails = fails
    assert await plugins.replay("late")
    assert late.texts == [*(text for text in history if text != "t3"), "t3"]
    assert late.seen[-1].attempt == 4
    tries.clear()
    late.fails = lambda text: ValueError("never") if text == "t3" else None
    (failure,) = (await plugins.replay("late")).failed
    assert failure.attempts == 4


async def test_the_order_within_a_run(plugins: PluginManager, history: list[str]) -> None:
    """What comes later of a run waits behind what failed of it."""
    seen: list[tuple[str, str]] = []

    class Late:
        delivery = Delivery(retries=1)
        failed = False

        @hookimpl
        def agent_start(self, context: Any) -> None:
            if not self.failed:
                self.failed = True
                raise ValueError("not yet")
            seen.append((context.context_id, "start"))

        @hookimpl
        def agent_complete(self, context: Any) -> None:
            seen.append((context.context_id, "complete"))

    join(plugins, Late())
    assert await plugins.replay("late")
    of_each: dict[str, list[str]] = {}
    for run, what in seen:
        of_each.setdefault(run, []).append(what)
    assert list(of_each.values()) == [["start", "complete"]] * 10
    assert seen[-2:] != [], "the first came last"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a plugin that fails."""
    monkeypatch.setattr("agentcore._delivery.breaker.FIRST_PERIOD", 0.01)
    monkeypatch.setattr(replay, "SAME", 0.001)
    monkeypatch.setattr(replay, "LONGEST_DELAY", 0.001)


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.usefixtures("hasty")
async def test_a_plugin_that_is_down(plugins: PluginManager, echo: Agent, history: list[str], retries: int) -> None:
    """It ends the replay, and when it is mended the next one begins with the first event that it did not take."""
    more = [f"u{number}" for number in range(2 * THRESHOLD)]
    for text in more:
        await echo.run(text=text)
    late = join(plugins, Recording(retries=retries))
    late.fails = lambda text: OSError("down") if text > "t1" else None
    stopped = "after 2 of 20 events: the plugin 'late' fails at every event .OSError: down"
    with pytest.raises(PluginError, match=stopped) as raised:
        await plugins.replay("late")
    assert isinstance(raised.value.__cause__, OSError)
    assert late.texts == ["t0", "t1"]
    late.fails = lambda text: None
    replayed = await plugins.replay("late")
    assert (replayed.resumed, replayed.total, bool(replayed)) == (True, 18, True)
    assert late.texts == [*history, *more]


@pytest.mark.usefixtures("hasty")
async def test_many_that_are_given_up(plugins: PluginManager, history: list[str]) -> None:
    """Where everything else was delivered, it is the events, and not the plugin: the replay is over."""
    late = join(plugins, Recording(retries=8))
    late.fails = lambda text: ValueError("poison") if int(text[1:]) % 2 else None
    replayed = await plugins.replay("late")
    assert (replayed.delivered, len(replayed.failed)) == (5, 5)
    assert {each.error for each in replayed.failed} == {"ValueError: poison"}
    assert all(each.attempts >= 1 for each in replayed.failed)
    assert not (await plugins.replay("late", dry_run=True)).resumed


async def test_what_cannot_be_replayed(plugins: PluginManager) -> None:
    """The nearest that can is named."""
    with pytest.raises(PluginNotFoundError, match="did you mean 'audit'"):
        await plugins.replay("audti")
    with pytest.raises(PluginError, match="implements no event 'agent_compelte'\nhint: did you mean 'agent_complete'"):
        await plugins.replay("audit", hook="agent_compelte")
    join(plugins, object(), "nothing")
    with pytest.raises(PluginError, match="implements no events, so there is nothing to replay"):
        await plugins.replay("nothing")


# --- interruptions ---


async def test_going_on(plugins: PluginManager, history: list[str]) -> None:
    """One that was interrupted goes on when the same is asked for, and has forgotten it when it is over."""
    late = join(plugins, Recording("background"))
    held = asyncio.Event()
    hold = True

    @hookimpl
    async def agent_complete(input: Any) -> None:
        while hold and input["text"] == "t4":
            loop.call_soon_threadsafe(held.set)
            await asyncio.sleep(0.001)
        late.seen.append(SimpleNamespace(text=input["text"]))

    loop = asyncio.get_running_loop()
    plugins.unregister("late")
    join(plugins, SimpleNamespace(agent_complete=agent_complete, delivery=Delivery(mode="background")))
    running = asyncio.ensure_future(plugins.replay("late"))
    await held.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert late.texts == history[:4]
    hold = False
    look = await plugins.replay("late", dry_run=True)
    assert (look.total, look.resumed) == (6, True)
    assert (await plugins.replay("late", since=timedelta(days=1), dry_run=True)).resumed is False
    replayed = await plugins.replay("late")
    assert (replayed.total, replayed.resumed) == (6, True)
    assert late.texts == history
    assert (await plugins.replay("late", dry_run=True)).total == 10


async def test_beginning_anew(plugins: PluginManager, history: list[str]) -> None:
    """With *restart* it does not matter that one was interrupted."""
    late = join(plugins, Recording())
    late.fails = lambda text: asyncio.current_task().cancel() if text == "t4" else None  # type: ignore[union-attr, func-returns-value]
    running = asyncio.ensure_future(plugins.replay("late"))
    while len(late.seen) < 4:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    late.fails = lambda text: None
    replayed = await plugins.replay("late", restart=True)
    assert (replayed.total, replayed.resumed) == (10, False)


async def test_two_at_once(plugins: PluginManager, settings: Settings, history: list[str]) -> None:
    """A plugin is replayed once at a time, in this program and in others."""
    late = join(plugins, Recording())
    held, go = asyncio.Event(), asyncio.Event()

    class Holding:
        @hookimpl
        async def agent_complete(self) -> None:
            held.set()
            await go.wait()

    join(plugins, Holding(), "holding")
    first = asyncio.ensure_future(plugins.replay("holding"))
    await held.wait()
    async with PluginManager(settings) as other:
        join(other, Holding(), "holding")
        for manager in (plugins, other):
            with pytest.raises(PluginError, match="'holding' is being replayed already"):
                await manager.replay("holding")
    assert await plugins.replay("late"), "another plugin is another matter"
    go.set()
    assert (await first).delivered == 10
    assert late.texts == history
    assert (await plugins.replay("holding")).delivered == 10


async def test_a_journal_that_breaks(plugins: PluginManager, settings: Settings, history: list[str]) -> None:
    """The replay ends with the journal's error."""
    from agentcore.errors import JournalError

    join(plugins, Recording())
    await plugins.flush(10)
    import apsw

    database = apsw.Connection(str(settings.journal_path))
    database.execute("UPDATE event SET payload = x'00' WHERE position = 9")
    database.close()
    with pytest.raises(JournalError, match="position 9 is damaged"):
        await plugins.replay("late")
