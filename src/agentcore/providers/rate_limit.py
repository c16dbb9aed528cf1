"""``rate_limit``: a model is asked so often in a minute, and not more.

An example of a value hook that waits: it comes last, when it is certain that the model will be asked, and it knows the
run's deadline.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from math import inf
from typing import Annotated, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agentcore import Deny, ExecutionContext, ModelRequest, ModelResponse, Usage, hookimpl
from agentcore.errors import ConfigError
from agentcore.providers._forks import BeginsAnew
from agentcore.providers._window import Entry, Window, WouldWait

__all__ = ["RateLimitProvider"]

_logger = logging.getLogger("agentcore.rate_limit")

_CHARACTERS: Final = 4
"""Of a token, on average, in English; what a call took is known when it ends, and corrects the guess."""
_ANSWER: Final = 256
"""Tokens of an answer that nobody has limited; likewise."""

_Positive = Annotated[int | None, Field(gt=0)]


class Limit(BaseModel):
    """What one model may do in a minute."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    requests_per_minute: _Positive = None
    """Calls of one model in any 60 seconds."""
    tokens_per_minute: _Positive = None
    """Read and written by one model in any 60 seconds."""


class RateLimitProvider(BeginsAnew):
    """Holds calls of a model back until there is room for them, in the order in which they come.

    In any 60 seconds no more than the limit begin, on all threads and loops of the process together; another process
    counts for itself.
    Tokens are guessed before a call and corrected after it.
    A call whose turn would come after the run's deadline is denied at once.
    Answers that need no call, as out of a cache, are not counted.
    """

    class Config(Limit):
        """The table ``[plugins.rate_limit]``: the limits of each model, and of some models others."""

        models: Mapping[str, Limit] = {}
        """Limits by a model's name, or a pattern as "openai:*"; the first that fits counts."""
        longest_wait: Annotated[float | None, Field(ge=0)] = None
        """Seconds; a call that would wait longer is denied, and 0 lets none wait.  Unset waits as long as the run
        may."""
        max_waiting: Annotated[int, Field(ge=0)] = 1_000
        """Calls of one model that may wait; one more is denied."""

        @model_validator(mode="after")
        def _limits_something(self) -> Self:
            limits: list[Limit] = [self, *self.models.values()]
            if not any(each.requests_per_minute or each.tokens_per_minute for each in limits):
                raise ConfigError("it limits nothing", hint="set requests_per_minute or tokens_per_minute.")
            return self

    def __init__(self, config: Config) -> None:
        """Begin with nothing counted; *config* says what is limited."""
        self._config = config
        super().__init__()

    def begin(self) -> None:
        """Forget what was counted, and who waits."""
        self._windows: dict[str, Window] = {}
        self._entries: dict[str, tuple[Window, Entry]] = {}
        self._lock = threading.Lock()

    # The run's own limits end the waiting.
    @hookimpl(trylast=True, timeout=inf)
    async def model_answer(
        self,
        context: ExecutionContext,
        model: str,
        request: ModelRequest,
        call_id: str,
        response: ModelResponse | None,
    ) -> None:
        """Wait for the call's turn."""
        if response is not None:
            return
        window = self._window_of(model)
        try:
            entry = await window.enter(
                _guess(request),
                patience=self._patience(context),
                waits=lambda seconds: _logger.info("a call of model %r waits for %.3g s", model, seconds),
            )
        except WouldWait as error:
            raise Deny(f"the model {model!r} has reached its limit: {error}") from None
        self._entries[call_id] = (window, entry)

    @hookimpl
    def model_complete(self, call_id: str, usage: Usage) -> None:
        """Count what the call took."""
        self._settle(call_id, usage)

    @hookimpl
    def model_error(self, call_id: str, usage: Usage) -> None:
        """Count what the call took, as far as it is known."""
        self._settle(call_id, usage)

    def _settle(self, call_id: str, usage: Usage) -> None:
        entered = self._entries.pop(call_id, None)
        if entered is not None:
            window, entry = entered
            window.settle(entry, usage.total_tokens)

    def _window_of(self, model: str) -> Window:
        with self._lock:
            window = self._windows.get(model)
            if window is None:
                limit = self._limit_of(model)
                window = self._windows[model] = Window(
                    requests=limit.requests_per_minute,
                    tokens=limit.tokens_per_minute,
                    places=self._config.max_waiting,
                )
            return window

    def _limit_of(self, model: str) -> Limit:
        found = (limit for pattern, limit in self._config.models.items() if fnmatchcase(model, pattern))
        return next(found, self._config)

    def _patience(self, context: ExecutionContext) -> float | None:
        """Seconds that a run can wait; None for ever."""
        known = [each for each in (context.remaining, self._config.longest_wait) if each is not None]
        return max(0.0, min(known)) if known else None


def _guess(request: ModelRequest) -> int:
    """Tokens that a call will take, about."""
    read = sum(len(each.content) for each in request.messages) // _CHARACTERS
    return read + (request.settings.max_tokens or _ANSWER)
