"""Calls of hooks that type checkers must refuse, each marked with the codes of mypy and pyright; this file is checked,
not run.
"""

from agentcore import ExecutionContext, ModelDelta, ModelRequest, ModelResponse, PluginManager, ToolCall, hookimpl


async def wrong_name(plugins: PluginManager, context: ExecutionContext) -> None:
    """There is no such hook."""
    await plugins.hook.tool_strat(context=context)  # error: attr-defined reportAttributeAccessIssue
    await plugins.hook.agent_begin(context)  # error: attr-defined reportAttributeAccessIssue
    await plugins.hook.model_pieces(context)  # error: attr-defined reportAttributeAccessIssue


async def missing(plugins: PluginManager, context: ExecutionContext, delta: ModelDelta) -> None:
    """An argument is missing."""
    await plugins.hook.agent_start(context=context, agent="triage")  # error: call-arg reportCallIssue
    await plugins.hook.resolve_model()  # error: call-arg reportCallIssue
    await plugins.hook.model_answer(context=context, model="tiny")  # error: call-arg reportCallIssue
    await plugins.hook.model_piece(context=context, delta=delta)  # error: call-arg reportCallIssue
    await plugins.hook.event_data(context=context, data={})  # error: call-arg reportCallIssue


async def extra(plugins: PluginManager, context: ExecutionContext) -> None:
    """An argument is too many, or misspelt."""
    await plugins.hook.register_tools(context=context)  # error: call-arg reportCallIssue
    await plugins.hook.resolve_model(name="tiny", nam="tiny")  # error: call-arg reportCallIssue
    await plugins.hook.resolve_model("tiny", "big")  # error: call-arg reportCallIssue
    await plugins.hook.event_data(None, "agent_start", {}, agent="triage")  # error: call-arg reportCallIssue


async def mistyped(plugins: PluginManager, context: ExecutionContext, response: ModelResponse) -> None:
    """An argument has another type than the hook's."""
    hook = plugins.hook
    await hook.resolve_model(name=3)  # error: arg-type reportArgumentType
    await hook.agent_start(context=context, agent="triage", input=["x"])  # error: arg-type reportArgumentType
    await hook.agent_start(context=None, agent="triage", input={})  # error: arg-type reportArgumentType
    await hook.model_request(context=context, model="tiny", request=response)  # error: arg-type reportArgumentType
    await hook.model_piece(context=context, model="tiny", delta="A", call_id="1")  # error: arg-type reportArgumentType
    await hook.event_data(context=context, name="agent_start", data=["x"])  # error: arg-type reportArgumentType
    await hook.model_answer(
        context=context,
        model="tiny",
        provider="here",
        request=response,  # error: arg-type reportArgumentType
        call_id="1",
        response="text",  # error: arg-type reportArgumentType
    )
    await hook.tool_start(
        context=context,
        tool="search",
        arguments={},
        call_id=1,  # error: arg-type reportArgumentType
    )
    await hook.tool_error(
        context=context,
        tool="search",
        arguments={},
        error=ValueError(),
        call_id="1",
        duration="long",  # error: arg-type reportArgumentType
        outcome="lost",  # error: arg-type reportArgumentType
    )


async def results(plugins: PluginManager, context: ExecutionContext, call: ToolCall, delta: ModelDelta) -> None:
    """A result is not what it is taken for."""
    request: ModelRequest = await plugins.hook.tool_call(context, call)  # error: assignment reportAssignmentType
    name: str = await plugins.hook.resolve_model(name="tiny")  # error: assignment reportAssignmentType
    (await plugins.hook.resolve_model(name="tiny")).aclose()  # error: union-attr reportOptionalMemberAccess
    piece: str = await plugins.hook.model_piece(context, "tiny", delta, "1")  # error: assignment reportAssignmentType
    data: list[str] = await plugins.hook.event_data(None, "agent_start", {})  # error: assignment reportAssignmentType
    print(request, name, piece, data)


async def answered(plugins: PluginManager, context: ExecutionContext, request: ModelRequest) -> None:
    """There may be no answer."""
    found = await plugins.hook.model_answer(context, "tiny", "here", request, "1", None)
    print(found.text)  # error: union-attr reportOptionalMemberAccess


async def not_awaited(plugins: PluginManager, context: ExecutionContext, call: ToolCall) -> None:
    """A call is not the result."""
    print(plugins.hook.tool_call(context=context, call=call).name)  # error: attr-defined reportAttributeAccessIssue


class Marked:
    """Options that there are not."""

    @hookimpl(tryfrist=True)  # error: call-overload reportCallIssue
    def tool_start(self) -> None:
        """A misspelt option."""

    @hookimpl(timeout="soon")  # error: call-overload reportArgumentType
    def tool_error(self) -> None:
        """A mistyped option."""
