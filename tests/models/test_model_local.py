"""Models in this process."""

import asyncio
import gc
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agentcore.errors import ModelError, ModelNotFoundError, ModelResponseError, ModelTimeoutError
from agentcore.models import LocalModel, _llama
from agentcore.models import _engines as engines
from agentcore.models._llama import SLOTS, lacks_avx2
from agentcore.types import ModelRequest, ModelSettings, ToolSpec

Ask = Callable[..., ModelRequest]
Deltas = Any


class Person(BaseModel):
    name: str
    age: int
    hobbies: list[str]


@pytest.mark.model
async def test_the_embedded_model_answers(local: LocalModel, ask: Ask) -> None:
    """No key, no server: an answer, and what it consumed."""
    response = await local.respond(ask("Is this review positive or negative? 'I love it.' Answer with one word."))
    assert "positive" in response.text.lower()
    assert response.usage.requests == 1
    assert response.usage.input_tokens > 20
    assert response.usage.output_tokens > 0
    assert response.model == "SmolLM2-135M-Instruct.Q4_1"
    assert response.finish_reason == "stop"


@pytest.mark.model
async def test_streaming_hands_over_each_token(local: LocalModel, ask: Ask, deltas: Deltas) -> None:
    """The pieces are the text."""
    response = await local.respond(ask("Name a city.", max_tokens=10), on_delta=deltas)
    assert "".join(deltas.texts) == response.text
    assert 2 < len(deltas.texts) <= 10
    assert response.finish_reason == "length"


@pytest.mark.model
@pytest.mark.usefixtures("weights")
async def test_the_same_question_has_the_same_answer_whatever_was_asked_before(ask: Ask) -> None:
    """Nothing is left to chance unless the request asks for it."""
    model, question = LocalModel(context_size=1024), ask("Which city is the capital of France?", max_tokens=20)
    first = await model.respond(question)
    await model.aclose()
    text = "The cat sat on the mat all day because it was raining outside. " * 10
    await asyncio.gather(*(model.respond(ask(f"{text}{slot}", max_tokens=5)) for slot in range(SLOTS)))
    assert (await model.respond(question)).text == first.text
    await model.aclose()


@pytest.mark.model
@pytest.mark.parametrize("temperature", [0.0, 1.5])
async def test_an_answer_fits_its_schema_and_ends(local: LocalModel, ask: Ask, temperature: float) -> None:
    """Bounds keep it from running away inside a string or a list, however wild it is."""
    request = ask("Tell me about somebody.", schema=Person.model_json_schema(), temperature=temperature, seed=1)
    response = await local.respond(request)
    assert response.finish_reason == "stop"
    assert len(Person.model_validate_json(response.text).hobbies) <= 10


@pytest.mark.model
async def test_more_questions_than_slots_are_all_answered(local: LocalModel, ask: Ask) -> None:
    """Those that find no slot wait for one."""
    asked = [local.respond(ask(f"Say the number {number}.", max_tokens=6)) for number in range(2 * SLOTS + 1)]
    responses = await asyncio.gather(*asked)
    assert all(response.usage.output_tokens for response in responses)


@pytest.mark.model
async def test_cancelling_stops_the_generation(local: LocalModel, ask: Ask) -> None:
    """Were the cancelled ones still writing, the last question would wait for minutes."""
    begun = asyncio.Semaphore(0)

    async def on_delta(_delta: object) -> None:
        begun.release()

    request = ask("Write a very long story.", max_tokens=4000, temperature=1.0, stop=["<never>"])
    running = [asyncio.create_task(local.respond(request, on_delta=on_delta)) for _ in range(SLOTS)]
    waiting = [asyncio.create_task(local.respond(request)) for _ in range(SLOTS)]
    for _ in running:
        await begun.acquire()
    for task in (*running, *waiting):
        task.cancel()
    ends = await asyncio.gather(*running, *waiting, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}
    async with asyncio.timeout(15):
        assert (await local.respond(ask("Hi", max_tokens=3))).usage.output_tokens == 3


@pytest.mark.model
async def test_a_call_ends_after_its_time(local: LocalModel, ask: Ask) -> None:
    """Also while the question is still being read."""
    with pytest.raises(ModelTimeoutError, match=r"did not answer within 0\.05 s"):
        await local.respond(ask("word " * 2000, timeout=0.05))


@pytest.mark.model
async def test_an_error_of_the_handler_ends_the_answer(local: LocalModel, ask: Ask) -> None:
    """It reaches the caller as it is, and the generation stops."""

    async def fail(_delta: object) -> None:
        raise LookupError("the handler's")

    with pytest.raises(LookupError, match="the handler's"):
        await local.respond(ask("Name a city."), on_delta=fail)


@pytest.mark.model
async def test_too_long_a_question_says_what_to_do(local: LocalModel, ask: Ask) -> None:
    """It would not fit, however often it is asked."""
    with pytest.raises(ModelResponseError, match="exceeds the available context size") as caught:
        await local.respond(ask("word " * 5000))
    assert "context_size" in caught.value.hint
    assert caught.value.status == 400
    assert not caught.value.retryable


@pytest.mark.model
async def test_what_cannot_be_understood_is_an_error(local: LocalModel, ask: Ask) -> None:
    """Here a schema that is none."""
    with pytest.raises(ModelResponseError, match="bogus"):
        await local.respond(ask(schema={"type": "object", "properties": {"x": {"type": "bogus"}}}))


@pytest.mark.model
async def test_tools_are_left_to_the_prompt(local: LocalModel, ask: Ask) -> None:
    """The profile says so, and what is offered all the same does no harm."""
    assert local.profile.tools == "actions"
    request = ModelRequest(
        messages=ask("Hi").messages,
        tools=[ToolSpec("search", "Searches.", {"type": "object"})],
        settings=ModelSettings(max_tokens=3),
    )
    assert (await local.respond(request)).tool_calls == []


@pytest.mark.model
def test_one_model_serves_any_thread_and_loop(local: LocalModel, ask: Ask) -> None:
    """Each asyncio.run has a loop of its own."""
    texts: list[str] = []

    def run() -> None:
        texts.append(asyncio.run(local.respond(ask("Hi", max_tokens=3))).text)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run()
    assert len(texts) == 4
    assert all(texts)


@pytest.mark.model
async def test_models_of_one_file_share_its_engine_until_the_last_is_closed(
    weights: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However the file is named."""
    link = tmp_path / "model.gguf"
    link.symlink_to(weights)
    before = len(engines._entries)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setenv("AGENTCORE_LOCAL_MODEL", str(link))
    models = [LocalModel(weights, context_size=512), LocalModel(link, context_size=512), LocalModel(context_size=512)]
    await asyncio.gather(*(model.respond(ask("Hi", max_tokens=2)) for model in models))
    assert len(engines._entries) == before + 1  # pyright: ignore[reportPrivateUsage]
    await models[0].aclose()
    await models[0].aclose()
    assert (await models[1].respond(ask("Hi", max_tokens=2))).text
    await models[1].aclose()
    del models
    gc.collect()
    assert len(engines._entries) == before  # pyright: ignore[reportPrivateUsage]


@pytest.mark.model
async def test_a_closed_model_that_is_asked_all_the_same_loads_again(weights: Path, ask: Ask) -> None:
    """Whoever closes a shared model harms nobody."""
    model = LocalModel(weights, context_size=256)
    await model.respond(ask("Hi", max_tokens=2))
    await model.aclose()
    assert (await model.respond(ask("Hi", max_tokens=2))).text
    await model.aclose()


@pytest.mark.model
async def test_closing_tells_those_who_wait_for_a_slot(weights: Path, ask: Ask) -> None:
    """Answers that are being written are finished."""
    model = LocalModel(weights, context_size=256)
    begun = asyncio.Semaphore(0)

    async def on_delta(_delta: object) -> None:
        begun.release()

    request = ask("Write a story.", max_tokens=30)
    written = [asyncio.create_task(model.respond(request, on_delta=on_delta)) for _ in range(SLOTS)]
    waiting = asyncio.create_task(model.respond(request))
    for _ in written:
        await begun.acquire()
    await model.aclose()
    with pytest.raises(ModelError, match="was closed while it was asked"):
        await waiting
    assert all([(await task).text for task in written])


@pytest.mark.model
async def test_a_named_file_is_left_its_own_ways(weights: Path) -> None:
    """The bounds of the embedded model are for the embedded model."""
    assert LocalModel(weights).profile.max_tokens == 2048
    assert LocalModel().profile.max_tokens == 512


@pytest.mark.model
async def test_loading_that_nobody_waits_for_is_given_up(weights: Path, ask: Ask) -> None:
    """The one who is cancelled takes nothing from the one who stays."""
    model = LocalModel(weights, context_size=300)
    gone, stays = [asyncio.create_task(model.respond(ask("Hi", max_tokens=2))) for _ in range(2)]
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).text
    await model.aclose()

    alone = asyncio.create_task(model.respond(ask("Hi", max_tokens=2)))
    await asyncio.sleep(0)
    alone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await alone
    assert (await model.respond(ask("Hi", max_tokens=2))).text
    await model.aclose()


def _ask_in_child(model: LocalModel, results: Any) -> None:
    try:
        asyncio.run(model.respond(ModelRequest(messages=[])))
    except ModelError as error:
        results.put(str(error))


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
async def test_a_forked_process_is_told_to_spawn(weights: Path, ask: Ask) -> None:
    """Without llama.cpp's threads it would wait for ever; the parent's engine goes on."""
    used, new = LocalModel(weights, context_size=256), LocalModel(weights, context_size=300)
    await used.respond(ask("Hi", max_tokens=2))
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    for model in (used, new):
        child = context.Process(target=_ask_in_child, args=(model, results))
        child.start()
        await asyncio.to_thread(child.join, 60)
        assert child.exitcode == 0
        assert "by 'spawn'" in results.get()
    assert (await used.respond(ask("Hi", max_tokens=2))).text
    await used.aclose()


async def test_a_missing_file_is_named(tmp_path: Path, ask: Ask) -> None:
    """With what else could be done."""
    with pytest.raises(ModelNotFoundError, match=r"model 'local' has no file '.*ghost\.gguf'") as caught:
        await LocalModel(tmp_path / "ghost.gguf").respond(ask())
    assert "name a GGUF file that is there" in caught.value.hint


async def test_a_failure_to_load_is_not_kept(tmp_path: Path, ask: Ask) -> None:
    """Each attempt looks again."""
    path = tmp_path / "late.gguf"
    model = LocalModel(path)
    with pytest.raises(ModelNotFoundError):
        await model.respond(ask())
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="it is no GGUF file"):
        await model.respond(ask())


async def test_a_folder_cannot_be_read(tmp_path: Path, ask: Ask) -> None:
    """The system's own words say why."""
    with pytest.raises(ModelError, match=f"cannot read '{tmp_path}'"):
        await LocalModel(tmp_path).respond(ask())


def test_a_broken_file_says_that_llama_cpp_refused_it(tmp_path: Path) -> None:
    """Its own reason stands on stderr, and nothing else does, nor anything on stdout."""
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    program = f"""
import asyncio
from pathlib import Path
from agentcore.errors import ModelError
from agentcore.models import LocalModel
from agentcore.types import ModelRequest
try:
    asyncio.run(LocalModel(Path({str(path)!r})).respond(ModelRequest(messages=[])))
except ModelError as error:
    assert "llama.cpp cannot load" in error.message and {str(path)!r} in error.message
else:
    raise SystemExit("it was loaded")
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert "failed to load" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


async def test_without_the_library_the_error_says_how_to_get_it(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or which other models there are."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelError, match="'xllamacpp' is not installed") as caught:
        await LocalModel(tmp_path / "x.gguf").respond(ask())
    assert "pip install xllamacpp" in caught.value.hint
    assert "ollama:MODEL" in caught.value.hint


async def test_a_library_that_does_not_load_names_what_it_needs(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing system library, most of the time."""
    folder = tmp_path / "xllamacpp"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise ImportError('libgomp.so.1: cannot open shared object file')")
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ModelError, match=r"cannot be loaded: libgomp\.so\.1") as caught:
        await LocalModel(tmp_path / "x.gguf").respond(ask())
    assert "apt install libgomp1" in caught.value.hint


async def test_an_old_processor_is_refused_before_it_fails(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first calculation would end the process."""
    monkeypatch.setattr(_llama, "_cpu_flags", lambda: "flags : fpu sse2")
    with pytest.raises(ModelError, match="need a processor with AVX2") as caught:
        await LocalModel(tmp_path / "x.gguf").respond(ask())
    assert "ollama:MODEL" in caught.value.hint


@pytest.mark.parametrize("policy", [None, "active"])
def test_threads_wait_patiently_unless_the_user_says_otherwise(policy: str | None) -> None:
    """OpenMP is told while llama.cpp is loaded, and nobody else."""
    program = """
import os, sys
seen = []
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "xllamacpp":
            seen.append(os.environ.get("OMP_WAIT_POLICY"))
sys.meta_path.insert(0, Finder())
from agentcore.models._llama import library
library("local")
print(*seen, os.environ.get("OMP_WAIT_POLICY"))
"""
    environ = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if policy is not None:
        environ["OMP_WAIT_POLICY"] = policy
    done = subprocess.run([sys.executable, "-c", program], env=environ, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [policy or "passive", str(policy)]


@pytest.mark.parametrize(
    ("cpu", "lacks"),
    [
        ("model name\t: Atom\nflags\t\t: fpu sse2 avx\n", True),
        ("model name\t: Xeon\nflags\t\t: fpu sse2 avx avx2\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", False),
        (None, False),
    ],
    ids=["old", "new", "arm", "elsewhere"],
)
def test_old_processors_are_told_from_the_unknown(cpu: str | None, lacks: bool) -> None:
    """Only what is known to fail is refused."""
    assert lacks_avx2(cpu) is lacks


def test_what_a_model_shows_of_itself() -> None:
    """Its file and its name."""
    path = Path(os.sep) / "models" / "x.gguf"
    assert repr(LocalModel(path, name="local:x")) == f"LocalModel({str(path)!r}, name='local:x')"
    assert repr(LocalModel()) == "LocalModel(None, name='local')"


async def test_a_lease_on_what_was_given_up_says_so() -> None:
    """Whoever comes at that very moment takes a new one."""
    go = threading.Event()

    def load(abandoned: threading.Event) -> Any:
        go.wait(30)
        raise LookupError(abandoned.is_set())

    key = engines.Key(Path("x.gguf"), 1, None)
    first, second = engines.Lease(key, load), engines.Lease(key, load)
    waiting = asyncio.create_task(first.engine())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not second.valid
    with pytest.raises(engines.GivenUpError):
        await second.engine()
    third = engines.Lease(key, load)
    assert third.valid
    go.set()
    with pytest.raises(LookupError, match="False"):
        await third.engine()
    assert not third.valid
