"""The embedding model: what its vectors are, and that nothing leaves the machine."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import agentcore_minilm
from agentcore_minilm import DIMENSION, ID, MAX_TOKENS, SHA256, MiniLMEmbedder, model_path, tokenizer_path
from agentcore_minilm._encoder import Encoder


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder()


def run_python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *program* in a fresh interpreter, which must succeed."""
    variables = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    return subprocess.run(
        [sys.executable, "-c", program], env=variables | environment, capture_output=True, text=True, check=True
    )


def test_weights_are_the_ones_whose_provenance_is_told() -> None:
    """Both files have the hashes that PROVENANCE.md states, and the model the one in SHA256."""
    provenance = (model_path().parent / "PROVENANCE.md").read_text(encoding="utf-8")
    assert hashlib.sha256(model_path().read_bytes()).hexdigest() == SHA256
    for path in (model_path(), tokenizer_path()):
        assert f"`{path.name}`" in provenance
        assert hashlib.sha256(path.read_bytes()).hexdigest() in provenance


def test_weights_come_with_their_licence() -> None:
    """The Apache licence lies beside the weights."""
    assert "Apache License" in (model_path().parent / "LICENSE-APACHE-2.0.txt").read_text(encoding="utf-8")


def test_embedder_is_found_by_entry_point() -> None:
    """The vector store finds the embedder by its group and name."""
    (found,) = entry_points(group="agentcore_vectorstore.embedders", name="minilm")
    assert found.load() is MiniLMEmbedder


def test_embedder_names_its_vectors(embedder: MiniLMEmbedder) -> None:
    """Id, dimension and fingerprint are those of the weights."""
    assert (embedder.id, embedder.dimension, embedder.fingerprint) == (ID, DIMENSION, SHA256)


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_each_text_gets_a_row_of_unit_length(embedder: MiniLMEmbedder, count: int) -> None:
    """The result is float32 of shape (n, 384), for no text as for many."""
    vectors = embedder.embed([f"text number {n} " * n for n in range(count)])
    assert vectors.shape == (count, DIMENSION)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_paraphrase_is_nearer_than_unrelated_text(embedder: MiniLMEmbedder) -> None:
    """Meaning decides, not words: the paraphrase shares none with the question."""
    question, paraphrase, unrelated = embedder.embed(
        [
            "How do I get my money back?",
            "Customers may request a refund within thirty days.",
            "How do I bake bread?",
        ]
    )
    assert question @ paraphrase > question @ unrelated


def test_vector_does_not_depend_on_company_or_order(embedder: MiniLMEmbedder) -> None:
    """A text alone gets bit for bit the vector that it gets among others."""
    texts = [f"The invoice of month {n} was charged twice. " * (n % 7 + 1) for n in range(30)]
    together = embedder.embed(texts)
    assert np.array_equal(together, np.concatenate([embedder.embed([text]) for text in texts]))
    assert np.array_equal(together[::-1], embedder.embed(texts[::-1]))


def test_one_thread_gives_the_same_vectors_as_more(embedder: MiniLMEmbedder) -> None:
    """The number of threads changes the time, not the result."""
    texts = [f"sentence {n}" for n in range(12)]
    assert np.array_equal(MiniLMEmbedder(threads=1).embed(texts), embedder.embed(texts))


def test_threads_may_share_an_embedder_that_is_not_loaded_yet() -> None:
    """Eight threads that embed at once, the first call among them, get what one would."""
    embedder = MiniLMEmbedder()
    texts = [f"text {n}" for n in range(32)]
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(embedder.embed, [[text] for text in texts]))
    assert np.array_equal(np.concatenate(rows), embedder.embed(texts))


def test_callers_share_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many embed at once, no more texts are computed at a time than there are threads."""
    embedder = MiniLMEmbedder(threads=2)
    embedder.embed(["load"])
    computing: list[int] = []
    most: list[int] = []
    encode = Encoder.encode

    def counted(self: Encoder, text: str) -> NDArray[np.float32]:
        computing.append(1)
        most.append(len(computing))
        try:
            return encode(self, text)
        finally:
            computing.pop()

    monkeypatch.setattr(Encoder, "encode", counted)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(embedder.embed, [[f"text {n} {m}" * 20 for m in range(10)] for n in range(16)]))
    assert len(most) == 160
    assert max(most) <= 2


def test_text_counts_up_to_the_last_token_that_fits(embedder: MiniLMEmbedder) -> None:
    """Two tokens frame a text: a difference at token 254 changes the vector, one behind it does not."""
    words = ["word"] * (MAX_TOKENS - 2)
    same, longer, other = embedder.embed(
        [" ".join(words), " ".join([*words, "storm"]), " ".join([*words[:-1], "storm"])]
    )
    assert np.array_equal(same, longer)
    assert not np.array_equal(same, other)


def test_text_of_megabytes_is_cut_before_it_is_read(embedder: MiniLMEmbedder) -> None:
    """A huge text gets the vector of its beginning."""
    huge = "a long report about the weather " * 100_000
    assert np.array_equal(*embedder.embed([huge, huge[:10_000]]))


@pytest.mark.parametrize("text", ["", " ", "\x00", "🦜🎉", "日本語のテキスト", "\ud800 lone surrogate", "é" * 5000])
def test_any_string_gets_a_vector(embedder: MiniLMEmbedder, text: str) -> None:
    """No text is refused: empty, control characters, emoji, other scripts, text that is not valid Unicode."""
    assert np.isfinite(embedder.embed([text])).all()


def test_one_string_is_refused(embedder: MiniLMEmbedder) -> None:
    """A string is a sequence of strings, and never what was meant."""
    with pytest.raises(TypeError, match=r"embed\(\[text\]\)"):
        embedder.embed("one text")


def test_no_threads_is_refused() -> None:
    """At least one thread must compute."""
    with pytest.raises(ValueError, match="threads must be at least 1, not 0"):
        MiniLMEmbedder(threads=0)


def test_import_and_construction_load_nothing() -> None:
    """Neither the runtime nor numpy is imported before the first text."""
    run_python(
        "import sys, agentcore_minilm; agentcore_minilm.MiniLMEmbedder();"
        "assert not {'numpy', 'onnxruntime', 'tokenizers'} & sys.modules.keys()"
    )


def test_nothing_is_reported_and_nothing_written(tmp_path: Path) -> None:
    """ONNX Runtime's telemetry stays off: no device id under the home folder, no thread of its own, no socket."""
    run_python(
        "import os, sys; from agentcore_minilm import MiniLMEmbedder; MiniLMEmbedder().embed(['text']);"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1';"
        "proc = '/proc/self/fd';"
        "open_files = [os.readlink(f'{proc}/{n}') for n in os.listdir(proc) if os.path.islink(f'{proc}/{n}')]"
        " if os.path.isdir(proc) else [];"
        "assert not [name for name in open_files if name.startswith('socket:') or 'onnxruntime.db' in name]",
        HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert list(tmp_path.rglob("*")) == []


def test_own_choice_about_telemetry_is_kept() -> None:
    """Whoever sets the variable decides."""
    result = run_python(
        "import os; from agentcore_minilm import _encoder; print(os.environ['ORT_DISABLE_TELEMETRY'])",
        ORT_DISABLE_TELEMETRY="true",
    )
    assert result.stdout == "true\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_goes_on_embedding() -> None:
    """A loaded embedder works in a child, alone and with threads, and computes the same."""
    result = run_python(
        "import os; from agentcore_minilm import MiniLMEmbedder\n"
        "embedder = MiniLMEmbedder(); texts = [str(n) for n in range(20)]\n"
        "before = embedder.embed(texts).tobytes()\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0 if embedder.embed(texts).tobytes() == before else 3)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert result.stdout == "0\n"


def test_texts_are_embedded_while_the_program_exits() -> None:
    """What is stored at exit is embedded too, though no thread can be started any more."""
    result = run_python(
        "import atexit; from agentcore_minilm import MiniLMEmbedder\n"
        "atexit.register(lambda: print(MiniLMEmbedder().embed(['text'] * 20).shape))"
    )
    assert (result.stdout, result.stderr) == ("(20, 384)\n", "")


def test_everything_public_is_exported() -> None:
    """The names in __all__ exist."""
    assert all(hasattr(agentcore_minilm, name) for name in agentcore_minilm.__all__)
