"""What the tests of the documentation share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore import new_plugin_manager
from agentcore.testing._making import as_default, close_manager

# The reference's own generator, which Sphinx imports from there, too.
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))


@pytest.fixture(scope="module", autouse=True)
def installed_plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """They take part where a test asks for commands, keep nothing beside the sources, and are closed afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENTCORE_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        # It has a command, and is off.
        patch.setenv("AGENTCORE_PLUGINS", "audit")
        manager = new_plugin_manager()
        with as_default(manager):
            yield
        close_manager(manager)
