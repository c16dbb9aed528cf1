"""Fixtures of the configuration's tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from agentcore._config import Settings, load_settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder without any configuration in it or above."""
    folder = tmp_path.resolve() / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def write(project: Path) -> Callable[..., Path]:
    """Writes a file of the project, agentcore.toml unless named otherwise."""

    def write(text: str, name: str = "agentcore.toml") -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def load(project: Path) -> Callable[..., Settings]:
    """Loads the settings of the project, with an empty environment unless one is given."""

    def load(*, start: Path = project, environ: Mapping[str, str] = MappingProxyType({}), **sources: Any) -> Settings:
        return load_settings(start=start, environ=environ, **sources)

    return load
