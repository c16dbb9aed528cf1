"""What calls cost, and how that is known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice
from metrics_support import Events, Rows
from pydantic import ValidationError

from agentcore import ExecutionContext, Usage
from agentcore.types import ModelResponse, Outcome
from agentcore_metrics import MetricsProvider, Price
from agentcore_metrics._pricing import Cost, Pricing

USAGE = Usage(requests=1, input_tokens=1_000, cached_tokens=400, output_tokens=100, reasoning_tokens=30)
EVERYTHING = Usage(
    requests=1,
    input_tokens=1_000,
    cached_tokens=400,
    cache_write_tokens=100,
    input_audio_tokens=50,
    output_tokens=100,
    reasoning_tokens=30,
    output_audio_tokens=20,
)
NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
HOUSE = {
    "house:small": Price(input=Decimal(1), output=Decimal(2)),
    "house:*": Price(
        input=Decimal(10),
        cached=Decimal("0.1"),
        output=Decimal(20),
        reasoning=Decimal(50),
        request=Decimal("0.003"),
    ),
    "loud": Price(
        input=Decimal(10),
        cached=Decimal(1),
        cache_write=Decimal("12.5"),
        input_audio=Decimal(40),
        output=Decimal(20),
        output_audio=Decimal(80),
    ),
}


def cost_of(
    pricing: Pricing, model: str, usage: Usage = USAGE, outcome: Outcome = "ok", response_model: str | None = None
) -> Cost:
    return pricing.cost(model, response_model, usage, outcome, NOON.timestamp())


def theirs(usage: Usage) -> genai_prices.Usage:
    return genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        input_audio_tokens=usage.input_audio_tokens,
        output_audio_tokens=usage.output_audio_tokens,
    )


def test_what_the_server_reports_wins() -> None:
    """Over the configured price and the published one."""
    reported = Usage(requests=1, input_tokens=10, cost=Decimal("0.5"))
    pricing = Pricing({"openai:gpt-5": HOUSE["house:small"]})
    assert cost_of(pricing, "openai:gpt-5", reported) == (500_000_000_000, "reported")


def test_the_configured_price_wins_over_the_published_one() -> None:
    """A contract has prices of its own."""
    pricing = Pricing({"openai:gpt-5": HOUSE["house:small"]})
    assert cost_of(pricing, "openai:gpt-5") == (1_200_000_000, "configured")
    assert cost_of(Pricing(), "openai:gpt-5")[1] == "genai-prices"


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("house:small", Decimal("0.0012")),
        ("house:large", Decimal("0.003") + Decimal("0.00604") + Decimal("0.0014") + Decimal("0.0015")),
    ],
    ids=["exact", "pattern"],
)
def test_each_kind_of_token_has_its_price(model: str, dollars: Decimal) -> None:
    """Cached input and reasoning are parts of input and output, and cost the same where nothing else is said."""
    assert cost_of(Pricing(HOUSE), model) == (int(dollars * 10**12), "configured")


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("loud", Decimal("0.0045") + Decimal("0.0004") + Decimal("0.00125") + Decimal("0.002") + Decimal("0.0032")),
        ("house:small", Decimal("0.0012")),
    ],
    ids=["each its own", "all the same"],
)
def test_what_went_into_the_cache_and_what_was_sound_have_prices(model: str, dollars: Decimal) -> None:
    """As other input and output where nothing else is said."""
    assert cost_of(Pricing(HOUSE), model, EVERYTHING) == (int(dollars * 10**12), "configured")


def test_parts_that_are_more_than_the_whole_cost_no_less_than_nothing() -> None:
    """A server counts them otherwise: each is taken as far as there is something left of the whole."""
    usage = Usage(requests=1, input_tokens=100, cached_tokens=80, cache_write_tokens=70, input_audio_tokens=60)
    assert cost_of(Pricing(HOUSE), "loud", usage) == (80 * 10**6 + 20 * 12_500_000, "configured")


def test_a_small_price_is_exact() -> None:
    """The cost of a token may be a part of a millionth of a cent."""
    pricing = Pricing({"tiny": Price(input=Decimal("0.000001"), output=Decimal(0))})
    assert cost_of(pricing, "tiny", Usage(requests=1, input_tokens=7)) == (7, "configured")


def test_the_embedded_model_is_free() -> None:
    """Nobody sends a bill; that is known, and not unknown."""
    assert cost_of(Pricing(), "local") == (0, "configured")


@pytest.mark.parametrize("model", ["house:gpt-5", "nobody", "openai:no-such-model"])
def test_what_is_not_known_is_not_guessed(model: str) -> None:
    """Another's price for a model of the same name is not its price."""
    assert cost_of(Pricing(), model) == (None, None)


def test_published_prices_may_be_left_out() -> None:
    """Where they would be wrong."""
    assert cost_of(Pricing(published=False), "openai:gpt-5") == (None, None)


def test_the_models_own_name_is_the_most_exact() -> None:
    """It was asked by an alias that has no price."""
    known = cost_of(Pricing(), "openai:gpt-5-mini")
    assert known[0] is not None
    assert cost_of(Pricing(), "openai:our-alias", response_model="gpt-5-mini") == known


@pytest.mark.parametrize("outcome", ["error", "timeout", "cancelled"])
def test_a_call_that_failed_costs_what_it_used(outcome: Outcome) -> None:
    """Where nobody said what that was, nobody knows; and what costs nothing costs nothing then."""
    pricing = Pricing(HOUSE)
    assert cost_of(pricing, "house:small", outcome=outcome) == (1_200_000_000, "configured")
    assert cost_of(pricing, "house:small", Usage(requests=1), outcome) == (None, None)
    assert cost_of(pricing, "local", Usage(requests=1), outcome) == (0, "configured")


def test_a_call_that_was_never_made_costs_nothing() -> None:
    """It has no cost, rather than an unknown one."""
    assert cost_of(Pricing(HOUSE), "house:small", Usage(), "denied") == (None, None)


def priced_models() -> Iterator[tuple[Any, Any]]:
    for provider in get_snapshot().providers:
        for model in provider.models:
            # What names another model first, or one that no call could ask for, is found under another name.
            try:
                found = get_snapshot().find_provider_model(model.id, None, provider.id, None)
            except LookupError:
                continue
            if found == (provider, model):
                yield provider, model


def test_cost_is_what_genai_prices_calculates() -> None:
    """For every model that it knows, whatever it is priced by: to the last of 10^-12 dollars, with random usage."""
    random = Random(1)
    pricing = Pricing()
    flat = others = 0
    for provider, model in priced_models():
        for read in (random.randrange(1, 5_000), random.randrange(250_000, 900_000)):
            written = random.randrange(1, 5_000)
            usage = some_usage(random, read, written)
            try:
                price = model.calc_price(theirs(usage), provider, genai_request_timestamp=NOON)
            except ValueError:
                expected = None
            else:
                expected = round(price.total_price * 10**12)
            name = f"{provider.id}:{model.id}"
            assert cost_of(pricing, name, usage) == ((None, None) if expected is None else (expected, "genai-prices"))
        is_flat = isinstance(model.prices, ModelPrice) and all(
            isinstance(each, Decimal) for each in vars(model.prices).values()
        )
        flat, others = flat + is_flat, others + (not is_flat)
    assert flat > 1_000
    assert others > 100


def some_usage(random: Random, read: int, written: int) -> Usage:
    """Some of all kinds; every other without sound, which few models have."""
    cached, put = random.randrange(read // 3 + 1), random.randrange(read // 3 + 1)
    reasoned = random.randrange(written // 2 + 1)
    if random.random() < 0.5:
        return Usage(1, read, written, cached, reasoned, put)
    heard, said = random.randrange(read // 3 + 1), random.randrange(written // 2 + 1)
    return Usage(1, read, written, cached, reasoned, put, heard, said)


def test_prices_are_loaded_when_they_are_needed() -> None:
    """They take half a second; a program whose servers report what they cost does not wait for that."""
    program = (
        "import sys; from agentcore import ExecutionContext, Usage; from agentcore.types import ModelResponse;"
        "from decimal import Decimal; from agentcore_metrics import MetricsProvider; provider = MetricsProvider();"
        "call = lambda cost: provider.model_complete(ExecutionContext('a'), 'm', ModelResponse(), '1',"
        " Usage(requests=1, cost=cost), 1.0, 'ok');"
        "call(Decimal(1)); provider.metrics['cost']; print('genai_prices' in sys.modules);"
        "call(None); provider.metrics['cost']; print('genai_prices' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_without_the_package_cost_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    from agentcore_metrics import _published

    _published._snapshot.cache_clear()
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    assert cost_of(Pricing(), "openai:gpt-5") == (None, None)
    _published._snapshot.cache_clear()


def test_rows_say_where_their_cost_is_known_from(path: Any, rows: Rows) -> None:
    """With the provider, and the model's own name."""
    provider = MetricsProvider(path=path, prices=HOUSE)
    context = ExecutionContext("triage")
    provider.model_complete(context, "house:small", ModelResponse(model="small-2026"), "1", USAGE, 0.1, "ok")
    Events(provider).model(context, model="nobody", usage=USAGE)
    Events(provider).model(context, model="nobody", usage=Usage(requests=1, cost=Decimal(1)))
    provider.close()
    assert rows("SELECT provider, model, response_model, cost, cost_source FROM model_calls ORDER BY id") == [
        ("house", "house:small", "small-2026", 1_200_000_000, "configured"),
        (None, "nobody", None, None, None),
        (None, "nobody", None, 10**12, "reported"),
    ]


@pytest.mark.parametrize(
    "price",
    [
        {},
        {"input": 1},
        {"input": -1, "output": 1},
        {"input": 1, "output": "much"},
        {"input": 1, "output": 1, "video": 2},
    ],
    ids=["nothing", "half", "negative", "text", "unknown key"],
)
def test_a_price_that_does_not_fit_is_refused(price: dict[str, Any]) -> None:
    """A mistake must not be found out by the bill."""
    with pytest.raises(ValidationError):
        MetricsProvider.Config.model_validate({"prices": {"house:small": price}})


def test_prices_in_the_configuration_are_exact() -> None:
    """TOML's numbers are floats, and 0.1 is meant as it is written."""
    config = MetricsProvider.Config.model_validate({"prices": {"a": {"input": 0.1, "output": 0.3}}})
    assert config.prices["a"].input == Decimal("0.1")
