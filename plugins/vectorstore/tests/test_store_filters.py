"""What a filter means, on every backend."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from word_embedder import WordEmbedder

from agentcore_vectorstore import Document, Mode, Store, open_store

MODES = get_args(Mode)


@pytest.mark.parametrize("mode", MODES)
def test_filter_comes_before_ranking(store: Store, mode: Mode) -> None:
    """The one document that passes is found, though two hundred others are nearer."""
    store.add(Document(text="apple apple", metadata={"agent": "a"}) for _ in range(200))
    store.add([Document(text="one apple in a long text about many other things", metadata={"agent": "b"})])
    (hit,) = store.search("apple", limit=1, filter={"agent": "b"}, mode=mode)
    assert hit.document.text == "one apple in a long text about many other things"


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({}, {"int", "float", "true", "none", "text", "list", "nothing"}),
        ({"k": 1}, {"int", "float"}),
        ({"k": 1.0}, {"int", "float"}),
        ({"k": True}, {"true"}),
        ({"k": None}, {"none"}),
        ({"k": "1"}, {"text"}),
        ({"k": [1, {"b": 2, "a": 1}]}, {"list"}),
        ({"k": 2}, set[str]()),
        ({"k": 10**400}, set[str]()),
        ({"k": 2**53 + 1}, set[str]()),
        ({"other": 1}, set[str]()),
        ({"k": 1, "second": "x"}, {"int"}),
    ],
    ids=str,
)
def test_filter_compares_json_values(store: Store, filter: Mapping[str, Any], found: set[str]) -> None:
    """Numbers by value, booleans and text by type, null only where there is a null."""
    values: dict[str, Any] = {"int": 1, "float": 1.0, "true": True, "none": None, "text": "1"}
    store.add(Document(id=name, text="x", metadata={"k": value}) for name, value in values.items())
    store.add([Document(id="int", text="x", metadata={"k": 1, "second": "x"}), Document(id="nothing", text="x")])
    store.add([Document(id="list", text="x", metadata={"k": [1, {"a": 1, "b": 2}]})])
    for mode in MODES:
        assert {hit.document.id for hit in store.search("x", filter=filter, mode=mode)} == found


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e22, 2.0**60]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
KEYS = st.one_of(st.sampled_from("ab"), st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
METADATA = st.dictionaries(KEYS, SCALARS, max_size=3)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON scalars are equal."""
    return one == other and (isinstance(one, bool) is isinstance(other, bool))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stored=st.lists(METADATA, min_size=1, max_size=5), data=st.data())
def test_filter_means_what_python_says(stored: list[dict[str, Any]], data: st.DataObject) -> None:
    """For any metadata and any filter, exactly those documents are found that pass the filter in plain Python."""
    wanted = data.draw(st.one_of(METADATA, st.sampled_from(stored)))
    expected = {
        str(number)
        for number, metadata in enumerate(stored)
        if all(key in metadata and same(metadata[key], value) for key, value in wanted.items())
    }
    with open_store("memory://", embedder=WordEmbedder()) as store:
        store.add(Document(id=str(n), text="x", metadata=metadata) for n, metadata in enumerate(stored))
        for mode in MODES:
            assert {hit.document.id for hit in store.search("x", filter=wanted, mode=mode)} == expected
