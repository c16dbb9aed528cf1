"""What the journal keeps of an event, and what is made of it again."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, field_serializer

from agentcore import (
    Event,
    ExecutionContext,
    Message,
    ModelRequest,
    ModelResponse,
    PluginManager,
    ToolCall,
    Usage,
    hookspec,
)
from agentcore._delivery.decoding import Decoded, decode
from agentcore._delivery.encoding import encode
from agentcore._plugins.hooks import SPECIFICATIONS
from agentcore.delivery import Appended, Record, RecordedError, SqliteJournal
from agentcore.errors import ModelConnectionError
from agentcore.types import ModelSettings, ToolSpec


def read(record: Record, hook: str = "agent_complete", attempt: int = 1) -> Decoded:
    """What is made of a record again."""
    specification = SPECIFICATIONS[hook]
    return decode(Appended(position=1, record=record, attempt=attempt), specification.function, specification.signature)


def again(value: Any) -> Any:
    """What comes of an output on its way through the journal."""
    return read(encode(Event("agent_complete", None), {"output": value}, ())).arguments["output"]


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    name: str
    parts: list[int]


@dataclass
class Pair:
    left: int
    right: Any


@attrs.define
class Point:
    x: int


class Opaque:
    def __repr__(self) -> str:
        return "<opaque>"


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Words(Sequence[str]):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        return ["a", "b"][index]


PLAIN = {
    "text": ("é \u2028 \0", "é \u2028 \0"),
    "number": (10**40, 10**40),
    "bytes": (b"\xff\x00", "_wA="),
    "date": (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
    "decimal": (Decimal("1.50"), "1.50"),
    "path": (Path("a/b"), "a/b"),
    "enumeration": (Colour.RED, "red"),
    "keys": ({1: "a", (2, 3): "b"}, {"1": "a", "2,3": "b"}),
    "set": ({1}, [1]),
    "model": (Model(name="n", parts=[1]), {"name": "n", "parts": [1]}),
    "dataclass": (Pair(1, [Point(2)]), {"left": 1, "right": [{"x": 2}]}),
    "attrs class": (Point(1), {"x": 1}),
    "mapping": (MappingProxyType({"a": 1}), {"a": 1}),
    "sequence": (Words(), ["a", "b"]),
    "secret": (SecretStr("hunter2"), "**********"),
}


@pytest.mark.parametrize(("value", "kept"), PLAIN.values(), ids=PLAIN)
def test_values_become_json(value: object, kept: object) -> None:
    """Whatever has a JSON is kept as that."""
    assert again(value) == kept


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=["nan", "infinity", "minus infinity"])
def test_numbers_that_json_has_not_are_kept(value: float) -> None:
    """They come back as they were."""
    assert str(again({"value": value})["value"]) == str(value)


def cyclic() -> list[Any]:
    """A list that lies in itself, twice."""
    value: list[Any] = [1]
    value += [value, value]
    return value


DEGRADED = {
    "object": (Opaque(), {"$type": f"{__name__}.Opaque", "$repr": "<opaque>"}),
    "object that says nothing": (
        Unspeakable(),
        {"$type": f"{__name__}.Unspeakable", "$repr": "<RuntimeError while it was being represented>"},
    ),
    "half a surrogate pair": ({"a": ["\ud800b"]}, {"a": ["?b"]}),
    "key that is half a pair": ({"\ud800": 1}, {"?": 1}),
    "what lies in itself": (cyclic(), [1, *[{"$type": "list", "$repr": "[1, [...], [...]]"}] * 2]),
    "exception": (KeyError("x"), {"$type": "KeyError", "message": "'x'"}),
    "class": (Opaque, {"$type": "type", "$repr": f"<class '{__name__}.Opaque'>"}),
}


@pytest.mark.parametrize(("value", "kept"), DEGRADED.values(), ids=DEGRADED)
def test_what_has_no_json_is_kept_as_a_marked_representation(value: object, kept: object) -> None:
    """The event is not lost, and who reads it sees what stood there; the rest of it is as it was."""
    assert again(value) == kept
    assert again({"fine": [1, "é"], "other": value}) == {"fine": [1, "é"], "other": kept}


def test_long_representation_is_cut() -> None:
    """An object that has much to say does not fill the journal."""

    class Long:
        def __repr__(self) -> str:
            return "x" * 100_000

    assert len(again(Long())["$repr"]) == 4096


REQUEST = ModelRequest(
    messages=[
        Message("user", "Why?"),
        Message("assistant", "", tool_calls=[ToolCall("1", "search", {"text": "cat"})]),
        Message("tool", "meow", tool_call_id="1"),
    ],
    tools=[ToolSpec("search", "Searches.", {"type": "object"})],
    output_schema={"type": "string"},
    settings=ModelSettings(temperature=0.5, stop=["."], extra={"top_k": 5}),
)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "agent_complete": {
        "agent": "a",
        "input": {"text": "x"},
        "output": "y",
        "usage": Usage(requests=1, input_tokens=2, cost=Decimal("0.01")),
        "duration": 0.5,
        "outcome": "ok",
    },
    "model_complete": {
        "model": "m",
        "request": REQUEST,
        "response": ModelResponse(text="x", tool_calls=[ToolCall("1", "t", {})], usage=Usage(output_tokens=3)),
        "call_id": "c",
        "usage": Usage(requests=1),
        "duration": 1.5,
        "outcome": "ok",
    },
    "tool_execute": {
        "tool": "t",
        "arguments": {"a": [1]},
        "result": None,
        "call_id": "c",
        "duration": 0.0,
        "outcome": "ok",
    },
}


@pytest.mark.parametrize("hook", ARGUMENTS)
def test_arguments_come_back_as_the_hook_types_them(hook: str) -> None:
    """What is typed is an instance of its type again, with all that is in it."""
    arguments = ARGUMENTS[hook]
    found = dict(read(encode(Event(hook, None), arguments, ()), hook).arguments)
    event, context = found.pop("event"), found.pop("context")
    assert (event.name, context) == (hook, None)
    assert [type(each) for each in found.values()] == [type(each) for each in arguments.values()]
    # A sequence that was empty may have become another kind of empty sequence.
    assert encode(event, found, ()) == encode(event, arguments, ())


def test_envelope_and_context_come_back() -> None:
    """The id, the number and the time of an event are its own for ever; so is what its context was then."""
    parent = ExecutionContext("parent", {"tenant": "acme"})
    context = parent.fork("child")
    context.state["note"] = 1
    context.add_usage(Usage(requests=1))
    context.cancel("enough")
    context.outcome = "cancelled"
    sent = Event("agent_complete", context)
    record = encode(sent, ARGUMENTS["agent_complete"], ("one", "two"))
    assert (record.id, record.hook, record.lanes) == (sent.id, "agent_complete", ("one", "two"))
    assert (record.run, record.root, record.agent) == (context.context_id, parent.context_id, "child")
    found = read(record, attempt=3)
    assert (found.event.id, found.event.sequence, found.event.time) == (sent.id, sent.sequence, sent.time)
    assert found.event.attempt == 3
    assert found.event.recorded
    restored = found.context
    assert restored is not None
    assert restored is found.event.context
    assert (restored.context_id, restored.parent_id, restored.root_id) == (
        context.context_id,
        parent.context_id,
        parent.context_id,
    )
    assert (restored.agent_id, restored.metadata, restored.state) == ("child", {"tenant": "acme"}, {"note": 1})
    assert (restored.usage, restored.total_usage) == (Usage(requests=1), Usage(requests=1))
    assert (restored.outcome, restored.cancel_reason, restored.start_time) == (
        "cancelled",
        "enough",
        context.start_time,
    )
    assert restored.plugins is None


def test_errors_come_back_as_what_was_recorded() -> None:
    """An error is known by its class's name, its message and its hint."""
    error = ModelConnectionError("cannot reach it", model="m", hint="start it.")
    record = encode(Event("agent_error", None), {"error": error}, ())
    found = read(record, "agent_error").arguments["error"]
    assert isinstance(found, RecordedError)
    assert (found.type, found.message, found.hint) == (
        "agentcore.errors.ModelConnectionError",
        "cannot reach it",
        "start it.",
    )


def changed(record: Record, change: Mapping[str, Any]) -> Record:
    """A record as another version may have written it."""
    payload = json.loads(record.payload)
    payload["arguments"] = {**payload["arguments"], **change}
    return attrs.evolve(record, payload=json.dumps(payload).encode())


def test_other_versions_are_read() -> None:
    """Arguments and fields that came later are ignored, and those that were not there yet have their defaults."""
    record = encode(Event("agent_complete", None), {"agent": "a", "usage": Usage(requests=1)}, ())
    newer = changed(record, {"later": 1, "usage": {"requests": 2, "later_tokens": 5}})
    found = read(newer).arguments
    assert found["usage"] == Usage(requests=2)
    assert "later" not in found
    assert found["output"] is None
    assert found["agent"] == "a"


def test_what_no_longer_fits_comes_as_it_is() -> None:
    """A provider sees what is there rather than nothing."""
    record = encode(Event("agent_complete", None), {"usage": Usage()}, ())
    assert read(changed(record, {"usage": "much"})).arguments["usage"] == "much"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def sound(value: Any) -> Any:
    """*value* without halves of surrogate pairs."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [sound(each) for each in value]
    if isinstance(value, dict):
        return {sound(key): sound(each) for key, each in value.items()}
    return value


@given(json_values)
def test_json_comes_back_as_it_was(value: Any) -> None:
    """Any JSON value goes through the journal unchanged, but for text that is no Unicode."""
    assert again(value) == sound(value)


async def test_hooks_of_others_are_read_by_their_own_types() -> None:
    """A hook that a plugin specifies is decoded by its annotations, where they can be found."""

    class Specifications:
        @staticmethod
        @hookspec
        def order_placed(order: Usage, unknown: "Nowhere", count: int = 7, event: Any = None) -> None:  # type: ignore[name-defined]  # noqa: F821
            """Somebody ordered."""

    pm = PluginManager()
    pm.add_hookspecs(Specifications)
    specification = pm.specifications["order_placed"]
    record = encode(Event("order_placed", None), {"order": Usage(requests=1), "unknown": {"a": 1}}, ())
    found = decode(Appended(position=1, record=record), specification.function, specification.signature)
    assert {**found.arguments, "event": None} == {
        "order": Usage(requests=1),
        "unknown": {"a": 1},
        "count": 7,
        "event": None,
    }


class Unread(Mapping[str, Any]):
    """A mapping that cannot be read."""

    def __getitem__(self, key: str) -> Any:
        raise OSError("gone")

    def __iter__(self) -> Iterator[str]:
        raise OSError("gone")

    def __len__(self) -> int:
        return 1


class Failing(BaseModel):
    """A model that cannot be written."""

    name: str

    @field_serializer("name")
    def write(self, value: str) -> str:
        raise KeyError(value)


def unset() -> Point:
    """A record of which a field has never been set."""
    return object.__new__(Point)


@pytest.mark.parametrize("value", [Unread(), Failing(name="x"), unset()], ids=["mapping", "model", "unset field"])
def test_what_fails_to_be_read_harms_nobody(value: object) -> None:
    """Whatever a payload does when it is looked at, the event is kept, and so is all else that it carries."""
    found = again({"fine": [1], "other": value})
    assert found["fine"] == [1]
    assert found["other"]["$type"].endswith(type(value).__qualname__)


async def test_any_name_of_an_agent_is_kept(tmp_path: Path) -> None:
    """Also one that is no Unicode, which a database would refuse."""
    context = ExecutionContext("half \ud800", {"half": "\ud800"})
    record = encode(Event("agent_complete", context), {}, ())
    journal = SqliteJournal(tmp_path / "journal.db")
    await journal.open()
    await journal.append([record])
    await journal.aclose()
    assert record.agent == "half ?"
    assert read(record).context is not None
