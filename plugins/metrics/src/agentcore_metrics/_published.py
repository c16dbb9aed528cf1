"""Prices out of the package ``genai-prices``, which brings them along and is asked nothing over the network."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from agentcore.types import Usage
from agentcore_metrics._prices import Quote, linear

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, Provider

__all__ = ["published_quote"]

logger = logging.getLogger("agentcore.metrics")

_MANY: Final = 1_000_000


def published_quote(provider: str | None, names: Sequence[str]) -> Quote | None:
    """Return the prices of a model; None where none are published, or the package is not installed.

    Args:
        provider: Who runs it: another's price for a model of the same name is not its own.
        names: What it may be called, the most exact first.
    """
    snapshot = _snapshot()
    if snapshot is None:
        return None
    for name in names:
        try:
            found = snapshot.find_provider_model(name, None, provider, None)
        except LookupError:
            continue
        return _quote(*found)
    return None


@cache
def _snapshot() -> DataSnapshot | None:
    try:
        # It takes half a second, and 31 MB.
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        logger.info("calls without a reported or configured price have no known cost: genai-prices is not installed")
        return None
    return get_snapshot()


def _quote(provider: Provider, model: ModelInfo) -> Quote:
    if all(isinstance(each, Decimal) for each in _stated(model.prices)):
        return _flat(provider, model) or _each(provider, model)
    # By tiers of the input's length, or by the time: then each call is asked for.
    return _each(provider, model)


def _stated(prices: ModelPrice | list[ConditionalPrice]) -> list[Any]:
    """Return each price; those that hold at times only as they are."""
    return list(prices) if isinstance(prices, list) else [each for each in vars(prices).values() if each is not None]


def _flat(provider: Provider, model: ModelInfo) -> Quote | None:
    """Return the same prices as a sum of products, which is a thirtieth of the work; None where there is none."""
    quote = _each(provider, model)
    when = datetime.min
    asked = [
        quote(usage, when)
        for usage in (
            Usage(requests=1),
            Usage(requests=1, input_tokens=_MANY),
            Usage(requests=1, output_tokens=_MANY),
            Usage(requests=1, input_tokens=_MANY, cached_tokens=_MANY),
            Usage(requests=1, input_tokens=_MANY, cache_write_tokens=_MANY),
            Usage(requests=1, output_tokens=_MANY, reasoning_tokens=_MANY),
        )
    ]
    if None in asked:
        return None
    request, *tokens = (each for each in asked if each is not None)
    read, written, *parts = ((each - request) / _MANY for each in tokens)
    names = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")
    flat = linear(read, written, dict(zip(names, parts, strict=True)), request)

    def quote_each(usage: Usage, when: datetime) -> Decimal | None:
        # Sound may come out of the cache, and be asked for apart then.
        return (quote if usage.input_audio_tokens or usage.output_audio_tokens else flat)(usage, when)

    return quote_each


def _each(provider: Provider, model: ModelInfo) -> Quote:
    from genai_prices import Usage as TheirUsage

    def quote(usage: Usage, when: datetime) -> Decimal | None:
        theirs = TheirUsage(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            input_audio_tokens=usage.input_audio_tokens,
            output_tokens=usage.output_tokens,
            output_reasoning_tokens=usage.reasoning_tokens,
            output_audio_tokens=usage.output_audio_tokens,
        )
        try:
            return model.calc_price(theirs, provider, genai_request_timestamp=when).total_price
        except (LookupError, ValueError):
            # It is priced by something that no model call tells, as how much of the sound was cached.
            return None

    return quote
