"""What the commands share: the store they work on, and how failures are told."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

import click

from agentcore import PluginManager
from agentcore.errors import AgentCoreError
from agentcore_vectorstore._store import SyncStore
from agentcore_vectorstore.errors import KeywordOnlyWarning, StoreNotFoundError

__all__ = ["Nothing", "Open", "documents", "plugins_of", "progress_bar", "told"]


class Open(Protocol):
    """Opens the provider's store."""

    def __call__(
        self, *, create: bool, plugins: PluginManager | None, reembed: Callable[[int], object] | None = None
    ) -> SyncStore: ...


class Nothing(click.ClickException):
    """There is nothing to look at."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"nothing is stored yet ({place})\nhint: run an agent while the plugin 'vectorstore' is enabled, "
            "or add texts with `agentcore knowledge add`."
        )


@contextmanager
def told() -> Generator[None]:
    """Tell failures and warnings as a command does."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KeywordOnlyWarning)
        try:
            yield
        except StoreNotFoundError as error:
            raise Nothing(error.message) from error
        except AgentCoreError as error:
            raise click.ClickException(str(error)) from error
        finally:
            for warning in caught:
                click.echo(f"warning: {warning.message}", err=True)


def documents(count: int) -> str:
    """Return how many there are, in words."""
    return f"{count} document{'' if count == 1 else 's'}"


def plugins_of(context: click.Context) -> PluginManager | None:
    """The plugin manager of the program that the command is part of, where it has one."""
    return context.obj if isinstance(context.obj, PluginManager) else None


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Generator[Callable[[int], object]]:
    """Show a bar on stderr where that is a terminal; yields what is told how many more are done."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)
