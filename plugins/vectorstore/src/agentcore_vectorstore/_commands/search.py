"""``agentcore search``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

import click

from agentcore_vectorstore._commands.common import Nothing, Open, plugins_of, told
from agentcore_vectorstore._commands.shown import print_matches
from agentcore_vectorstore.protocols import Fusion, Match

__all__ = ["search_command"]


def search_command(opened: Open) -> click.Command:
    """Return the command that searches the store which *opened* returns."""

    @click.command("search", short_help="Find what agents put out, and documents.")
    @click.argument("words", metavar="TEXT...", nargs=-1, required=True)
    @click.option("--limit", "-k", type=click.IntRange(min=1), default=10, show_default=True, help="At most this many.")
    @click.option("--offset", type=click.IntRange(min=0), default=0, help="Pass over this many of the best.")
    @click.option(
        "--filter",
        metavar="EXPRESSION",
        help='Which take part, as \'agent == "triage" and time > "-7d"\'.',
    )
    @click.option("--namespace", "-n", metavar="NAME", default="", help="There and below; without it everywhere.")
    @click.option(
        "--fusion",
        type=click.Choice(get_args(Fusion)),
        help="How to rank: by meaning and words (zscore, rrf), by meaning (vector) or words (bm25) alone.",
    )
    @click.option("--min-score", type=float, help="Leave out what scores less.")
    @click.option("--diversity", type=click.FloatRange(0, 1), default=0.0, help="How much likeness counts against.")
    @click.option("--json", "as_json", is_flag=True, help="Print an array of JSON objects.")
    @click.pass_context
    def search(context: click.Context, /, words: Sequence[str], as_json: bool, **options: Any) -> None:
        """Find what agents put out and what they were given to know, by meaning and by words.

        The best hit comes first.  Fails where nothing has been stored yet.
        """
        text = " ".join(words)
        with told():
            store = opened(create=False, plugins=plugins_of(context))
            matches = store.search(text, **options)
            if not matches and not store.count():
                raise Nothing(store.location)
        if as_json:
            click.echo(json.dumps([_record(match) for match in matches], ensure_ascii=False, indent=2))
        elif matches:
            print_matches(matches, text)
        else:
            click.echo("nothing found", err=True)

    return search


def _record(match: Match) -> dict[str, Any]:
    document = match.document
    return {
        "id": document.id,
        "namespace": match.namespace,
        "score": match.score,
        "meaning": match.meaning,
        "words": match.words,
        "source": match.source,
        "text": document.text,
        "metadata": document.metadata,
    }
