"""What the tests of the built-in providers share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from agentcore import PluginManager
from agentcore.testing import MakePluginManager


class Enable(Protocol):
    """Makes a plugin manager whose configuration enables the plugins that are named, each with its table."""

    def __call__(self, settings: Mapping[str, Any] | None = None, /, **tables: Mapping[str, Any]) -> PluginManager: ...


@pytest.fixture
def enable(make_plugin_manager: MakePluginManager) -> Enable:
    def enable(settings: Mapping[str, Any] | None = None, /, **tables: Mapping[str, Any]) -> PluginManager:
        manager = make_plugin_manager(autoload=False, enabled=[*tables], plugins=tables, **(settings or {}))
        manager.load()
        assert [each.error for each in manager.statuses() if each.error is not None] == []
        return manager

    return enable


@pytest.fixture
def trail(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Reads the audit trail."""

    def read() -> list[dict[str, Any]]:
        text = (tmp_path / ".agentcore" / "audit.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    return read


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program in a new interpreter; its output, errors among it, is read by the test."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
