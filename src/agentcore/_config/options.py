"""What one source (a file, the environment, the flags, the code) may say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
)

from agentcore._config.delivery import FROZEN, DeliveryOptions, JournalOptions
from agentcore._config.durations import Duration, Timeout
from agentcore.errors import ConfigError

__all__ = ["HookOptions", "Options", "Reference", "Table", "Text"]


def _not_blank(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ConfigError("must not be empty")
    return value


def _plugin_name(name: str) -> str:
    if not name.strip() or name != name.strip():
        raise ConfigError("the name of a plugin is neither empty nor has blanks around it")
    if name.startswith("no:"):
        raise ConfigError(
            f"{name!r} is no plugin's name",
            hint="'no:' belongs to the flag -p; elsewhere, list the plugin as disabled.",
        )
    return name


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _reference(text: str) -> str:
    module, _, attribute = text.partition(":")
    if all(part.isidentifier() for part in (*module.split("."), *attribute.split("."))):
        return text
    raise ConfigError("not a reference to a Python object", hint="write 'package.module:attribute'.")


Text: TypeAlias = Annotated[str, BeforeValidator(_not_blank)]
"""A text that is not blank."""

Names: TypeAlias = Annotated[tuple[Annotated[str, AfterValidator(_plugin_name)], ...], AfterValidator(_once)]
"""Plugins' names, each once."""

Reference: TypeAlias = Annotated[str, AfterValidator(_reference)]
"""A Python object as ``package.module:attribute``."""

Table: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Tables by name, left as they were written for whoever understands them."""


class HookOptions(BaseModel):
    """``[hooks.<hook>]``."""

    model_config = FROZEN

    order: Names | None = None
    """Plugins in the order in which they run."""
    timeout: Timeout | None = None
    """For each execution of each implementation."""


class Options(BaseModel):
    """The settings of one source; None and empty where it says nothing."""

    model_config = FROZEN

    model: Text | None = None
    """For agents that name none; without it one is chosen."""
    state_dir: Annotated[Path, BeforeValidator(_not_blank)] | None = None
    """Where plugins, the journal among them, keep what they keep; a relative path starts beside the configuration file.
    Without it the folder lies beside that file, or in the current folder where there is none."""
    autoload: StrictBool | None = None
    enabled: Names = ()
    """Plugins that are loaded even where ``autoload`` is off: names of entry points, or modules."""
    disabled: Names = ()
    """Plugins that are not loaded; their modules are not even imported."""
    required: Names = ()
    """Plugins without which no agent runs."""
    optional: Names = ()
    """Plugins without which agents run, though they guard, or ``strict`` is on."""
    strict: StrictBool | None = None
    hook_timeout: Timeout | None = None
    """For each execution of an implementation for which nothing else says how long."""
    shutdown_timeout: Duration | None = None
    """How long lanes go on delivering when the plugins are shut down."""
    middleware: tuple[Reference, ...] | None = None
    plugins: Table = Field(default={}, repr=False)
    hooks: Mapping[str, HookOptions] = {}
    delivery: Mapping[str, DeliveryOptions] = {}
    journal: JournalOptions = Field(default_factory=JournalOptions)
    models: Table = Field(default={}, repr=False)
    agents: Table = Field(default={}, repr=False)

    @field_validator("required")
    @classmethod
    def _is_not_disabled(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return _apart(names, info, "disabled")

    @field_validator("optional")
    @classmethod
    def _is_not_required(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return _apart(names, info, "required")


def _apart(names: tuple[str, ...], info: ValidationInfo, other: str) -> tuple[str, ...]:
    for name in names:
        if name in info.data.get(other, ()):
            raise ConfigError(f"plugin {name!r} is both {other} and {info.field_name}", hint="keep one of the two.")
    return names
