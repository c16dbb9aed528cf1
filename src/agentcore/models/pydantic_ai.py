"""Models through pydantic-ai's model layer: whatever it reaches, as ``pydantic-ai:anthropic:claude-haiku-5-5``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from agentcore.errors import ModelError, ModelTimeoutError
from agentcore.models._base import DeltaHandler, Model, ModelProfile
from agentcore.models._deadline import within
from agentcore.models._per_loop import PerLoop
from agentcore.models._settings import merged
from agentcore.types import ModelRequest, ModelResponse, ModelSettings

if TYPE_CHECKING:
    from types import ModuleType

    from pydantic_ai.models import Model as TheirModel

__all__ = ["PydanticAIModel"]

_PROVIDERS: Final[Mapping[str, str]] = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "google-cloud": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
"""pydantic-ai's names where OpenTelemetry has another word."""


class PydanticAIModel(Model):
    """A model that pydantic-ai asks; it needs the extra ``pydantic-ai`` and the provider's own package."""

    def __init__(
        self,
        model: str | TheirModel,
        *,
        name: str | None = None,
        profile: ModelProfile | None = None,
        settings: ModelSettings | None = None,
    ) -> None:
        """Describe the model; nothing is imported or sent before it is asked.

        Args:
            model: pydantic-ai's name for it, as ``anthropic:claude-haiku-5-5``, or one of its models, which stays
                the caller's to close.
            name: What errors call it; None derives it from *model*.
            profile: How it wants to be asked; None lets pydantic-ai hold it to a schema and offer it tools.
            settings: Taken where the request leaves a setting to the model.

        Raises:
            ModelError: pydantic-ai is not installed.
        """
        title = model if isinstance(model, str) else f"{model.system}:{model.model_name}"
        maker = title.partition(":")[0]
        self.name: str = name or f"pydantic-ai:{title}"
        self.provider: str = _PROVIDERS.get(maker, maker)
        self.profile: ModelProfile = profile or ModelProfile()
        self._settings = settings or ModelSettings()
        self._model = model
        self._inferred: PerLoop[TheirModel] = PerLoop(self._infer)
        if find_spec("pydantic_ai") is None:
            raise ModelError(
                f"model {self.name!r} needs pydantic-ai, which is not installed",
                model=self.name,
                hint="install it with: pip install 'agentcore-framework[pydantic-ai]'",
            )

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        """Answer *request* by one call of pydantic-ai."""
        settings = merged(request.settings, self._settings)
        async with within(settings.timeout, self._late):
            # Importing pydantic-ai takes a second: not on the loop.
            wire = await asyncio.to_thread(_wire)
            model = await self._inferred.get() if isinstance(self._model, str) else self._model
            call = wire.Call(request, settings, name=self.name, native=self.profile.tools == "native")
            answer: ModelResponse = await call.answer(model, on_delta)
            return answer

    async def aclose(self) -> None:
        """Close what pydantic-ai holds open for a model that was given by name."""
        await self._inferred.aclose()

    def _late(self, seconds: float) -> ModelTimeoutError:
        return ModelTimeoutError(
            f"model {self.name!r} did not answer within {seconds:g} s", model=self.name, retryable=True
        )

    def _infer(self) -> TheirModel:
        model: TheirModel = _wire().infer(str(self._model), name=self.name)
        return model


def _wire() -> ModuleType:
    from agentcore.models import _pydantic_ai_wire

    return _pydantic_ai_wire
