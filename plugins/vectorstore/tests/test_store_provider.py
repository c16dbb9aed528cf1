"""The plugin: what it remembers of runs, what it answers, and how it is configured."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from agentcore import Event, ExecutionContext, PluginManager
from agentcore.errors import ConfigError
from agentcore.types import Document, KnowledgeQuery, Usage
from agentcore_vectorstore import VectorStoreProvider
from agentcore_vectorstore.errors import (
    StoreCorruptError,
)
from agentcore_vectorstore.testing import WordEmbedder

USAGE = Usage(requests=2, input_tokens=30, output_tokens=4, cost=Decimal("0.25"))


class Triage(BaseModel):
    label: str
    confidence: float


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[VectorStoreProvider]:
    """A provider whose store is a file in the test's folder."""
    provider = VectorStoreProvider(f"sqlite:///{tmp_path}/memory.db", embedder=WordEmbedder())
    yield provider
    provider.agentcore_shutdown()


@pytest.fixture
def context() -> ExecutionContext:
    return ExecutionContext("triage", metadata={"tenant": "acme"})


def complete(
    provider: VectorStoreProvider, context: ExecutionContext, output: Any, *, event: Event | None = None, **changed: Any
) -> None:
    """Tell *provider* that a run ended well."""
    arguments: dict[str, Any] = {
        "agent": "triage",
        "input": {"ticket": "The app crashes"},
        "usage": USAGE,
        "duration": 1.5,
        "outcome": "ok",
    }
    provider.agent_complete(context=context, output=output, event=event, **arguments | changed)


def test_provider_is_found_by_entry_point() -> None:
    """The framework loads the class by its group and name."""
    (found,) = entry_points(group="agentcore", name="vectorstore")
    assert found.load() is VectorStoreProvider


# --- remembering runs


def test_run_is_remembered_with_what_it_was_made_of(provider: VectorStoreProvider, context: ExecutionContext) -> None:
    """The output is the text; input, agent, ids, time, usage and metadata are beside it, as JSON."""
    child = context.fork("triage")
    event = Event("agent_complete", child, time_=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())
    complete(provider, child, Triage(label="bug", confidence=0.9), event=event)
    (hit,) = provider.store.search("bug")
    assert hit.document == Document(
        id=event.id,
        text="bug",
        metadata={
            "agent": "triage",
            "context_id": child.context_id,
            "root_id": context.context_id,
            "parent_id": context.context_id,
            "time": "2026-01-02T03:04:05.000000+00:00",
            "duration": 1.5,
            "outcome": "ok",
            "input": {"ticket": "The app crashes"},
            "usage": {
                "requests": 2,
                "input_tokens": 30,
                "output_tokens": 4,
                "cached_tokens": 0,
                "reasoning_tokens": 0,
                "cache_write_tokens": 0,
                "input_audio_tokens": 0,
                "output_audio_tokens": 0,
                "cost": "0.25",
            },
            "metadata": {"tenant": "acme"},
            "output": {"label": "bug", "confidence": 0.9},
        },
    )


def test_run_that_is_told_twice_is_remembered_once(provider: VectorStoreProvider, context: ExecutionContext) -> None:
    """Events may be delivered again: the id is the event's."""
    event = Event("agent_complete", context)
    for _ in range(3):
        complete(provider, context, "a crash", event=event)
    complete(provider, context, "a crash", event=Event("agent_complete", context))
    assert provider.store.count() == 2


def test_plain_text_is_not_stored_twice(provider: VectorStoreProvider, context: ExecutionContext) -> None:
    """Where the output is a string, the text is all of it; a root has no parent; without an event, now is the time."""
    before = datetime.now(UTC)
    complete(provider, context, "just text")
    (hit,) = provider.store.search("text")
    assert "output" not in hit.document.metadata
    assert hit.document.metadata["parent_id"] is None
    assert before <= datetime.fromisoformat(hit.document.metadata["time"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "output", [None, "", {"a": object()}, b"\xff", "\ud800", float("nan"), [[]], object()], ids=ascii
)
def test_no_output_is_too_odd_to_be_remembered(
    provider: VectorStoreProvider, context: ExecutionContext, output: Any
) -> None:
    """Whatever an agent returns, its run leaves a memory."""
    context.metadata["odd"] = output
    complete(provider, context, output, input={"odd": output}, event=Event("agent_complete", context))
    assert provider.store.count() == 1
    assert len(provider.store.search("x", fusion="vector", filter={"agent": "triage"})) == 1


def test_memories_last(tmp_path: Path, context: ExecutionContext) -> None:
    """Another provider, as in another process, finds what this one stored."""
    url = f"sqlite:///{tmp_path}/memory.db"
    first, second = (VectorStoreProvider(url, embedder=WordEmbedder()) for _ in range(2))
    complete(first, context, "remember me")
    first.agentcore_shutdown()
    (hit,) = second.knowledge_query(KnowledgeQuery(text="remember"))
    assert hit.document.text == "remember me"
    second.agentcore_shutdown()


# --- knowledge


def test_knowledge_is_stored_and_found(provider: VectorStoreProvider) -> None:
    """Hits name their source, the best first, at most as many as asked, and only those that pass the filter."""
    provider.knowledge_update([Document(text=f"apple number{n}", metadata={"even": n % 2 == 0}) for n in range(8)])
    hits = provider.knowledge_query(KnowledgeQuery(text="number5", limit=3))
    assert [hit.source for hit in hits] == ["vectorstore"] * 3
    assert hits[0].document.text == "apple number5"
    hits = provider.knowledge_query(KnowledgeQuery(text="apple", filter={"even": True}))
    assert {hit.document.text for hit in hits} == {f"apple number{n}" for n in (0, 2, 4, 6)}


def test_knowledge_that_is_told_twice_is_stored_once(provider: VectorStoreProvider) -> None:
    """Documents without an id get one made of the event's; ids that are given stay."""
    event = Event("knowledge_update")
    for _ in range(2):
        provider.knowledge_update([Document(text="a"), Document(text="b"), Document(id="c", text="c")], event=event)
    assert provider.store.count() == 3
    assert provider.store.delete([f"{event.id}-0", f"{event.id}-1", "c"]) == 3


def test_odd_metadata_of_knowledge_is_kept_and_matched(provider: VectorStoreProvider) -> None:
    """A date in the metadata is stored as text, and a filter with the date finds it."""
    day = datetime(2026, 1, 2, tzinfo=UTC)
    provider.knowledge_update([Document(text="apple", metadata={"day": day}), Document(text="apple")])
    (hit,) = provider.knowledge_query(KnowledgeQuery(text="apple", filter={"day": day}))
    assert hit.document.metadata == {"day": "2026-01-02T00:00:00Z"}


def test_blank_question_has_no_answer(provider: VectorStoreProvider) -> None:
    """It is no error either: other stores may answer."""
    assert provider.knowledge_query(KnowledgeQuery(text=" ")) == []


# --- its life


async def test_provider_takes_part_in_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: ExecutionContext
) -> None:
    """Registered with a plugin manager, it gets the events, keeps its file in the state folder, and is closed."""
    monkeypatch.chdir(tmp_path)
    provider = VectorStoreProvider(embedder=WordEmbedder())
    plugins = PluginManager()
    plugins.register(provider, "vectorstore")
    async with plugins:
        await plugins.hook.agent_complete(
            context=context,
            agent="triage",
            input={"ticket": "It crashes"},
            output="a crash",
            usage=USAGE,
            duration=0.5,
            outcome="ok",
        )
        await plugins.hook.knowledge_update(context=None, documents=[Document(text="known")])
        assert await plugins.flush(timeout=10)
        hits = await plugins.hook.knowledge_query(context=None, query=KnowledgeQuery(text="crash known"))
        assert {hit.document.text for hit in hits} == {"a crash", "known"}
        assert [command.name for command in await plugins.hook.register_commands()] == ["search", "knowledge"]
        assert provider.store.location == str(tmp_path / ".agentcore" / "memory.db")
    assert [path.name for path in (tmp_path / ".agentcore").glob("memory*")] == ["memory.db"]


def test_shutdown_closes_and_late_events_open_again(provider: VectorStoreProvider, context: ExecutionContext) -> None:
    """What is delivered after the end is stored all the same."""
    complete(provider, context, "early")
    store = provider.store
    provider.agentcore_shutdown()
    provider.agentcore_shutdown()
    complete(provider, context, "late")
    assert provider.store is not store
    assert provider.store.count() == 2


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    """Making, starting and stopping the provider leaves no file."""
    provider = VectorStoreProvider(f"sqlite:///{tmp_path}/memory.db")
    provider.register_commands()
    provider.agentcore_shutdown()
    assert list(tmp_path.iterdir()) == []


def test_file_that_cannot_be_used_is_told_at_every_event(tmp_path: Path, context: ExecutionContext) -> None:
    """The run's error names the file; when the file is well again, so is the provider."""
    path = tmp_path / "memory.db"
    path.write_text("rubbish" * 1000)
    provider = VectorStoreProvider(f"sqlite:///{path}", embedder=WordEmbedder())
    for _ in range(2):
        with pytest.raises(StoreCorruptError, match=r"memory\.db"):
            complete(provider, context, "text")
    path.unlink()
    complete(provider, context, "text")
    assert provider.store.count() == 1
    provider.agentcore_shutdown()


def test_provider_is_light_to_import() -> None:
    """Neither numpy, the database, the model's runtime nor the command line's libraries are loaded with it."""
    program = (
        "import sys; from agentcore_vectorstore import VectorStoreProvider as P; P.from_config(P.Config());"
        "print(*sorted({'numpy', 'apsw', 'onnxruntime', 'tokenizers', 'rich', 'click', 'agentcore_minilm'}"
        " & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "\n"


# --- its config


def test_config_makes_the_provider(tmp_path: Path) -> None:
    """Every key has a default, and what is written is what is used."""
    default = VectorStoreProvider.Config()
    assert (default.url, default.embedder) == ("sqlite:///memory.db", None)
    config = VectorStoreProvider.Config(url=f"sqlite:///{tmp_path}/other.db", embedder="none")
    provider = VectorStoreProvider.from_config(config)
    assert provider.store.location == str(tmp_path / "other.db")
    assert provider.store.embedder is None
    provider.agentcore_shutdown()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"uri": "memory://"}, "Extra inputs are not permitted"),
        ({"url": "memory.db"}, "'memory.db' is not a connection string"),
        ({"url": "sqlit:///memory.db"}, "did you mean 'sqlite'?"),
        ({"embedder": 7}, "Input should be a valid string"),
    ],
    ids=str,
)
def test_config_that_cannot_be_used(table: dict[str, Any], message: str) -> None:
    """It is refused before the first run, with the reason."""
    with pytest.raises(ValidationError) as caught:
        VectorStoreProvider.Config(**table)
    assert message in str(caught.value)


def test_wrong_connection_string_is_refused_at_once() -> None:
    """Not at the first event."""
    with pytest.raises(ConfigError, match="no backend has the scheme 'pg'"):
        VectorStoreProvider("pg://host/db")


def test_provider_shows_no_secret() -> None:
    """Its repr names the store without options."""
    assert repr(VectorStoreProvider("sqlite:///memory.db?timeout=3")) == "VectorStoreProvider('sqlite:///memory.db')"
