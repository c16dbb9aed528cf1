"""How results are written for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

import click

__all__ = ["Format", "print_csv", "print_json"]

Format: TypeAlias = Literal["table", "json", "csv"]


def print_json(value: Mapping[str, Any]) -> None:
    """Write a JSON object."""
    click.echo(json.dumps(value, indent=2))


def print_csv(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table with a header; what is nested becomes columns with joined names, and what is unknown is empty."""
    flat = [dict(_flat(each)) for each in rows]
    if not flat:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for each in flat for name in each)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    click.echo(text.getvalue(), nl=False)


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(cast("Mapping[str, Any]", value), f"{prefix}{name}_")
        elif isinstance(value, (list, tuple)):
            yield f"{prefix}{name}", " ".join(str(each) for each in cast("Sequence[Any]", value))
        else:
            yield f"{prefix}{name}", value
