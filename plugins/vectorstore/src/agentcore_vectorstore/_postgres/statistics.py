"""How many documents there are, and how many have a word."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

__all__ = ["Statistics", "believed_documents", "quoted"]

_MANY: Final = 10_000
"""Documents from which on they are not counted anew for each question."""

_FRESH: Final = 10.0
"""Seconds that statistics of many documents count."""

# PostgreSQL looks at a sample of the texts now and then, and keeps how many have each of the most common stems.
_COMMON: Final = """
    SELECT stem, share FROM pg_stats
    CROSS JOIN LATERAL unnest(most_common_elems::text::text[], most_common_elem_freqs) AS element(stem, share)
    WHERE schemaname = current_schema AND tablename = 'document' AND attname = 'words' AND stem IS NOT NULL
"""

_BELIEVED: Final = """
    SELECT reltuples / greatest(relpages, 1) * greatest(pg_relation_size(oid) / current_setting('block_size')::int, 1)
    FROM pg_class WHERE oid = 'document'::regclass
"""


class Statistics:
    """How many documents there are, how many words each has on average, and which stems are common.

    Counting takes as long as reading all rows, so that of many it is left to PostgreSQL's own statistics, and what
    those do not know is counted now and then.
    """

    def __init__(self) -> None:
        self.documents = 0
        self.average = 1.0
        self.common: dict[str, int] = {}
        """In how many documents a stem is, roughly; of many documents alone."""
        self._until = 0.0

    def refresh(self, connection: Any) -> None:
        """Look again, where there are few or the last time is long ago."""
        if monotonic() < self._until:
            return
        believed = believed_documents(connection)
        if believed > _MANY:
            share = min(100.0, 100.0 * _MANY / believed)
            some = f"document TABLESAMPLE SYSTEM ({share}) REPEATABLE (0)"
            (average,) = connection.execute(f"SELECT avg(length)::float8 FROM {some}").fetchone()  # noqa: S608
            self.documents = believed
        else:
            self.documents, average = connection.execute(
                "SELECT count(*), avg(length)::float8 FROM document"
            ).fetchone()
        self.average = average or 1.0
        many = self.documents > _MANY
        shares: list[tuple[str, float]] = connection.execute(_COMMON).fetchall() if many else []
        self.common = {stem: round(share * self.documents) for stem, share in shares}
        self._until = monotonic() + (_FRESH if many else 0.0)

    def counts(self, connection: Any, stems: Sequence[str]) -> dict[str, int]:
        """Return in how many documents each of *stems* is."""
        rare = [stem for stem in stems if stem not in self.common]
        counts = {stem: self.common[stem] for stem in stems if stem in self.common}
        if rare:
            # A statement each would be a journey each; as constants each is looked up in the index.
            each = ", ".join(["(SELECT count(*) FROM document WHERE words @@ %s::tsquery)"] * len(rare))
            found = connection.execute(f"SELECT {each}", [quoted(stem) for stem in rare]).fetchone()
            counts |= zip(rare, found, strict=True)
        return counts


def believed_documents(connection: Any) -> int:
    """Return how many documents PostgreSQL believes there are; below 0 where it never looked.

    As its planner does: as many on each page as when it looked last, on as many pages as there are now.
    """
    (believed,) = connection.execute(_BELIEVED).fetchone()
    return int(believed)


def quoted(stem: str) -> str:
    """Return *stem* as a ``tsquery`` reads it."""
    doubled = stem.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
