"""Mistakes in the tables of the built-in providers."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore.testing import MakePluginManager


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("logging", {"levl": "INFO"}, ["'levl'", "did you mean 'level'?"]),
        ("logging", {"level": "INFOO"}, ["no level is named 'INFOO'", "did you mean 'INFO'?"]),
        ("logging", {"events": ["tool_exekute"]}, ["no event is named 'tool_exekute'", "did you mean 'tool_execute'?"]),
        ("audit", {"evnts": []}, ["did you mean 'events'?"]),
        ("audit", {"events": ["agentstart"]}, ["did you mean 'agent_start'?"]),
        ("audit", {"max_bytes": 10}, ["'max_bytes'", "1000"]),
        ("cache", {"tll": 5}, ["did you mean 'ttl'?"]),
        ("cache", {"ttl": 0}, ["'ttl'", "greater than 0"]),
        ("rate_limit", {}, ["it limits nothing", "set requests_per_minute or tokens_per_minute"]),
        ("rate_limit", {"request_per_minute": 5}, ["did you mean 'requests_per_minute'?"]),
        ("rate_limit", {"models": {"a": {"requests": 5}}}, ["'models.a.requests'", "'requests_per_minute'"]),
        ("approval", {"tool": ["x"]}, ["did you mean 'tools'?"]),
        ("redaction", {"find": ["emal"]}, ["'find[0]'", "did you mean 'email'?"]),
        ("redaction", {"patterns": {"ticket": "(T-"}}, ["'patterns.ticket'", "not a regular expression"]),
        ("redaction", {"patterns": {"ticket": "x*"}}, ["matches the empty text"]),
        ("redaction", {"secrets": ["env:AGENTCORE_NO_SUCH"]}, []),
    ],
)
async def test_a_mistake_is_named(
    name: str, table: dict[str, Any], said: list[str], make_plugin_manager: MakePluginManager
) -> None:
    """The plugin fails, and its error names the key, what is wrong, and the nearest name."""
    manager = make_plugin_manager(autoload=False, plugins={name: table}, enabled=[name], optional=[name])
    manager.load()
    if not said:
        await manager.startup()
    [status] = [each for each in manager.statuses() if each.name == name]
    if said:
        assert (status.status, status.stage) == ("failed", "config")
        assert f"plugin '{name}'" in str(status.error)
        assert [each for each in said if each not in str(status.error)] == []
    else:
        assert (status.status, status.stage) == ("failed", "setup")
        assert "AGENTCORE_NO_SUCH" in str(status.error)
