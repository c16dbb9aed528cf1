"""Models: what can be asked, and the ones that are built in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentcore._lazy import lazy_names
from agentcore.models._base import DeltaHandler, Model, ModelProfile

if TYPE_CHECKING:
    from agentcore.models._builtin import BuiltinModels, known_model_names
    from agentcore.models._choice import Choice, choose_default
    from agentcore.models._config import ModelConfig
    from agentcore.models.local import LocalModel
    from agentcore.models.openai_compatible import OpenAICompatibleModel
    from agentcore.models.pydantic_ai import PydanticAIModel
    from agentcore.models.scripted import ScriptedModel
else:
    # Every program imports this package; few use more than one of these, and some take long to import.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "BuiltinModels": "agentcore.models._builtin",
            "Choice": "agentcore.models._choice",
            "LocalModel": "agentcore.models.local",
            "ModelConfig": "agentcore.models._config",
            "OpenAICompatibleModel": "agentcore.models.openai_compatible",
            "PydanticAIModel": "agentcore.models.pydantic_ai",
            "ScriptedModel": "agentcore.models.scripted",
            "choose_default": "agentcore.models._choice",
            "known_model_names": "agentcore.models._builtin",
        },
    )

__all__ = [
    "BuiltinModels",
    "Choice",
    "DeltaHandler",
    "LocalModel",
    "Model",
    "ModelConfig",
    "ModelProfile",
    "OpenAICompatibleModel",
    "PydanticAIModel",
    "ScriptedModel",
    "choose_default",
    "known_model_names",
]
