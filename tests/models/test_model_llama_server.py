"""OpenAI's interface against a real server: llama.cpp's, with the embedded model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel

from agentcore.errors import ModelAuthenticationError, ModelNotFoundError, ModelResponseError
from agentcore.models import ModelProfile, OpenAICompatibleModel
from agentcore.models._llama import library
from agentcore.types import ModelRequest

pytestmark = pytest.mark.model

Ask = Callable[..., ModelRequest]
Deltas = Any


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture(scope="module")
def llama_server(weights: Path) -> Iterator[str]:
    """The base URL of a server that wants the key ``secret``."""
    llama = library("server")
    params = llama.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {"smollm2"}
    params.n_ctx, params.n_parallel, params.verbosity = 2048, 1, -1
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, ["secret"]
    server = llama.Server(params)
    yield f"{cast('str', server.listening_address)}/v1"
    del server


@pytest.fixture
def model(llama_server: str) -> OpenAICompatibleModel:
    return OpenAICompatibleModel("llamacpp:smollm2", model="smollm2", base_url=llama_server, api_key="secret")


async def test_a_question_is_answered_with_its_usage(model: OpenAICompatibleModel, ask: Ask) -> None:
    """Plain text, bounded by max_tokens."""
    response = await model.respond(ask("Name a city.", temperature=0, max_tokens=8))
    assert response.text
    assert response.finish_reason == "length"
    assert response.usage.output_tokens == 8
    assert response.usage.input_tokens > 8
    assert response.model == "smollm2"


async def test_a_streamed_answer_is_the_same_as_the_whole_one(
    model: OpenAICompatibleModel, ask: Ask, deltas: Deltas
) -> None:
    """Piece by piece, with the usage at the end."""
    request = ask("Name a city.", temperature=0, max_tokens=12)
    whole = await model.respond(request)
    streamed = await model.respond(request, on_delta=deltas)
    assert "".join(deltas.texts) == streamed.text == whole.text
    assert len(deltas.texts) > 3
    assert streamed.usage.output_tokens == whole.usage.output_tokens


async def test_a_schema_is_followed(llama_server: str, ask: Ask) -> None:
    """The server is held to it by the request, with bounds."""
    model = OpenAICompatibleModel(
        "llamacpp:smollm2",
        model="smollm2",
        base_url=llama_server,
        api_key="secret",
        profile=ModelProfile(bounded_schema=True),
    )
    request = ask("Ann is 31 years old. Who is she?", schema=Person.model_json_schema(), temperature=0, max_tokens=300)
    assert isinstance(Person.model_validate_json((await model.respond(request)).text), Person)


async def test_a_wrong_key_is_refused(llama_server: str, ask: Ask) -> None:
    """The key is not shown."""
    model = OpenAICompatibleModel("llamacpp:m", model="m", base_url=llama_server, api_key="hunter2")
    with pytest.raises(ModelAuthenticationError) as caught:
        await model.respond(ask())
    assert "hunter2" not in str(caught.value)


async def test_a_wrong_base_url_says_so(llama_server: str, ask: Ask) -> None:
    """The usual mistake is a path that is not there."""
    model = OpenAICompatibleModel("llamacpp:m", model="m", base_url=f"{llama_server}/v2", api_key="secret")
    with pytest.raises((ModelResponseError, ModelNotFoundError)) as caught:
        await model.respond(ask())
    assert "'/v1'" in str(caught.value)


async def test_too_long_a_question_is_not_asked_again(model: OpenAICompatibleModel, ask: Ask) -> None:
    """The server says how much too long it is."""
    with pytest.raises(ModelResponseError, match="exceeds the available context size") as caught:
        await model.respond(ask("word " * 3000))
    assert caught.value.status == 400
    assert not caught.value.retryable
