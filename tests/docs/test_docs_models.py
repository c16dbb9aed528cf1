"""The page on agents names every server that is known by name."""

from pathlib import Path

import pytest

from agentcore.models._servers import SERVERS

PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_named(server: str) -> None:
    """As the beginning of a model's name."""
    assert f"`{server}:" in PAGE
