"""Contexts in other processes: the W3C headers."""

import math
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentcore import ExecutionContext

portable = st.text() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | st.booleans()
"""Metadata that travel."""

tricky = st.sampled_from(
    ["1", "1.0", "true", "null", '"a"', "[1]", "{}", " a ", "a,b;c=d", "%41", "NaN", "", "ä\n☃", "1" * 5_000]
)
"""Texts that read like something else."""

names = st.text(min_size=1).filter(lambda name: name != "agentcore.deadline")


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


@settings(deadline=None)
@given(st.dictionaries(names, portable | tricky, max_size=5))
@example({"a": "1" * 5_000, "b": "true"})
def test_metadata_come_back_with_their_types(metadata: dict[str, Any]) -> None:
    """Strings, numbers and booleans arrive as what they were, whatever is in them, as far as the header holds them."""
    headers = ExecutionContext("here", metadata=metadata).to_headers()
    there = ExecutionContext.from_headers(headers, "there")
    assert all(same(value, metadata[key]) for key, value in there.metadata.items())
    if sum(map(len, map(str, metadata.values()))) < 200:
        assert there.metadata.keys() == metadata.keys()
    assert all(value.isascii() and "\n" not in value for value in headers.values())


@settings(deadline=None)
@given(st.integers(0, 4))
def test_ancestry_goes_on_in_another_process(depth: int) -> None:
    """The child there has the full id of the parent here, and the root's."""
    root = context = ExecutionContext("root")
    for _ in range(depth):
        context = context.fork()
    there = ExecutionContext.from_headers(context.to_headers(), "there")
    assert there.parent is None
    assert there.parent_id == context.context_id != there.context_id
    assert there.root_id == root.context_id
    assert there.fork().root_id == root.context_id
    assert there.agent_id == "there"
    # And on, to a third one.
    third = ExecutionContext.from_headers(there.fork().to_headers(), "third")
    assert third.root_id == root.context_id


def test_the_headers_are_those_of_the_standard() -> None:
    """traceparent carries root and span, tracestate the whole id, baggage the metadata."""
    context = ExecutionContext("here", metadata={"tenant": "acme", "n": 3, "on": True, "list": [1], "none": None})
    headers = context.to_headers()
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", headers["traceparent"])
    assert headers["traceparent"] == f"00-{context.root_id}-{context.span_id}-01"
    assert headers["tracestate"] == f"agentcore={context.context_id}"
    assert headers["baggage"] == "tenant=acme,n=3,on=true"


def test_metadata_can_stay_here() -> None:
    """Without baggage there is only the ancestry; the deadline travels all the same."""
    context = ExecutionContext("here", metadata={"token": "hunter2"})
    assert "baggage" not in context.to_headers(baggage=False)
    context.limit_time(60)
    there = ExecutionContext.from_headers(context.to_headers(baggage=False), "there")
    assert there.metadata == {}
    assert there.remaining is not None


def test_the_deadline_travels() -> None:
    """The child there has what is left of the time here."""
    context = ExecutionContext("here")
    context.limit_time(60)
    there = ExecutionContext.from_headers(context.to_headers(), "there")
    assert there.remaining is not None
    assert context.remaining == pytest.approx(there.remaining, abs=5)
    assert there.metadata == {}


def test_header_names_count_in_any_case() -> None:
    """HTTP servers write them as they like."""
    context = ExecutionContext("here", metadata={"tenant": "acme"})
    there = ExecutionContext.from_headers({key.upper(): value for key, value in context.to_headers().items()}, "there")
    assert there.parent_id == context.context_id
    assert there.metadata == {"tenant": "acme"}


def test_a_tracer_in_between_becomes_the_parent() -> None:
    """Where the span is not the one that wrote tracestate, only the span's own id is known."""
    context = ExecutionContext("here")
    headers = context.to_headers() | {"traceparent": f"00-{context.root_id}-00f067aa0ba902b7-01"}
    there = ExecutionContext.from_headers(headers, "there")
    assert there.parent_id == "00f067aa0ba902b7"
    assert there.root_id == context.context_id


def test_another_vendors_tracestate_is_passed_over() -> None:
    """Our member may stand among others."""
    context = ExecutionContext("here")
    headers = context.to_headers()
    headers["tracestate"] = f"vendor=1, {headers['tracestate']} ,agentcore=short"
    assert ExecutionContext.from_headers(headers, "there").parent_id == context.context_id


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "nonsense",
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ],
)
def test_headers_that_cannot_be_read_make_a_root(traceparent: str) -> None:
    """W3C Trace Context asks to ignore them."""
    context = ExecutionContext.from_headers({"traceparent": traceparent}, "there")
    assert context.parent_id is None
    assert context.root_id == context.context_id


def test_a_later_version_of_the_standard_may_say_more() -> None:
    """What a version above 00 adds at the end is passed over."""
    headers = {"traceparent": "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"}
    assert ExecutionContext.from_headers(headers, "there").root_id == "4bf92f3577b34da6a3ce929d0e0e4736"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["traceparent", "tracestate", "baggage", "Baggage", "other"]),
        st.text() | st.from_regex(r"(agentcore\.deadline=[-+0-9eE.NaInfity]{0,20},)?[a-z]=.{0,20}", fullmatch=True),
    )
)
@example({"baggage": "a=" + "[" * 100_000})
@example({"baggage": "agentcore.deadline=NaN"})
@example({"baggage": "agentcore.deadline=Infinity"})
@example({"baggage": "agentcore.deadline=1e308"})
@example({"baggage": "agentcore.deadline=-1e308"})
@example({"baggage": "agentcore.deadline=" + "9" * 400})
@example({"baggage": "agentcore.deadline=true"})
@example({"baggage": "a=%ff%fe"})
@example({"baggage": "=,=;=,;"})
def test_no_headers_are_bad_enough_to_raise(headers: dict[str, str]) -> None:
    """Whatever a client sends, there is a context, and all of it can be read and sent on."""
    context = ExecutionContext.from_headers(headers, "there")
    assert (context.remaining, context.deadline, context.parent_id, context.root_id) is not None
    assert context.remaining is None or math.isfinite(context.remaining)
    assert ExecutionContext.from_headers(context.fork().to_headers(), "further").root_id == context.root_id


@pytest.mark.parametrize("value", ["NaN", "Infinity", "true", "soon", "", "9" * 400])
def test_a_deadline_that_is_no_time_is_ignored(value: str) -> None:
    """The run has all the time it wants then."""
    context = ExecutionContext.from_headers({"baggage": f"agentcore.deadline={value},a=1"}, "there")
    assert context.remaining is None
    assert context.metadata == {"a": 1}


def test_baggage_keeps_to_the_limit_of_the_standard() -> None:
    """What would not fit is left out, and what comes after it and fits is not."""
    metadata = {"small": 1, "huge": "x" * 9_000, "text": "y" * 8_000, "last": 2, "too much": "z" * 200}
    headers = ExecutionContext("here", metadata=metadata).to_headers()
    assert len(headers["baggage"]) <= 8192
    assert ExecutionContext.from_headers(headers, "there").metadata.keys() == {"small", "text", "last"}


def test_baggage_of_exactly_the_limit_fits() -> None:
    """8192 bytes are allowed."""
    headers = ExecutionContext("here", metadata={"a": "x" * 8190}).to_headers()
    assert len(headers["baggage"]) == 8192


def test_properties_of_baggage_members_are_passed_over() -> None:
    """W3C Baggage allows them behind a semicolon."""
    headers = {"baggage": "a=1;secret=yes , b = two ;x"}
    assert ExecutionContext.from_headers(headers, "there").metadata == {"a": 1, "b": "two"}


def test_text_without_utf_8_does_not_keep_a_context_here() -> None:
    """Half a surrogate pair, as a strange file name may hold, arrives as a question mark."""
    headers = ExecutionContext("here", metadata={"file": "a\udcff"}).to_headers()
    assert ExecutionContext.from_headers(headers, "there").metadata == {"file": "a?"}
