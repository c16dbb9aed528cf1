"""A model that answers from a script: for tests, demonstrations and benchmarks."""

from __future__ import annotations

import json
from asyncio import sleep
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from agentcore.errors import ModelError
from agentcore.models._base import DeltaHandler, Model, ModelProfile
from agentcore.types import FinishReason, ModelDelta, ModelRequest, ModelResponse, ToolCall, Usage

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Answer", "Script", "ScriptedModel"]

Answer: TypeAlias = "str | Mapping[str, object] | BaseModel | ModelResponse | ToolCall | Sequence[ToolCall] | Exception"
"""A text; an object, which becomes JSON text; a whole response; tool calls; or an exception to raise."""

Script: TypeAlias = "Sequence[Answer] | Callable[[ModelRequest], Answer | Awaitable[Answer]]"
"""One answer for each call, in order; or a function of the request."""

_KEPT: Final = 1024
"""Responses that a repeating model keeps."""


class ScriptedModel(Model):
    """Answers what it was told to answer."""

    provider = "scripted"

    requests: list[ModelRequest]
    """What it was asked, in order; stays empty where it does not record."""

    def __init__(
        self,
        answers: Script,
        *,
        name: str = "scripted",
        usage: Usage | None = None,
        delay: float = 0.0,
        chunk: int = 1,
        record: bool = True,
        profile: ModelProfile | None = None,
    ) -> None:
        """Take the script.

        Args:
            answers: One for each call, or a function of the request, sync or async.
            name: What errors call it.
            usage: What each call consumed; None counts the words, as blanks part them, of the messages and the answer.
            delay: Seconds before each answer.
            chunk: Words in each piece when it streams.
            record: Whether requests are kept.
            profile: How it wants to be asked; None takes the usual ways.

        Raises:
            TypeError: *answers* is one text.
        """
        if isinstance(answers, str):
            raise TypeError("a script is a list of answers; write ScriptedModel.repeating(text) for one text for ever")
        self.name = name
        self.profile: ModelProfile = profile or ModelProfile()
        self.requests = []
        self._function = answers if callable(answers) else None
        script: list[Answer] = [] if callable(answers) else list(answers)
        self._length = len(script)
        self._answers: Iterator[Answer] = iter(script)
        self._repeated: Answer | None = None
        self._made: dict[int, ModelResponse] = {}
        self._usage = usage
        self._delay = delay
        self._chunk = chunk
        self._record = record

    @classmethod
    def repeating(
        cls,
        answer: Answer,
        *,
        name: str = "scripted",
        usage: Usage | None = None,
        delay: float = 0.0,
        record: bool = False,
    ) -> ScriptedModel:
        """Return a model that gives *answer* to every call, however many there are."""
        model = cls((), name=name, usage=usage, delay=delay, record=record)
        model._answers = repeat(answer)
        model._repeated = None if isinstance(answer, Exception) else answer
        return model

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        """Give the next answer.

        Raises:
            ModelError: The script has run out.
        """
        if self._record:
            self.requests.append(request)
        if self._delay:
            await sleep(self._delay)
        if self._repeated is not None:
            response = self._again(request)
        else:
            answer = next(self._answers, None) if self._function is None else await self._ask(self._function, request)
            response = self._answered(answer, request)
        if on_delta is not None:
            for piece in self._pieces(response.text):
                await on_delta(ModelDelta(text=piece))
        return response

    def _again(self, request: ModelRequest) -> ModelResponse:
        """Return the repeated answer; all that can differ is the length of what was asked."""
        read = 0 if self._usage is not None else _words_in(request)
        response = self._made.get(read)
        if response is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            response = self._made[read] = self._answered(self._repeated, request)
        return response

    @staticmethod
    async def _ask(function: Callable[[ModelRequest], Answer | Awaitable[Answer]], request: ModelRequest) -> Answer:
        given: Any = function(request)
        # Not isinstance(): an abstract class takes longer to ask than all the rest of a call.
        answer: Answer = await given if hasattr(given, "__await__") else given
        return answer

    def _answered(self, answer: Answer | None, request: ModelRequest) -> ModelResponse:
        if answer is None:
            raise ModelError(
                f"the script of model {self.name!r} has run out after {self._length} answers",
                model=self.name,
                hint="give it one answer for each call, or write ScriptedModel.repeating(answer)",
            )
        if isinstance(answer, Exception):
            # The same exception may be raised many times: its traceback must not grow with each.
            raise answer.with_traceback(None)
        if isinstance(answer, ModelResponse):
            return answer
        text, calls = _text_and_calls(answer)
        usage = self._usage or Usage(
            requests=1,
            input_tokens=_words_in(request),
            output_tokens=_words(text) + sum(_words(json.dumps(dict(call.arguments))) for call in calls),
        )
        reason: FinishReason = "tool_calls" if calls else "stop"
        return ModelResponse(text=text, tool_calls=calls, usage=usage, model=self.name, finish_reason=reason)

    def _pieces(self, text: str) -> Iterator[str]:
        words = text.split(" ")
        for start in range(0, len(words), self._chunk):
            last = start + self._chunk >= len(words)
            piece = " ".join(words[start : start + self._chunk]) + ("" if last else " ")
            if piece:
                yield piece


def _text_and_calls(answer: Answer) -> tuple[str, Sequence[ToolCall]]:
    if isinstance(answer, str):
        return answer, ()
    if isinstance(answer, ToolCall):
        return "", (answer,)
    if isinstance(answer, Mapping):
        return json.dumps(answer, ensure_ascii=False), ()
    if isinstance(answer, Sequence):
        calls: Sequence[ToolCall] = answer  # type: ignore[assignment]  # mypy still thinks of a text
        return "", tuple(calls)
    return cast("BaseModel", answer).model_dump_json(), ()


def _words(text: str) -> int:
    return text.count(" ") + 1 if text else 0


def _words_in(request: ModelRequest) -> int:
    # Splitting would cost more than all the rest of a call.
    words = 0
    for message in request.messages:
        words += message.content.count(" ") + 1
    return words
