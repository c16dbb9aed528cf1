"""What a model is to the run loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from agentcore._data import data
from agentcore.types import ModelDelta, ModelRequest, ModelResponse

__all__ = ["DeltaHandler", "Model", "ModelProfile"]

DeltaHandler: TypeAlias = Callable[[ModelDelta], Awaitable[None]]
"""Called with each piece of an answer, in order; the model waits for it before it reads on."""


@data(kw_only=True)
class ModelProfile:
    """How a model wants to be asked."""

    structure: Literal["json_schema", "json_object", "prompt"] = "json_schema"
    """How it is held to a schema: by the schema itself, by "some JSON object" with the schema in the prompt, or by the
    prompt alone."""
    tools: Literal["native", "actions"] = "native"
    """How it is offered tools: by its server's own tool calling, or as a JSON union of actions that it answers with."""
    bounded_schema: bool = False
    """Whether strings and lists without a bound run away from it, so that bounds must be put into the schema."""
    max_tokens: int | None = None
    """The answer's length where the request names none; None leaves it to the server."""


class Model(ABC):
    """A language model that can be asked.

    One instance serves any number of runs at once, on any number of event loops.
    """

    name: str
    """The name it was resolved by, as ``openai:gpt-5-mini``."""
    provider: str
    """Who serves it, in OpenTelemetry's words for ``gen_ai.provider.name``, as ``openai``."""
    profile: ModelProfile = ModelProfile()

    @abstractmethod
    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        """Answer *request*.

        Args:
            request: What is asked.
            on_delta: Makes the model stream; the response that it returns in the end is whole all the same.

        Raises:
            ModelError: The model could not answer; ``retryable`` says whether asking again makes sense.
        """

    async def aclose(self) -> None:  # noqa: B027 - most models hold nothing
        """Free what the model holds.  It is not asked again."""
