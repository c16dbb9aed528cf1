"""``redaction``: takes secrets and personal data out of all that agents are asked, told, and leave behind.

What goes to a model, what comes back, and what tools are called with and return passes here, so that none of it
reaches a provider; what events tell passes here once more (:func:`~agentcore.hookspecs.event_data`), errors among it,
so that nothing is kept that came in some other way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from attrs import evolve
from pydantic import AfterValidator, BaseModel, ConfigDict

from agentcore import (
    ExecutionContext,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    PluginManager,
    SecretRef,
    ToolCall,
    hookimpl,
)
from agentcore.errors import ConfigError
from agentcore.providers.redaction._known import known_secrets
from agentcore.providers.redaction._patterns import KINDS, Kind
from agentcore.providers.redaction._streams import Stream
from agentcore.providers.redaction._text import Redactor
from agentcore.providers.redaction._values import Values

__all__ = ["RedactionProvider"]

T = TypeVar("T")


def _compilable(pattern: str) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"not a regular expression: {error}") from None
    if compiled.match(""):
        raise ConfigError("matches the empty text, and so everywhere")
    return pattern


class RedactionProvider:
    """Replaces secrets and personal data by marks as ``[redacted:email]``.

    Found are what has a known form, what stands under a telling name as ``password``, and, by the letter, the secrets
    that the program itself has: those its configuration refers to, and those in environment variables whose names say
    that they hold one.  Names of people and places have no form, and are not found.
    """

    class Config(BaseModel):
        """The table ``[plugins.redaction]``."""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

        find: tuple[Kind, ...] = KINDS
        """What to look for."""
        patterns: Mapping[str, Annotated[str, AfterValidator(_compilable)]] = {}
        """Regular expressions of your own, by the name that stands in place of what they match."""
        secrets: tuple[SecretRef, ...] = ()
        """Further secrets, found by the letter; each must be there."""
        environment: bool = True
        """Whether variables of the environment are secrets whose names say so, as GITHUB_TOKEN."""

    def __init__(self, config: Config | None = None) -> None:
        """Prepare, as *config* says; None leaves everything as usual.

        The secrets that the program knows are read when it starts.
        """
        self._config = config or self.Config()
        self._streams: dict[str, Stream] = {}
        self._know([])

    def _know(self, secrets: list[str]) -> None:
        config = self._config
        patterns = {name: re.compile(each) for name, each in config.patterns.items()}
        self._redactor = Redactor(config.find, patterns=patterns, known=secrets)
        self.redact: Values = Values(self._redactor, secret_names="secret" in config.find)
        """Returns a value without secrets and personal data."""

    @hookimpl(tryfirst=True, blocking=True)
    def agentcore_startup(self, plugins: PluginManager) -> None:
        """Read the secrets that the program knows."""
        config = self._config
        self._know(known_secrets(plugins.settings, os.environ, config.secrets, by_name=config.environment))

    # --- what is asked, and what comes back ---

    @hookimpl(tryfirst=True)
    def agent_input(self, input: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Let nothing into a run."""
        return self._changed(input)

    @hookimpl(trylast=True)
    def agent_output(self, output: Any) -> Any:
        """Let nothing out of a run."""
        return self._changed(output)

    @hookimpl(trylast=True)
    def model_request(self, request: ModelRequest) -> ModelRequest | None:
        """Ask a model nothing that the run must not know: what other plugins have added, too."""
        return self._changed(request)

    @hookimpl(tryfirst=True)
    def model_response(self, response: ModelResponse) -> ModelResponse | None:
        """Take out what a model made up, or knew."""
        return self._changed(response)

    @hookimpl(tryfirst=True)
    def model_piece(self, delta: ModelDelta, call_id: str) -> ModelDelta | None:
        """Hold back what may become a secret."""
        stream = self._streams.setdefault(call_id, Stream(self._redactor))
        return evolve(delta, text=stream.feed(delta.text, last=delta.last))

    @hookimpl
    def model_complete(self, call_id: str) -> None:
        """Forget the stream."""
        self._streams.pop(call_id, None)

    @hookimpl
    def model_error(self, call_id: str) -> None:
        """Forget the stream, and what was held back."""
        self._streams.pop(call_id, None)

    @hookimpl(tryfirst=True)
    def tool_call(self, call: ToolCall) -> ToolCall | None:
        """Take out what a model made up."""
        return self._changed(call)

    @hookimpl(tryfirst=True)
    def tool_result(self, result: Any) -> Any:
        """Take out what a tool found."""
        return self._changed(result)

    # --- what is told of it ---

    @hookimpl(trylast=True)
    def event_data(self, context: ExecutionContext | None, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Tell nothing of it."""
        return self._changed(data)

    def _changed(self, value: T) -> T | None:
        """Return *value* without what is taken out; None where it has nothing of it."""
        clean: T = self.redact(value)
        return None if clean is value else clean
