"""One file, many processes: writing at once, dying, forking, seeing each other's changes."""

import os
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentcore_vectorstore import Document, SyncStore
from agentcore_vectorstore.testing import WordEmbedder

Open = Callable[..., SyncStore]
Python = Callable[..., "subprocess.Popen[str]"]

WRITE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.testing import WordEmbedder
folder, writer, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_store_sync("sqlite:///memory.db", embedder=WordEmbedder(dimension=4096), folder=folder) as store:
    for number in range(count):
        (id,) = store.add([Document(id=f"{writer}-{number}", text=f"{writer} wrote number{number}")])
        print(id, flush=True)
"""


@pytest.fixture
def opened(sqlite: Open) -> Callable[[], SyncStore]:
    """Opens the file that the programs write to."""
    return lambda: sqlite(embedder=WordEmbedder(dimension=4096))


def test_processes_write_at_once(python: Python, opened: Open, tmp_path: Path) -> None:
    """Four processes begin the same file together: every row is there, and found by its own words and vector."""
    writers = [python(WRITE, tmp_path, name, 60) for name in ("anna", "bert", "carl", "dora")]
    acknowledged = {id for writer in writers for id in writer.communicate()[0].split()}
    assert len(acknowledged) == 240
    assert [writer.returncode for writer in writers] == [0] * 4
    with opened() as store:
        assert store.count() == 240
        for name in ("anna", "bert", "carl", "dora"):
            for number in range(0, 60, 7):
                text = f"{name} wrote number{number}"
                for mode in ("vector", "bm25", "zscore"):
                    assert store.search(text, limit=1, fusion=mode)[0].document.id == f"{name}-{number}"


def test_another_process_is_seen_at_once(python: Python, opened: Open, tmp_path: Path) -> None:
    """An open store that has searched before finds what another process adds, replaces and deletes meanwhile."""
    change = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.testing import WordEmbedder
with open_store_sync("sqlite:///memory.db", embedder=WordEmbedder(dimension=4096), folder=Path(sys.argv[1])) as store:
    store.add([Document(id="new", text="green pears"), Document(id="b", text="yellow plums")])
    store.delete(["a"])
"""
    with opened() as store:
        store.add([Document(id="a", text="red apples"), Document(id="b", text="blue grapes")])
        assert len(store.search("red apples", fusion="vector")) == 2
        assert python(change, tmp_path).wait() == 0
        hits = {hit.document.id: hit for hit in store.search("yellow plums", fusion="vector")}
        assert hits.keys() == {"b", "new"}
        assert hits["b"].score == pytest.approx(1, abs=1e-5)
        assert store.search("red apples", fusion="bm25") == []


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("acknowledged", [1, 17, 60])
def test_killed_writer_loses_nothing_it_acknowledged(
    python: Python, opened: Open, tmp_path: Path, acknowledged: int
) -> None:
    """kill -9 in mid-write: every row whose id was returned is there and found, and the store goes on."""
    writer = python(WRITE, tmp_path, "anna", 100_000)
    assert writer.stdout is not None
    ids = [writer.stdout.readline().strip() for _ in range(acknowledged)]
    writer.send_signal(signal.SIGKILL)
    ids += writer.communicate()[0].split("\n")[:-1]
    with opened() as store:
        assert store.count() - len(ids) in (0, 1)
        for id in {ids[0], ids[-1]}:
            text = f"anna wrote number{id.partition('-')[2]}"
            for mode in ("vector", "bm25"):
                assert store.search(text, limit=1, fusion=mode)[0].document.id == id
        store.add([Document(text="life goes on")])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("url", ["sqlite:///memory.db", "memory://"])
def test_forked_child_uses_the_store_it_inherited(python: Python, tmp_path: Path, url: str) -> None:
    """Both go on reading and writing; of a file both see everything, of a store in memory each its own."""
    program = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.testing import WordEmbedder
store = open_store_sync(sys.argv[2], embedder=WordEmbedder(), folder=Path(sys.argv[1]))
store.add([Document(id="before", text="before the fork")])
store.search("fork")
child = os.fork()
if child == 0:
    store.add([Document(id="child", text="of the child")])
    found = sorted(hit.document.id for hit in store.search("fork child", fusion="vector"))
    store.close()
    os._exit(0 if found == ["before", "child"] else 3)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
store.add([Document(id="parent", text="of the parent")])
print(code, *sorted(hit.document.id for hit in store.search("fork child", fusion="vector")))
store.close()
"""
    process = python(program, tmp_path, url)
    out = process.communicate()[0]
    assert process.returncode == 0
    assert out == ("0 before child parent\n" if url.startswith("sqlite") else "0 before parent\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_may_close_or_find_it_closed(python: Python, tmp_path: Path) -> None:
    """Closing an inherited store in the child does not disturb the parent, and a closed one stays closed."""
    program = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.errors import (
    StoreClosedError,
)
store = open_store_sync("sqlite:///memory.db", embedder="none", folder=Path(sys.argv[1]))
def in_child(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(in_child(store.close))
store.add([Document(text="still open here")])
print(store.count())
backend = store.backend
store.close()
def expect_closed():
    try:
        backend.embedder()
    except StoreClosedError:
        return
    os._exit(3)
print(in_child(expect_closed))
"""
    process = python(program, tmp_path)
    assert process.communicate()[0].split() == ["0", "1", "0"]


def test_stores_of_one_process_share_a_file(sqlite: Open) -> None:
    """While one waits for the other to write, no thread of the process stands still."""
    with sqlite("memory.db?timeout=2") as one, sqlite("memory.db?timeout=2") as other, ThreadPoolExecutor(2) as pool:

        def write(store: SyncStore, name: str) -> None:
            for number in range(100):
                store.add([Document(id=f"{name}-{number}", text=f"{name} {number}")])

        for done in [pool.submit(write, one, "one"), pool.submit(write, other, "other")]:
            done.result()
        assert one.count() == other.count() == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_forked_child_adds_is_kept(python: Python, tmp_path: Path) -> None:
    """Also where the parent has closed the store since, and another process has opened and closed it."""
    program = """
import os, sys
from pathlib import Path
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.testing import WordEmbedder
def opened():
    return open_store_sync("sqlite:///memory.db", embedder=WordEmbedder(), folder=Path(sys.argv[1]))
store = opened()
store.add([Document(id="before", text="before the fork")])
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    store.add([Document(id="first", text="of the child")])
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    store.add([Document(id="second", text="of the child, too")])
    os._exit(0)
os.read(ready[0], 1)
store.close()
other = os.spawnlp(os.P_WAIT, sys.executable, sys.executable, "-c", sys.argv[2], sys.argv[1])
os.write(go[1], b"x")
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
with opened() as store:
    print(other, code, *sorted(hit.document.id for hit in store.search("fork child", fusion="vector")))
"""
    other = """
import sys
from pathlib import Path
from agentcore_vectorstore import open_store_sync
from agentcore_vectorstore.testing import WordEmbedder
with open_store_sync("sqlite:///memory.db", embedder=WordEmbedder(), folder=Path(sys.argv[1])) as store:
    assert store.count() == 2
"""
    process = python(program, tmp_path, other)
    assert process.communicate()[0] == "0 0 before first second\n"
