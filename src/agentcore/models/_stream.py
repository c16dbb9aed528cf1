"""Putting an answer together from the pieces of a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from typing import Any

from agentcore.errors import ModelResponseError
from agentcore.models._json import as_list, as_mapping
from agentcore.models._wire import decode_usage, finish_reason, text_of, tool_call
from agentcore.types import ModelResponse, Usage

__all__ = ["Assembly", "sse_data"]


async def sse_data(chunks: AsyncIterable[bytes]) -> AsyncGenerator[str, None]:
    """Yield the data of each server-sent event in *chunks*, ``[DONE]`` included.

    Lines end at LF or CRLF alone: JSON may hold the other line ends that ``str.splitlines`` knows.
    """
    rest = b""
    data: list[bytes] = []
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data).decode("utf-8", "replace")
                data.clear()
    # The last event of a server that does not end it with an empty line.
    if rest.startswith(b"data:"):
        data.append(rest[5:].strip())
    if data:
        yield b"\n".join(data).decode("utf-8", "replace")


class Assembly:
    """An answer that is being put together, one chunk after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._texts: list[str] = []
        self._refused = False
        self._calls: dict[int, dict[str, Any]] = {}
        self._model = ""
        self._usage = Usage(requests=1)
        self._reason: object = None

    @property
    def complete(self) -> bool:
        """Whether the server has said why the model stopped."""
        return self._reason is not None

    def add(self, chunk: Mapping[str, Any]) -> str:
        """Take *chunk* in and return the text in it."""
        self._model = self._model or str(chunk.get("model") or "")
        if chunk.get("usage"):
            self._usage = decode_usage(chunk["usage"])
        choices = as_list(chunk.get("choices"))
        if not choices:
            return ""
        choice = as_mapping(choices[0])
        self._reason = choice.get("finish_reason") or self._reason
        delta = as_mapping(choice.get("delta"))
        for position, call in enumerate(as_list(delta.get("tool_calls"))):
            self._add_call(as_mapping(call), position)
        text = text_of(delta.get("content"))
        refusal = text_of(delta.get("refusal"))
        if refusal and not text:
            text = refusal
            self._refused = True
        if text:
            self._texts.append(text)
        return text

    def _add_call(self, wire: Mapping[str, Any], position: int) -> None:
        index = wire.get("index")
        if not isinstance(index, int):
            # Gemini sends whole calls without an index: one that brings its own name is a new one.
            index = len(self._calls) if as_mapping(wire.get("function")).get("name") else position
        call = self._calls.setdefault(index, {"id": "", "function": {"name": "", "arguments": ""}})
        call["id"] = call["id"] or wire.get("id") or ""
        function = as_mapping(wire.get("function"))
        call["function"]["name"] = call["function"]["name"] or function.get("name") or ""
        arguments = function.get("arguments") or ""
        call["function"]["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)

    def response(self) -> ModelResponse:
        """Return the whole answer.

        Raises:
            ModelResponseError: The stream broke off before the model had stopped.
        """
        if not self.complete:
            raise ModelResponseError(
                f"the answer of model {self._name!r} broke off before its end", model=self._name, retryable=True
            )
        calls = [tool_call(self._calls[index], name=self._name) for index in sorted(self._calls)]
        return ModelResponse(
            text="".join(self._texts),
            tool_calls=calls,
            usage=self._usage,
            model=self._model,
            finish_reason=finish_reason(self._reason, calls=calls, refused=self._refused),
        )
