"""How far something long is, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Protocol

__all__ = ["Show", "progress_bar"]


class Show(Protocol):
    """Takes how much is done, how much of it failed, and how much there is, where that is known only now."""

    def __call__(self, done: int, failed: int, total: int | None = None) -> None: ...


@contextmanager
def progress_bar(count: Callable[[], int | None], *, wanted: bool) -> Generator[Show, None, None]:
    """Show a bar where it is *wanted* and stderr is a terminal.

    Args:
        count: Returns how much there is; None where nobody knows.
        wanted: Whether to show anything.
    """
    if not wanted or not sys.stderr.isatty():
        yield lambda done, failed, total=None: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("[red]{task.fields[failed]}"),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    total: int | None = None
    with suppress(OSError):
        # Counting is for the eye only; reading it for good says what is wrong with the file.
        total = count()
    # Results go to stdout, which is not the terminal: the bar must not take it.
    with (
        progress.Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as bar,
        redirect_stdout(sys.stderr),
    ):
        task = bar.add_task("", total=total, failed="")

        def show(done: int, failed: int, total: int | None = None) -> None:
            # None leaves the total as it is.
            bar.update(task, completed=done, total=total, failed=f"{failed} failed" if failed else "")

        yield show
