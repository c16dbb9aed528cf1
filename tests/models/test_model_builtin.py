"""Resolving the names of the built-in models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pluggy
import pytest
from pydantic import ValidationError

from agentcore import hookspecs
from agentcore.errors import ModelAuthenticationError, ModelNotFoundError, nearest
from agentcore.models import (
    BuiltinModels,
    LocalModel,
    ModelConfig,
    OpenAICompatibleModel,
    PydanticAIModel,
    ScriptedModel,
    known_model_names,
)
from agentcore.models._servers import SERVERS
from agentcore.types import ModelRequest

Ask = Callable[..., ModelRequest]
Site = Any


@pytest.mark.parametrize(
    ("name", "kind", "provider"),
    [
        ("local", LocalModel, "llama.cpp"),
        ("local:/models/x.gguf", LocalModel, "llama.cpp"),
        ("scripted:Paris", ScriptedModel, "scripted"),
        ("openai", OpenAICompatibleModel, "openai"),
        ("openai:gpt-5-mini", OpenAICompatibleModel, "openai"),
        ("gemini:gemini-flash", OpenAICompatibleModel, "gcp.gemini"),
        ("ollama:llama3.2:1b", OpenAICompatibleModel, "ollama"),
        ("pydantic-ai:anthropic:claude", PydanticAIModel, "anthropic"),
        ("pydantic-ai:google:gemini", PydanticAIModel, "gcp.gemini"),
    ],
)
def test_a_name_becomes_its_model(name: str, kind: type, provider: str) -> None:
    """The model keeps the name that it was resolved by."""
    model = BuiltinModels(environ={}).resolve_model(name)
    assert type(model) is kind
    assert model is not None
    assert model.name == name
    assert model.provider == provider


@pytest.mark.parametrize("name", ["", "gpt-5", "ghost:model", "scripted", "pydantic-ai", "pydantic-ai:", "OpenAI:gpt"])
def test_other_names_are_left_to_others(name: str) -> None:
    """None lets the next plugin answer."""
    assert BuiltinModels().resolve_model(name) is None


async def test_the_model_of_a_local_server_must_be_named() -> None:
    """Nobody knows what is installed there."""
    with pytest.raises(ModelNotFoundError, match="does not say which model") as caught:
        BuiltinModels().resolve_model("ollama")
    assert "'ollama:MODEL'" in caught.value.hint


async def test_a_scripted_name_answers_its_text_for_ever(ask: Ask) -> None:
    """For trying things out; the text may hold colons, or be empty."""
    for text in ("a: b", ""):
        model = BuiltinModels().resolve_model(f"scripted:{text}")
        assert model is not None
        assert [(await model.respond(ask())).text for _ in range(3)] == [text] * 3


async def test_a_server_is_where_the_environment_says(site: Site, ask: Ask) -> None:
    """And asked for its default model where none is named."""
    site.will_answer()
    model = BuiltinModels(environ={"VLLM_BASE_URL": site.url}).resolve_model("vllm:qwen")
    assert model is not None
    assert (await model.respond(ask())).text == "Paris"
    assert site.seen[0].body["model"] == "qwen"


def configured(**config: Any) -> BuiltinModels:
    return BuiltinModels({"mine": ModelConfig.model_validate(config)}, environ={})


async def test_a_configured_model_is_asked_as_it_is_configured(
    site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Address, name, key, headers, settings and structure."""
    monkeypatch.setenv("MY_KEY", "hunter2")
    site.will_answer()
    model = configured(
        base_url=site.url,
        model="big",
        api_key="env:MY_KEY",
        headers={"X-Team": "a"},
        structure="json_object",
        tools="actions",
        settings={"temperature": 0.2, "extra": {"top_k": 3}},
    ).resolve_model("mine")
    assert model is not None
    assert model.profile.tools == "actions"
    await model.respond(ask(schema={"type": "object"}))
    (seen,) = site.seen
    assert seen.headers["Authorization"] == "Bearer hunter2"
    assert seen.headers["X-Team"] == "a"
    assert {key: seen.body[key] for key in seen.body if key != "messages"} == {
        "model": "big",
        "temperature": 0.2,
        "top_k": 3,
        "response_format": {"type": "json_object"},
    }


async def test_a_configured_server_lends_its_ways(site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here OpenAI's, at another address; the key is the one of its usual variable."""
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
    site.will_answer()
    model = configured(server="openai", base_url=site.url, settings={"max_tokens": 5}).resolve_model("mine")
    assert model is not None
    assert model.provider == "openai"
    await model.respond(ask())
    (seen,) = site.seen
    assert seen.headers["Authorization"] == "Bearer hunter2"
    assert seen.body["model"] == SERVERS["openai"].default_model
    assert seen.body["max_completion_tokens"] == 5


async def test_a_refused_key_is_named_by_its_own_variable(
    site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Or as the configuration's, where it stands in a file."""
    site.will_fail(401)
    monkeypatch.setenv("MY_KEY", "hunter2")
    (tmp_path / "key").write_text("hunter2\n")
    for reference, source in (("env:MY_KEY", "MY_KEY"), (f"file:{tmp_path / 'key'}", "'api_key'")):
        model = configured(server="openai", base_url=site.url, api_key=reference).resolve_model("mine")
        assert model is not None
        with pytest.raises(ModelAuthenticationError, match=f"the key from {source}"):
            await model.respond(ask())


def test_a_configured_local_model_names_its_file() -> None:
    """The server ``local`` is no server."""
    for model in (None, "~/models/x.gguf"):
        resolved = configured(server="local", model=model, context_size=512).resolve_model("mine")
        assert type(resolved) is LocalModel
        path = Path(model).expanduser() if model else None
        assert repr(resolved) == f"LocalModel({str(path) if path else None!r}, name='mine')"


def test_a_configured_name_comes_before_a_built_in_one() -> None:
    """So that ``local`` itself can be configured."""
    models = BuiltinModels({"local": ModelConfig(server="openai")})
    assert type(models.resolve_model("local")) is OpenAICompatibleModel


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "name its 'server' or its 'base_url'"),
        ({"server": "opena"}, "did you mean 'openai'"),
        ({"server": "ollama"}, "name the 'model' as its server calls it"),
        ({"base_url": "http://host/v1"}, "name the 'model' as its server calls it"),
        ({"server": "openai", "context_size": 5}, "only for the server 'local'"),
        ({"server": "openai", "timeout": 0}, "greater than 0"),
        ({"server": "openai", "temperature": 1}, "Extra inputs are not permitted"),
        ({"server": "openai", "settings": {"temprature": 1}}, "Extra inputs are not permitted"),
        ({"server": "openai", "structure": "yaml"}, "'json_schema', 'json_object' or 'prompt'"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_why(config: dict[str, Any], words: str) -> None:
    """Before any model is asked."""
    with pytest.raises(ValidationError, match=words):
        ModelConfig.model_validate(config)


def test_a_key_cannot_be_written_into_the_configuration() -> None:
    """Only a reference to it, and the error does not repeat it."""
    with pytest.raises(ValueError, match="secret") as caught:
        ModelConfig.model_validate({"server": "openai", "api_key": "sk-hunter2"})
    assert "hunter2" not in str(caught.value)


def test_what_a_configuration_shows_of_itself_holds_no_secret() -> None:
    """The reference may be seen, headers may not."""
    shown = repr(ModelConfig.model_validate({"server": "openai", "api_key": "env:K", "headers": {"X": "hunter2"}}))
    assert "hunter2" not in shown
    assert "env:K" in shown


def test_known_names_hold_one_of_each_kind() -> None:
    """For the hint about an unknown name."""
    names = BuiltinModels({"mine": ModelConfig(server="openai")}).known_model_names()
    assert names == known_model_names(["mine"])
    assert {"mine", "local", "ollama:MODEL", "openai:gpt-6-luna"} <= set(names)
    assert nearest("opnai:gpt-6-luna", names).startswith("did you mean 'openai:gpt-6-luna'?")


def test_it_is_a_plugin_that_answers_last() -> None:
    """Whoever resolves the same name comes first."""
    manager = pluggy.PluginManager("agentcore")
    manager.add_hookspecs(hookspecs)
    manager.register(BuiltinModels(), "models")
    (implementation,) = manager.hook.resolve_model.get_hookimpls()
    assert implementation.trylast
    assert manager.hook.resolve_model(name="local").name == "local"
