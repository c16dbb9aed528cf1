"""The file of a journal: made whole, never taken for another, and never begun anew behind anybody's back."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import apsw
import pytest
from journal_disk import Disk
from journal_worker import records

from agentcore._delivery.journal import Selection
from agentcore._delivery.sqlite import SqliteJournal, database, making, schema, set_aside
from agentcore.errors import JournalError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(path)
    await journal.open()
    await journal.join("store", ["agent_complete"], "now")
    yield journal
    await journal.aclose()


@pytest.fixture
async def full(journal: SqliteJournal, path: Path) -> Path:
    """A journal with some events, closed."""
    for number in range(60):
        await journal.append(records(f"worker-{number % 3}", number, size=10, payload=500))
    await journal.aclose()
    return path


async def _everything(path: Path) -> list[object]:
    journal = SqliteJournal(path)
    try:
        await journal.open()
        events = [each for batch in [batch async for batch in journal.select(Selection())] for each in batch]
        waiting = await journal.read("store", 10_000, 0)
        return [events, waiting, await journal.last()]
    finally:
        await journal.aclose()


async def _problems(path: Path) -> list[str]:
    journal = SqliteJournal(path)
    try:
        return list(await journal.check())
    finally:
        await journal.aclose()


def _assert_helpful(error: JournalError, path: Path) -> None:
    assert str(path) in error.message
    assert "`agentcore journal check`" in error.hint or "`agentcore journal set-aside`" in error.hint


async def test_the_file_is_its_owners_alone(path: Path, journal: SqliteJournal) -> None:
    """And so is what stands beside it; nothing half made is left over."""
    await journal.append(records("a", 0))
    assert {file.name for file in path.parent.iterdir()} == {
        ".gitignore",
        "journal.db",
        "journal.db-shm",
        "journal.db-wal",
        "journal.db.lock",
    }
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_closed_journal_is_one_file(full: Path) -> None:
    """The last one to close carries the log over."""
    assert {file.name for file in full.parent.iterdir()} == {".gitignore", "journal.db", "journal.db.lock"}


@pytest.mark.parametrize("seed", range(60))
async def test_a_flipped_byte_is_never_believed(full: Path, seed: int) -> None:
    """What is read is as it was, or an error says which file is broken and what to do."""
    whole, content, chance = await _everything(full), bytearray(full.read_bytes()), random.Random(seed)
    used = len(content)
    # Some in the header and the tables' own description, some anywhere.
    place = chance.randrange(100 if seed < 10 else schema.PAGE_SIZE if seed < 20 else used)
    content[place] ^= 1 << chance.randrange(8)
    full.write_bytes(content)
    try:
        unchanged = await _everything(full) == whole
    except JournalError as error:
        _assert_helpful(error, full)
        assert await _problems(full)
    else:
        assert unchanged or await _problems(full)


@pytest.mark.parametrize("size", [1, 20, 99, 100, 4096, 8191, 8192, 8193, 50_000])
async def test_a_truncated_journal_is_refused(full: Path, size: int) -> None:
    """It is not begun anew, however little is left of it."""
    os.truncate(full, size)
    with pytest.raises(JournalError) as raised:
        await _everything(full)
    _assert_helpful(raised.value, full)
    assert await _problems(full)
    assert full.stat().st_size == size


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"these are notes\n" * 1000, "it is not a database", id="text"),
        pytest.param(bytes(100_000), "it is not a database", id="zeros"),
    ],
)
async def test_what_is_no_database_is_refused(path: Path, content: bytes, reason: str) -> None:
    """And left as it is."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(JournalError, match=reason) as raised:
        await SqliteJournal(path).open()
    _assert_helpful(raised.value, path)
    assert path.read_bytes() == content
    assert [reason in problem for problem in await _problems(path)] == [True]


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """And left as it is."""
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes(text)")
    connection.close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match="it is a database, but not a journal") as raised:
        await SqliteJournal(path).open()
    _assert_helpful(raised.value, path)
    assert path.read_bytes() == content


def _set_version(path: Path, version: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


async def test_a_journal_of_a_newer_version_is_refused(full: Path) -> None:
    """It says which version it knows, and that an upgrade helps."""
    _set_version(full, 7)
    with pytest.raises(JournalError, match=r"newer version of agentcore .*version 7, this one knows 1") as raised:
        await SqliteJournal(full).open()
    _assert_helpful(raised.value, full)
    assert "upgrade" in raised.value.hint


async def test_a_journal_of_an_older_version_is_brought_up(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, and with what is in it."""
    whole = await _everything(full)
    monkeypatch.setattr(schema, "VERSION", 3)
    monkeypatch.setitem(schema._MIGRATIONS, 1, "CREATE TABLE extra(column) STRICT".replace("column", "x TEXT"))
    monkeypatch.setitem(schema._MIGRATIONS, 2, "ALTER TABLE extra ADD COLUMN y TEXT")
    assert await _everything(full) == await _everything(full) == whole
    connection = sqlite3.connect(full)
    assert connection.execute("SELECT x, y FROM extra").fetchall() == []
    connection.close()


async def test_a_log_alone_is_refused(path: Path, journal: SqliteJournal) -> None:
    """A new journal would be overwritten with what it holds."""
    await journal.append(records("a", 0))
    path.unlink()
    with pytest.raises(JournalError, match=r"the file is gone, and only its log, '-wal', is there") as raised:
        await SqliteJournal(path).open()
    _assert_helpful(raised.value, path)
    assert not path.exists()


async def test_checking_makes_nothing(path: Path, journal: SqliteJournal) -> None:
    """A journal that is not there is a problem, and one that was taken away is still missed afterwards."""
    assert await _problems(path.with_name("other.db")) == [f"there is no journal {str(path.with_name('other.db'))!r}"]
    assert not path.with_name("other.db").exists()
    await journal.append(records("a", 0))
    assert await journal.check() == []
    set_aside(path)
    with pytest.raises(JournalError, match="was moved or deleted"):
        await journal.append(records("a", 1))
    assert await journal.check() == [f"there is no journal {str(path)!r}"]
    assert not path.exists()


@pytest.mark.parametrize("take", [os.remove, set_aside], ids=["deleted", "set aside"])
async def test_a_journal_that_is_taken_away_is_missed(
    path: Path, journal: SqliteJournal, take: Callable[[Path], object]
) -> None:
    """Who uses it does not go on writing to nowhere."""
    await journal.append(records("a", 0))
    take(path)
    for _ in range(2):
        with pytest.raises(JournalError, match="was moved or deleted while it was in use") as raised:
            await journal.append(records("a", 1))
    _assert_helpful(raised.value, path)


async def test_a_journal_is_set_aside_whole(path: Path, journal: SqliteJournal) -> None:
    """With its log; the next program begins a new one, and the old one can be read."""
    await journal.append(records("a", 0, size=3))
    aside = set_aside(path)
    assert aside.parent == path.parent
    assert aside.name.startswith("journal-set-aside-2")
    assert aside.suffix == ".db"
    assert len((await _everything(aside))[0]) == 3  # type: ignore[arg-type]
    await journal.aclose()
    await journal.open()
    assert await journal.last() == 0


async def test_journals_are_set_aside_to_names_of_their_own(path: Path) -> None:
    """However quickly one follows the other."""
    names = set()
    for _ in range(3):
        journal = SqliteJournal(path)
        await journal.open()
        await journal.aclose()
        names.add(set_aside(path))
    assert len(names) == 3
    with pytest.raises(JournalError, match="there is no journal"):
        set_aside(path)


async def test_a_broken_journal_makes_room_for_a_new_one(full: Path) -> None:
    """What the error advises helps."""
    full.write_bytes(b"broken")
    set_aside(full)
    journal = SqliteJournal(full)
    await journal.open()
    assert await journal.check() == []
    await journal.aclose()


@pytest.mark.parametrize(
    ("error", "reason", "hint"),
    [
        (apsw.FullError, "the disk is full", "`agentcore journal prune`"),
        (apsw.IOError, "it cannot be read or written", "`agentcore journal check`"),
        (apsw.ReadOnlyError, "it cannot be written to", "writable"),
        (apsw.CantOpenError, "it cannot be opened", "folder"),
        (apsw.CorruptError, "it is damaged", "`agentcore journal set-aside`"),
        (apsw.InternalError, "out of its mind", "`agentcore journal check`"),
    ],
)
async def test_a_failure_is_explained(path: Path, error: type[apsw.Error], reason: str, hint: str) -> None:
    """With the file, the reason and what to do; and it passes when its cause does."""
    with Disk().in_use() as disk:
        journal = SqliteJournal(path)
        await journal.open()

        def fail() -> None:
            raise error("out of its mind")

        disk.watch = fail
        with pytest.raises(JournalError, match=reason) as raised:
            await journal.append(records("a", 0))
        assert str(path) in raised.value.message
        assert hint in raised.value.hint
        disk.watch = lambda: None
        assert await journal.append(records("a", 0, size=2)) == 2
        await journal.aclose()


async def test_a_lock_that_is_held_too_long_is_reported(
    path: Path, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that stands still must not make all others do."""
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="another process kept it locked for too long"):
        await journal.append(records("a", 0))
    assert await journal.last() == 0
    other.close()
    assert await journal.append(records("a", 0, size=2)) == 2


async def test_a_journal_that_is_never_made_is_reported(
    path: Path, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the lock of who makes it."""
    monkeypatch.setattr(making, "_PATIENCE", 0.01)
    second = path.with_name("second.db")
    locks = making.locks_of(second)
    assert locks.take(0)
    with pytest.raises(JournalError, match="another process has been making it for too long"):
        await SqliteJournal(second).open()
    locks.close()
    assert not second.exists()


async def test_a_place_that_cannot_hold_a_journal_is_refused(tmp_path: Path) -> None:
    """The folder is a file, or the file is a folder."""
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be made"):
        await SqliteJournal(tmp_path / "file" / "journal.db").open()
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalError, match="cannot be opened"):
        await SqliteJournal(tmp_path / "journal.db").open()


async def test_a_journal_that_cannot_be_made_leaves_nothing(path: Path) -> None:
    """And is made when it can be."""
    with Disk().in_use() as disk:

        def fail() -> None:
            raise apsw.FullError("full")

        disk.watch = fail
        with pytest.raises(JournalError, match="the disk is full"):
            await SqliteJournal(path).open()
        assert {file.name for file in path.parent.iterdir()} == {".gitignore", "journal.db.lock"}
        disk.watch = lambda: None
        journal = SqliteJournal(path)
        await journal.open()
        await journal.aclose()


async def test_a_lock_file_that_cannot_be_used_is_reported(path: Path, journal: SqliteJournal) -> None:
    """Nobody owns a lane then."""
    path.with_name("journal.db.lock").unlink()
    path.with_name("journal.db.lock").mkdir()
    with pytest.raises(JournalError, match="journal.db.lock"):
        await journal.own("store")
    with pytest.raises(JournalError, match="journal.db.lock"):
        await journal.lanes()


async def test_a_deleted_lock_file_is_made_again(path: Path, journal: SqliteJournal) -> None:
    """Whoever asks next owns the lane by the file that is there."""
    assert await journal.own("store")
    path.with_name("journal.db.lock").unlink()
    assert await journal.own("store")
    other = SqliteJournal(path)
    assert not await other.own("store")
    await journal.disown("store")
    assert await other.own("store")
    await other.aclose()


async def test_every_broken_promise_is_found(full: Path) -> None:
    """What the database itself cannot know."""
    connection = sqlite3.connect(full)
    connection.executescript(
        "UPDATE journal SET last = 100; UPDATE lane SET cursor = 1000; DELETE FROM hook; DELETE FROM promise;"
        "DELETE FROM run WHERE id = 1; INSERT INTO failure VALUES (5000, 9, 'r', 1, 1, '', 0);"
        "INSERT INTO dead VALUES (5000, 9, 1, '', 1); UPDATE event SET payload = x'00' WHERE position = 33;"
    )
    connection.close()
    problems = await _problems(full)
    assert "events behind the last position: 500" in problems
    assert "the event at position 33 is damaged" in problems
    for what in ("cursor", "hook", "run", "promises", "failures of missing events", "dead letters of missing lanes"):
        assert [problem for problem in problems if what in problem], what
    with pytest.raises(JournalError, match="the event at position 1 is damaged"):
        await _everything(full)
