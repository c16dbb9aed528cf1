"""The plugin of pytest: fixtures for tests of plugins and agents.  See docs/testing.md.

It is loaded in every session of whoever has agentcore installed, and stands outside of the package so that it need not
import it: what a fixture is made of is imported when a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from agentcore import ExecutionContext, PluginManager
    from agentcore.testing import (
        FakeClock,
        FakeEntryPoints,
        HookRecorder,
        MakeContext,
        MakePluginManager,
        ScriptModel,
    )

# The contracts assert, and what they assert is to be explained as in a test's own file.
pytest.register_assert_rewrite("agentcore.testing")


@pytest.fixture
def make_plugin_manager(tmp_path: Path) -> Iterator[MakePluginManager]:
    """Makes plugin managers of given settings that know nothing of the machine; closes them."""
    from agentcore.testing._making import making

    with making(tmp_path) as make:
        yield make


@pytest.fixture
def plugin_manager(make_plugin_manager: MakePluginManager) -> Iterator[PluginManager]:
    """A plugin manager that knows nothing of the machine, the process's for the length of the test."""
    from agentcore.testing._making import as_default

    with as_default(make_plugin_manager()) as manager:
        yield manager


@pytest.fixture
def make_context() -> MakeContext:
    """Makes the contexts of runs."""
    from agentcore.testing._making import made_context

    return made_context


@pytest.fixture
def agent_context(make_context: MakeContext) -> ExecutionContext:
    """The context of a run of the agent ``"agent"``."""
    return make_context()


@pytest.fixture
def scripted_model(plugin_manager: PluginManager) -> ScriptModel:
    """Makes models that answer from a script; the newest serves every agent that brings none of its own."""
    from agentcore.testing._scripting import scripting

    return scripting(plugin_manager)


@pytest.fixture
def hook_recorder(plugin_manager: PluginManager) -> HookRecorder:
    """Keeps every call of a run's hooks, of all agents on the plugin manager."""
    from agentcore.testing import HookRecorder

    recorder = HookRecorder()
    plugin_manager.register(recorder)
    return recorder


@pytest.fixture
def fake_clock() -> Iterator[FakeClock]:
    """The framework's time, which stands still until the test advances it."""
    from agentcore.testing import FakeClock

    with FakeClock() as clock:
        yield clock


@pytest.fixture
def fake_entry_points(monkeypatch: pytest.MonkeyPatch) -> FakeEntryPoints:
    """What discovery finds in the place of what is installed."""
    from agentcore._plugins import discovery
    from agentcore.testing import FakeEntryPoints

    points = FakeEntryPoints()
    monkeypatch.setattr(discovery, "_scan", points.scan)
    return points
