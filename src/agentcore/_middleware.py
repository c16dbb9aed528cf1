"""Middleware: code around every execution of every provider."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

__all__ = ["LoggingMiddleware", "ProviderMiddleware"]


class ProviderMiddleware:
    """Wraps the execution of implementations.  Override one step or both; each may be ``async``.

    *provider* is the plugin's registered name, *event* the hook's, *data* its arguments by name, to be read only; the
    envelope under ``"event"`` is None where no implementation of the hook asks for it.
    A step that is not overridden costs nothing.
    A step that fails counts as a failure of the implementation that it surrounds.
    """

    def pre_execute(self, provider: str, event: str, data: Mapping[str, Any]) -> Any:
        """Runs before.  Return a mapping to replace *data* for this execution, None to leave it."""

    def post_execute(self, provider: str, event: str, result: Any) -> Any:
        """Runs after an execution that did not fail.  Return what replaces *result*, None to leave it."""


class LoggingMiddleware(ProviderMiddleware):
    """Logs the begin and the end of each execution, without its data: they may hold secrets.

    Args:
        logger: Where to; None takes the logger ``agentcore.middleware``.
        level: Of :mod:`logging`.
    """

    def __init__(self, logger: logging.Logger | None = None, *, level: int = logging.DEBUG) -> None:
        self._logger = logger or logging.getLogger("agentcore.middleware")
        self._level = level

    def pre_execute(self, provider: str, event: str, data: Mapping[str, Any]) -> None:
        self._logger.log(self._level, "%s: %s begins", provider, event)

    def post_execute(self, provider: str, event: str, result: Any) -> None:
        self._logger.log(self._level, "%s: %s done", provider, event)
