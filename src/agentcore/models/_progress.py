"""Telling a person on stderr that something takes time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["progress"]


@contextmanager
def progress(what: str, *, into: Path, total: int) -> Generator[Callable[[int], None], None, None]:
    """Show how far *what* is: a bar on a terminal, else one line.

    Yields a function that takes the bytes that are there, out of *total*.
    """
    if not sys.stderr.isatty():
        print(f"{what}: {total / 1e6:.0f} MB into {into}", file=sys.stderr)
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda size: bar.update(task, completed=min(size, total))
        bar.update(task, completed=total)
