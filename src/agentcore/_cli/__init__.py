"""The command line."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command ``agentcore`` with the arguments of this process, and end it with the command's exit code."""
    from agentcore._cli.streams import open_missing_streams

    open_missing_streams()
    from agentcore._cli.program import program

    sys.exit(program.main(prog_name="agentcore", standalone_mode=False))
