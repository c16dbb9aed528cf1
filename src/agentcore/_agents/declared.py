"""Agents that are declared in TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isinf
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from attrs import evolve
from pydantic import BaseModel, ConfigDict, Field

from agentcore._agents.base import RESERVED_INPUTS
from agentcore._agents.declarative import DeclarativeAgent
from agentcore._config import Timeout, validate_table
from agentcore._config.files import error_at
from agentcore._plugins.loading import import_plugin
from agentcore._run import Limits
from agentcore._signature import SignatureSpec, signature_model
from agentcore.errors import AgentCoreError, ConfigError, SignatureError, ToolError, nearest
from agentcore.models._config import SettingsConfig
from agentcore.types import ModelSettings

__all__ = ["AgentTable", "declared_agent"]

_FROZEN: Final = ConfigDict(extra="forbid", frozen=True)

Keys: TypeAlias = tuple[str, ...]
Positive: TypeAlias = Annotated[int, Field(ge=1)]


class _SettingsTable(SettingsConfig):
    timeout: Timeout | None = None
    """For one model call."""

    def as_settings(self) -> ModelSettings:
        return evolve(super().as_settings(), timeout=_finite(self.timeout))


class _LimitsTable(BaseModel):
    model_config = _FROZEN

    steps: Positive | None = None
    """Questions to the model, 16 unless set; see :class:`Limits`."""
    tokens: Positive | None = None
    """Read and written, with those of sub-agents; no limit unless set."""
    timeout: Timeout | None = None
    """For the run and its sub-agents; no limit unless set."""

    def as_limits(self) -> Limits:
        usual = Limits()
        return Limits(
            steps=usual.steps if self.steps is None else self.steps,
            tokens=self.tokens,
            timeout=_finite(self.timeout),
        )


class AgentTable(BaseModel):
    """``[agents.<name>]``: what :class:`~agentcore.DeclarativeAgent` takes, in words that TOML has."""

    model_config = _FROZEN

    input: str | Mapping[str, str] = "text: str"
    """What goes in: a signature, or a table of names and types."""
    output: str | Mapping[str, str] = "answer: str"
    """What comes out, likewise."""
    instructions: str = ""
    """What it is to do."""
    instructions_file: Path | None = None
    """A UTF-8 text with the instructions, relative to the declaring file."""
    model: str | None = None
    """The model's name; without it the configured or chosen one."""
    tools: tuple[str, ...] = ()
    """``package.module:attribute``, or the names of agents declared beside this one."""
    types: Mapping[str, str] = {}
    """Types that the signatures name, each as ``package.module:attribute``."""
    settings: _SettingsTable = _SettingsTable()
    limits: _LimitsTable = _LimitsTable()
    retries: Annotated[int, Field(ge=0)] = 2
    """How often the model is asked again after an answer that does not fit, and after a failure that may pass."""
    memory: bool | Mapping[str, Any] = False
    """Whether what earlier runs and documents say is recalled, or how; an installed package brings it."""
    enabled: tuple[str, ...] = ()
    """Installed plugins that the configuration leaves out, and this agent has."""
    disabled: tuple[str, ...] = ()
    """Plugins that take no part in its runs."""


def declared_agent(
    name: str,
    table: Mapping[str, Any],
    *,
    path: Path | None = None,
    folder: Path,
    keys: Keys | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    types: Mapping[str, type] | None = None,
) -> DeclarativeAgent:
    """Make the agent that *table* declares.

    Imports the modules of its tools and types, and reads the file of its instructions.

    Args:
        name: Of the agent.
        table: Its declaration, as TOML values.
        path: The declaring file, for messages; None where there is none.
        folder: What relative paths start from.
        keys: Where the table stands in the file; None is ``[agents.<name>]``.
        others: Declarations by name, of the agents that this one may use as tools.
        types: Types that signatures may name, beside those that the table lists.

    Raises:
        ConfigError: The declaration cannot be used: a key, a signature, a tool, a file.
    """
    declaring = _Declaring(path=path, folder=folder, others=others or {}, types=types or {})
    return declaring.agent(name, table, ("agents", name) if keys is None else keys, ())


class _Declaring:
    """The declarations of one file."""

    def __init__(
        self,
        *,
        path: Path | None,
        folder: Path,
        others: Mapping[str, Mapping[str, Any]],
        types: Mapping[str, type],
    ) -> None:
        self._path = path
        self._folder = folder
        self._others = others
        self._types = types

    def agent(self, name: str, table: Mapping[str, Any], keys: Keys, users: Sequence[str]) -> DeclarativeAgent:
        """Make one agent; *users* are those that use each other, and the last of them this one, as tools."""
        config = validate_table(AgentTable, table, path=self._path, keys=keys, subject=f"agent {name!r}")
        types = {**self._types, **dict(self._own_types(name, config, keys))}
        tools = list(self._tools(name, config, keys, users))
        try:
            return DeclarativeAgent(
                name,
                self._signature(name, "input", config.input, types, keys),
                self._signature(name, "output", config.output, types, keys),
                instructions=self._instructions(name, config, keys),
                tools=tools,
                model=config.model,
                settings=config.settings.as_settings(),
                retries=config.retries,
                limits=config.limits.as_limits(),
                memory=config.memory,
                enabled=config.enabled,
                disabled=config.disabled,
            )
        except ToolError as error:
            raise self._fault(name, error, (*keys, "tools")) from error

    def _fault(self, name: str, error: AgentCoreError, keys: Sequence[str]) -> ConfigError:
        return self._error(name, error.message, keys, hint=error.hint)

    def _error(self, name: str, message: str, keys: Sequence[str], *, hint: str = "") -> ConfigError:
        return error_at(f"agent {name!r}: {message}", keys, path=self._path, hint=hint)

    def _signature(
        self, name: str, side: str, spec: SignatureSpec, types: Mapping[str, type], keys: Keys
    ) -> type[BaseModel]:
        try:
            reserved = RESERVED_INPUTS if side == "input" else ()
            return signature_model(f"{name}_{side}", spec, types=types, reserved=reserved)
        except SignatureError as error:
            raise self._fault(name, error, (*keys, side)) from error

    def _instructions(self, name: str, config: AgentTable, keys: Keys) -> str:
        file = config.instructions_file
        if file is None:
            return config.instructions
        at = (*keys, "instructions_file")
        if config.instructions:
            raise self._error(name, "both 'instructions' and 'instructions_file' are set", at, hint="keep one of them.")
        try:
            return (self._folder / file).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise self._error(name, f"{str(file)!r} cannot be read: {error.strerror}", at) from error
        except UnicodeDecodeError as error:
            raise self._error(name, f"{str(file)!r} is not UTF-8 text", at) from error

    def _own_types(self, name: str, config: AgentTable, keys: Keys) -> Iterator[tuple[str, type]]:
        for known_as, reference in config.types.items():
            found = self._imported(name, "type", reference, (*keys, "types", known_as))
            if not isinstance(found, type):
                raise self._error(name, f"{reference!r} is not a type", (*keys, "types", known_as))
            yield known_as, found

    def _tools(self, name: str, config: AgentTable, keys: Keys, users: Sequence[str]) -> Iterator[Any]:
        users = (*users, name)
        at = (*keys, "tools")
        for tool in config.tools:
            if ":" in tool:
                yield self._imported(name, "tool", tool, at)
            elif tool in users:
                circle = " -> ".join(map(repr, (*users[users.index(tool) :], tool)))
                raise self._error(name, f"agents are each other's tools in a circle: {circle}", at)
            elif tool in self._others:
                yield self.agent(tool, self._others[tool], ("agents", tool), users)
            else:
                raise self._error(
                    name,
                    f"there is no agent {tool!r} to be its tool",
                    at,
                    hint=f"a function is written as 'package.module:name'. {_agents_near(tool, self._others)}".strip(),
                )

    def _imported(self, name: str, what: str, reference: str, keys: Sequence[str]) -> Any:
        try:
            return import_plugin(reference)
        except (Exception, SystemExit) as error:  # the module is somebody else's, and may raise anything
            raise self._error(
                name,
                f"the {what} {reference!r} cannot be imported: {type(error).__name__}: {error}",
                keys,
                hint="write it as 'package.module:attribute'." if isinstance(error, ImportError) else "",
            ) from error


def _agents_near(name: str, others: Mapping[str, Any]) -> str:
    hint = nearest(name, others)
    return f"As an agent: {hint}" if hint else ""


def _finite(seconds: float | None) -> float | None:
    return None if seconds is None or isinf(seconds) else seconds
