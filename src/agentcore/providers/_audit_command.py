"""``agentcore audit``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from agentcore import PluginManager
from agentcore.providers._trail import TrailError, check_trail

__all__ = ["audit_command"]


def audit_command(place: Callable[[Path], Path]) -> click.Group:
    """Make the command; *place* tells the file, given the state folder."""

    @click.group("audit", short_help="Check the audit trail.")
    def audit() -> None:
        """Look after the audit trail."""

    @audit.command("check", short_help="Say whether every line is what was written.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
    @click.pass_obj
    def check(plugins: PluginManager, as_json: bool) -> None:
        """Read all of the trail, and say whether every line is what was written, and where it was.

        Exits with 1 where one is not.  Keep the hash of the last line in another place: a trail that still has a line
        of that hash has not been written anew before it.
        """
        path = place(plugins.state_dir)
        try:
            count, last = check_trail(path)
        except TrailError as error:
            raise click.ClickException(str(error)) from error
        if as_json:
            click.echo(json.dumps({"path": str(path), "lines": count, "last": last}))
        else:
            click.echo(f"{path}: {count} lines, unchanged; the last has the hash {last or 'of none'}")

    return audit
