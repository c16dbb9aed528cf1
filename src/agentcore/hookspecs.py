"""Every hook of an agent's life: the one file that a provider author must read.

Two families on a regular grid, and a few process hooks:

**Events** (``<noun>_<verb>``) say that something happened.
What an implementation returns is ignored.
An implementation that fails, hangs or cancels itself is reported through :func:`plugin_error`, and its failure never
reaches the agent.

**Value hooks** are the noun that passes through.
Each implementation may return a replacement, return None to leave it as it is, or raise :class:`agentcore.Deny`.
Each sees what the one before it made.
They fail closed: an implementation that fails, hangs or returns something of another type ends the run as an error.

What holds for all of them:

- Arguments are passed by name, and an implementation takes only those it wants.
- An implementation may be a function, an async function, or any callable; it runs in the task of the run, on its event
  loop, in order, and is awaited.  ``@hookimpl(blocking=True)`` runs it on a thread of its own with the context copied.
- Whatever an event carries belongs to the run: read it, and copy what you keep.
- *context* is the :class:`~agentcore.ExecutionContext` of the run in which it happened.
- *duration* is in seconds, measured around the thing itself with a monotonic clock.
- *outcome* is one of :data:`agentcore.types.Outcome`.
- *event*, which every event has and no caller passes, is the :class:`~agentcore.Event`: its unique id, name, number in
  the run, time and schema version, made when somebody asks for it.

What an event tells has passed :func:`event_data` first, whoever is told: the agent's own plugins, lanes, the journal.

Every start is closed by exactly one end: :func:`agent_start` by :func:`agent_complete` or :func:`agent_error`,
:func:`model_start` by :func:`model_complete` or :func:`model_error`, :func:`tool_start` by :func:`tool_execute` or
:func:`tool_error`; on success, failure, denial, timeout and cancellation.
Events are sent after the value hooks have spoken: what was denied is withheld from them (an empty *input*, a request
without messages, a call without arguments), so that it is never stored.

Each example is a whole implementation, to be put below ``from agentcore import Deny, hookimpl`` into a plugin's module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from agentcore._markers import hookspec

if TYPE_CHECKING:
    from click import Command

    from agentcore._context import Event, ExecutionContext
    from agentcore._middleware import ProviderMiddleware
    from agentcore._plugins import PluginManager
    from agentcore._tools import Tool
    from agentcore.models import Model
    from agentcore.types import (
        Document,
        Hit,
        KnowledgeQuery,
        ModelDelta,
        ModelRequest,
        ModelResponse,
        Outcome,
        ToolCall,
        Usage,
    )

API_VERSION: Final = 1
"""Of the hooks: raised when one is taken away, or loses an argument, or changes its meaning.  A plugin that has the
attribute ``agentcore_api`` is loaded where that is the same; hooks and arguments that are added do not raise it."""


@hookspec
def agent_input(context: ExecutionContext, agent: str, input: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Value hook: the input of a run, before anything else happens with it.

    Fires once for each run, after :func:`context_fork` where there is one, before :func:`agent_start`.
    *input* has been validated against the agent's signature; a replacement is validated again.
    :class:`~agentcore.Deny` ends the run.

    Example:
        >>> @hookimpl
        ... def agent_input(input):
        ...     return {**input, "ticket": input["ticket"].strip()}
    """


@hookspec
def agent_start(context: ExecutionContext, agent: str, input: Mapping[str, Any], event: Event | None = None) -> None:
    """Event: a run begins.

    Fires once for each run, after :func:`agent_input`, before the agent does anything.
    Where the input was denied it fires all the same, with an empty *input*, so that the pair is whole.

    Example:
        >>> @hookimpl
        ... def agent_start(context, agent):
        ...     print(f"{agent} begins at {context.start_time:%H:%M:%S}")
    """


@hookspec
def agent_output(context: ExecutionContext, agent: str, output: Any) -> Any:
    """Value hook: the output of a run, before its caller sees it.

    Fires once for each run whose agent has made its output, before :func:`agent_complete`.
    *output* is an instance of the agent's output model, and for agents without a signature whatever
    :meth:`agentcore.BaseAgent.run_agent` returned; a replacement is validated again.
    :class:`~agentcore.Deny` ends the run.

    Example:
        >>> @hookimpl
        ... def agent_output(output):
        ...     if "lorem ipsum" in str(output).lower():
        ...         raise Deny("a placeholder is no answer")
    """


@hookspec
def agent_complete(
    context: ExecutionContext,
    agent: str,
    input: Mapping[str, Any],
    output: Any,
    usage: Usage,
    duration: float,
    outcome: Outcome,
    event: Event | None = None,
) -> None:
    """Event: a run ended well.

    Fires once, after :func:`agent_output`, before the caller has the result.
    *usage* is the run's own with that of its children; the run's own alone is ``context.usage``.
    *outcome* is ``"ok"``.

    Example:
        >>> @hookimpl
        ... def agent_complete(agent, usage, duration):
        ...     print(f"{agent}: {usage.total_tokens} tokens in {duration:.1f} s")
    """


@hookspec
def agent_error(
    context: ExecutionContext,
    agent: str,
    input: Mapping[str, Any],
    error: BaseException,
    usage: Usage,
    duration: float,
    outcome: Outcome,
    event: Event | None = None,
) -> None:
    """Event: a run ended otherwise.

    Fires once instead of :func:`agent_complete`: on failure (``"error"``), denial (``"denied"``, *error* is the
    :class:`~agentcore.DeniedError`), a deadline (``"timeout"``) and cancellation (``"cancelled"``).
    *usage* is what was consumed until then, children included.

    Example:
        >>> @hookimpl
        ... def agent_error(agent, error, outcome):
        ...     if outcome == "error":
        ...         print(f"{agent} failed: {error}")
    """


@hookspec
def model_request(context: ExecutionContext, model: str, request: ModelRequest) -> ModelRequest | None:
    """Value hook: what a model is about to be asked; the place for guards on prompts, for memory, for budgets.

    Fires before each model call, those among them that are made again, and before :func:`model_start`.
    :class:`~agentcore.Deny` ends the run; the model is not asked.

    Example:
        >>> from attrs import evolve
        >>> from agentcore import Message
        >>> @hookimpl
        ... def model_request(request):
        ...     return evolve(request, messages=[*request.messages, Message("user", "Answer in one sentence.")])
    """


@hookspec
def model_answer(
    context: ExecutionContext,
    model: str,
    provider: str,
    request: ModelRequest,
    call_id: str,
    response: ModelResponse | None,
) -> ModelResponse | None:
    """Value hook: an answer that need not be asked for, as out of a cache; also the place to wait before a call.

    Fires before each model call, after :func:`model_request`, before :func:`model_start`.
    *response* is None until an implementation returns one; then the model is not asked.
    The answer has ``cached`` set, consumes nothing, passes :func:`model_response` like any other, and in a run that
    streams it is one piece.
    *provider* is who serves the model, as ``openai``; *call_id* pairs it with the end of the call.

    Example:
        >>> from agentcore import ModelResponse
        >>> @hookimpl
        ... def model_answer(request):
        ...     return ModelResponse(text="pong") if request.messages[-1].content == "ping" else None
    """


@hookspec
def model_start(
    context: ExecutionContext, model: str, request: ModelRequest, call_id: str, event: Event | None = None
) -> None:
    """Event: a model is being asked.

    Fires once for each model call, after :func:`model_request`.  *call_id* pairs it with its end.
    Where the request was denied it fires all the same, without messages.

    Example:
        >>> @hookimpl
        ... def model_start(model, request):
        ...     print(f"{model} reads {sum(len(each.content) for each in request.messages)} characters")
    """


@hookspec
def model_piece(context: ExecutionContext, model: str, delta: ModelDelta, call_id: str) -> ModelDelta | None:
    """Value hook: a piece of an answer, before anybody reads it.

    Fires only in runs that stream.  A piece whose text is empty is passed on to nobody: an implementation can hold
    text back that way until it knows what follows.
    When the answer is whole it fires once more, with an empty text and ``delta.last`` set, for what is still held back.

    Example:
        >>> from attrs import evolve
        >>> @hookimpl
        ... def model_piece(delta):
        ...     return evolve(delta, text=delta.text.replace("\N{EM DASH}", " - "))
    """


@hookspec
def model_delta(
    context: ExecutionContext, model: str, delta: ModelDelta, call_id: str, event: Event | None = None
) -> None:
    """Event: a piece of the answer arrived.

    Fires only in runs that stream, after :func:`model_piece`, between :func:`model_start` and the end, before the run's
    reader has the piece, and before :func:`model_response` has spoken.

    Example:
        >>> @hookimpl
        ... def model_delta(model, delta):
        ...     if delta.first:
        ...         print(f"{model} began to answer after {delta.elapsed:.1f} s")
    """


@hookspec
def model_retry(
    context: ExecutionContext,
    model: str,
    error: BaseException,
    attempt: int,
    delay: float,
    event: Event | None = None,
) -> None:
    """Event: a model is about to be asked again.

    Fires between the end of one model call and the :func:`model_request` of the next: after a failure that may pass
    (a rate limit, a lost connection), and after an answer that does not fit the output (*error* is what is wrong with
    it).  *attempt* counts from 1; *delay* is the wait before the call, in seconds.

    Example:
        >>> @hookimpl
        ... def model_retry(model, error, attempt, delay):
        ...     print(f"{model} is asked again in {delay:.1f} s, for the {attempt}. time: {error}")
    """


@hookspec
def model_response(
    context: ExecutionContext, model: str, request: ModelRequest, response: ModelResponse
) -> ModelResponse | None:
    """Value hook: what a model answered, before the agent reads it.

    Fires once for each model call that was answered, before :func:`model_complete`.
    :class:`~agentcore.Deny` ends the run; the answer has been paid for.

    Example:
        >>> from attrs import evolve
        >>> @hookimpl
        ... def model_response(response):
        ...     return evolve(response, text=response.text.removesuffix("<|end|>"))
    """


@hookspec
def model_complete(
    context: ExecutionContext,
    model: str,
    request: ModelRequest,
    response: ModelResponse,
    call_id: str,
    usage: Usage,
    duration: float,
    outcome: Outcome,
    event: Event | None = None,
) -> None:
    """Event: a model answered.

    Fires once for each :func:`model_start`, after :func:`model_response`.
    *usage* is that of this call, with ``requests == 1``; nothing where ``response.cached``: the model was not asked.
    *duration* is that of the call, without the hooks.
    *outcome* is ``"ok"``.

    Example:
        >>> @hookimpl
        ... def model_complete(model, usage, duration):
        ...     print(f"{model} wrote {usage.output_tokens} tokens in {duration:.1f} s")
    """


@hookspec
def model_error(
    context: ExecutionContext,
    model: str,
    request: ModelRequest,
    error: BaseException,
    call_id: str,
    usage: Usage,
    duration: float,
    outcome: Outcome,
    event: Event | None = None,
) -> None:
    """Event: a model call ended otherwise: a failure, a denial by :func:`model_request` or :func:`model_response`,
    a deadline, a cancellation.

    Fires once for a :func:`model_start`, instead of :func:`model_complete`.
    *usage* counts what the call consumed as far as it is known: an answer that was denied has been paid for.

    Example:
        >>> @hookimpl
        ... def model_error(model, error, outcome):
        ...     print(f"{model}: {outcome}: {error}")
    """


@hookspec
def tool_call(context: ExecutionContext, call: ToolCall) -> ToolCall | None:
    """Value hook: a tool that the model asks for, before its arguments are validated.

    Fires once for each call that the model asks for, before :func:`tool_start`; those of one answer are made at once.
    :class:`~agentcore.Deny` ends this one call: the model is told the reason, and the run goes on.

    Example:
        >>> @hookimpl
        ... def tool_call(call):
        ...     if call.name == "delete":
        ...         raise Deny("deleting is not allowed here")
    """


@hookspec
def tool_start(
    context: ExecutionContext, tool: str, arguments: Mapping[str, Any], call_id: str, event: Event | None = None
) -> None:
    """Event: a tool is being called.

    Fires once for each call, after :func:`tool_call`.  *arguments* are by parameter name, as JSON values.
    Where the call was denied it fires all the same, without arguments.

    Example:
        >>> @hookimpl
        ... def tool_start(tool, arguments):
        ...     print(f"{tool} is called with {', '.join(arguments)}")
    """


@hookspec
def tool_result(context: ExecutionContext, call: ToolCall, result: Any) -> Any:
    """Value hook: what a tool returned, before the model is told.

    Fires once for each call of a tool that returned, before :func:`tool_execute`.
    :class:`~agentcore.Deny` withholds the result: the model is told the reason instead.

    Example:
        >>> @hookimpl
        ... def tool_result(result):
        ...     if isinstance(result, str) and len(result) > 10_000:
        ...         return result[:10_000] + " … (cut)"
    """


@hookspec
def tool_execute(
    context: ExecutionContext,
    tool: str,
    arguments: Mapping[str, Any],
    result: Any,
    call_id: str,
    duration: float,
    outcome: Outcome,
    event: Event | None = None,
) -> None:
    """Event: a tool was executed.

    Fires once for each :func:`tool_start`, after :func:`tool_result`, before the model is told.
    *outcome* is ``"ok"``.

    Example:
        >>> @hookimpl
        ... def tool_execute(tool, duration):
        ...     if duration > 1:
        ...         print(f"{tool} took {duration:.1f} s")
    """


@hookspec
def tool_error(
    context: ExecutionContext,
    tool: str,
    arguments: Mapping[str, Any],
    error: BaseException,
    call_id: str,
    duration: float,
    outcome: Outcome,
    event: Event | None = None,
) -> None:
    """Event: a tool call ended otherwise: the tool failed, its arguments did not fit, it was denied, cancelled, or
    there is no such tool.

    Fires once for a :func:`tool_start`, instead of :func:`tool_execute`, before the model is told.

    Example:
        >>> @hookimpl
        ... def tool_error(tool, error, outcome):
        ...     print(f"{tool}: {outcome}: {error}")
    """


@hookspec
def context_fork(context: ExecutionContext, parent: ExecutionContext, event: Event | None = None) -> None:
    """Event: a run of a sub-agent got its context.

    Fires before any other hook of the child.  *context* is the child's.

    Example:
        >>> @hookimpl
        ... def context_fork(context, parent):
        ...     print(f"{parent.agent_id} calls {context.agent_id}")
    """


@hookspec
def knowledge_query(context: ExecutionContext | None, query: KnowledgeQuery) -> Iterable[Hit] | None:
    """Collecting hook: what does every store know about this?

    Fires when somebody asks, as an agent's memory does: ``await plugins.hook.knowledge_query(context=..., query=...)``.
    The call returns the hits of all implementations in one list, those of the first implementation first.
    An implementation that fails is reported and leaves the hits of the others.
    *context* is None outside of a run.

    Example:
        >>> from agentcore import Document, Hit
        >>> @hookimpl
        ... def knowledge_query(query):
        ...     if "refund" in query.text:
        ...         return [Hit(document=Document(text="Refunds take thirty days."), score=1.0, source="rules")]
    """


@hookspec
def knowledge_update(
    context: ExecutionContext | None, documents: Sequence[Document], event: Event | None = None
) -> None:
    """Event: there are documents to remember.

    Fires when somebody says so: ``await plugins.hook.knowledge_update(context=..., documents=[...])``.
    *context* is None outside of a run.

    Example:
        >>> @hookimpl
        ... def knowledge_update(documents):
        ...     print(f"{len(documents)} documents, {sum(len(each.text) for each in documents)} characters")
    """


@hookspec
def event_data(context: ExecutionContext | None, name: str, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Value hook: what an event is about to tell, before anybody is told; the place to take out what nobody may keep.

    Fires for every event of a run, those of plugins' own specifications among them, and before a failure of a plugin
    is logged.
    *name* is the event's hook, *data* its arguments by name, without the context and the envelope.  What is worth
    keeping of the context, its metadata and its state, is there as ``"context.metadata"`` and ``"context.state"``,
    where it has any: a replacement is what lanes and the journal see.  Implementations that the agent waits for see
    the context as it is.
    A replacement has the same keys.
    Where an implementation fails, or denies, the event is sent with its texts and values withheld, and the run goes on.

    Example:
        >>> @hookimpl
        ... def event_data(name, data):
        ...     return {**data, "input": {}} if name == "agent_start" else None
    """


@hookspec
def plugin_error(
    context: ExecutionContext | None, plugin: str, hook: str, error: BaseException, event: Event | None = None
) -> None:
    """Event: an implementation failed, timed out, cancelled itself or tried to end the program; or a plugin could not
    be loaded (*hook* is then ``"import"``, ``"config"``, ``"validation"`` or ``"setup"``, and *context* None).

    Fires once for each failure.
    A failure inside an implementation of this hook is logged and not reported again.

    Example:
        >>> @hookimpl
        ... def plugin_error(plugin, hook, error):
        ...     print(f"{plugin} failed in {hook}: {error}")
    """


@hookspec
def agentcore_startup(plugins: PluginManager) -> None:
    """Event: the plugin manager begins its work; the place to open what the plugin needs.

    Fires once for each plugin, before the first run that it takes part in.  An implementation that fails makes its
    plugin ``failed`` (at setup), and a required one stops the program.

    Example:
        >>> @hookimpl
        ... def agentcore_startup(plugins):
        ...     print([each.name for each in plugins.statuses() if each.status == "loaded"])
    """


@hookspec
def agentcore_shutdown(plugins: PluginManager) -> None:
    """Event: the plugin manager ends its work; the place to flush and close.

    Fires once, after the last run: at ``await plugins.aclose()``, or when the interpreter exits.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> executor = ThreadPoolExecutor()
        >>> @hookimpl
        ... def agentcore_shutdown():
        ...     executor.shutdown()
    """


@hookspec(firstresult=True)
def resolve_model(name: str) -> Model | None:
    """First answer wins: make the model of this name, or return None to leave it to others.

    Fires once for each name; the answer is kept, and closed with the plugins.
    Raise a :class:`~agentcore.errors.ModelError` where the name is yours and cannot be served: whoever asked gets it.
    Any other failure is reported, and the next implementation is asked.

    Example:
        >>> from agentcore.models import ScriptedModel
        >>> @hookimpl
        ... def resolve_model(name):
        ...     if name.startswith("echo:"):
        ...         return ScriptedModel.repeating(name.removeprefix("echo:"))
    """


@hookspec
def register_tools() -> Iterable[Tool | Any] | None:
    """Collecting hook: tools (or functions to make tools of) for every agent.

    Fires before the first run of an agent that has a model, and again when plugins have come or gone.
    An agent's own tool of the same name is taken instead.

    Example:
        >>> from datetime import date
        >>> def today() -> str:
        ...     "Say which day it is."
        ...     return date.today().isoformat()
        >>> @hookimpl
        ... def register_tools():
        ...     return [today]
    """


@hookspec
def register_commands() -> Iterable[Command] | None:
    """Collecting hook: click commands for the ``agentcore`` command line.

    Fires when ``agentcore`` is asked for help or for a command that is not built in.
    A command gets the plugin manager by ``click.pass_obj``; its plugins have not been started up.

    Example:
        >>> import click
        >>> @click.command()
        ... def hello():
        ...     "Say hello."
        ...     click.echo("hello")
        >>> @hookimpl
        ... def register_commands():
        ...     return [hello]
    """


@hookspec
def register_middleware() -> Iterable[ProviderMiddleware] | None:
    """Collecting hook: middleware around every execution of every provider.

    Fires once for each plugin, after its :func:`agentcore_startup`.

    Example:
        >>> from agentcore import LoggingMiddleware
        >>> @hookimpl
        ... def register_middleware():
        ...     return [LoggingMiddleware()]
    """
