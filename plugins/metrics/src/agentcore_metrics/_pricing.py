"""What model calls cost: as their server reported, else by the configured prices, else by those that are published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from agentcore.types import Outcome, Usage
from agentcore_metrics._money import pico
from agentcore_metrics._prices import FREE, Price, Quote
from agentcore_metrics._published import published_quote
from agentcore_metrics._records import CostSource

__all__ = ["Cost", "Pricing", "provider_of"]

Cost: TypeAlias = tuple[int | None, CostSource | None]
"""In 10^-12 US dollars, and where it is known from; both None where it is not known."""

_KNOWN: Final = 1_000
"""Models that are remembered; servers may name theirs as they like."""


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
        provider, name = provider_of(model)
        quote = published_quote(provider, [each for each in (response_model, name) if each])
        return None if quote is None else (quote, "genai-prices")


_SOMETHING: Final = Usage(requests=1, input_tokens=1, output_tokens=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
