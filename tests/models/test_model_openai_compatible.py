"""Models behind OpenAI's interface, against a server on this machine that answers what it is told."""

import asyncio
import gc
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from agentcore.errors import (
    AgentCoreError,
    ConfigError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelResponseError,
    ModelTimeoutError,
)
from agentcore.models import ModelProfile, OpenAICompatibleModel
from agentcore.models._http_errors import plain_url, retry_after
from agentcore.models._secret import Secret
from agentcore.models._servers import SERVERS, Server, base_url_of
from agentcore.types import ModelRequest, ModelSettings, ToolCall, Usage

Ask = Callable[..., ModelRequest]
Deltas = Any
Site = Any

KEY = "sk-hunter2-hunter2"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class Reference:
    """A secret by reference, as the configuration has it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def resolve(self) -> str:
        return self._secret


def everything_shown(error: BaseException | None) -> Iterator[str]:
    """Yield what *error* and those behind it say."""
    while error is not None:
        yield from (str(error), repr(error))
        error = error.__cause__ or error.__context__


def model_at(site: Site, *, server: str | None = None, **options: Any) -> OpenAICompatibleModel:
    """A model of *site* with the ways of the well-known *server*."""
    ways = SERVERS.get(server or "")
    if ways is not None:
        options = {"api_key_env": ways.api_key_env, "server": ways, "provider": ways.provider, **options}
    return OpenAICompatibleModel("test:gpt", model="gpt", base_url=site.url, **options)


async def test_a_question_is_one_post_and_its_answer_the_response(site: Site, ask: Ask) -> None:
    """Whole, with usage and the server's own name of the model."""
    site.will_answer("Paris", usage={"prompt_tokens": 12, "completion_tokens": 3, "cost": 0.5})
    response = await model_at(site, api_key=KEY, headers={"X-Team": "a"}).respond(ask("Which city?", temperature=0))
    (seen,) = site.seen
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["X-Team"] == "a"
    assert seen.body == {
        "model": "gpt",
        "messages": [{"role": "user", "content": "Which city?"}],
        "temperature": 0,
    }
    assert response.text == "Paris"
    assert response.model == "the-model-0613"
    assert response.usage == Usage(requests=1, input_tokens=12, output_tokens=3, cost=Decimal("0.5"))


async def test_what_no_utf8_can_hold_is_sent_all_the_same(site: Site, ask: Ask) -> None:
    """Half a character comes out of broken files; the run must not fail of it."""
    site.will_answer()
    await model_at(site).respond(ask("half \ud83d"))
    assert site.seen[0].body["messages"][0]["content"] == "half \ud83d"


async def test_a_query_of_the_base_url_is_kept(site: Site, ask: Ask) -> None:
    """Some gateways want a version there."""
    site.will_answer()
    model = OpenAICompatibleModel("gateway", model="m", base_url=f"{site.url}/?api-version=1")
    await model.respond(ask())
    assert site.seen[0].path == "/v1/chat/completions?api-version=1"


async def test_a_stream_hands_over_each_piece_and_returns_the_whole(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Usage comes last, without a choice, and was asked for."""
    usage = {"prompt_tokens": 12, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    site.will_stream(
        ": keep-alive",
        site.piece("", role="assistant"),
        site.piece("Pa"),
        site.piece("ris\u2028!"),
        site.piece(finish="length"),
        {"choices": [], "usage": usage},
    )
    response = await model_at(site).respond(ask(), on_delta=deltas)
    assert deltas.texts == ["Pa", "ris\u2028!"]
    assert (response.text, response.finish_reason, response.model) == ("Paris\u2028!", "length", "the-model-0613")
    assert response.usage == Usage(requests=1, input_tokens=12, output_tokens=2, cached_tokens=8)
    assert site.seen[0].body["stream"] is True
    assert site.seen[0].body["stream_options"] == {"include_usage": True}


async def test_streamed_tool_calls_are_put_together(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Their arguments come in pieces, by index."""
    site.will_stream(
        site.piece(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "search", "arguments": '{"q'}}]),
        site.piece(tool_calls=[{"index": 1, "id": "c2", "function": {"name": "now", "arguments": ""}}]),
        site.piece(tool_calls=[{"index": 0, "function": {"arguments": '": 1}'}}]),
        site.piece(finish="tool_calls"),
    )
    response = await model_at(site).respond(ask(), on_delta=deltas)
    assert response.tool_calls == [ToolCall("c1", "search", {"q": 1}), ToolCall("c2", "now", {})]
    assert response.finish_reason == "tool_calls"
    assert deltas.texts == []


async def test_streamed_tool_calls_without_an_index_are_told_apart(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Gemini sends each call whole."""
    site.will_stream(
        site.piece(tool_calls=[{"id": "c1", "function": {"name": "search", "arguments": {"q": 1}}}]),
        site.piece(tool_calls=[{"id": "c2", "function": {"name": "search", "arguments": '{"q": '}}]),
        site.piece(tool_calls=[{"index": 1, "function": {"arguments": "2}"}}], finish="stop"),
    )
    response = await model_at(site).respond(ask(), on_delta=deltas)
    assert response.tool_calls == [ToolCall("c1", "search", {"q": 1}), ToolCall("c2", "search", {"q": 2})]
    assert response.finish_reason == "tool_calls"


async def test_a_streamed_refusal_is_a_filtered_answer(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Its text is what the model said."""
    site.will_stream(site.piece(refusal="I can"), site.piece(refusal="not."), site.piece(finish="stop"))
    response = await model_at(site).respond(ask(), on_delta=deltas)
    assert (response.text, response.finish_reason) == ("I cannot.", "content_filter")


async def test_an_event_may_lack_its_end_or_come_in_lines(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Servers write them by hand: several data lines are one event, and CRLF ends a line as well."""
    text = 'event: x\r\ndata: {"choices": [{"delta":\r\ndata:{"content": "Paris"}}]}\r\n\r\n'
    last = 'data: {"choices": [{"finish_reason": "stop", "delta": {}}]}'
    site.replies.append(site.reply(text + last, type="text/event-stream; charset=utf-8"))
    assert (await model_at(site).respond(ask(), on_delta=deltas)).text == "Paris"


async def test_a_stream_may_end_without_saying_done(site: Site, ask: Ask, deltas: Deltas) -> None:
    """It is whole once the model has said why it stopped."""
    site.will_stream(site.piece("Paris", finish="stop"), done=False)
    assert (await model_at(site).respond(ask(), on_delta=deltas)).text == "Paris"


async def test_a_server_that_cannot_stream_answers_in_one_piece(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Whoever streams sees the text all the same."""
    site.will_answer("Paris")
    assert (await model_at(site).respond(ask(), on_delta=deltas)).text == "Paris"
    assert deltas.texts == ["Paris"]
    site.replies.clear()
    site.will_answer("")
    assert (await model_at(site).respond(ask(), on_delta=deltas)).text == ""
    assert deltas.texts == ["Paris"]


async def test_the_model_waits_for_the_handler(site: Site, ask: Ask) -> None:
    """The handler is awaited piece by piece, in order."""
    site.will_stream(site.piece("a"), site.piece("b"), site.piece("c", finish="stop"))
    running = 0
    order: list[str] = []

    async def slow(delta: Any) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        order.append(delta.text)
        running -= 1

    await model_at(site).respond(ask(), on_delta=slow)
    assert order == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("openai", {"max_completion_tokens": 5, "stream_options": {"include_usage": True}}),
        ("openrouter", {"max_tokens": 5, "usage": {"include": True}, "stream_options": {"include_usage": True}}),
        ("mistral", {"max_tokens": 5}),
        ("ollama", {"max_tokens": 5, "stream_options": {"include_usage": True}}),
    ],
)
async def test_each_server_is_asked_in_its_own_way(
    site: Site, ask: Ask, deltas: Deltas, server: str, expected: dict[str, Any]
) -> None:
    """The table of servers says where they depart from OpenAI's interface."""
    site.will_stream(site.piece("x", finish="stop"))
    await model_at(site, server=server, api_key=KEY).respond(ask(max_tokens=5), on_delta=deltas)
    body = site.seen[0].body
    assert {key: body[key] for key in body if key not in {"model", "messages", "stream"}} == expected


async def test_structure_goes_by_the_profile(site: Site, ask: Ask) -> None:
    """Here to a server that has to be told to be strict."""
    site.will_answer("{}")
    await model_at(site, server="openai", api_key=KEY).respond(ask(schema=SCHEMA))
    await model_at(site, profile=ModelProfile(structure="prompt")).respond(ask(schema=SCHEMA))
    first, second = (seen.body.get("response_format") for seen in site.seen)
    assert first["json_schema"]["strict"] is True
    assert first["json_schema"]["schema"]["additionalProperties"] is False
    assert second is None


async def test_own_settings_stand_behind_those_of_the_request(site: Site, ask: Ask) -> None:
    """A configured model keeps its temperature unless a run says otherwise."""
    site.will_answer()
    model = model_at(site, settings=ModelSettings(temperature=0.3, seed=1))
    await model.respond(ask(temperature=0.9))
    assert (site.seen[0].body["temperature"], site.seen[0].body["seed"]) == (0.9, 1)


# Keys


async def test_the_key_is_read_at_each_call(site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the variable of its server, without the line end that shells leave; keys are rotated while programs run."""
    site.will_answer()
    model = model_at(site, server="openai")
    for key in ("first", " second\n"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        await model.respond(ask())
    assert [seen.headers["Authorization"] for seen in site.seen] == ["Bearer first", "Bearer second"]


async def test_a_reference_is_resolved_when_it_is_needed(site: Site, ask: Ask) -> None:
    """The model holds the reference, not the key."""
    site.will_answer()
    reference = Reference(KEY)
    assert isinstance(reference, Secret)
    await model_at(site, api_key=reference).respond(ask())
    assert site.seen[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_without_a_key_a_hosted_server_is_not_even_asked(site: Site, ask: Ask) -> None:
    """The error says which variable to set."""
    with pytest.raises(ModelAuthenticationError, match="needs an API key") as caught:
        await model_at(site, server="openai").respond(ask())
    assert "set OPENAI_API_KEY" in caught.value.hint
    assert site.seen == []


async def test_a_header_of_the_users_own_serves_as_a_key(site: Site, ask: Ask) -> None:
    """Gateways have their ways."""
    site.will_answer()
    await model_at(site, server="openai", headers={"authorization": "Basic abc"}).respond(ask())
    assert site.seen[0].headers["authorization"] == "Basic abc"


async def test_a_local_server_is_asked_without_a_key(site: Site, ask: Ask) -> None:
    """Ollama and others have none."""
    site.will_answer()
    await model_at(site, server="vllm").respond(ask())
    assert "Authorization" not in site.seen[0].headers


@pytest.mark.parametrize("key", ["sk-hunter2-hünter", "sk-hunter2\nX-Other: 1"])
async def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(site: Site, ask: Ask, key: str) -> None:
    """It was pasted wrongly."""
    with pytest.raises(ModelAuthenticationError, match="characters") as caught:
        await model_at(site, api_key=key).respond(ask())
    assert not any("hunter2" in text for text in everything_shown(caught.value))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_named_by_its_variable_and_never_shown(
    site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Servers quote the key, whole or masked."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    site.will_fail(status, {"error": {"message": f"Incorrect API key provided: {KEY}, sk-hunt****er2.", "code": "x"}})
    with pytest.raises(ModelAuthenticationError, match="refused the key from OPENAI_API_KEY") as caught:
        await model_at(site, server="openai").respond(ask())
    assert caught.value.hint == "set OPENAI_API_KEY to a valid key"
    assert isinstance(caught.value, PermissionError)
    assert not any("hunt" in text for text in everything_shown(caught.value))


async def test_a_refusal_says_where_a_key_can_be_given(site: Site, ask: Ask) -> None:
    """Nobody gave one."""
    site.will_fail(401)
    with pytest.raises(ModelAuthenticationError, match="refused a request without a key") as caught:
        await model_at(site).respond(ask())
    assert "'api_key'" in caught.value.hint


def test_what_a_model_shows_of_itself_holds_no_secret() -> None:
    """Neither key nor headers, nor user and password of the address."""
    model = OpenAICompatibleModel(
        "mine",
        model="m",
        base_url="https://user:hunter2@host:8443/v1?key=hunter2",
        api_key=KEY,
        headers={"X-Key": "hunter2"},
    )
    assert repr(model) == "OpenAICompatibleModel('mine', model='m', base_url='https://host:8443/v1/')"


# Errors


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable", "words"),
    [
        pytest.param(500, error("boom"), ModelResponseError, True, "status 500.*: boom", id="500"),
        pytest.param(503, b"<html>down</html>", ModelResponseError, True, "status 503", id="not json"),
        pytest.param(529, error("Overloaded"), ModelResponseError, True, "Overloaded", id="overloaded"),
        pytest.param(501, b"", ModelResponseError, False, "status 501", id="501"),
        pytest.param(400, error("bad temperature"), ModelResponseError, False, "bad temperature", id="400"),
        pytest.param(422, {"detail": [{"loc": ["body"]}]}, ModelResponseError, False, "loc", id="fastapi"),
        pytest.param(400, {"error": "plain words"}, ModelResponseError, False, "plain words", id="text"),
        pytest.param(400, [error("in a list")], ModelResponseError, False, "in a list", id="gemini"),
        pytest.param(400, {"message": "at the top"}, ModelResponseError, False, "at the top", id="mistral"),
        pytest.param(408, error("slow"), ModelTimeoutError, True, "slow", id="408"),
        pytest.param(402, error("no money"), ModelResponseError, False, "credit", id="402"),
        pytest.param(
            429, error("pay", code="insufficient_quota"), ModelResponseError, False, "credit", id="quota used up"
        ),
        pytest.param(404, b"not here", ModelResponseError, False, "base URL", id="404"),
        pytest.param(307, b"", ModelResponseError, False, "base URL", id="redirect"),
        pytest.param(400, error("x" * 1000), ModelResponseError, False, "x{300}…", id="long"),
    ],
)
async def test_each_status_becomes_its_error(
    site: Site, ask: Ask, status: int, body: object, kind: type[ModelError], retryable: bool, words: str
) -> None:
    """With the server's own words, and whether asking again makes sense."""
    site.will_fail(status, body)
    with pytest.raises(kind, match=words) as caught:
        await model_at(site).respond(ask())
    assert caught.value.retryable is retryable
    assert caught.value.model == "test:gpt"
    if isinstance(caught.value, ModelResponseError):
        assert caught.value.status == status


NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:30 GMT"}, 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:30 -0000"}, 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_in_each_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds, or a date."""
    assert retry_after(headers, now=NOW) == seconds


async def test_a_rate_limit_says_how_long_to_wait(site: Site, ask: Ask) -> None:
    """The run loop waits that long."""
    site.will_fail(429, error("slow down"), Retry_After="7")
    with pytest.raises(ModelRateLimitError, match="slow down") as caught:
        await model_at(site).respond(ask())
    assert caught.value.retry_after == 7.0
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, error("The model `gpt` does not exist", code="model_not_found")),
        (404, error('model "gpt" not found, try pulling it first')),
        (400, error("gpt is not a valid model ID")),
        (400, error("Model Not Exist")),
        (400, {"message": "Invalid model: gpt", "code": "1500"}),
    ],
    ids=["openai", "ollama", "openrouter", "deepseek", "mistral"],
)
async def test_an_unknown_model_is_told_with_the_nearest_names(site: Site, ask: Ask, status: int, body: object) -> None:
    """The server's own list is looked at."""
    site.will_fail(status, body)
    site.pages["/v1/models"] = site.reply({"data": [{"id": "gpt-4"}, {"id": "llama"}, {"id": 3}, "x"]})
    with pytest.raises(ModelNotFoundError, match="does not know the model 'gpt'") as caught:
        await model_at(site).respond(ask())
    assert caught.value.hint == "did you mean 'gpt-4'? Known: 'gpt-4', 'llama'."
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize("page", [None, b"not json", {"data": None}])
async def test_an_unknown_model_is_told_without_names_where_there_is_no_list(
    site: Site, ask: Ask, page: object
) -> None:
    """For Ollama, how to get it."""
    site.will_fail(404, error("model 'gpt' not found"))
    if page is not None:
        site.pages["/v1/models"] = site.reply(page)
    with pytest.raises(ModelNotFoundError) as caught:
        await model_at(site, server="ollama").respond(ask())
    assert caught.value.hint == "fetch it with 'ollama pull gpt'"


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_error_inside_a_success_is_an_error(site: Site, ask: Ask, deltas: Deltas, streaming: bool) -> None:
    """OpenRouter sends those, with the true status as their code."""
    if streaming:
        site.will_stream(site.piece("Pa"), {**error("try later", code=429)})
    else:
        site.replies.append(site.reply(error("try later", code=429)))
    with pytest.raises(ModelRateLimitError, match="try later"):
        await model_at(site).respond(ask(), on_delta=deltas if streaming else None)


async def test_an_error_inside_a_success_without_a_status_may_pass(site: Site, ask: Ask) -> None:
    """Nothing says that it is the request's fault."""
    site.replies.append(site.reply(error("boom", type="server_error")))
    with pytest.raises(ModelResponseError, match="boom") as caught:
        await model_at(site).respond(ask())
    assert caught.value.retryable


async def test_an_answer_that_is_no_json_says_what_it_is(site: Site, ask: Ask) -> None:
    """Somebody's web page, most of the time."""
    site.replies.append(site.reply(b"<html>Welcome</html>", type="text/html"))
    with pytest.raises(ModelResponseError, match="answered with text/html, not with JSON") as caught:
        await model_at(site).respond(ask())
    assert "'/v1'" in caught.value.hint


async def test_a_broken_event_is_an_error(site: Site, ask: Ask, deltas: Deltas) -> None:
    """What came before it was handed over."""
    site.will_stream(site.piece("Pa"), 'data: {"choices": [')
    with pytest.raises(ModelResponseError, match="a broken event"):
        await model_at(site).respond(ask(), on_delta=deltas)
    assert deltas.texts == ["Pa"]


async def test_a_stream_that_breaks_off_can_be_asked_for_again(site: Site, ask: Ask, deltas: Deltas) -> None:
    """Half an answer is no answer."""
    site.will_stream(site.piece("Pa"), done=False)
    with pytest.raises(ModelResponseError, match="broke off before its end") as caught:
        await model_at(site).respond(ask(), on_delta=deltas)
    assert caught.value.retryable


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_connection_that_breaks_can_be_opened_again(
    site: Site, ask: Ask, deltas: Deltas, streaming: bool
) -> None:
    """The server promised more than it sent."""

    def write(page: Any) -> None:
        page.send_response(200)
        page.send_header("Content-Type", "text/event-stream" if streaming else "application/json")
        page.send_header("Content-Length", "1000")
        page.end_headers()
        page.wfile.write(b'data: {"choices": []}\n\n')
        page.close_connection = True

    site.replies.append(write)
    with pytest.raises(ModelConnectionError, match="broke") as caught:
        await model_at(site).respond(ask(), on_delta=deltas if streaming else None)
    assert caught.value.retryable
    assert isinstance(caught.value, ConnectionError)


async def test_a_body_that_cannot_be_decoded_is_an_error(site: Site, ask: Ask) -> None:
    """It says gzip and is not."""
    site.replies.append(site.reply(b"not zipped", Content_Encoding="gzip"))
    with pytest.raises(ModelResponseError, match="cannot be decoded"):
        await model_at(site).respond(ask())


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def test_an_unreachable_server_is_named_without_secrets_and_with_what_to_do(nowhere: str, ask: Ask) -> None:
    """Here Ollama, which somebody must start; nobody does that between two attempts."""
    base_url = nowhere.replace("//", "//user:hunter2@") + "/v1?token=hunter2"
    model = OpenAICompatibleModel("ollama:x", model="x", base_url=base_url, server=SERVERS["ollama"], provider="ollama")
    with pytest.raises(
        ModelConnectionError, match=f"cannot reach the server of model 'ollama:x' at {nowhere}/v1"
    ) as caught:
        await model.respond(ask())
    assert caught.value.hint == "start it with 'ollama serve'"
    assert not caught.value.retryable
    assert not any("hunter2" in text for text in everything_shown(caught.value))


@pytest.mark.parametrize("failure", [httpx2.ConnectError("no route"), httpx2.ProxyError("403")])
async def test_a_hosted_server_may_be_reachable_again_soon(ask: Ask, failure: httpx2.HTTPError) -> None:
    """Networks come and go."""

    async def fail(_request: httpx2.Request) -> httpx2.Response:
        raise failure

    model = OpenAICompatibleModel(
        "mine", model="m", base_url="https://api.example/v1", transport=httpx2.MockTransport(fail)
    )
    with pytest.raises(ModelConnectionError, match=r"cannot reach .* at https://api\.example/v1") as caught:
        await model.respond(ask())
    assert caught.value.retryable
    assert caught.value.__cause__ is failure


async def test_an_untrusted_certificate_says_how_to_trust_it(ask: Ask) -> None:
    """The transport hides what it was behind its own error."""

    async def fail(_request: httpx2.Request) -> httpx2.Response:
        try:
            raise ssl.SSLCertVerificationError("self-signed certificate")
        except ssl.SSLError as error:
            raise httpx2.ConnectError(str(error)) from error

    model = OpenAICompatibleModel("m", model="m", base_url="https://host/v1", transport=httpx2.MockTransport(fail))
    with pytest.raises(ModelConnectionError, match="no certificate that is trusted here") as caught:
        await model.respond(ask())
    assert "SSL_CERT_FILE" in caught.value.hint
    assert not caught.value.retryable


async def test_a_server_that_does_not_take_the_connection_is_a_timeout(ask: Ask) -> None:
    """Its own error: the server may be busy."""

    async def fail(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("")

    model = OpenAICompatibleModel("m", model="m", base_url="https://host/v1", transport=httpx2.MockTransport(fail))
    with pytest.raises(ModelTimeoutError, match="did not take the connection in time") as caught:
        await model.respond(ask())
    assert caught.value.retryable


@pytest.mark.parametrize(
    "url",
    ["", "host/v1", "ftp://host/v1", "http:///v1", "C:/models", "http://[::1/v1", "http://u:hunter2@h:99999/v1"],
)
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    """It would fail at every call; it is not shown, for it may hold a password."""
    with pytest.raises(ConfigError, match="base URL of model 'm' is not an HTTP address") as caught:
        OpenAICompatibleModel("m", model="m", base_url=url)
    assert not any("hunter2" in text for text in everything_shown(caught.value))


def test_an_ollama_host_that_is_no_address_is_named() -> None:
    """The error says which variable."""
    with pytest.raises(ConfigError, match="OLLAMA_HOST is no address"):
        base_url_of(SERVERS["ollama"], {"OLLAMA_HOST": "box:99999"})


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://user:pw@host:8443/v1?key=1#x", "https://host:8443/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("http://host", "http://host"),
    ],
)
def test_addresses_are_shown_plain(url: str, plain: str) -> None:
    """Without user, password, query and fragment."""
    assert plain_url(url) == plain


# Time and cancellation


@pytest.mark.parametrize("own", [False, True])
async def test_a_call_ends_after_its_time(site: Site, ask: Ask, deltas: Deltas, own: bool) -> None:
    """The request's timeout, else the model's; the connection is closed, and what came was handed over."""
    site.will_hang(site.piece("Pa"))
    model = model_at(site, timeout=0.2 if own else 60)
    with pytest.raises(ModelTimeoutError, match=r"did not answer within 0\.2 s") as caught:
        await model.respond(ask(timeout=None if own else 0.2), on_delta=deltas)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.retryable
    assert deltas.texts == ["Pa"]
    assert await asyncio.to_thread(site.gone.wait, 10)


async def test_a_timeout_of_the_handler_is_its_own(site: Site, ask: Ask) -> None:
    """The model did nothing wrong."""
    site.will_stream(site.piece("Paris", finish="stop"))

    async def late(_delta: object) -> None:
        raise TimeoutError("the handler's")

    with pytest.raises(TimeoutError, match="the handler's") as caught:
        await model_at(site).respond(ask(), on_delta=late)
    assert not isinstance(caught.value, AgentCoreError)


async def test_cancelling_closes_the_connection(site: Site, ask: Ask) -> None:
    """The server stops writing for nobody."""
    site.will_hang(site.piece("Pa"))
    begun = asyncio.Event()

    async def on_delta(_delta: object) -> None:
        begun.set()

    running = asyncio.create_task(model_at(site).respond(ask(), on_delta=on_delta))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(site.gone.wait, 10)


# Event loops


def test_one_model_serves_loop_after_loop(site: Site, ask: Ask, recwarn: pytest.WarningsRecorder) -> None:
    """Each asyncio.run has its own connections, and leaves none behind."""
    site.will_answer()
    model = model_at(site)
    for _ in range(3):
        assert asyncio.run(model.respond(ask())).text == "Paris"
    gc.collect()
    assert [str(each.message) for each in recwarn] == []


def test_one_model_serves_loops_side_by_side(site: Site, ask: Ask) -> None:
    """Closing it from one of them closes the connections of all."""
    site.will_answer()
    model = model_at(site)
    answered, closed = threading.Barrier(2, timeout=30), threading.Event()

    async def elsewhere() -> None:
        await model.respond(ask())
        await asyncio.to_thread(answered.wait)
        await asyncio.to_thread(closed.wait, 30)

    async def here() -> None:
        await model.respond(ask())
        await asyncio.to_thread(answered.wait)
        await model.aclose()
        closed.set()

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    asyncio.run(here())
    thread.join()
    assert len(site.seen) == 2


async def test_connections_are_used_again(site: Site, ask: Ask) -> None:
    """A second question does not open a second one."""
    ports: list[int] = []

    def write(page: Any) -> None:
        ports.append(page.client_address[1])
        site.reply({"choices": [{"message": {"content": "x"}}]})(page)

    site.replies.append(write)
    model = model_at(site)
    for _ in range(3):
        await model.respond(ask())
    assert len(set(ports)) == 1
    await model.aclose()


async def test_first_calls_side_by_side_share_one_client(site: Site, ask: Ask) -> None:
    """Nothing is opened twice and forgotten."""
    site.will_answer()
    model = model_at(site)
    answers = await asyncio.gather(*(model.respond(ask()) for _ in range(20)))
    assert {answer.text for answer in answers} == {"Paris"}
    await model.aclose()


async def test_a_proxy_is_not_asked_for_a_server_of_this_machine(
    site: Site, ask: Ask, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not reach it."""
    monkeypatch.setenv("HTTP_PROXY", nowhere)
    monkeypatch.delenv("NO_PROXY", raising=False)
    site.will_answer()
    assert (await model_at(site).respond(ask())).text == "Paris"


# Well-known servers


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS.keys())
def test_each_well_known_server_can_be_asked(server: Server) -> None:
    """Hosted ones have a key's variable and a default model, local ones a way to start them."""
    model = OpenAICompatibleModel.at(server, "m", name=f"{server.name}:m", environ={})
    assert model.provider == server.provider
    assert model.profile.structure == server.structure
    assert not server.base_url.endswith("/")
    if server.local:
        assert server.start_hint
        assert not server.default_model
    else:
        assert server.api_key_env
        assert server.default_model
        assert server.base_url.startswith("https://")


@pytest.mark.parametrize(
    ("server", "environ", "url"),
    [
        ("openai", {}, "https://api.openai.com/v1"),
        ("openai", {"OPENAI_BASE_URL": "http://proxy:1/v1/"}, "http://proxy:1/v1"),
        ("openai", {"OPENAI_BASE_URL": " "}, "https://api.openai.com/v1"),
        ("ollama", {}, "http://127.0.0.1:11434/v1"),
        ("ollama", {"OLLAMA_HOST": "0.0.0.0"}, "http://127.0.0.1:11434/v1"),
        ("ollama", {"OLLAMA_HOST": ":1234"}, "http://127.0.0.1:1234/v1"),
        ("ollama", {"OLLAMA_HOST": "box:1234"}, "http://box:1234/v1"),
        ("ollama", {"OLLAMA_HOST": "[::1]:1234"}, "http://[::1]:1234/v1"),
        ("ollama", {"OLLAMA_HOST": "https://box"}, "https://box:443/v1"),
        ("ollama", {"OLLAMA_HOST": "http://box/ollama/"}, "http://box:80/ollama/v1"),
        ("ollama", {"OLLAMA_HOST": "box", "OLLAMA_BASE_URL": "http://other/v1"}, "http://other/v1"),
    ],
)
def test_servers_are_where_the_environment_says(server: str, environ: dict[str, str], url: str) -> None:
    """As the field's own tools read those variables."""
    assert base_url_of(SERVERS[server], environ) == url
