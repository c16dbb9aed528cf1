"""What a Google-style docstring says of each argument."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Final

from agentcore._signature._field import one_line

__all__ = ["argument_docs"]

_HEADER: Final = re.compile(r"(?:(?:Keyword )?(?:Args|Arguments)|(?:Other )?(?:Parameters|Params)):\s*\Z")
_ENTRY: Final = re.compile(r"\*{0,2}(?P<name>\w+)\s*(?:\(.*?\))?\s*:(?:\s+(?P<text>.*))?\Z")


def argument_docs(doc: str) -> dict[str, str]:
    """Return the description of each argument, on one line, by name.

    Args:
        doc: A docstring without the indentation of its function, as :func:`inspect.getdoc` gives it.
    """
    lines = [line for line in doc.expandtabs().splitlines() if line.strip()]
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        if _HEADER.match(line.strip()):
            found |= _entries(_below(lines[number:]))
    return found


def _below(lines: list[str]) -> list[str]:
    margin = _indent(lines[0])
    return list(takewhile(lambda line: _indent(line) > margin, lines[1:]))


def _entries(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    margin = min((_indent(line) for line in lines), default=0)
    name = ""
    for line in lines:
        entry = _ENTRY.match(line.strip()) if _indent(line) == margin else None
        if entry:
            name = entry["name"]
            found[name] = [entry["text"] or ""]
        elif name:
            found[name].append(line)
    return {name: one_line(" ".join(texts)) for name, texts in found.items()}


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
