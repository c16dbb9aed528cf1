"""What model calls cost: as their server reported, else by the configured prices, else by those that are published."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from agentcore.types import Outcome, Usage
from agentcore_metrics._money import pico
from agentcore_metrics._records import CostSource

__all__ = ["Cost", "Price", "Pricing", "Quote", "linear", "provider_of"]

Cost: TypeAlias = tuple[int | None, CostSource | None]
"""In 10^-12 US dollars, and where it is known from; both None where it is not known."""

Quote: TypeAlias = Callable[[Usage, datetime], Decimal | None]
"""What a usage of one model costs at a time, in US dollars; None where the prices do not say."""

_KNOWN: Final = 1_000
"""Models that are remembered; servers may name theirs as they like."""

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


def provider_of(model: str) -> tuple[str | None, str]:
    """Return who runs *model* and what it is called there; None where its name does not tell."""
    name = model.removeprefix("pydantic-ai:")
    provider, colon, rest = name.partition(":")
    return (provider, rest) if colon and provider and rest else (None, name)


class Pricing:
    """Finds the cost of calls.

    Args:
        prices: By a model's name, in which ``*`` and ``?`` stand for anything; a name that fits exactly wins, else the
            first that fits.
        published: Whether ``genai-prices`` is asked, where it is installed.
    """

    def __init__(self, prices: Mapping[str, Price] = {}, *, published: bool = True) -> None:
        self._prices = {**FREE, **prices}
        self._published = published
        self._quotes: dict[tuple[str, str | None], tuple[Quote, CostSource] | None] = {}

    def cost(self, model: str, response_model: str | None, usage: Usage, outcome: Outcome, ended: float) -> Cost:
        """Return what a call cost.

        Args:
            model: The name by which it was asked.
            response_model: Its own name for itself.
            usage: Of the call.
            outcome: How it ended: what a call consumed that failed need not be known.
            ended: Seconds since the epoch.
        """
        reported = pico(usage.cost)
        if reported is not None:
            return reported, "reported"
        if not usage.requests:
            return None, None
        found = self._found(model, response_model)
        if found is None:
            return None, None
        quote, source = found
        if outcome != "ok" and not usage.total_tokens and quote(_SOMETHING, _EPOCH):
            # It was asked, and nobody said what it had used by then.
            return None, None
        cost = pico(quote(usage, datetime.fromtimestamp(ended, UTC) if math.isfinite(ended) else _EPOCH))
        return (None, None) if cost is None else (cost, source)

    def warm(self) -> None:
        """Load what takes long to load."""
        if self._published:
            self._found("openai:", None)

    def _found(self, model: str, response_model: str | None) -> tuple[Quote, CostSource] | None:
        key = model, response_model
        try:
            return self._quotes[key]
        except KeyError:
            if len(self._quotes) >= _KNOWN:
                self._quotes.clear()
            found = self._quotes[key] = self._find(model, response_model)
            return found

    def _find(self, model: str, response_model: str | None) -> tuple[Quote, CostSource] | None:
        price = self._prices.get(model)
        if price is None:
            patterns = (each for pattern, each in self._prices.items() if fnmatchcase(model, pattern))
            price = next(patterns, None)
        if price is not None:
            return price.quote(), "configured"
        if not self._published:
            return None
        from agentcore_metrics._published import published_quote

        provider, name = provider_of(model)
        quote = published_quote(provider, [each for each in (response_model, name) if each])
        return None if quote is None else (quote, "genai-prices")


_SOMETHING: Final = Usage(requests=1, input_tokens=1, output_tokens=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
