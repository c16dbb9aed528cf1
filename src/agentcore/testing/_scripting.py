"""Models that answer from a script, in the place of every model of a test."""

from __future__ import annotations

from typing import Any, Final, Protocol, cast

from agentcore import hookimpl
from agentcore._plugins import PluginManager
from agentcore.models import ModelProfile, ScriptedModel
from agentcore.models.scripted import Script
from agentcore.types import Usage

__all__ = ["ScriptModel", "scripting"]

_NAME: Final = "scripted-model"


class ScriptModel(Protocol):
    """Makes a model that gives *answers*, one for each call in order.

    An answer is a text; an object, which becomes JSON; a whole :class:`~agentcore.ModelResponse`; one
    :class:`~agentcore.ToolCall` or a list of them; or an exception to raise.  A single function of the request, sync or
    async, is asked for each answer.

    Options:
        usage: What each call consumed; None counts words.
        delay: Seconds before each answer.
        chunk: Words in each piece where the run streams.
        profile: How the model wants to be asked; None takes the usual ways.
    """

    def __call__(
        self,
        *answers: Any,
        usage: Usage | None = ...,
        delay: float = ...,
        chunk: int = ...,
        profile: ModelProfile | None = ...,
    ) -> ScriptedModel: ...


class _Resolver:
    """Answers every model's name with one model."""

    def __init__(self, model: ScriptedModel) -> None:
        self._model = model

    @hookimpl(tryfirst=True)
    def resolve_model(self) -> ScriptedModel:
        """Return the model."""
        return self._model


def scripting(manager: PluginManager) -> ScriptModel:
    """Return what makes models, each of which then serves every agent of *manager* that brings none of its own."""

    def make(
        *answers: Any,
        usage: Usage | None = None,
        delay: float = 0.0,
        chunk: int = 1,
        profile: ModelProfile | None = None,
    ) -> ScriptedModel:
        script = cast("Script", answers[0] if len(answers) == 1 and callable(answers[0]) else answers)
        model = ScriptedModel(script, usage=usage, delay=delay, chunk=chunk, profile=profile)
        if manager.get_plugin(_NAME) is not None:
            manager.unregister(_NAME)
        manager.register(_Resolver(model), _NAME)
        return model

    return make
