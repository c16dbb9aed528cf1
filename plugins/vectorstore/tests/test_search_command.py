"""``agentcore search``: what a person and a program read, and how it fails."""

import io
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentcore import PluginManager, Settings
from agentcore.types import Document
from agentcore_vectorstore import VectorStoreProvider, open_store_sync
from agentcore_vectorstore._commands.shown import print_matches
from agentcore_vectorstore.testing import WordEmbedder

METADATA = {"agent": "triage", "time": "2026-01-02T03:04:05.000000+00:00", "confidence": 7}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[VectorStoreProvider]:
    provider = VectorStoreProvider(f"sqlite:///{tmp_path}/memory.db", embedder=WordEmbedder())
    yield provider
    provider.agentcore_shutdown()


@pytest.fixture
def filled(provider: VectorStoreProvider) -> VectorStoreProvider:
    """A provider that remembers three texts."""
    provider.store.add(
        [
            Document(id="a", text="red apples", metadata=METADATA),
            Document(id="b", text="red pears", metadata={"agent": "other"}),
            Document(id="c", text="blue plums"),
        ]
    )
    return provider


def search(provider: VectorStoreProvider, *arguments: str, **options: Any) -> Result:
    """Run the command; an exception that is no clean exit fails the test."""
    command, _ = provider.register_commands()
    return CliRunner().invoke(command, arguments, catch_exceptions=False, env={"COLUMNS": "160"}, **options)


def test_table_shows_the_best_first(filled: VectorStoreProvider) -> None:
    """Score, time, agent and text; nothing else is written anywhere."""
    result = search(filled, "apples")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert [word for word in ("score", "when (UTC)", "from", "text") if word in lines[1]] == [
        "score",
        "when (UTC)",
        "from",
        "text",
    ]
    assert "2026-01-02 03:04:05" in lines[3]
    assert "triage" in lines[3]
    assert "red apples" in lines[3]
    assert len(lines) == 7


def test_json_is_the_whole_of_each_hit(filled: VectorStoreProvider) -> None:
    """An array of objects, and nothing else on stdout."""
    result = search(filled, "apples", "--json", "--limit", "1", "--fusion", "bm25")
    (hit,) = json.loads(result.stdout)
    assert hit.pop("score") == hit.pop("words") > 0
    assert hit == {
        "namespace": "",
        "meaning": None,
        "id": "a",
        "source": "vectorstore",
        "text": "red apples",
        "metadata": METADATA,
    }
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["red", "-k", "1", "--fusion", "bm25"], ["b"]),
        (["red", "pears"], ["b", "a", "c"]),
        (["red", "--filter", "agent == 'triage'"], ["a"]),
        (["red", "--filter", "agent == 'triage' and confidence >= 7"], ["a"]),
        (["red", "--filter", "confidence == '7'"], []),
        (["red", "--filter", "agent == 'nobody'"], []),
        (["red", "pears", "--offset", "1", "-k", "1"], ["a"]),
        (["red", "--namespace", "nowhere"], []),
        (["red", "pears", "--min-score", "1.5"], ["b"]),
        (["pears", "--fusion", "rrf", "-k", "1", "--diversity", "0.5"], ["b"]),
        (["unheard", "--fusion", "bm25"], []),
    ],
    ids=" ".join,
)
def test_options_choose_the_hits(filled: VectorStoreProvider, arguments: list[str], ids: list[str]) -> None:
    """How many, by what, and which; finding none is no failure."""
    result = search(filled, *arguments, "--json")
    assert result.exit_code == 0
    assert [hit["id"] for hit in json.loads(result.stdout)] == ids


def test_finding_none_is_told_to_a_person(filled: VectorStoreProvider) -> None:
    """On stderr: stdout is the result, and it is empty."""
    result = search(filled, "unheard", "--fusion", "bm25")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing found\n")


def test_long_and_wild_text_fits_the_table(provider: VectorStoreProvider) -> None:
    """Control characters cannot reach the terminal, markup is text, and a long text is cut."""
    provider.store.add([Document(text="\x1b[31mred\x07 [bold]apples[/bold] \u009b5m\nnext " + "word " * 200)])
    result = search(provider, "apples")
    assert "[31mred [bold]apples[/bold] 5m next word" in " ".join(result.stdout.replace("│", " ").split())
    assert "…" in result.stdout
    assert not {"\x1b", "\x07", "\x9b"} & set(result.stdout)
    assert json.loads(search(provider, "apples", "--json").stdout)[0]["text"].endswith("word ")


@pytest.mark.parametrize("output", [[], ["--json"]], ids=["table", "json"])
def test_missing_store_is_a_failure_and_stays_missing(
    provider: VectorStoreProvider, tmp_path: Path, output: list[str]
) -> None:
    """The message says where nothing is and how that changes; no file is made by looking."""
    result = search(provider, "apples", *output)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Error: nothing is stored yet ({tmp_path}/memory.db" in result.stderr
    assert "hint: run an agent" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_empty_store_is_a_failure(provider: VectorStoreProvider) -> None:
    """As if it were missing."""
    provider.store.count()
    result = search(provider, "apples")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing is stored yet" in result.stderr


def test_file_that_cannot_be_read_is_a_failure(provider: VectorStoreProvider, tmp_path: Path) -> None:
    """With the error's own words, and no traceback."""
    (tmp_path / "memory.db").write_text("rubbish" * 1000)
    result = search(provider, "apples")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {tmp_path}/memory.db is damaged, or no SQLite database")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'TEXT...'"),
        (["  "], "the text to search for is empty"),
        (["red", "-k", "0"], "0 is not in the range x>=1"),
        (["red", "--fusion", "magic"], "'magic' is not one of 'zscore', 'rrf', 'vector', 'bm25'"),
        (["red", "--filter", "agent = 'x'"], "(at position 6)"),
        (["red", "--filter", "agent"], "an operator must follow the field 'agent'"),
        (["red", "--namespace", "a//b"], "'a//b' is not a namespace"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_told(filled: VectorStoreProvider, arguments: list[str], message: str) -> None:
    """On stderr, with a code that says so."""
    result = search(filled, *arguments)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert message in result.stderr


def test_missing_embedder_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are found without it, and stderr says what to install."""

    def no_entry_points(*, group: str) -> list[EntryPoint]:
        return []

    monkeypatch.setattr("importlib.metadata.entry_points", no_entry_points)
    url = f"sqlite:///{tmp_path}/memory.db"
    writer = VectorStoreProvider(url, embedder="none")
    writer.store.add([Document(text="red apples")])
    writer.agentcore_shutdown()
    provider = VectorStoreProvider(url)
    result = search(provider, "apple", "--json")
    provider.agentcore_shutdown()
    assert [hit["text"] for hit in json.loads(result.stdout)] == ["red apples"]
    assert result.stderr.startswith("warning: search by meaning is off")
    assert "pip install agentcore-minilm" in result.stderr


def test_state_folder_is_the_programs(tmp_path: Path) -> None:
    """A plugin manager that has not started the provider up still says where the memory is; no folder is made."""
    for name in ("one", "two"):
        provider = VectorStoreProvider(embedder=WordEmbedder())
        result = search(provider, "x", obj=PluginManager(Settings(state_dir=tmp_path / name)))
        assert f"{tmp_path / name}/memory.db does not exist" in result.stderr
        assert not (tmp_path / name).exists()


def test_help_explains_the_command(provider: VectorStoreProvider) -> None:
    """Every option, with its default."""
    result = search(provider, "--help")
    for part in ("TEXT...", "-k, --limit", "--fusion [zscore|rrf|vector|bm25]", "--filter EXPRESSION", "--json"):
        assert part in result.stdout


@pytest.mark.parametrize(
    ("columns", "left_out"), [(160, ()), (80, ("words", "meaning")), (60, ("words", "meaning", "when", "where"))]
)
def test_narrow_terminal_shows_the_text(
    monkeypatch: pytest.MonkeyPatch, columns: int, left_out: tuple[str, ...]
) -> None:
    """Where there is no room for all columns the text stays readable, and the others go."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    with open_store_sync("memory://", embedder=WordEmbedder()) as store:
        store.add([Document(text="red apples in the orchard", metadata={"agent": "gardener"})], namespace="orchard/day")
        print_matches(store.search("red apples"), "red apples")
    header, text = terminal.getvalue(), " ".join(re.sub(r"\x1b\[[0-9;]*m|[│┃]", " ", terminal.getvalue()).split())
    assert "red apples in the orchard" in text
    assert all(name not in header for name in left_out)
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= columns for line in header.splitlines())
