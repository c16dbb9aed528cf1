"""Runs the Python examples of every Markdown page: ``pytest README.md docs``."""

from collections.abc import Iterator

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from agentcore import PluginManager, set_plugin_manager

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def no_plugins() -> Iterator[None]:
    """What is installed takes no part: examples keep nothing, and say the same on every machine."""
    manager = PluginManager()
    from agentcore.models import BuiltinModels

    manager.register(BuiltinModels(), "agentcore.models")
    set_plugin_manager(manager)
    yield
    set_plugin_manager(None)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"], fixtures=["no_plugins"]
).pytest()
