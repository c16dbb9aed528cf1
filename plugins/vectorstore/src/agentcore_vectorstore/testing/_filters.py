"""A filter means the same on every backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentcore_vectorstore import Document, FilterSpec, Fusion, SyncStore
from agentcore_vectorstore._filters import And, Compare, Contains, Exists, Filter, Not, Or, passes
from agentcore_vectorstore.testing._support import FUSIONS

__all__ = ["FiltersContract"]

# Beyond 2**53 backends differ in how a number inside a list is compared.
_WHOLE: Final = 2**53
_TEXT: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4)
_SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-_WHOLE, _WHOLE),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300, allow_subnormal=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e22, 2.0**60, "a", "b", "ab", ""]),
    _TEXT,
)
_KEYS: Final = st.one_of(st.sampled_from("abc"), _TEXT)
_VALUES: Final = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=2)),
    max_leaves=4,
)
_METADATA: Final = st.dictionaries(_KEYS, _VALUES, max_size=3)
_PATHS: Final = st.lists(_KEYS, min_size=1, max_size=2).map(tuple)
_SIGNS: Final = st.sampled_from(["<", "<=", ">", ">="])
_ORDERED: Final = _SCALARS.filter(lambda value: isinstance(value, (int, float, str)) and not isinstance(value, bool))
_CONDITIONS: Final[st.SearchStrategy[Filter]] = st.one_of(
    st.builds(Exists, _PATHS),
    st.builds(Contains, _PATHS, _VALUES),
    st.builds(Compare, _PATHS, st.just("=="), _VALUES),
    st.builds(Compare, _PATHS, _SIGNS, _ORDERED),
)
_FILTERS: Final[st.SearchStrategy[Filter]] = st.recursive(
    _CONDITIONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=4,
)

_KINDS: Final[Mapping[str, Any]] = {
    "int": {"k": 1, "second": "x"},
    "float": {"k": 1.0},
    "true": {"k": True},
    "none": {"k": None},
    "text": {"k": "1"},
    "list": {"k": [1, {"a": 1, "b": 2}]},
    "tags": {"k": ["red", "1"]},
    "deep": {"k": {"n": {"m": 5}}, "odd key": "it's", 'quote"d': 1},
    "nothing": {},
}

_FOUND: Final[list[tuple[FilterSpec, str]]] = [
    ({}, "int float true none text list tags deep nothing"),
    ({"k": 1}, "int float"),
    ({"k": 1.0}, "int float"),
    ({"k": True}, "true"),
    ({"k": None}, "none"),
    ({"k": "1"}, "text"),
    ({"k": [1, {"b": 2, "a": 1}]}, "list"),
    ({"k": 2}, ""),
    ({"k": 10**400}, ""),
    ({"k": 2**53 + 1}, ""),
    ({"other": 1}, ""),
    ({"k": 1, "second": "x"}, "int"),
    ({'quote"d': 1}, "deep"),
    ("k == 1", "int float"),
    ("k != 1", "true none text list tags deep nothing"),
    ("not k == 1", "true none text list tags deep nothing"),
    ("k >= 1", "int float"),
    ("k < 1", ""),
    ("k < '2'", "text"),
    ("k in [1, 'x', null]", "int float none"),
    ("k not in [1, 'x', null]", "true text list tags deep nothing"),
    ("k in []", ""),
    ("k contains 1", "list"),
    ("k contains '1'", "text tags"),
    ("k contains 're'", ""),
    ("k contains 'red'", "tags"),
    ("k exists", "int float true none text list tags deep"),
    ("not k exists", "nothing"),
    ("k.n.m > 4.5", "deep"),
    ("k.n exists and k.n.m == 5", "deep"),
    ('`odd key` contains "\'"', "deep"),
    ("k == true or k == null and second exists", "true"),
    ("(k == true or k == null) and not second exists", "true none"),
]


class FiltersContract:
    """A filter means the same on every backend."""

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_filter_comes_before_ranking(self, store: SyncStore, fusion: Fusion) -> None:
        """The one document that passes is found, though two hundred others are nearer."""
        store.add(Document(id=str(n), text="apple apple", metadata={"agent": "a"}) for n in range(200))
        store.add([Document(text="one apple in a long text about many other things", metadata={"agent": "b"})])
        (hit,) = store.search("apple", limit=1, filter={"agent": "b"}, fusion=fusion)
        assert hit.document.text == "one apple in a long text about many other things"

    def test_filter_compares_json_values(self, store: SyncStore) -> None:
        """Numbers by value, booleans and text by type, null only where there is a null, and what is missing never."""
        store.add(Document(id=name, text="x", metadata=metadata) for name, metadata in _KINDS.items())
        for filter, expected in _FOUND:
            for fusion in FUSIONS:
                found = {hit.document.id for hit in store.search("x", filter=filter, fusion=fusion)}
                assert found == set(expected.split()), filter
            assert store.count(filter=filter) == len(expected.split()), filter

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(stored=st.lists(_METADATA, min_size=1, max_size=5), data=st.data())
    def test_filter_means_what_python_says(
        self, store: SyncStore, stored: list[dict[str, Any]], data: st.DataObject
    ) -> None:
        """For any metadata and any filter, exactly those documents are found that pass the filter in plain Python."""
        store.clear(namespace="")
        store.add(Document(id=str(n), text="x", metadata=metadata) for n, metadata in enumerate(stored))
        for _ in range(3):
            wanted = data.draw(_FILTERS)
            expected = {str(number) for number, metadata in enumerate(stored) if passes(metadata, wanted)}
            assert {each.document.id for each in store.documents(filter=wanted)} == expected
            assert {hit.document.id for hit in store.search("x", filter=wanted)} == expected
