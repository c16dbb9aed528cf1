"""``agentcore knowledge``: what it does to the store, what it prints, and how it fails."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentcore import PluginManager, Settings
from agentcore_vectorstore import Document, VectorStoreProvider, copy, open_store_sync
from agentcore_vectorstore.errors import DocumentError, EmbedderMismatchError, StoreNotFoundError
from agentcore_vectorstore.testing import WordEmbedder

GUIDE = (
    "# Refunds\n\n"
    + "Customers may ask for their money back within thirty days. " * 20
    + ("\n\n# Crashes\n\n" + "When the app crashes, send the log to support. " * 20)
)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[VectorStoreProvider]:
    provider = VectorStoreProvider(f"sqlite:///{tmp_path}/memory.db", embedder=WordEmbedder())
    yield provider
    provider.agentcore_shutdown()


@pytest.fixture
def filled(provider: VectorStoreProvider) -> VectorStoreProvider:
    """A provider that remembers three texts."""
    provider.store.add([Document(id="a", text="red apples", metadata={"n": 1}), Document(id="b", text="green pears")])
    provider.store.add([Document(id="c", text="blue plums", metadata={"n": 3})], namespace="fruit")
    return provider


def knowledge(provider: VectorStoreProvider, *arguments: object, **options: Any) -> Result:
    """Run the command; an exception that is no clean exit fails the test."""
    _, command = provider.register_commands()
    return CliRunner().invoke(command, list(map(str, arguments)), catch_exceptions=False, **options)


# --- adding


def test_files_are_stored_in_pieces(provider: VectorStoreProvider, tmp_path: Path) -> None:
    """Each piece knows its file and place; a word of it finds it."""
    (tmp_path / "guide.md").write_text(GUIDE)
    result = knowledge(provider, "add", tmp_path / "guide.md", "-n", "docs")
    assert result.exit_code == 0
    assert result.stdout == ""
    pieces = list(provider.store.documents(namespace="docs"))
    assert f"{len(pieces)} documents stored in" in result.stderr
    assert len(pieces) >= 3
    for number, piece in enumerate(pieces):
        assert piece.document.id == f"{tmp_path}/guide.md#{number}"
        assert len(piece.document.text) <= 1000
        position = piece.document.metadata["position"]
        assert GUIDE[position:].startswith(piece.document.text)
    assert "crashes" in provider.store.search("the app crashes", limit=1)[0].document.text


def test_state_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """By a plugin manager that has not started the provider up: with what keeps it out of a repository."""
    (tmp_path / "guide.md").write_text(GUIDE)
    provider = VectorStoreProvider(embedder=WordEmbedder())
    folder = tmp_path / "state"
    result = knowledge(provider, "add", tmp_path / "guide.md", obj=PluginManager(Settings(state_dir=folder)))
    provider.agentcore_shutdown()
    assert result.exit_code == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / ".gitignore").read_text() == "*\n"


def test_file_that_is_added_again_replaces_what_it_was(provider: VectorStoreProvider, tmp_path: Path) -> None:
    """Twice the same changes nothing, and of a file that became shorter nothing is left over."""
    path = tmp_path / "guide.md"
    path.write_text(GUIDE)
    for _ in range(2):
        knowledge(provider, "add", path)
    before = [(each.document.id, each.stored) for each in provider.store.documents()]
    knowledge(provider, "add", path)
    assert [(each.document.id, each.stored) for each in provider.store.documents()] == before
    path.write_text("Nothing is refunded any more.")
    knowledge(provider, "add", path)
    assert [each.document.text for each in provider.store.documents()] == ["Nothing is refunded any more."]


def test_folder_is_searched_for_texts(provider: VectorStoreProvider, tmp_path: Path) -> None:
    """Its text and Markdown files, not what is hidden or something else."""
    for name in ("a.txt", "deep/b.md", ".git/c.txt", "d.png"):
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(f"the text of {name}")
    assert knowledge(provider, "add", tmp_path / "docs").exit_code == 0
    assert {each.document.text for each in provider.store.documents()} == {"the text of a.txt", "the text of deep/b.md"}


def test_file_that_is_no_text_does_not_stop_the_others(provider: VectorStoreProvider, tmp_path: Path) -> None:
    """It is named with the place, and the command fails in the end."""
    (tmp_path / "good.txt").write_text("good text")
    (tmp_path / "bad.bin").write_bytes(b"abc\xff\xfe")
    (tmp_path / "nul.txt").write_bytes(b"abc\x00")
    paths = [tmp_path / name for name in ("bad.bin", "nul.txt", "missing.txt", "good.txt")]
    result = knowledge(provider, "add", *paths)
    assert result.exit_code == 1
    assert f"error: {tmp_path}/bad.bin is not text in UTF-8: byte 3" in result.stderr
    assert f"error: {tmp_path}/nul.txt is not text: it has NUL" in result.stderr
    assert f"error: {tmp_path}/missing.txt cannot be read: No such file" in result.stderr
    assert [each.document.text for each in provider.store.documents()] == ["good text"]


def test_lines_of_json_are_documents(provider: VectorStoreProvider, tmp_path: Path) -> None:
    """From files or stdin; ids, namespaces and metadata are kept, and repeating it changes nothing."""
    lines = '{"text": "red apples", "id": "a", "metadata": {"n": 1}}\n\n{"text": "green pears", "namespace": "x"}\n'
    (tmp_path / "texts.jsonl").write_text(lines)
    for _ in range(2):
        assert knowledge(provider, "add", "--jsonl", tmp_path / "texts.jsonl", "-n", "top").exit_code == 0
    assert provider.store.namespaces() == {"top": 1, "top/x": 1}
    assert provider.store.get(["a"], namespace="top")[0].metadata == {"n": 1}
    assert knowledge(provider, "add", "--jsonl", input=lines).exit_code == 0
    assert provider.store.count() == 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 is not an object with a text"),
        ('{"id": "a"}', "line 2 is not an object with a text"),
        ('{"text": "x", "agent": "y"}', "has the field 'agent'"),
        ('{"text": "x", "metadata": 7}', "'metadata' must be an object"),
        ('{"text": "x", "namespace": "a//b"}', "is not a namespace"),
        ('{"text": ""}', "is empty"),
    ],
)
def test_line_that_is_no_document_is_named(provider: VectorStoreProvider, line: str, message: str) -> None:
    """With what it should be."""
    result = knowledge(provider, "import", "-", input=f'{{"text": "good"}}\n{line}\n')
    assert result.exit_code == 1
    assert message in result.stderr


def test_nothing_to_add_is_told(provider: VectorStoreProvider) -> None:
    """Before anything is opened."""
    result = knowledge(provider, "add")
    assert result.exit_code == 2
    assert "name files to add" in result.stderr


# --- looking


def test_stats_tell_what_is_there(filled: VectorStoreProvider) -> None:
    """For a person and for a program."""
    facts = json.loads(knowledge(filled, "stats", "--json").stdout)
    assert facts.pop("location") == filled.store.location
    assert facts == {"documents": 3, "embedder": "words", "dimension": 64, "namespaces": {"": 2, "fruit": 1}}
    text = knowledge(filled, "stats").stdout
    assert "documents  3" in text
    assert "  fruit: 1" in text


def test_documents_are_listed(filled: VectorStoreProvider) -> None:
    """Oldest first, as many as asked, filtered; as a table or as JSON."""
    listed = json.loads(knowledge(filled, "list", "--json").stdout)
    assert [each["id"] for each in listed] == ["a", "b", "c"]
    assert listed[2]["namespace"] == "fruit"
    listed = json.loads(knowledge(filled, "list", "--json", "--filter", "n exists", "-k", "1").stdout)
    assert [each["id"] for each in listed] == ["a"]
    table = knowledge(filled, "list", "-n", "fruit", env={"COLUMNS": "120"}).stdout
    assert "blue plums" in table
    assert "red apples" not in table


@pytest.mark.parametrize("command", [["stats"], ["list"], ["export"], ["delete", "x"], ["check"], ["reembed"]], ids=str)
def test_missing_store_is_a_failure_and_stays_missing(
    provider: VectorStoreProvider, tmp_path: Path, command: list[str]
) -> None:
    """Looking makes no file."""
    result = knowledge(provider, *command)
    assert result.exit_code == 1
    assert "nothing is stored yet" in result.stderr
    assert list(tmp_path.iterdir()) == []


# --- moving


def test_export_and_import_make_the_same_store(filled: VectorStoreProvider, tmp_path: Path) -> None:
    """Through a file or a pipe; a filter chooses."""
    filled.store.add([Document(id="d", text="short lived")], ttl="1h")
    exported = knowledge(filled, "export").stdout
    assert len(exported.splitlines()) == 4
    assert knowledge(filled, "export", tmp_path / "all.jsonl").exit_code == 0
    assert (tmp_path / "all.jsonl").read_text() == exported
    assert len(knowledge(filled, "export", "--filter", "n == 3").stdout.splitlines()) == 1
    other = VectorStoreProvider(f"sqlite:///{tmp_path}/other.db", embedder=WordEmbedder())
    assert "4 documents" in knowledge(other, "import", tmp_path / "all.jsonl").stderr
    assert other.store.namespaces() == filled.store.namespaces()
    for mine, theirs in zip(filled.store.documents(), other.store.documents(), strict=True):
        assert (mine.document, mine.namespace) == (theirs.document, theirs.namespace)
        assert (mine.expires is None) == (theirs.expires is None)
    other.agentcore_shutdown()


def test_copy_brings_documents_and_vectors(filled: VectorStoreProvider, tmp_path: Path) -> None:
    """To any backend, again and again; another embedder's store is refused, and a missing one named."""
    source, target = f"sqlite:///{tmp_path}/memory.db", f"qdrant:///{tmp_path}/q"
    for _ in range(2):
        assert "3 documents copied" in knowledge(filled, "copy", source, target).stderr
    with open_store_sync(target, embedder=WordEmbedder()) as store:
        assert store.namespaces() == {"": 2, "fruit": 1}
        assert store.search("blue plums", fusion="vector", limit=1)[0].document.metadata == {"n": 3}
    assert copy(target, f"sqlite:///{tmp_path}/back.db") == 3
    with open_store_sync(f"sqlite:///{tmp_path}/back.db", embedder=WordEmbedder()) as store:
        assert [each.document for each in store.documents()] == [each.document for each in filled.store.documents()]
    with open_store_sync(f"sqlite:///{tmp_path}/own.db", embedder=WordEmbedder(id="own")) as store:
        store.add([Document(text="x")])
    with pytest.raises(EmbedderMismatchError):
        copy(source, f"sqlite:///{tmp_path}/own.db")
    with pytest.raises(StoreNotFoundError):
        copy(f"sqlite:///{tmp_path}/missing.db", target)


# --- mending


def test_documents_are_deleted(filled: VectorStoreProvider) -> None:
    """By id or by filter, never without either."""
    assert "1 document deleted" in knowledge(filled, "delete", "a").stderr
    assert "1 document deleted" in knowledge(filled, "delete", "--filter", "n == 3", "--yes").stderr
    assert [each.document.id for each in filled.store.documents()] == ["b"]
    result = knowledge(filled, "delete")
    assert result.exit_code == 1
    assert "either ids or a filter" in result.stderr


def test_vectors_are_made_anew(filled: VectorStoreProvider, tmp_path: Path) -> None:
    """Where they are another embedder's; the command that is refused says how."""
    url = filled.store.location
    filled.agentcore_shutdown()
    other = VectorStoreProvider(f"sqlite:///{url}", embedder=WordEmbedder(id="other", dimension=256))
    result = knowledge(other, "stats")
    assert result.exit_code == 1
    assert "agentcore knowledge reembed" in result.stderr
    assert "3 documents embedded" in knowledge(other, "reembed").stderr
    assert json.loads(knowledge(other, "stats", "--json").stdout)["embedder"] == "other"
    assert other.store.search("green pears", fusion="vector", limit=1)[0].document.id == "b"
    other.agentcore_shutdown()


def test_check_tells_what_is_wrong(filled: VectorStoreProvider, tmp_path: Path) -> None:
    """And that nothing is."""
    result = knowledge(filled, "check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "is well" in result.stderr
    with filled.store.backend._database.write() as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE document SET text = 'changed behind the index' WHERE id = 'a'")
    result = knowledge(filled, "check")
    assert (result.exit_code, result.stdout) == (1, "the index of words does not fit the texts\n")


def test_splitter_that_is_missing_is_named(
    provider: VectorStoreProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to install."""
    monkeypatch.setitem(__import__("sys").modules, "semantic_text_splitter", None)
    (tmp_path / "a.txt").write_text("text")
    result = knowledge(provider, "add", tmp_path / "a.txt")
    assert result.exit_code == 1
    assert "agentcore-vectorstore[knowledge]" in result.stderr


def test_import_that_fails_keeps_what_came_before(provider: VectorStoreProvider) -> None:
    """Whole parts of it."""
    from agentcore_vectorstore import import_jsonl

    lines = [json.dumps({"text": f"text {n}"}) for n in range(700)]
    with pytest.raises(DocumentError, match="line 701"):
        import_jsonl(provider.store, [*lines, "{"])
    assert provider.store.count() == 500
