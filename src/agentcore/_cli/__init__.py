"""The command line."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command ``agentcore`` with the arguments of this process, and end it with the command's exit code."""
    from agentcore._cli.program import program

    program.main(prog_name="agentcore")
    raise SystemExit  # never reached: the line above ends the process
