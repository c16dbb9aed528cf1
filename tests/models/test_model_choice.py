"""The model that an agent gets when it names none."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from agentcore.models import Choice, choose_default

Site = Any


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def test_the_configuration_comes_first(nowhere: str) -> None:
    """Whatever keys there are."""
    choice = await choose_default({"OPENAI_API_KEY": "x"}, configured="mine")
    assert choice == Choice(name="mine", reason="the configuration names it")


@pytest.mark.parametrize(
    ("environ", "name", "variable"),
    [
        ({"ANTHROPIC_API_KEY": "x", "OPENAI_API_KEY": "y"}, "openai:gpt-6-luna", "OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": " ", "GROQ_API_KEY": "x"}, "groq:openai/gpt-oss-20b", "GROQ_API_KEY"),
        ({"ANTHROPIC_API_KEY": "x"}, "anthropic:claude-haiku-5-5", "ANTHROPIC_API_KEY"),
    ],
)
async def test_then_the_first_server_whose_key_is_set(environ: dict[str, str], name: str, variable: str) -> None:
    """In the order of the table; an empty variable is none."""
    choice = await choose_default(environ)
    assert choice == Choice(name=name, reason=f"the environment variable {variable} is set")


async def test_a_local_servers_key_says_nothing_about_the_model(nowhere: str) -> None:
    """Nobody knows what runs there."""
    assert (await choose_default({"VLLM_API_KEY": "x", "OLLAMA_HOST": nowhere})).name == "local"


async def test_then_the_newest_model_of_an_ollama_that_answers(site: Site) -> None:
    """One that writes text."""
    models = [{"name": "nomic-embed-text:latest"}, {"name": "llama3.2:1b"}, {"name": "qwen3:4b"}]
    site.pages["/api/tags"] = site.reply({"models": models})
    choice = await choose_default({"OLLAMA_HOST": site.root})
    address = site.root.removeprefix("http://")
    assert choice == Choice(
        name="ollama:llama3.2:1b", reason=f"Ollama answers at {address}, and this is its newest model"
    )


@pytest.mark.parametrize(
    "page", [b"<html>", {"models": []}, {"models": [{"name": "nomic-embed-text"}, {}, 3]}, {"models": None}, []]
)
async def test_an_ollama_without_a_model_that_writes_is_passed_over(site: Site, page: object) -> None:
    """Or something that is no Ollama."""
    site.pages["/api/tags"] = site.reply(page)
    assert (await choose_default({"OLLAMA_HOST": site.root})).name == "local"


async def test_else_the_embedded_model(nowhere: str) -> None:
    """And the reason says what was looked for."""
    choice = await choose_default({"OLLAMA_HOST": nowhere})
    assert choice == Choice(
        name="local", reason="no API key is set and no Ollama answers, so the embedded model serves"
    )


@pytest.mark.parametrize("host", ["no.such.host.invalid", "http://[::1", "127.0.0.1:99999"])
async def test_an_address_that_cannot_be_used_is_passed_over(host: str) -> None:
    """It is the user's for Ollama, and Ollama says so itself."""
    assert (await choose_default({"OLLAMA_HOST": host})).name == "local"


async def test_a_server_that_says_nothing_is_not_waited_for(mute: str) -> None:
    """Every start of a program asks it."""
    async with asyncio.timeout(10):
        assert (await choose_default({"OLLAMA_HOST": mute})).name == "local"
