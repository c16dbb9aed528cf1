"""``agentcore knowledge``: what is stored, and what to do with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from agentcore_vectorstore._commands.adding import add_files, add_lines
from agentcore_vectorstore._commands.common import Open, documents, plugins_of, progress_bar, told
from agentcore_vectorstore._commands.shown import print_stored
from agentcore_vectorstore._open import state_folder
from agentcore_vectorstore._transfer import copy, export_jsonl, record_of

__all__ = ["knowledge_command"]

_NAMESPACE = click.option("--namespace", "-n", metavar="NAME", default="", help="There and below.")
_FILTER = click.option("--filter", metavar="EXPRESSION", help="Which ones, as 'source contains \"faq\"'.")


def knowledge_command(opened: Open) -> click.Command:
    """Return the group of commands for the store which *opened* returns."""

    @click.group("knowledge")
    def knowledge() -> None:
        """Add, look at, move and mend what is stored."""

    for add in (_adding, _looking, _moving, _mending):
        add(knowledge, opened)
    return knowledge


def _adding(group: click.Group, opened: Open) -> None:
    @group.command("add")
    @click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILES...")
    @click.option("--jsonl", is_flag=True, help="FILES hold a JSON object in each line; '-' or none reads stdin.")
    @click.option("--namespace", "-n", metavar="NAME", default="", help="Where to store.")
    @click.option("--ttl", metavar="SPAN", help="How long they live, as 30d; without it for ever.")
    @click.pass_context
    def add(context: click.Context, files: Sequence[Path], jsonl: bool, namespace: str, ttl: str | None) -> None:
        """Store text and Markdown files in pieces, or documents from JSONL.

        Folders are searched for text and Markdown files.  A file that is added again replaces what it was; an
        interrupted command can be repeated, and goes on where it was.
        """
        if not files and not jsonl:
            raise click.UsageError("name files to add, or pass --jsonl to read stdin")
        with told():
            store = opened(create=True, plugins=plugins_of(context))
            if jsonl:
                count = add_lines(store, files or [Path("-")], namespace)
                failures: list[str] = []
            else:
                count, failures = add_files(store, files, namespace, ttl)
        click.echo(f"{documents(count)} stored in {store.location}", err=True)
        for failure in failures:
            click.echo(f"error: {failure}", err=True)
        if failures:
            context.exit(1)


def _looking(group: click.Group, opened: Open) -> None:
    @group.command("stats")
    @click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
    @click.pass_context
    def stats(context: click.Context, as_json: bool) -> None:
        """How much is stored, where, and by which embedder."""
        with told():
            store = opened(create=False, plugins=plugins_of(context))
            written = store.backend.embedder()
            facts = {
                "location": store.location,
                "documents": store.count(),
                "embedder": None if written is None else written[0],
                "dimension": None if written is None else written[1],
                "namespaces": dict(store.namespaces()),
            }
        if as_json:
            click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
            return
        for name in ("location", "documents", "embedder", "dimension"):
            click.echo(f"{name:<10} {'none' if facts[name] is None else facts[name]}")
        for place, count in store.namespaces().items():
            click.echo(f"  {place or '(root)'}: {count}")

    @group.command("list")
    @_FILTER
    @_NAMESPACE
    @click.option("--limit", "-k", type=click.IntRange(min=1), default=50, show_default=True, help="At most this many.")
    @click.option("--json", "as_json", is_flag=True, help="Print an array of JSON objects.")
    @click.pass_context
    def list_(context: click.Context, filter: str | None, namespace: str, limit: int, as_json: bool) -> None:
        """Documents, oldest first."""
        with told():
            store = opened(create=False, plugins=plugins_of(context))
            found = list(islice(store.documents(filter=filter, namespace=namespace), limit))
        if as_json:
            click.echo(json.dumps([record_of(each) for each in found], ensure_ascii=False, indent=2))
        else:
            print_stored(found)


def _moving(group: click.Group, opened: Open) -> None:
    @group.command("export")
    @_FILTER
    @_NAMESPACE
    @click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
    @click.pass_context
    def export(context: click.Context, file: Any, filter: str | None, namespace: str) -> None:
        """Write documents as JSONL to FILE or stdout."""
        with told(), progress_bar("exporting") as progress:
            store = opened(create=False, plugins=plugins_of(context))
            count = export_jsonl(store, file, filter=filter, namespace=namespace, progress=progress)
        click.echo(f"{documents(count)} written", err=True)

    @group.command("import", short_help="Add the documents of a JSONL FILE, or of stdin.")
    @click.argument("file", type=click.Path(path_type=Path), default="-")
    @click.option("--namespace", "-n", metavar="NAME", default="", help="Where to store; namespaces come below it.")
    @click.pass_context
    def import_(context: click.Context, file: Path, namespace: str) -> None:
        """Add the documents of a JSONL FILE or of stdin, as export writes them."""
        with told():
            store = opened(create=True, plugins=plugins_of(context))
            count = add_lines(store, [file], namespace)
        click.echo(f"{documents(count)} stored in {store.location}", err=True)

    @group.command("copy", short_help="Copy all documents from SOURCE to TARGET.")
    @click.argument("source")
    @click.argument("target")
    @click.pass_context
    def copy_(context: click.Context, source: str, target: str) -> None:
        """Copy all documents from the connection string SOURCE to TARGET, with their vectors.

        Copying again goes on where it was interrupted.
        """
        with told(), progress_bar("copying") as progress:
            count = copy(source, target, folder=state_folder(plugins_of(context)), progress=progress)
        click.echo(f"{documents(count)} copied", err=True)


def _mending(group: click.Group, opened: Open) -> None:
    @group.command("delete")
    @click.argument("ids", nargs=-1, metavar="[IDS]...")
    @_FILTER
    @click.option("--namespace", "-n", metavar="NAME", default="", help="Of the ids; with a filter, there and below.")
    @click.option("--yes", "-y", is_flag=True, help="Do not ask.")
    @click.pass_context
    def delete(context: click.Context, ids: Sequence[str], filter: str | None, namespace: str, yes: bool) -> None:
        """Remove documents by id or by filter."""
        with told():
            store = opened(create=False, plugins=plugins_of(context))
            if filter and not yes and sys.stdin.isatty():
                count = store.count(filter=filter, namespace=namespace)
                click.confirm(f"Delete {documents(count)}?", abort=True, err=True)
            removed = store.delete(ids or None, filter=filter, namespace=namespace)
        click.echo(f"{documents(removed)} deleted", err=True)

    @group.command("reembed", short_help="Make all vectors anew, by the configured embedder.")
    @click.pass_context
    def reembed(context: click.Context) -> None:
        """Make all vectors anew where they are another embedder's than the configured one's.

        An interrupted command can be repeated, and goes on where it was.
        """
        total = 0
        with told(), progress_bar("embedding") as progress:

            def count(more: int) -> None:
                nonlocal total
                total += more
                progress(more)

            opened(create=False, plugins=plugins_of(context), reembed=count)
        click.echo(f"{documents(total)} embedded", err=True)

    @group.command("check")
    @click.pass_context
    def check(context: click.Context) -> None:
        """Read everything, and say what is wrong."""
        with told():
            store = opened(create=False, plugins=plugins_of(context))
            problems = store.check()
        for problem in problems:
            click.echo(problem)
        if problems:
            context.exit(1)
        click.echo(f"{store.location} is well", err=True)
