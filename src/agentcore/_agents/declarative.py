"""Agents that are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, overload

from pydantic import BaseModel
from typing_extensions import Unpack

from agentcore._agents.answers import Answers
from agentcore._agents.base import RESERVED_INPUTS, BaseAgent
from agentcore._agents.keywords import keyword_provider
from agentcore._agents.typing import AgentOptions, InputT, OutputModelT, P
from agentcore._context import ExecutionContext
from agentcore._plugins import PluginManager
from agentcore._run import DEFAULT_LIMITS, Limits, ask, ask_again, call_tools, resolve_model, resolved_model
from agentcore._tools import Tool, as_tools
from agentcore.errors import ModelError, OutputError
from agentcore.models import Model
from agentcore.types import Message, ModelSettings

if TYPE_CHECKING:
    from agentcore._signature import SignatureSpec

__all__ = ["Agent", "DeclarativeAgent"]


_NONE_BROUGHT: Final[Mapping[str, Tool]] = {}


class DeclarativeAgent(BaseAgent[OutputModelT, InputT, P]):
    """An agent that is declared: what goes in, what comes out, and what it is to do.

    Example:
        >>> triage = Agent("triage", input="ticket: str", output="label: Literal['bug', 'question']")
        >>> result = await triage.run(ticket="It crashes when I click save.")
        >>> result.output.label
        'bug'

    Args:
        name: Of the agent.
        input: A signature string, a pydantic model, a dataclass, or a dict of fields.
        output: Likewise.  One ``str`` is asked for as plain text, anything else as JSON.
        instructions: The system message's beginning.
        tools: Functions, tools and agents that the model may call.
        model: A name, a model, or None for the configured or chosen default.
        types: Pydantic models and other classes that signature strings may name.
        settings: How the model is to answer.
        retries: How often the model is asked again after an answer that does not fit, and after a failure that may
            pass.
        limits: What one run may consume.
        memory: Whether what earlier runs and documents say is recalled: True, or options as
            ``{"k": 5, "namespace": "session"}``.  An installed package brings it, as agentcore-vectorstore does.
        providers: As for :class:`BaseAgent`, and so for the rest.
    """

    @overload
    def __init__(
        self,
        name: str,
        input: Callable[P, InputT] | str | Mapping[str, Any],
        output: type[OutputModelT],
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        input: Callable[P, InputT] | str | Mapping[str, Any] = ...,
        output: SignatureSpec = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: DeclarativeAgent[Any, Any, ...],
        name: str,
        input: type[Any],
        output: SignatureSpec = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    def __init__(
        self,
        name: str,
        input: Any = "text: str",
        output: SignatureSpec = "answer: str",
        *,
        instructions: str = "",
        tools: Iterable[Any] = (),
        model: str | Model | None = None,
        types: Mapping[str, type] | None = None,
        settings: ModelSettings | None = None,
        retries: int = 2,
        limits: Limits | None = None,
        memory: bool | Mapping[str, Any] | None = None,
        providers: Iterable[object] = (),
        enabled: Iterable[str] = (),
        disabled: Iterable[str] = (),
        plugins: PluginManager | None = None,
    ) -> None:
        # Imported with the first agent: `import agentcore` makes none, and stays light.
        from agentcore._signature import signature_model

        super().__init__(
            name,
            providers=(*providers, *keyword_provider("memory", memory)),
            enabled=enabled,
            disabled=disabled,
            plugins=plugins,
            limits=limits or DEFAULT_LIMITS,
        )
        input_model = signature_model(f"{name}_input", input, types=types, reserved=RESERVED_INPUTS)
        output_model = signature_model(f"{name}_output", output, types=types)
        self.input_model: type[BaseModel] | None = input_model
        self.output_model: type[Any] | None = output_model
        self._models = (input_model, output_model)
        # A typed dict is a mapping, and no class that a value can be an instance of.
        self._declared_input = input if isinstance(input, type) and not issubclass(input, dict) else None
        self.instructions = instructions
        self.tools: dict[str, Tool] = as_tools(tools)
        self.model = model
        self.settings: ModelSettings = settings or ModelSettings()
        self.retries = retries
        self._answers: Answers | None = None

    @property
    def model(self) -> str | Model | None:
        """The model that its runs ask: a name, a model, or None for the configured or chosen default."""
        return self._model_name if self._model is None else self._model

    @model.setter
    def model(self, model: str | Model | None) -> None:
        self._model_name: str | None = None if isinstance(model, Model) else model
        self._model: Model | None = model if isinstance(model, Model) else None

    @property
    def description(self) -> str:
        return self.instructions.strip().partition("\n\n")[0] or f"The agent {self.name}."

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> OutputModelT:
        plugins = context.plugins
        if plugins is None:
            raise RuntimeError("run_agent() is called by run(), within a run")
        name = self._model_name
        model = self._model or resolved_model(name, plugins) or await resolve_model(name, plugins)
        tools = self.tools if plugins.derived.get("tools") is _NONE_BROUGHT else await self._with_brought(plugins)
        answers = self._answers
        if answers is None or answers.model is not model or answers.tools is not tools:
            answers = self._answers_of(model, tools)
        messages = answers.conversation(input)
        on_delta = context._details.on_delta
        misfits = 0
        step = 0
        while True:
            step += 1
            self.limits.check(self.name, step, context)
            request = answers.request(messages, self.settings)
            try:
                response = await ask(model, request, context, plugins, on_delta)
            except ModelError as error:
                response = await ask_again(error, self.retries, model, request, context, plugins, on_delta)
            try:
                calls, output = answers.read(response)
            except OutputError as error:
                misfits += 1
                if misfits > self.retries:
                    raise self._given_up(error, model) from error
                await self._tell_retry(error, misfits, model, context, plugins)
                messages += [Message("assistant", response.text), Message("user", answers.complaint(error))]
                continue
            if not calls:
                made: OutputModelT = output
                return made
            messages.append(answers.asked(response, calls))
            messages += answers.told(await call_tools(calls, tools, context, plugins))

    async def _with_brought(self, plugins: PluginManager) -> Mapping[str, Tool]:
        """The agent's own tools, and those that plugins bring; its own win."""
        brought: Mapping[str, Tool] | None = plugins.derived.get("tools")
        if brought is None:
            brought = plugins.derived["tools"] = as_tools(await plugins.hook.register_tools()) or _NONE_BROUGHT
        return self.tools if brought is _NONE_BROUGHT else {**brought, **self.tools}

    def _answers_of(self, model: Model, tools: Mapping[str, Tool]) -> Answers:
        answers = self._answers
        if answers is None or answers.model is not model or (answers.tools is not tools and answers.tools != tools):
            answers = self._answers = Answers(self.instructions, *self._models, model, tools)
        return answers

    def _given_up(self, error: OutputError, model: Model) -> OutputError:
        times = "once" if self.retries == 0 else f"{self.retries + 1} times"
        return OutputError(
            f"model {model.name!r}, asked {times} by agent {self.name!r}: {error.message}",
            hint="ask for less, allow more 'retries', or take a larger model.",
        )

    @staticmethod
    async def _tell_retry(
        error: OutputError, attempt: int, model: Model, context: ExecutionContext, plugins: PluginManager
    ) -> None:
        await plugins.hook.model_retry(context=context, model=model.name, error=error, attempt=attempt, delay=0.0)


Agent = DeclarativeAgent
"""The name to use."""
