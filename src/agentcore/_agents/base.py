"""The life of every agent: one place where runs begin and end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextvars import Token
from threading import get_ident
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Generic, cast, overload

from pydantic import BaseModel, ValidationError
from typing_extensions import Unpack

from agentcore._agents.ending import refusal, tell_failure
from agentcore._agents.inputs import fields_of, misfit
from agentcore._agents.process import get_plugin_manager
from agentcore._agents.result import RunResult
from agentcore._agents.typing import InputT, OutputT, P, RunOptions
from agentcore._context import ExecutionContext
from agentcore._context.current import get_current, reset_current, set_current
from agentcore._context.details import NO_DETAILS, details_of
from agentcore._context.interruption import keep_deadline, withdraw
from agentcore._plugins import PluginManager, watch
from agentcore._run import DEFAULT_LIMITS, Limits
from agentcore._tools import Tool, validation_problems
from agentcore.errors import OutputError, ToolError

if TYPE_CHECKING:
    from agentcore._agents.stream import RunStream
    from agentcore._signature import FieldsValidator

__all__ = ["RESERVED_INPUTS", "BaseAgent"]

RESERVED_INPUTS: Final = frozenset({"context", "providers", "enabled", "disabled", "plugins"})
"""What :meth:`BaseAgent.run` takes for itself, and input fields may not be called."""

_NOTHING: Final[Mapping[str, Any]] = {}


class BaseAgent(ABC, Generic[OutputT, InputT, P]):
    """An agent: subclass it, write :meth:`run_agent`, and every event of its life is emitted for you.

    Args:
        name: Of the agent; events, metrics and memory go by it.
        providers: Plugins for this agent alone; its sub-agents do not have them.
        enabled: Installed plugins that the configuration leaves out, for this agent alone.
        disabled: Plugins that take no part in this agent's runs.
        plugins: The manager to use; None takes the run's, and at the top the process's.
        limits: What one run may consume.
    """

    def __init__(
        self,
        name: str,
        *,
        providers: Iterable[object] = (),
        enabled: Iterable[str] = (),
        disabled: Iterable[str] = (),
        plugins: PluginManager | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.name = name
        self.limits = limits
        self._providers, self._enabled, self._disabled = tuple(providers), tuple(enabled), tuple(disabled)
        self._has_own = bool(self._providers or self._enabled or self._disabled)
        self._plugins = plugins
        self._scope: tuple[PluginManager, PluginManager] | None = None
        self._loop: Any = None
        self._watched: asyncio.AbstractEventLoop | None = None
        self._validator: tuple[type[BaseModel], FieldsValidator] | None = None

    # --- what subclasses write ---

    @abstractmethod
    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> OutputT:
        """Do the work.

        Args:
            input: By field; validated where the agent has an input model.
            context: The run's.  Hooks are called by ``context.plugins.hook``.
        """

    input_model: type[BaseModel] | None = None
    """What the input must fit; None takes any."""
    output_model: type[Any] | None = None
    """What the output must be an instance of; None takes anything."""
    _declared_input: type | None = None
    """The class that the input model was made of, whose instances serve as input; None where it was made of another."""

    # --- running ---

    @overload
    async def run(self, input: InputT, /, **options: Unpack[RunOptions]) -> RunResult[OutputT]: ...
    @overload
    async def run(self, *args: P.args, **fields: P.kwargs) -> RunResult[OutputT]: ...
    async def run(  # type: ignore[misc]  # pyright: ignore[reportInconsistentOverload] - a second value by position is refused
        self,
        input: Any = None,
        /,
        *,
        context: ExecutionContext | None = None,
        providers: Iterable[object] = (),
        enabled: Iterable[str] = (),
        disabled: Iterable[str] = (),
        plugins: PluginManager | None = None,
        **fields: Any,
    ) -> RunResult[OutputT]:
        """Run once.

        Args:
            input: A mapping of fields, or the value of the only field.
            context: A fresh one becomes the run's; one whose run is going on becomes the parent.  None makes a child
                of the run that the caller is part of, or a root.
            providers: Plugins for this run and its sub-runs.
            enabled: Installed plugins that the configuration leaves out, for this run and its sub-runs.
            disabled: Plugins that take no part in this run and its sub-runs.
            plugins: The manager to use instead of the agent's.
            **fields: The input by field.

        Raises:
            InputError: The input does not fit.
            DeniedError: A plugin denied it.
            HookError: A plugin that guards the run failed.
            DeadlineError: Its time is over.
            LimitError: It reached another limit.
            OutputError: The model's answer did not fit.
            ModelError: The model could not answer.
            RunCancelledError: It was cancelled through its context.
        """
        surrounding = context if context is not None else get_current()
        base = self._base(surrounding, plugins)
        if providers or enabled or disabled:
            scope = base.scope(providers=providers, enabled=enabled, disabled=disabled)
            try:
                return await self.run(input, context=context, plugins=scope, **fields)
            finally:
                await scope.aclose()
        checked = self._validate_input(fields if input is None else self._fields(input, fields))
        served = self._scoped(base) if self._has_own else base
        if not served.ready:
            await served.startup()
        return await self._live(checked, self._begin(context, surrounding, base, served), served)

    @overload
    def run_sync(self, input: InputT, /, **options: Unpack[RunOptions]) -> RunResult[OutputT]: ...
    @overload
    def run_sync(self, *args: P.args, **fields: P.kwargs) -> RunResult[OutputT]: ...
    def run_sync(  # type: ignore[misc]  # pyright: ignore[reportInconsistentOverload] - as in run()
        self, input: Any = None, /, **options: Any
    ) -> RunResult[OutputT]:
        """Run once, from code that is not async; takes what :meth:`run` takes.

        Raises:
            RuntimeError: An event loop is running in this thread.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self.run(input, **options))
        raise RuntimeError("run_sync() was called where an event loop is running\nhint: write 'await agent.run(...)'.")

    @overload
    def run_stream(self, input: InputT, /, **options: Unpack[RunOptions]) -> RunStream[OutputT]: ...
    @overload
    def run_stream(self, *args: P.args, **fields: P.kwargs) -> RunStream[OutputT]: ...
    def run_stream(  # type: ignore[misc]  # pyright: ignore[reportInconsistentOverload] - as in run()
        self, input: Any = None, /, **options: Any
    ) -> RunStream[OutputT]:
        """Run once and read the answer while it is being written; takes what :meth:`run` takes.

        Example:
            >>> async with agent.run_stream(question="Why?") as stream:
            ...     async for delta in stream:
            ...         print(delta.text, end="")
            >>> stream.result.output
        """
        from agentcore._agents.stream import RunStream

        return RunStream(self, input, options)

    def as_tool(self, *, name: str | None = None, description: str | None = None) -> Tool:
        """Make a tool of the agent: its input fields are the parameters, its output the result.

        Each call is a run whose context is forked from the caller's.
        """

        if self.input_model is None:
            raise ToolError(
                f"agent {self.name!r} does not say what it takes, and a model could not call it",
                hint="set input_model on its class.",
            )

        async def call(context: ExecutionContext, **fields: Any) -> Any:
            return (await self.run(cast("Any", fields), context=context)).output

        return Tool(
            call,
            name=name or self.name,
            description=description or self.description,
            parameters=self.input_model,
        )

    @property
    def description(self) -> str:
        """What others are told of the agent."""
        return " ".join((type(self).__doc__ or self.name).partition("\n\n")[0].split())

    def get_plugin_manager(self) -> PluginManager:
        """Return the manager that serves a run of this agent which no other run surrounds.

        Raises:
            PluginNotFoundError: The agent enables or disables a plugin that is not there.
            PluginLoadError: One that it enables cannot be loaded, or the process's manager cannot be made.
            ConfigError: The configuration cannot be used.
        """
        base = self._base(None, None)
        return self._scoped(base) if self._has_own else base

    # --- how ---

    def _base(self, surrounding: ExecutionContext | None, plugins: PluginManager | None) -> PluginManager:
        """The manager before the agent's own plugins: what its sub-agents get."""
        if plugins is not None:
            return plugins
        own = self._plugins
        scope = None if surrounding is None else surrounding._scope
        if scope is not None and (own is None or _is_within(scope, own)):
            # Of the agent's own manager the run around it may have made a scope, for its sub-runs, too.
            return scope
        return own or get_plugin_manager()

    def _scoped(self, base: PluginManager) -> PluginManager:
        if self._scope is None or self._scope[0] is not base:
            scope = base.scope(
                providers=self._providers, enabled=self._enabled, disabled=self._disabled, name=self.name
            )
            self._scope = (base, scope)
        return self._scope[1]

    def _fields(self, input: Any, fields: dict[str, Any]) -> Mapping[str, Any]:
        given = fields_of(self.name, self.input_model, self._declared_input, input)
        return {**given, **fields} if fields else given

    def _validate_input(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        model = self.input_model
        if model is None:
            return dict(fields)
        validator = self._validator
        if validator is None or validator[0] is not model:
            # Whoever has no input model need not import it.
            from agentcore._signature import fields_validator

            validator = self._validator = (model, fields_validator(model))
        try:
            return validator[1](fields)[0]
        except ValueError as error:
            raise misfit(self.name, model, error) from None

    def _validate_output(self, output: Any) -> Any:
        model = self.output_model
        if model is None or isinstance(output, model):
            return output
        if isinstance(output, Mapping) and issubclass(model, BaseModel):
            try:
                return model.model_validate(output)
            except ValidationError as error:
                problems = validation_problems(error)
                raise OutputError(f"the output of agent {self.name!r} does not fit: {problems}") from error
        kind: str = type(cast("object", output)).__name__
        raise OutputError(f"the output of agent {self.name!r} must be {model.__name__}, and it is {kind}")

    def context_for(self, given: ExecutionContext | None) -> ExecutionContext:
        """Return the context of a run to come: a fresh one as it is, else a child of the run that has begun."""
        return self._own_context(given, given if given is not None else get_current())

    def _own_context(self, given: ExecutionContext | None, surrounding: ExecutionContext | None) -> ExecutionContext:
        if given is not None and given.plugins is None and not given._details.begun and given.outcome is None:
            given.agent_id = self.name
            return given
        return ExecutionContext(self.name) if surrounding is None else surrounding.fork(self.name)

    def _begin(
        self,
        given: ExecutionContext | None,
        surrounding: ExecutionContext | None,
        base: PluginManager,
        served: PluginManager,
    ) -> ExecutionContext:
        """Return the context of the run that begins, which its limits and others can interrupt."""
        own = ExecutionContext(self.name) if surrounding is None else self._own_context(given, surrounding)
        own._scope = base
        own.plugins = served
        limits = self.limits
        if limits is not DEFAULT_LIMITS:
            _limit(own, limits)
        loop = self._loop
        # Asking which loop is running is a system call, a fortieth of a run (os.getpid, Python 3.11).
        if loop is None or loop._thread_id != get_ident():
            loop = self._enter_loop(served)
        own._task = task = asyncio.current_task(loop)
        if task is not None and (cancelling := task.cancelling()):
            details_of(own).cancelling = cancelling
        return own

    def _enter_loop(self, served: PluginManager) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._watched:
            self._watched = loop
            watch(served.settings.hook_timeout)
        # Other loops than asyncio's own do not say on which thread they run.
        self._loop = loop if hasattr(loop, "_thread_id") else None
        return loop

    async def _live(
        self, input: dict[str, Any], context: ExecutionContext, plugins: PluginManager
    ) -> RunResult[OutputT]:
        hook, unheard, name = plugins.hook, plugins.unheard, self.name
        told: Mapping[str, Any] = _NOTHING
        started = False
        refused = None
        if context.parent is not None or context._details is not NO_DETAILS:
            refused = refusal(name, context)
            keep_deadline(context)
        plugins.contexts.begin(context)
        token: Token[ExecutionContext | None] | None = set_current(context)
        began = perf_counter()
        try:
            if context.parent is not None:
                await hook.context_fork(context, context.parent)
            if refused is not None:
                raise refused
            passed = input if "agent_input" in unheard else await hook.agent_input(context, name, input)
            told = checked = input if passed is input else self._validate_input(passed)
            started = True
            await hook.agent_start(context, name, told)
            made = await self.run_agent(checked, context)
            output = made if "agent_output" in unheard else await hook.agent_output(context, name, made)
            if output is not made or type(output) is not self.output_model:
                output = self._validate_output(output)
            duration = perf_counter() - began
            context.outcome = "ok"
            usage = context._usage if context._details is NO_DETAILS else context.total_usage
            await hook.agent_complete(context, name, told, output, usage, duration, "ok")
            return RunResult(output, context, duration)
        except GeneratorExit:
            # Its loop was closed over it: nothing can be awaited any more, and so nobody told.
            context.outcome, token = "cancelled", None
            raise
        except BaseException as error:
            if context.outcome is not None:
                # It had ended well: what came later, a cancellation while that was being told, is not its end.
                raise
            worded = await tell_failure(error, name, told, started, perf_counter() - began, context, hook)
            if worded is None:
                raise
            raise worded from error
        finally:
            if context._details is not NO_DETAILS:
                withdraw(context)
            if token is not None:
                reset_current(token)
            plugins.contexts.finish(context)
            context.plugins = None
            if token is not None and context._details.ticket:
                await plugins.acknowledged(context._details.ticket)


def _limit(context: ExecutionContext, limits: Limits) -> None:
    if limits.timeout is not None:
        context.limit_time(limits.timeout)
    if limits.tokens is not None:
        details_of(context).token_limit = limits.tokens


def _is_within(scope: PluginManager, manager: PluginManager) -> bool:
    """Whether *scope* is *manager* or was made of it."""
    within: PluginManager | None = scope
    while within is not None and within is not manager:
        within = within.parent
    return within is manager
