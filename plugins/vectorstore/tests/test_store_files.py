"""The SQLite file: where it lies, that it lasts, and what happens when it cannot be used."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest
from raw_database import raw

from agentcore.errors import ConfigError
from agentcore_vectorstore import Document, SyncStore, open_store_sync
from agentcore_vectorstore.errors import (
    StoreAccessError,
    StoreCorruptError,
    StoreError,
    StoreFormatError,
    StoreLockedError,
    StoreNotFoundError,
    StoreVersionError,
)
from agentcore_vectorstore.testing import WordEmbedder

Open = Callable[..., SyncStore]


# --- where it lies


def test_store_lasts(sqlite: Open) -> None:
    """What was added is there when the file is opened again, in every mode."""
    document = Document(id="a", text="red apples", metadata={"n": [1]})
    with sqlite() as store:
        store.add([document])
    with sqlite() as store:
        for mode in ("zscore", "vector", "bm25"):
            assert [hit.document for hit in store.search("apple apples", fusion=mode)] == [document]


def test_relative_file_lies_in_the_folder(tmp_path: Path) -> None:
    """Folders that are missing are made."""
    with open_store_sync("sqlite:///deep/er/memory.db", embedder="none", folder=tmp_path / "state") as store:
        assert store.location == str(tmp_path / "state/deep/er/memory.db")
    assert (tmp_path / "state/deep/er/memory.db").is_file()


def test_absolute_file_has_four_slashes(tmp_path: Path) -> None:
    """The folder does not matter then; percent-encoding and spaces work."""
    with open_store_sync(f"sqlite:///{tmp_path}/a%3Fb c.db", embedder="none", folder=Path("/nowhere")):
        pass
    assert (tmp_path / "a?b c.db").is_file()


def test_home_folder_may_be_abbreviated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde means the home folder, as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with open_store_sync("sqlite:///~/memory.db", embedder="none", folder=Path("/nowhere")) as store:
        assert store.location == str(tmp_path / "memory.db")


def test_default_file_lies_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any argument, the memory is .agentcore/memory.db below the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGENTCORE_STATE_DIR", raising=False)
    with open_store_sync(embedder="none") as store:
        assert Path(store.location) == tmp_path / ".agentcore" / "memory.db"


@pytest.mark.parametrize("url", ["memory://", "sqlite:///{}/kept/memory.db", "qdrant:///{}/kept"])
def test_state_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """What keeps nothing in it opens where it cannot be made, as in a container that may not write there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".agentcore").write_text("")
    with open_store_sync(url.format(tmp_path), embedder="none") as store:
        assert store.count() == 0


def test_store_in_memory_is_private(embedder: WordEmbedder) -> None:
    """Two of them do not see each other."""
    with (
        open_store_sync("memory://", embedder=embedder) as one,
        open_store_sync("memory://", embedder=embedder) as other,
    ):
        one.add([Document(text="x")])
        assert (one.count(), other.count()) == (1, 0)


def test_nothing_is_made_where_that_is_not_wanted(sqlite: Open, tmp_path: Path) -> None:
    """With create=False a missing store is an error, and stays missing."""
    with pytest.raises(StoreNotFoundError, match=r"memory\.db does not exist"):
        sqlite(create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("timeout", ["0", "2.5"])
def test_timeout_is_an_option(sqlite: Open, timeout: str) -> None:
    """In seconds."""
    with sqlite(f"memory.db?timeout={timeout}") as store:
        store.add([Document(text="x")])


# --- what is wrong with it


def test_file_that_is_no_database_is_left_alone(sqlite: Open, tmp_path: Path) -> None:
    """The error names the file and says what to do; not a byte of it changes."""
    path = tmp_path / "memory.db"
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreCorruptError) as caught:
        sqlite()
    assert str(path) in str(caught.value)
    assert "hint: restore it from a backup" in str(caught.value)
    assert path.read_bytes() == b"Dear diary, " * 1000


@pytest.mark.parametrize("page", [1, 3, 30])
def test_damage_inside_the_file_is_told_when_it_is_met(sqlite: Open, tmp_path: Path, page: int) -> None:
    """Pages overwritten with rubbish: opening or searching raises the error that names the file."""
    path = tmp_path / "memory.db"
    with sqlite() as store:
        store.add(Document(text=f"text number{n} " * 20) for n in range(300))
    content = bytearray(path.read_bytes())
    content[page * 8192 :] = b"\xaa" * (len(content) - page * 8192)
    path.write_bytes(content)
    with pytest.raises(StoreCorruptError, match=path.name), sqlite() as store:
        store.search("number7")


def test_database_of_another_program_is_left_alone(sqlite: Open, tmp_path: Path) -> None:
    """No table is added to it."""
    path = tmp_path / "memory.db"
    with raw(path) as other:
        other.execute("CREATE TABLE bookmarks(url)")
    before = path.read_bytes()
    with pytest.raises(StoreFormatError, match=r"memory\.db is a SQLite database of another program"):
        sqlite()
    assert path.read_bytes() == before


def test_store_of_a_newer_version_is_left_alone(sqlite: Open, tmp_path: Path) -> None:
    """The error names both versions and how to upgrade."""
    with sqlite() as store:
        store.add([Document(text="from the future")])
    path = tmp_path / "memory.db"
    with raw(path) as future:
        future.pragma("user_version", 99)
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match=r"memory\.db .* tables have version 99, this one knows 2") as caught:
        sqlite()
    assert "pip install --upgrade agentcore-vectorstore" in caught.value.hint
    assert path.read_bytes() == before


def test_table_that_somebody_dropped(sqlite: Open, tmp_path: Path) -> None:
    """Whatever else the database complains of is told with the file's name."""
    with sqlite() as store:
        store.add([Document(text="x")])
        with raw(tmp_path / "memory.db") as other:
            other.execute("DROP TABLE vector")
        with pytest.raises(StoreError, match=r"memory\.db failed: SQLError: no such table: vector"):
            store.search("x")


def test_folder_in_place_of_the_file(sqlite: Open, tmp_path: Path) -> None:
    """A folder is no file."""
    (tmp_path / "memory.db").mkdir()
    with pytest.raises(StoreAccessError, match=r"memory\.db is a folder, not a file"):
        sqlite()


@pytest.mark.parametrize("name", ["file/memory.db", "a%00b/memory.db"])
def test_folder_that_cannot_be_made(sqlite: Open, tmp_path: Path, name: str) -> None:
    """A file in the way, or a name that no file can have."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreAccessError, match="cannot hold a store"):
        sqlite(name)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder, while this process is its owner and not root, whom file permissions do not bind."""
    folder = Path(tempfile.mkdtemp())
    me = os.geteuid()
    if me == 0:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    try:
        yield folder
        folder.chmod(0o700)
    finally:
        os.seteuid(me)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name != "posix", reason="needs file permissions")
def test_folder_that_is_read_only(unprivileged: Path) -> None:
    """A store cannot be made in it; one that is there cannot be opened; both errors name the file."""
    with open_store_sync("sqlite:///there.db", embedder="none", folder=unprivileged) as store:
        store.add([Document(text="x")])
    (unprivileged / "there.db").chmod(0o444)
    unprivileged.chmod(0o555)
    for name in ("there.db", "new.db"):
        with pytest.raises(StoreAccessError, match=name):
            open_store_sync(f"sqlite:///{name}", embedder="none", folder=unprivileged)


def test_file_that_turned_read_only(sqlite: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing fails by name; what is there stays readable."""
    with sqlite() as store:
        store.add([Document(text="kept")])
    connect = apsw.Connection

    def read_only(name: str, flags: int) -> apsw.Connection:
        return connect(name, apsw.SQLITE_OPEN_READONLY)

    monkeypatch.setattr(apsw, "Connection", read_only)
    with sqlite() as store:
        with pytest.raises(StoreAccessError, match=r"memory\.db cannot be written to"):
            store.add([Document(text="lost")])
        assert [hit.document.text for hit in store.search("kept lost")] == ["kept"]


def test_file_that_another_process_holds(sqlite: Open, tmp_path: Path) -> None:
    """After the timeout the error names the file; reading goes on meanwhile."""
    with sqlite("memory.db?timeout=0") as store:
        store.add([Document(text="there")])
        with raw(tmp_path / "memory.db") as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLockedError, match=r"memory\.db is locked by another process") as caught:
                store.add([Document(text="waiting")])
            assert "?timeout=SECONDS" in caught.value.hint
            assert isinstance(caught.value, TimeoutError)
            assert [hit.document.text for hit in store.search("there")] == ["there"]
        store.add([Document(text="afterwards")])
        assert store.count() == 2


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_new_file_that_another_process_holds(sqlite: Open, tmp_path: Path, lock: str) -> None:
    """The tables cannot be made while somebody else writes."""
    with raw(tmp_path / "memory.db") as other:
        other.execute(f"BEGIN {lock}")
        with pytest.raises(StoreLockedError, match=r"memory\.db is locked"):
            sqlite("memory.db?timeout=0.05")


FULL_DISK = """
import resource, sys
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.errors import (
    StoreAccessError,
)
folder = Path(sys.argv[1])
with open_store_sync("sqlite:///memory.db", embedder="none", folder=folder) as store:
    store.add([Document(id="before", text="kept")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    try:
        store.add([Document(text=f"much text {n} " * 10_000) for n in range(5)])
    except StoreAccessError as error:
        print(error.message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(store.count(), [hit.document.id for hit in store.search("kept")])
    store.add([Document(text="there is room again")])
    print(store.count())
"""


@pytest.mark.skipif(os.name != "posix", reason="needs limits on file size")
def test_disk_that_cannot_take_more(python: Callable[..., object], tmp_path: Path) -> None:
    """Nothing that was stored is lost, nothing is stored by halves, and the store works again when there is room."""
    process = python(FULL_DISK, tmp_path)
    message, after, later = process.communicate()[0].splitlines()  # type: ignore[attr-defined]
    assert "memory.db cannot be read or written" in message
    assert (after, later) == ("1 ['before']", "2")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "names no file"),
        ("folder/", "names no file"),
        ("memory.db?timeut=3", "did you mean 'timeout'?"),
        ("memory.db?timeout=soon", "option 'timeout' of 'sqlite:///memory.db' cannot be 'soon'"),
        ("memory.db?timeout=-1", "it must be between 0 and 3600 seconds"),
        ("memory.db?timeout=nan", "it must be between 0 and 3600 seconds"),
        ("memory.db?timeout=1&timeout=2", "gives option 'timeout' twice"),
    ],
)
def test_connection_string_of_a_file_that_cannot_be_used(sqlite: Open, name: str, message: str) -> None:
    """The error says what is wrong and what is right."""
    with pytest.raises(ConfigError) as caught:
        sqlite(name)
    assert message in str(caught.value)
