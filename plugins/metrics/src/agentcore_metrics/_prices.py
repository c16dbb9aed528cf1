"""Prices of tokens, and what a usage costs by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from agentcore.types import Usage

__all__ = ["FREE", "Price", "Quote", "linear"]

Quote: TypeAlias = Callable[[Usage, datetime], Decimal | None]
"""What a usage of one model costs at a time, in US dollars; None where the prices do not say."""

_PER: Final = 1_000_000

_Dollars: TypeAlias = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Price(BaseModel):
    """What a model costs, in US dollars for a million tokens."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    input: _Dollars
    output: _Dollars
    cached: Annotated[_Dollars | None, Field(description="Of input out of the cache; as other input if None.")] = None
    reasoning: Annotated[_Dollars | None, Field(description="Of output for reasoning; as other output if None.")] = None
    cache_write: Annotated[
        _Dollars | None, Field(description="Of input that is put into the cache; as other input if None.")
    ] = None
    input_audio: Annotated[_Dollars | None, Field(description="Of sound; as other input if None.")] = None
    output_audio: Annotated[_Dollars | None, Field(description="Of sound; as other output if None.")] = None
    request: Annotated[_Dollars, Field(description="For each call, whatever its tokens.")] = Decimal(0)

    def quote(self) -> Quote:
        """Return what asks for it."""
        read, written = self.input, self.output
        parts = {
            "cached_tokens": self.cached,
            "cache_write_tokens": self.cache_write,
            "input_audio_tokens": self.input_audio,
            "reasoning_tokens": self.reasoning,
            "output_audio_tokens": self.output_audio,
        }
        return linear(
            read / _PER, written / _PER, {name: each and each / _PER for name, each in parts.items()}, self.request
        )


_OF_INPUT: Final = ("cached_tokens", "cache_write_tokens", "input_audio_tokens")
_OF_OUTPUT: Final = ("reasoning_tokens", "output_audio_tokens")


def linear(input: Decimal, output: Decimal, parts: Mapping[str, Decimal | None], request: Decimal) -> Quote:
    """Return a quote that asks so much for each token and each request, in US dollars.

    Args:
        input: Of a token that was read.
        output: Of a token that was written.
        parts: Of tokens of a kind, by its name in :class:`agentcore.Usage`; None asks as for others.
        request: Of a call.
    """
    read = [(name, price - input) for name in _OF_INPUT if (price := parts.get(name)) is not None]
    written = [(name, price - output) for name in _OF_OUTPUT if (price := parts.get(name)) is not None]

    def quote(usage: Usage, _when: datetime) -> Decimal:
        cost = input * usage.input_tokens + output * usage.output_tokens + request * usage.requests
        for more, whole in ((read, usage.input_tokens), (written, usage.output_tokens)):
            for name, difference in more:
                # What a server says of parts may be more than the whole.
                part = min(getattr(usage, name), whole)
                whole -= part
                cost += difference * part
        return cost

    return quote


FREE: Final[Mapping[str, Price]] = {"local": Price(input=Decimal(0), output=Decimal(0))}
"""The embedded model sends no bill."""
