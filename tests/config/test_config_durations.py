"""Lengths of time in the configuration."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from agentcore._config import Duration, Timeout, parse_duration
from agentcore.errors import ConfigError

SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}


class Job(BaseModel):
    """A model with both types."""

    wait: Duration = 1.0
    timeout: Timeout | None = None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5s", 5.0),
        ("1.5m", 90.0),
        ("200ms", 0.2),
        ("57ms", 0.057),
        ("2h", 7200.0),
        ("7d", 604800.0),
        ("5 s", 5.0),
        ("5", 5.0),
        ("0.5", 0.5),
        ("0s", 0.0),
        (5, 5.0),
        (5.5, 5.5),
        (0, 0.0),
        ("off", math.inf),
        ("inf", math.inf),
        (math.inf, math.inf),
    ],
    ids=repr,
)
def test_duration_is_a_number_of_seconds_or_a_number_with_a_unit(value: object, seconds: float) -> None:
    """Each way to write a duration gives its seconds, without rounding errors."""
    assert parse_duration(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            " ",
            "s",
            "5x",
            "5S",
            "-5s",
            "+5s",
            "5ss",
            "1h30m",
            "5e3s",
            ".5s",
            "5.s",
            "nan",
            "\u0665s",
            "5s ",
            "Off",
            -1,
            -0.5,
        ),
        *(
            math.nan,
            -math.inf,
            True,
            False,
            None,
            b"5s",
            ["5s"],
            {"s": 5},
        ),
    ],
    ids=repr,
)
def test_what_is_no_duration_is_refused_with_the_forms_that_are(value: object) -> None:
    """Anything else is an error that shows how to write one."""
    with pytest.raises(ConfigError, match="not a duration") as caught:
        parse_duration(value)
    assert "'5s'" in caught.value.hint
    assert "'off'" in caught.value.hint


@pytest.mark.parametrize("value", ["9" * 400, "9" * 400 + "d", 10**400], ids=["text", "text with unit", "number"])
def test_duration_beyond_counting_is_refused_and_not_taken_for_endless(value: object) -> None:
    """A number too large is an error: endless is only what says so."""
    with pytest.raises(ConfigError, match="too long"):
        parse_duration(value)


@given(number=st.decimals(0, 10**9, places=3), unit=st.sampled_from(sorted(SECONDS)))
def test_duration_text_means_number_times_unit(number: Decimal, unit: str) -> None:
    """Every number with every unit is exact to the last bit of a float."""
    assert parse_duration(f"{number:f}{unit}") == float(number * SECONDS[unit])


@given(st.text() | st.integers() | st.floats() | st.none() | st.binary() | st.lists(st.text()))
@example("0" * 5000 + "s")
def test_anything_is_either_a_duration_or_a_config_error(value: object) -> None:
    """No value whatever makes it fail in another way, and no result is negative."""
    try:
        seconds = parse_duration(value)
    except ConfigError:
        return
    assert seconds >= 0


@given(st.floats(min_value=0, allow_nan=False))
def test_duration_survives_json(seconds: float) -> None:
    """What a model writes as JSON is read back as the same time, endless included."""
    job = Job(wait=seconds)
    assert Job.model_validate_json(job.model_dump_json()) == job


def test_duration_field_reads_what_parse_duration_reads() -> None:
    """The pydantic type takes texts and numbers, and stays a float."""
    job = Job.model_validate({"wait": "2m", "timeout": "off"})
    assert (job.wait, job.timeout) == (120.0, math.inf)
    assert job.model_dump() == {"wait": 120.0, "timeout": math.inf}


@pytest.mark.parametrize("value", [0, "0s", "0.0ms"])
def test_timeout_must_be_longer_than_zero(value: object) -> None:
    """A timeout of nothing would end everything; the error names the way to have none."""
    with pytest.raises(ValidationError, match="longer than zero"):
        Job.model_validate({"timeout": value})


def test_duration_has_a_json_schema() -> None:
    """A schema for editors tells that both numbers and texts will do."""
    schema: dict[str, Any] = TypeAdapter(Duration).json_schema()
    assert schema["type"] == ["number", "string"]
