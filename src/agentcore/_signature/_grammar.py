"""The grammar of signatures.

::

    signature    field ((","|newline) field)*
    field        name ["?"] [":" type] ["=" literal] ["|" description | "||" description]
    type         segment ("|" segment)*

- Without a type, a field is a ``str``.
- ``?`` says that the field may be left out: it is None by default, and its type admits None.
- A type is written as in Python, and a literal stands for itself: ``'bug' | 'question'`` is
  ``Literal['bug', 'question']``.
- The type is the longest run of segments that are types; what follows is the description.
  Two kinds of segments are taken for misspelt types and not for words: one in brackets, as ``lits[str]``, and a single
  word before ``=``.
- A description ends with the line, or at a comma behind which a field clearly starts: a name and one of ``:``, ``=``
  and ``|``, or a name and ``?`` before one of these, before a comma or at the end.
  A bare name starts none there, for prose has commas as well.  Commas at its end are dropped.
- ``||`` begins a description that ends with the line, whatever stands in it.
- Line breaks within brackets do not count, nor do empty lines, nor one comma at the end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from agentcore._signature._fault import Fault, faults_of
from agentcore._signature._field import Field
from agentcore._signature._literals import SURROGATE_HINT
from agentcore._signature._reader import ParsedField, Reader

__all__ = ["MAX_LENGTH", "parse_clause", "parse_fields", "parse_signature"]

MAX_LENGTH: Final = 65_536
"""Of a signature, in characters: far more than a model reads with care."""

_SHORTER: Final = "group fields in models, and put long texts into the instructions"
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def parse_signature(
    text: str, *, types: Mapping[str, Any] | None = None, reserved: Collection[str] = ()
) -> tuple[Field, ...]:
    """Read a signature; nothing in it is imported or evaluated.

    Args:
        text: As the top of this module describes it.
        types: More types, by the names they have in *text*; they hide those of the same name that are always known.
        reserved: Names that no field may have.

    Raises:
        SignatureError: It cannot be read.
    """
    return tuple(each.field for each in parse_fields(text, types=types, reserved=reserved))


def parse_fields(
    text: str, *, types: Mapping[str, Any] | None = None, reserved: Collection[str] = ()
) -> list[ParsedField]:
    """Do what :func:`parse_signature` does, and keep the defaults as they were written."""
    with faults_of(text[:MAX_LENGTH]):
        _check_text(text, "the signature is empty", "name at least one field, as 'question: str'")
        return Reader(text, types=types or {}, reserved=reserved).fields()


def parse_clause(name: str, text: str, *, types: Mapping[str, Any] | None = None) -> ParsedField:
    """Read one field's ``type ["=" literal] ["|" description]``; the description may have several lines.

    Args:
        name: The field's, with a ``?`` behind it where it may be left out.
        text: What follows the name, without a colon.
        types: As for :func:`parse_signature`.

    Raises:
        SignatureError: It cannot be read.
    """
    with faults_of(text[:MAX_LENGTH], owner=name):
        _check_text(text, "the type is missing", "write 'str', or any other")
        reader = Reader(text, types=types or {}, single=True)
        return reader.clause(name.removesuffix("?"), optional=name.endswith("?"))


def _check_text(text: str, empty: str, hint: str) -> None:
    if len(text) > MAX_LENGTH:
        raise Fault(f"a signature has at most {MAX_LENGTH:,} characters, not {len(text):,}", MAX_LENGTH, _SHORTER)
    if half := _SURROGATE.search(text):
        raise Fault("half of a character (a surrogate)", half.start(), SURROGATE_HINT)
    if not text.strip():
        raise Fault(empty, len(text), hint)
