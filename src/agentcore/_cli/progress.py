"""How far a batch is, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout, suppress

__all__ = ["batch_progress"]


@contextmanager
def batch_progress(
    count: Callable[[], int | None], *, wanted: bool
) -> Generator[Callable[[int, int], None], None, None]:
    """Show a bar where it is *wanted* and stderr is a terminal.

    Yields a function that takes the records written, and those of failures among them.

    Args:
        count: Returns how many records there will be; None where nobody knows.
        wanted: Whether to show anything.
    """
    if not wanted or not sys.stderr.isatty():
        yield lambda _done, _failed: None
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

        def show(done: int, failed: int) -> None:
            bar.update(task, completed=done, failed=f"{failed} failed" if failed else "")

        yield show
