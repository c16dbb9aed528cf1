"""Things that the tests of the vector store have in common."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentcore_vectorstore import SyncStore, open_store_sync
from agentcore_vectorstore.testing import WordEmbedder

BACKENDS = {"memory": "memory://", "sqlite": "sqlite:///memory.db"}
"""Every backend passes the contract; a path in the string is relative to the test's own folder."""


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture(params=list(BACKENDS.values()), ids=list(BACKENDS))
def url(request: pytest.FixtureRequest) -> str:
    """The connection string of each backend."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def store(url: str, tmp_path: Path, embedder: WordEmbedder) -> Iterator[SyncStore]:
    """An empty store of each backend."""
    with open_store_sync(url, embedder=embedder, folder=tmp_path) as store:
        yield store


@pytest.fixture
def sqlite(tmp_path: Path, embedder: WordEmbedder) -> Callable[..., SyncStore]:
    """Opens a file in the test's folder, again and again."""

    def open_file(name: str = "memory.db", **options: object) -> SyncStore:
        return open_store_sync(f"sqlite:///{name}", **{"embedder": embedder, "folder": tmp_path} | options)  # type: ignore[arg-type]

    return open_file


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program in a new interpreter that knows the tests' helpers; its output is read by the test."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
        process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()
