"""What comes with agentcore, and what it costs those who do not use it."""

from __future__ import annotations

import subprocess
import sys

from agentcore._plugins import installed_plugins
from agentcore.providers import __all__ as names

NAMES = ["approval", "audit", "cache", "logging", "rate_limit", "redaction"]


def test_those_that_there_are() -> None:
    """The distribution offers each provider of the package."""
    assert [each.name for each in installed_plugins() if each.builtin] == NAMES


def test_using_agents_imports_none_of_them() -> None:
    """Neither importing agentcore nor making its plugin manager imports a provider that is off."""
    code = (
        "import sys, agentcore\n"
        "agentcore.new_plugin_manager()\n"
        "found = sorted(each for each in sys.modules if each.startswith('agentcore.providers'))\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_one_does_not_import_the_others() -> None:
    """Who uses one provider pays for that one, and what it needs."""
    code = (
        "import sys\n"
        "from agentcore.providers import LoggingProvider\n"
        "found = {each.split('.')[2] for each in sys.modules if each.startswith('agentcore.providers.')}\n"
        "assert found == {'logging', '_events'}, found\n"
        "assert not {'apsw', 'click', 'agentcore._cli'} & {*sys.modules}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_provider_has_a_name_to_import() -> None:
    """The package exports a class for each plugin."""
    assert [each for each in names if each.endswith("Provider")] == [
        f"{name.title().replace('_', '')}Provider" for name in NAMES
    ]
