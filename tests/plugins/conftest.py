"""What the tests of the plugin manager share."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agentcore import ExecutionContext, PluginManager, PluginStatus, Settings, hookimpl, load_settings
from agentcore._plugins import Installed, discovery
from agentcore.testing import hook_arguments


@pytest.fixture
def context() -> ExecutionContext:
    """The context of a run."""
    return ExecutionContext("triage")


@pytest.fixture
def arguments(context: ExecutionContext) -> Callable[..., dict[str, Any]]:
    """Makes the exact arguments of a hook, some of them changed."""
    return lambda hook, **changes: hook_arguments(hook, context, **changes)


@pytest.fixture
def plugin() -> Callable[..., Any]:
    """Makes a plugin of functions; marks those that are not marked yet."""

    def plugin(name: str = "", **functions: Any) -> Any:
        marked = {hook: each if hasattr(each, "agentcore_impl") else hookimpl(each) for hook, each in functions.items()}
        return SimpleNamespace(name=name, **marked)

    return plugin


class Failures:
    """What the plugins were told of failures."""

    name = "failures"

    def __init__(self) -> None:
        self.told: list[tuple[str, str, BaseException]] = []

    @hookimpl(trylast=True)
    def plugin_error(self, plugin: str, hook: str, error: BaseException) -> None:
        """Note it."""
        self.told.append((plugin, hook, error))

    @property
    def kinds(self) -> list[tuple[str, str, type[BaseException]]]:
        """The plugin, the hook and the class of each error."""
        return [(plugin, hook, type(error)) for plugin, hook, error in self.told]

    @property
    def error(self) -> BaseException:
        """The error of the only failure."""
        [(_, _, error)] = self.told
        return error


@pytest.fixture
def failures() -> Failures:
    """A plugin that notes every failure."""
    return Failures()


@pytest.fixture
def make_manager(failures: Failures) -> Callable[..., PluginManager]:
    """Makes a manager of plugins, by name and in this order, and the one that notes failures."""

    def make_manager(settings: Settings | None = None, **plugins: Any) -> PluginManager:
        manager = PluginManager(settings)
        manager.register(failures, "failures")
        for name, each in plugins.items():
            manager.register(each, name)
        return manager

    return make_manager


@pytest.fixture
def hasty() -> Settings:
    """Settings under which what hangs is ended soon."""
    return Settings(hook_timeout=0.1)


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Settings]:
    """Makes the settings of keyword arguments, an environment and flags; no file is read."""

    def configured(environ: dict[str, str] | None = None, flags: tuple[str, ...] = (), **overrides: Any) -> Settings:
        return load_settings(start=tmp_path, environ=environ or {}, flags=flags, overrides=overrides)

    return configured


@pytest.fixture
def quiet() -> Callable[[], None]:
    """Makes sure, when it is called, that the running task was left without cancellations."""

    def quiet() -> None:
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    return quiet


class Site:
    """A folder of installed distributions, first on the path where modules are sought."""

    OBSERVER = """
from agentcore import hookimpl
seen = []
@hookimpl
def tool_start(tool): seen.append(tool)
"""
    """The text of a module that implements an event."""

    STORE = """
from pydantic import BaseModel
from agentcore import hookimpl

class Config(BaseModel):
    path: str = "here"
    limit: int = 3

class Store:
    Config = Config
    def __init__(self, config): self.config = config
    @hookimpl
    def tool_start(self, tool): ...

class FromConfig(Store):
    def __init__(self, path, limit): self.given = (path, limit)
    @classmethod
    def from_config(cls, config): return cls(config.path, config.limit)

class Plain:
    @hookimpl
    def tool_start(self, tool): ...

instance = Plain()
store = Store(Config(path="there"))
"""
    """The text of a module with plugins of every kind that has or takes a config."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: set[str] = set()

    def module(self, name: str, text: str) -> None:
        """Write a module; dots make packages."""
        *packages, last = name.split(".")
        folder = self.folder
        for each in packages:
            folder = folder / each
            folder.mkdir(exist_ok=True)
            (folder / "__init__.py").touch()
        (folder / f"{last}.py").write_text(text, encoding="utf-8")
        self.modules.add(name)

    def distribution(self, distribution: str, *, version: str = "1.0", **entry_points: str) -> None:
        """Write what pip leaves of a package: its metadata and entry points, those of plugins by name."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = [f"{name} = {value}" for name, value in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[agentcore]", *lines, ""]))

    def install(self, name: str, text: str, *, version: str = "1.0", target: str = "") -> str:
        """Write a package of one module, ``agentcore_<name>``, whose plugin *name* is the module or *target* in it;
        returns the module's name.
        """
        module = f"agentcore_{name}"
        self.module(module, text)
        entry_point = {name: f"{module}:{target}" if target else module}
        self.distribution(f"agentcore-{name}", version=version, **entry_point)
        return module


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder of distributions, the only ones that are found; what was imported from it is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    site = Site(folder)
    # The scan of what is installed happens once in a process, and sees what the test installs before it.
    scan = discovery._scan.__wrapped__

    @lru_cache
    def scan_here() -> tuple[Installed, ...]:
        here = str(tmp_path)
        found = [
            each for each in scan() if (dist := each.entry_point.dist) and str(dist.locate_file("")).startswith(here)
        ]
        return tuple(found)

    monkeypatch.setattr(discovery, "_scan", scan_here)
    yield site
    for module in site.modules:
        for name in [each for each in sys.modules if each == module or each.startswith(f"{module}.")]:
            del sys.modules[name]


@pytest.fixture
def manager(site: Site) -> PluginManager:
    """A manager of what the test installs, without any configuration."""
    return PluginManager()


@pytest.fixture
def status_of() -> Callable[[PluginManager, str], PluginStatus]:
    """Finds the status of one plugin."""

    def status_of(manager: PluginManager, name: str) -> PluginStatus:
        [status] = [each for each in manager.statuses() if each.name == name]
        return status

    return status_of
