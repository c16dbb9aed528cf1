"""``agentcore metrics grafana`` and ``agentcore metrics rules``."""

from __future__ import annotations

import click

__all__ = ["add_operating"]


def add_operating(group: click.Group) -> None:
    """Add what operators load into their own tools."""
