"""Runs the Python examples of every Markdown page: ``pytest README.md docs``."""

import signal
from collections.abc import Iterator

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from agentcore import PluginManager, set_plugin_manager
from agentcore._agents import process
from agentcore.testing._making import as_default, close_manager

pytest_plugins = ["pytester"]

# A shell lets what it runs in the background ignore Ctrl-C, and the programs that tests interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """A manager that becomes the process's in a test is closed after it: its plugins would serve every later test."""
    before = process._manager
    yield
    made = process._manager
    set_plugin_manager(before)
    if made is not None and made is not before:
        close_manager(made)


@pytest.fixture(scope="module")
def no_plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is installed takes no part: examples keep nothing here, and say the same on every machine."""
    from agentcore.models import BuiltinModels

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("examples"))
        manager = PluginManager()
        manager.register(BuiltinModels(), "agentcore.models")
        with as_default(manager):
            yield
        close_manager(manager)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"], fixtures=["no_plugins"]
).pytest()
