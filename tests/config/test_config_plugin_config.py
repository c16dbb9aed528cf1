"""A plugin's own configuration."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from agentcore._config import validate_plugin_config, validate_table
from agentcore.errors import ConfigError

Write = Callable[..., Path]


class Retry(BaseModel):
    """A table within."""

    attempts: int = 3


class Source(BaseModel):
    """Another, whose keys are all optional too."""

    url: str = ""


class Disk(BaseModel):
    """One kind of store."""

    kind: Literal["disk"]
    path: Path


class Memory(BaseModel):
    """Another."""

    kind: Literal["memory"]
    megabytes: int = Field(default=8, gt=0)


class Store(BaseModel):
    """A config of every shape."""

    path: Path
    limit: int | float = 10
    retry: Retry = Retry()
    stores: list[Annotated[Disk | Memory, Field(discriminator="kind")]] = []
    labels: dict[str, Retry] = {}
    mode: Literal["fast", "safe"] = "safe"
    dimensions: Annotated[int, Field(validation_alias=AliasChoices("dim", "dims"))] = 4
    label: Annotated[str, Field(alias="tag")] = ""


def test_table_becomes_the_model() -> None:
    """What fits is taken over, converted as pydantic does."""
    raw = {"path": "/data", "retry": {"attempts": 5}, "stores": [{"kind": "memory"}], "dims": 7, "tag": "t"}
    store = validate_plugin_config(Store, "vectorstore", raw)
    assert (store.path, store.retry, store.dimensions, store.label) == (Path("/data"), Retry(attempts=5), 7, "t")
    assert store.stores == [Memory(kind="memory")]


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("", (2, 10), "key 'path': is missing", ""),
        ("path='x'\nlimt = 5", (4, 1), "unknown key 'limt'", "did you mean 'limit'?"),
        ("path='x'\nretry.attempt = 5", (4, 7), "unknown key 'retry.attempt'", "did you mean 'attempts'?"),
        ("path='x'\nlabels.a.attempt = 5", (4, 10), "unknown key 'labels.a.attempt'", "did you mean 'attempts'?"),
        ("path='x'\ndimensions = 5", (4, 1), "unknown key 'dimensions'", "known: 'dim', 'dims', 'labels', "),
        ("path='x'\nlabel = 5", (4, 1), "unknown key 'label'", "did you mean 'labels'?"),
        ("path='x'\nmode = 'fats'", (4, 1), "key 'mode': Input should be 'fast' or 'safe'", "did you mean 'fast'?"),
        ("path='x'\nretry = 5", (4, 1), "key 'retry': must be a table", ""),
        ("path='x'\nstores = 'disk'", (4, 1), "key 'stores': must be a list", 'write stores = ["…"].'),
        ("path='x'\nstores = 5", (4, 1), "key 'stores': must be a list", ""),
        (
            "path='x'\nstores = [{kind='memory', megabytes=0}]",
            (4, 1),
            "key 'stores[0].megabytes': Input should be greater than 0",
            "",
        ),
        ("path='x'\nstores = [{kind='memory', mb=1}]", (4, 1), "unknown key 'stores[0].mb'", "'megabytes'"),
        ("path='x'\nstores = [{kind='disk'}]", (4, 1), "key 'stores[0].path': is missing", ""),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) and "=" in value else "",
)
def test_wrong_key_is_an_error_at_its_place(
    write: Write, text: str, place: tuple[int, int], message: str, hint: str
) -> None:
    """The error names the plugin, the key and the file, with the nearest key where it is unknown."""
    path = write(f"\n[plugins.vectorstore]\n{text}")
    raw = tomllib.loads(path.read_text())["plugins"]["vectorstore"]
    with pytest.raises(ConfigError) as caught:
        validate_plugin_config(Store, "vectorstore", raw, path=path)
    error = caught.value
    assert error.message.startswith(f"{path}:{place[0]}:{place[1]}: plugin 'vectorstore': {message}")
    assert hint in error.hint


def test_all_problems_are_listed() -> None:
    """One error for all of them, each problem once."""
    with pytest.raises(ConfigError) as caught:
        validate_plugin_config(Store, "vectorstore", {"limt": 1, "mode": "x", "limit": "much"})
    assert str(caught.value).splitlines()[0] == "plugin 'vectorstore': 5 problems"
    assert "\n  key 'path': is missing" in str(caught.value)
    assert "\n  unknown key 'limt' (did you mean 'limit'? Known: " in str(caught.value)


class Either(BaseModel):
    """A config whose tables may be of two kinds, with nothing that tells which."""

    sources: list[Retry | Source] = []


def test_problem_that_both_kinds_of_a_table_have_is_listed_once() -> None:
    """A reader has one thing to correct."""
    with pytest.raises(
        ConfigError, match=r"^plugin 'x': unknown key 'sources\[0\]\.attempt'\nhint: did you mean 'attempts'"
    ):
        validate_plugin_config(Either, "x", {"sources": [{"attempt": 5}]})


def test_error_outside_a_file_has_no_place() -> None:
    """Settings that come from code have no file."""
    with pytest.raises(ConfigError, match=r"^plugin 'x': key 'path': is missing$") as caught:
        validate_plugin_config(Store, "x", {})
    assert caught.value.path is None


class Lenient(BaseModel):
    """A config whose author says that unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore")

    a: int = 1


class Open(BaseModel):
    """A config whose author wants keys of any name."""

    model_config = ConfigDict(extra="allow")

    a: int = 1


class Holder(BaseModel):
    """A config with such a table in it."""

    headers: Open = Open()


class Node(BaseModel):
    """A config that contains itself."""

    children: list["Node"] = []


def test_unknown_key_is_an_error_even_where_the_model_would_ignore_it() -> None:
    """A misspelt key must not pass in silence."""
    with pytest.raises(ConfigError, match="unknown key 'b'"):
        validate_plugin_config(Lenient, "x", {"b": 1})


def test_unknown_key_is_allowed_where_the_model_asks_for_any() -> None:
    """At the top and in a table within."""
    assert validate_plugin_config(Open, "x", {"b": 1}).model_extra == {"b": 1}
    assert validate_plugin_config(Holder, "x", {"headers": {"b": 1}}).headers.model_extra == {"b": 1}


def test_unknown_key_of_a_model_within_itself_is_found() -> None:
    """A model may mention itself."""
    with pytest.raises(ConfigError, match=r"unknown key 'children\[0\].child'\nhint: did you mean 'children'?"):
        validate_plugin_config(Node, "x", {"children": [{"child": []}]})


class Empty(BaseModel):
    """A plugin without settings."""


def test_plugin_without_settings_takes_none() -> None:
    """The error says so."""
    with pytest.raises(ConfigError, match="unknown key 'a'\nhint: no key is known here"):
        validate_plugin_config(Empty, "x", {"a": 1})


class Range(BaseModel):
    """A config whose keys must fit each other."""

    low: int = 0
    high: int = 9

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


def test_rule_over_several_keys_is_reported_for_the_table(write: Write) -> None:
    """The place is that of the table."""
    path = write("[plugins.x]\nlow = 10")
    with pytest.raises(ConfigError, match=r":1:10: plugin 'x': the table: low is above high"):
        validate_plugin_config(Range, "x", {"low": 10}, path=path)


class Raising(BaseModel):
    """A config with a validator that fails in its own way."""

    @model_validator(mode="before")
    @classmethod
    def _fail(cls, _data: Any) -> Any:
        raise KeyError("bug")


def test_bug_in_a_plugins_validator_is_not_disguised() -> None:
    """What is no judgement on the settings comes through as it is."""
    with pytest.raises(KeyError, match="bug"):
        validate_plugin_config(Raising, "x", {})


def test_other_tables_are_checked_in_the_same_way(write: Write) -> None:
    """Models and agents are declared in tables too."""
    path = write("[models.fast]\natempts = 5")
    with pytest.raises(ConfigError, match=r":2:1: model 'fast': unknown key 'atempts'\nhint: did you mean 'attempts'?"):
        validate_table(Retry, {"atempts": 5}, path=path, keys=("models", "fast"), subject="model 'fast'")
