"""Models: what can be asked, and the ones that are built in."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from agentcore.models._base import DeltaHandler, Model, ModelProfile

if TYPE_CHECKING:
    from agentcore.models._builtin import BuiltinModels, known_model_names
    from agentcore.models._choice import Choice, choose_default
    from agentcore.models._config import ModelConfig
    from agentcore.models.local import LocalModel
    from agentcore.models.openai_compatible import OpenAICompatibleModel
    from agentcore.models.pydantic_ai import PydanticAIModel
    from agentcore.models.scripted import ScriptedModel

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

# Every program imports this package; few use more than one of these, and some take long to import.
_LAZY = {
    "BuiltinModels": "_builtin",
    "Choice": "_choice",
    "LocalModel": "local",
    "ModelConfig": "_config",
    "OpenAICompatibleModel": "openai_compatible",
    "PydanticAIModel": "pydantic_ai",
    "ScriptedModel": "scripted",
    "choose_default": "_choice",
    "known_model_names": "_builtin",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
