"""Calls of hooks that type checkers must accept; this file is checked, not run."""

from collections.abc import Mapping
from typing import Any, assert_type

from agentcore import (
    Document,
    ExecutionContext,
    Hit,
    KnowledgeQuery,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    PluginManager,
    Provider,
    ProviderMiddleware,
    Settings,
    Tool,
    ToolCall,
    Usage,
    hookimpl,
)
from agentcore.models import Model


async def events(plugins: PluginManager, context: ExecutionContext, usage: Usage) -> None:
    """Events have no result; the envelope need not be passed."""
    hook = plugins.hook
    assert_type(await hook.agent_start(context=context, agent="triage", input={"ticket": "x"}), None)
    assert_type(await hook.knowledge_update(context=None, documents=[Document(text="A cat.")]), None)
    await hook.agent_start(context, "triage", {"ticket": "x"})
    await hook.tool_execute(
        context=context,
        tool="search",
        arguments={},
        result=object(),
        call_id="1",
        duration=1.5,
        outcome="ok",
    )
    await hook.agent_error(
        context=context,
        agent="triage",
        input={},
        error=ValueError(),
        usage=usage,
        duration=1,
        outcome="cancelled",
    )


async def values(
    plugins: PluginManager, context: ExecutionContext, request: ModelRequest, response: ModelResponse, call: ToolCall
) -> None:
    """A value hook returns the noun."""
    hook = plugins.hook
    assert_type(await hook.agent_input(context=context, agent="triage", input={}), Mapping[str, Any])
    assert_type(await hook.agent_output(context=context, agent="triage", output="done"), Any)
    assert_type(await hook.model_request(context=context, model="tiny", request=request), ModelRequest)
    assert_type(
        await hook.model_response(context=context, model="tiny", request=request, response=response), ModelResponse
    )
    delta = ModelDelta(text="A")
    assert_type(await hook.model_piece(context=context, model="tiny", delta=delta, call_id="1"), ModelDelta)
    assert_type(await hook.event_data(context=None, name="agent_start", data={}), Mapping[str, Any])
    assert_type(await hook.tool_call(context=context, call=call), ToolCall)
    assert_type(await hook.tool_result(context=context, call=call, result=1), Any)


async def others(plugins: PluginManager) -> None:
    """Collecting hooks return lists, the first answer may be missing."""
    hook = plugins.hook
    assert_type(await hook.knowledge_query(context=None, query=KnowledgeQuery(text="cat")), list[Hit])
    assert_type(await hook.register_middleware(), list[ProviderMiddleware])
    assert_type(await hook.resolve_model(name="tiny"), Model | None)
    for each in await hook.register_tools():
        if isinstance(each, Tool):
            assert_type(each, Tool)


async def wrong_name(plugins: PluginManager, context: ExecutionContext) -> None:
    """Names of hooks."""
    await plugins.hook.tool_start(context=context, tool="search", arguments={}, call_id="1")
    await plugins.hook.agent_start(context, "triage", {})


async def missing(plugins: PluginManager, context: ExecutionContext) -> None:
    """Every argument."""
    await plugins.hook.agent_start(context=context, agent="triage", input={})
    await plugins.hook.resolve_model("tiny")


async def extra(plugins: PluginManager) -> None:
    """None but the hook's."""
    await plugins.hook.register_tools()
    await plugins.hook.resolve_model(name="tiny")


async def mistyped(plugins: PluginManager, context: ExecutionContext, request: ModelRequest) -> None:
    """Each of its type."""
    hook = plugins.hook
    await hook.model_request(context=context, model="tiny", request=request)
    await hook.tool_error(
        context=context,
        tool="search",
        arguments={},
        error=ValueError(),
        call_id="1",
        duration=0.5,
        outcome="cancelled",
    )


async def results(plugins: PluginManager, context: ExecutionContext, call: ToolCall) -> None:
    """A result is what it is taken for."""
    passed: ToolCall = await plugins.hook.tool_call(context, call)
    model: Model | None = await plugins.hook.resolve_model(name=passed.name)
    if model is not None:
        await model.aclose()


async def answered(plugins: PluginManager, context: ExecutionContext, request: ModelRequest) -> None:
    """Whoever asks sees whether there is an answer."""
    found = await plugins.hook.model_answer(
        context=context, model="tiny", provider="here", request=request, call_id="1", response=None
    )
    assert_type(found, ModelResponse | None)
    if found is not None:
        print(found.text)


async def not_awaited(plugins: PluginManager, context: ExecutionContext, call: ToolCall) -> None:
    """The result of a call."""
    print((await plugins.hook.tool_call(context=context, call=call)).name)


class Marked:
    """Marking keeps the type of a function."""

    @hookimpl
    async def tool_start(self, tool: str) -> None:
        """Without options."""

    @hookimpl(tryfirst=True, before="metrics", after=["audit"], timeout=2.5)
    def tool_call(self, call: ToolCall) -> ToolCall | None:
        """With options."""
        return call

    @hookimpl(timeout=5)
    def tool_error(self) -> None:
        """A typed option."""


def marked(call: ToolCall) -> None:
    """Implementations may be called as they are written."""
    assert_type(Marked().tool_call(call), ToolCall | None)


class Listener(Provider):
    """A provider overrides its methods and attributes."""

    name = "listener"
    events = ("tool_execute",)
    priority = 3

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        """Handle it."""


class Audit(ProviderMiddleware):
    """A step may be async."""

    async def pre_execute(self, provider: str, event: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace the data."""
        return {**data, "audited": True}


async def managers() -> None:
    """Managers are made, scoped and used in a block."""
    manager = PluginManager(Settings(hook_timeout=3))
    assert_type(manager.register(Listener()), str)
    manager.add_middleware(Audit())
    async with manager.scope(providers=[Listener()], disabled=["listener"]) as scope:
        assert_type(scope, PluginManager)
        assert_type(scope.get_plugin("listener"), object | None)
