"""Memory for agents: what comes before the model, and what the model can ask for."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentcore import Agent, ExecutionContext, PluginManager, hookimpl, load_settings
from agentcore.errors import ConfigError
from agentcore.models import ScriptedModel
from agentcore.types import Document, Hit, KnowledgeQuery, ModelRequest, ToolCall
from agentcore_vectorstore import Memory, VectorStoreProvider, memory_option
from agentcore_vectorstore.testing import WordEmbedder


class Watcher:
    """Sees what a plugin sees."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []
        self.queries: list[KnowledgeQuery] = []
        self.tools: list[Any] = []

    @hookimpl
    def model_start(self, request: ModelRequest) -> None:
        self.requests.append(request)

    @hookimpl
    def knowledge_query(self, query: KnowledgeQuery) -> None:
        self.queries.append(query)

    @hookimpl
    def tool_execute(self, tool: str, result: Any) -> None:
        self.tools.append((tool, result))


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[VectorStoreProvider]:
    provider = VectorStoreProvider(f"sqlite:///{tmp_path}/memory.db", embedder=WordEmbedder(dimension=1024))
    yield provider
    provider.agentcore_shutdown()


@pytest.fixture
async def plugins(provider: VectorStoreProvider, watcher: Watcher, tmp_path: Path) -> AsyncIterator[PluginManager]:
    async with PluginManager(load_settings(overrides={"state_dir": str(tmp_path)})) as plugins:
        plugins.register(provider, "vectorstore")
        plugins.register(watcher, "watcher")
        yield plugins


def helper(plugins: PluginManager, *answers: Any, name: str = "helper", **memory: Any) -> Agent:
    """An agent with a memory."""
    return Agent(name, model=ScriptedModel(list(answers)), plugins=plugins, providers=[Memory(**memory)])


async def ask(agent: Agent, text: str, context: ExecutionContext | None = None, **metadata: str) -> None:
    """Run *agent*, and wait until the run is remembered."""
    await agent.run(text, context=context or ExecutionContext(agent.name, metadata=metadata))
    assert agent._plugins is not None
    assert await agent._plugins.flush(timeout=10)


async def test_what_is_relevant_comes_before_the_model(plugins: PluginManager, watcher: Watcher) -> None:
    """In the system message, best first, and no more than asked; the hooks see the request and the question."""
    agent = helper(plugins, "refunds take thirty days", "the office is in Vienna", "so it is", k=1)
    await ask(agent, "How long do refunds take?")
    await ask(agent, "Where is the office?")
    await ask(agent, "When do I get refunds?")
    system = watcher.requests[2].messages[0]
    assert system.role == "system"
    assert "Notes from earlier" in system.content
    assert "- refunds take thirty days" in system.content
    assert "Vienna" not in system.content
    assert "Notes from earlier" not in watcher.requests[0].messages[0].content
    assert "When do I get refunds?" in watcher.queries[2].text


@pytest.mark.parametrize(
    ("reach", "remembered"),
    [
        ("session", {"mine"}),
        ("agent", {"mine", "session"}),
        ("tenant", {"mine", "session", "agent"}),
        ("all", {"mine", "session", "agent", "tenant", "knowledge"}),
    ],
)
async def test_reach_says_whose_memories_count(
    plugins: PluginManager, watcher: Watcher, provider: VectorStoreProvider, reach: Any, remembered: set[str]
) -> None:
    """Of the session, the agent, the tenant, or everybody; never another tenant's by accident."""
    await ask(helper(plugins, "note mine"), "x", tenant="acme", session="7")
    await ask(helper(plugins, "note session"), "x", tenant="acme", session="8")
    await ask(helper(plugins, "note agent", name="other"), "x", tenant="acme", session="7")
    await ask(helper(plugins, "note tenant"), "x", tenant="acm/e", session="7")
    provider.store.add([Document(text="note knowledge")])
    watcher.requests.clear()
    await ask(helper(plugins, "done", k=20, namespace=reach), "which note?", tenant="acme", session="7")
    text = watcher.requests[0].messages[0].content
    assert {
        word for word in ("mine", "session", "agent", "tenant", "knowledge") if f"- note {word}" in text
    } == remembered


async def test_without_a_session_the_run_and_its_children_are_one(plugins: PluginManager, watcher: Watcher) -> None:
    """Nothing of another run is remembered then."""
    await ask(helper(plugins, "note of another run"), "x")
    root = ExecutionContext("root")
    first, second = helper(plugins, "note of this run"), helper(plugins, "done", namespace="session")
    await ask(first, "x", root.fork("helper"))
    await ask(second, "which note?", root.fork("helper"))
    text = watcher.requests[-1].messages[0].content
    assert "note of this run" in text
    assert "another" not in text


async def test_memories_keep_to_their_budget(plugins: PluginManager, watcher: Watcher) -> None:
    """What does not fit is left out, whole."""
    await ask(helper(plugins, "apple " * 300), "x")
    await ask(helper(plugins, "a small apple"), "x")
    watcher.requests.clear()
    await ask(helper(plugins, "done", max_tokens=60), "apple?")
    text = watcher.requests[0].messages[0].content
    assert "- a small apple" in text
    assert "apple apple" not in text


async def test_model_can_ask_for_more(plugins: PluginManager, watcher: Watcher) -> None:
    """By the tool recall, which is a tool like any other; the notes of the first request stay."""
    await ask(helper(plugins, "the office is in Vienna"), "x")
    watcher.requests.clear()
    calls = [ToolCall("1", "recall", {"query": "the office"}), ToolCall("2", "recall", {"query": "  "})]
    await ask(helper(plugins, calls, "done"), "Where is the office?")
    assert [spec.name for spec in watcher.requests[0].tools] == ["recall"]
    notes, nothing = sorted(result for _, result in watcher.tools)
    assert "- the office is in Vienna" in notes
    assert nothing == "Nothing is known about that."
    first, second = watcher.requests
    assert second.messages[0] == first.messages[0]


async def test_tool_can_be_left_out(plugins: PluginManager, watcher: Watcher) -> None:
    """Small models do better without."""
    await ask(helper(plugins, "done", tool=False), "x")
    assert not watcher.requests[0].tools


async def test_store_that_knows_no_namespaces_stays_out(plugins: PluginManager, watcher: Watcher) -> None:
    """Its answers may be another tenant's; only where everybody's memories count they do, too."""

    class Loose:
        @hookimpl
        def knowledge_query(self) -> list[Hit]:
            return [Hit(document=Document(text="from elsewhere"), score=1.0, source="loose")]

    plugins.register(Loose(), "loose")
    await ask(helper(plugins, "done"), "x")
    assert "elsewhere" not in watcher.requests[0].messages[0].content
    await ask(helper(plugins, "done", namespace="all"), "x")
    assert "- from elsewhere" in watcher.requests[1].messages[0].content


async def test_agent_is_declared_with_a_memory(plugins: PluginManager, watcher: Watcher) -> None:
    """``memory=`` is all it takes."""
    for memory in (None, {"k": 1, "tool": False}, True):
        agent = Agent("helper", model=ScriptedModel(["refunds take thirty days"]), plugins=plugins, memory=memory)
        await ask(agent, "How long do refunds take?")
    texts = [request.messages[0].content for request in watcher.requests]
    assert ["- refunds" in text for text in texts] == [False, True, True]
    assert [len(request.tools) for request in watcher.requests] == [0, 0, 1]
    with pytest.raises(ConfigError, match="memory has no option 'kk'"):
        Agent("helper", memory={"kk": 1})


async def test_nothing_is_remembered_without_a_store(watcher: Watcher) -> None:
    """The agent runs all the same."""
    plugins = PluginManager()
    plugins.register(watcher, "watcher")
    await ask(helper(plugins, "done"), "x")
    assert len(watcher.requests) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, False), (False, False), (True, True), ({}, True), ({"k": 3, "namespace": "session"}, True)],
    ids=str,
)
def test_value_of_memory(value: Any, expected: bool) -> None:
    """True and mappings make one, None and False none."""
    assert isinstance(memory_option(value), Memory) is expected


def test_memory_itself_is_a_value() -> None:
    """As it is."""
    memory = Memory()
    assert memory_option(memory) is memory


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "takes True or a mapping of options, not 'int'"),
        ({"kk": 3}, "memory has no option 'kk'\nhint: did you mean 'k'?"),
        ({"k": 0}, "option 'k' cannot be used"),
        ({"namespace": "nobody"}, "option 'namespace' cannot be used"),
    ],
    ids=str,
)
def test_value_that_is_no_memory(value: Any, message: str) -> None:
    """The error says what it may be."""
    with pytest.raises(ConfigError) as caught:
        memory_option(value)
    assert message in str(caught.value)
