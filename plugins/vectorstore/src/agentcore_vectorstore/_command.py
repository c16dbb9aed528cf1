"""``agentcore search``."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol, get_args

import click

from agentcore.errors import AgentCoreError
from agentcore.types import Hit
from agentcore_vectorstore._store import SyncStore
from agentcore_vectorstore.errors import KeywordOnlyWarning, StoreNotFoundError
from agentcore_vectorstore.protocols import Fusion

__all__ = ["search_command"]

_SNIPPET: Final = 240
"""Characters of a text that the table shows."""

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


class _Open(Protocol):
    """Opens the provider's store."""

    def __call__(self, *, create: bool, folder: Path | None) -> SyncStore: ...


class _Nothing(click.ClickException):
    """There is nothing to search."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"nothing is stored yet ({place})\nhint: run an agent while the plugin 'vectorstore' is enabled, "
            "and its output will be found here."
        )


def search_command(opened: _Open) -> click.Command:
    """Return the command that searches the store which *opened* returns."""

    @click.command("search")
    @click.argument("words", metavar="TEXT...", nargs=-1, required=True)
    @click.option("--limit", "-k", type=click.IntRange(min=1), default=10, show_default=True, help="At most this many.")
    @click.option(
        "--fusion", type=click.Choice(get_args(Fusion)), default="zscore", show_default=True, help="How to search."
    )
    @click.option(
        "--filter",
        "conditions",
        metavar="KEY=VALUE",
        multiple=True,
        help="Metadata that must be there, as agent=triage; may be given again. A VALUE that is JSON counts as such: "
        "7 is a number, '\"7\"' text.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print an array of JSON objects.")
    @click.pass_context
    def search(
        context: click.Context,
        words: Sequence[str],
        limit: int,
        fusion: Fusion,
        conditions: Sequence[str],
        as_json: bool,
    ) -> None:
        """Find what agents put out, by meaning and by words.

        The best hit comes first.  Fails where nothing has been stored yet.
        """
        filter = dict(_condition(each) for each in conditions)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", KeywordOnlyWarning)
            try:
                hits = _hits(opened, _state_folder(context), " ".join(words), limit=limit, filter=filter, fusion=fusion)
            except StoreNotFoundError as error:
                raise _Nothing(error.message) from error
            except AgentCoreError as error:
                raise click.ClickException(str(error)) from error
        for warning in caught:
            click.echo(f"warning: {warning.message}", err=True)
        _show(hits, as_json=as_json)

    return search


def _hits(
    opened: _Open, folder: Path | None, text: str, *, limit: int, filter: dict[str, Any], fusion: Fusion
) -> Sequence[Hit]:
    store = opened(create=False, folder=folder)
    hits = store.search(text, limit=limit, filter=filter, fusion=fusion)
    if not hits and not store.count():
        raise _Nothing(store.location)
    return hits


def _state_folder(context: click.Context) -> Path | None:
    """The state folder of the program that the command is part of, which need not be there; None where it has none."""
    folder = getattr(getattr(context.obj, "settings", None), "state_dir", None)
    return folder if isinstance(folder, Path) else None


def _condition(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE, as agent=triage", param_hint="--filter")
    try:
        return name, json.loads(value, parse_constant=_refuse)
    except ValueError:
        return name, value


def _refuse(constant: str) -> None:
    """Python reads NaN and Infinity, which are not JSON."""
    raise ValueError(constant)


def _show(hits: Sequence[Hit], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_record(hit) for hit in hits], ensure_ascii=False, indent=2))
    elif hits:
        _print_table(hits)
    else:
        click.echo("nothing found", err=True)


def _record(hit: Hit) -> dict[str, Any]:
    document = hit.document
    return {
        "id": document.id,
        "score": hit.score,
        "source": hit.source,
        "text": document.text,
        "metadata": document.metadata,
    }


def _print_table(hits: Sequence[Hit]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("score", "when (UTC)", "agent", "text")
    table.columns[0].justify = "right"
    for column in table.columns[:3]:
        column.no_wrap = True
    for hit in hits:
        metadata = hit.document.metadata
        cells = (f"{hit.score:.2f}", _when(metadata.get("time")), metadata.get("agent", ""), hit.document.text)
        table.add_row(*(Text(_snippet(cell)) for cell in cells))
    Console(file=sys.stdout).print(table)


def _when(time: Any) -> str:
    return time[:19].replace("T", " ") if isinstance(time, str) else ""


def _snippet(value: Any) -> str:
    # A stored text must not move the cursor or colour the terminal.
    text = _UNPRINTABLE.sub(" ", str(value)).strip()
    return text if len(text) <= _SNIPPET else f"{text[: _SNIPPET - 1]}…"
