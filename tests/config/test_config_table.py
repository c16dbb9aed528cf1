"""A plugin's config as a table for people."""

import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, ConfigDict, Field, Secret, SecretBytes, SecretStr

from agentcore._config import ConfigRow, Duration, SecretRef, Timeout, config_table

SECRET = "hunter2"


class Colour(Enum):
    """A choice."""

    RED = "red"


class Retry(BaseModel):
    """A table within."""

    attempts: int = Field(default=3, description="How often.")
    password: str | None = None


class Config(BaseModel):
    """Every kind of field."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    path: Path = Field(description="Where it is kept.")
    retry: Retry = Retry(attempts=5)
    other: Retry | None = None
    wait: Duration = math.inf
    timeout: Timeout | None = None
    names: list[str] = Field(default_factory=list)
    pair: tuple[int, ...] = (1, 2)
    mode: Literal["fast", "safe"] = "safe"
    colour: Colour = Colour.RED
    tags: set[str] = {"b", "a"}
    old: Optional[Annotated[int, "note"]] = None  # noqa: UP045  # authors write it so
    any: Any = None
    url: str = "https://host"
    api_key: SecretRef = SecretRef("env:MY_KEY")
    token: str = ""
    pepper: SecretStr = SecretStr("")
    salt: SecretBytes | None = None
    pin: Secret[int] | None = None
    max_tokens: int = 10
    headers: Mapping[str, str] = {}
    credentials: dict[str, str] = {}
    name: Annotated[str, Field(alias="title")] = "ä"
    on: bool = True


@pytest.fixture
def config() -> Config:
    """A config full of secrets."""
    return Config.model_validate(
        {
            "path": "/data",
            "retry": {"attempts": 7, "password": SECRET},
            "other": {"password": SECRET},
            "wait": "5s",
            "timeout": "off",
            "names": ["x"],
            "url": f"https://user:{SECRET}@host/p?key={SECRET}",
            "api_key": "env:OTHER_KEY",
            "token": SECRET,
            "pepper": SECRET,
            "salt": SECRET,
            "pin": 4711,
            "any": {"list": [{"password": SECRET}, f"redis://:{SECRET}@h"], "retry": Retry(password=SECRET)},
            "headers": {"Authorization": SECRET, "Accept": "text/html"},
            "credentials": {"user": SECRET},
            "title": "ö",
        }
    )


def rows(instance: Config | None) -> dict[str, ConfigRow]:
    """Return the table's rows by name."""
    return {row.name: row for row in config_table(Config, instance)}


def test_no_secret_is_in_the_table(config: Config) -> None:
    """Wherever it stands, and whatever type it has."""
    table = config_table(Config, config)
    assert SECRET not in repr(table)
    assert "4711" not in repr(table)


def test_values_are_shown(config: Config) -> None:
    """What is no secret is shown as JSON, texts without quotes; a secret as stars; a reference as it is."""
    stars = "**********"
    assert {name: row.value for name, row in rows(config).items()} == {
        "path": "/data",
        "retry.attempts": "7",
        "retry.password": stars,
        "other.attempts": "3",
        "other.password": stars,
        "wait": "5.0",
        "timeout": "off",
        "names": '["x"]',
        "pair": "[1, 2]",
        "mode": "safe",
        "colour": "red",
        "tags": '["a", "b"]',
        "old": "null",
        "any": '{"list": [{"password": "**********"}, "redis://h"], '
        '"retry": {"attempts": 3, "password": "**********"}}',
        "url": "https://host/p",
        "api_key": "env:OTHER_KEY",
        "token": stars,
        "pepper": stars,
        "salt": stars,
        "pin": stars,
        "max_tokens": "10",
        "headers": '{"Authorization": "**********", "Accept": "text/html"}',
        "credentials": stars,
        "title": "ö",
        "on": "true",
    }


def test_types_are_named_for_people() -> None:
    """Without modules, and with unions as bars."""
    assert {name: row.type for name, row in rows(None).items()} == {
        "path": "Path",
        "retry.attempts": "int",
        "retry.password": "str | None",
        "other": "Retry | None",
        "wait": "duration",
        "timeout": "duration | None",
        "names": "list[str]",
        "pair": "tuple[int, ...]",
        "mode": "'fast' | 'safe'",
        "colour": "Colour",
        "tags": "set[str]",
        "old": "int | None",
        "any": "Any",
        "url": "str",
        "api_key": "SecretRef",
        "token": "str",
        "pepper": "SecretStr",
        "salt": "SecretBytes | None",
        "pin": "Secret[int] | None",
        "max_tokens": "int",
        "headers": "Mapping[str, str]",
        "credentials": "dict[str, str]",
        "title": "str",
        "on": "bool",
    }


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("path", None),
        ("retry.attempts", "5"),
        ("retry.password", "null"),
        ("wait", "off"),
        ("names", "(made when needed)"),
        ("colour", "red"),
        ("api_key", "env:MY_KEY"),
        ("title", "ä"),
        ("token", "**********"),
    ],
)
def test_defaults_are_shown(name: str, default: str | None) -> None:
    """None stands for a key that must be given; a table's default is that of the model around it."""
    assert rows(None)[name].default == default


def test_without_an_instance_there_are_no_values() -> None:
    """The schema can be shown of a plugin that is not configured."""
    assert {row.value for row in config_table(Config, None)} == {None}


def test_descriptions_are_those_of_the_author() -> None:
    """Empty where there is none."""
    table = rows(None)
    assert table["path"].description == "Where it is kept."
    assert table["retry.attempts"].description == "How often."
    assert table["url"].description == ""


def test_secrets_are_marked() -> None:
    """By type or by name."""
    assert {name for name, row in rows(None).items() if row.secret} == {
        "retry.password",
        "api_key",
        "token",
        "pepper",
        "salt",
        "pin",
        "credentials",
    }
