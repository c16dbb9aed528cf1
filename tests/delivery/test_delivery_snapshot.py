"""What a background lane is given is what there was when the event was sent."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import attrs
import pytest
from pydantic import BaseModel, ConfigDict, PrivateAttr

from agentcore import ExecutionContext, Usage
from agentcore._context.record import snapshot
from agentcore._delivery import snapshot as copying
from agentcore._delivery.snapshot import copied


class Inner(BaseModel):
    parts: list[int]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    inner: Inner
    _hidden: list[int] = PrivateAttr(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class Pair:
    left: list[int] = field(default_factory=list[int])


@attrs.frozen
class Point:
    xs: list[int]


class Own:
    """Nobody knows how to copy it."""


def test_containers_are_copied_as_deep_as_they_go() -> None:
    """Lists, dicts, tuples and sets, one in another."""
    value: dict[str, Any] = {"a": [{"b": ([1], {2})}], "c": None}
    twin = copied(value)
    assert twin == value
    value["a"][0]["b"][0].append(3)
    value["a"][0]["b"][1].add(4)
    value["a"].append(5)
    assert twin == {"a": [{"b": ([1], {2})}], "c": None}


def test_models_are_copied_with_all_that_they_hold() -> None:
    """Fields, extra ones, private ones, and which were set; frozen ones, too."""
    value = Open(inner=Inner(parts=[1]), more=[2])  # type: ignore[call-arg]
    value._hidden.append(3)
    twin = copied(value)
    assert twin == value
    assert twin.model_fields_set == {"inner", "more"}
    value.inner.parts.append(9)
    value._hidden.append(9)
    assert (twin.inner.parts, twin.more, twin._hidden) == ([1], [2], [3])
    assert twin.model_dump() == {"inner": {"parts": [1]}, "more": [2]}


@pytest.mark.parametrize(("value", "name"), [(Pair([1]), "left"), (Point([1]), "xs")], ids=["dataclass", "attrs"])
def test_records_are_copied(value: Any, name: str) -> None:
    """Dataclasses and attrs classes, frozen or not."""
    twin = copied(value)
    assert twin == value
    getattr(value, name).append(2)
    assert getattr(twin, name) == [1]


@pytest.mark.parametrize("value", [Own(), OrderedDict(a=1), Usage(requests=1)], ids=["own", "subclass", "our types"])
def test_what_is_not_known_is_shared(value: object) -> None:
    """An object that may be anything is passed on as it is; so is what nobody changes."""
    assert copied(value) is value


def test_what_lies_in_itself_cannot_be_copied() -> None:
    """Whoever copies is told."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(RecursionError):
        copied(value)


def test_classes_are_remembered_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that makes classes as it goes does not fill the memory."""
    monkeypatch.setattr(copying, "_KEPT", 3)
    for number in range(10):
        copied(type(f"Made{number}", (), {})())
        assert len(copying._copiers) <= 3
    assert copied({"a": [1]}) == {"a": [1]}


def test_snapshots_of_a_context_that_has_not_changed_are_one() -> None:
    """Most events of a run share one."""
    context = ExecutionContext("a", {"tenant": "acme"})
    child = context.fork("b")
    first = snapshot(child)
    assert snapshot(child) is first
    assert first.parent is snapshot(context)
    assert (first.context_id, first.parent_id) == (child.context_id, context.context_id)


CHANGES = {
    "usage": lambda context: context.add_usage(Usage(requests=1)),
    "metadata": lambda context: context.metadata.update(tenant="other"),
    "more metadata": lambda context: context.metadata.update(more=1),
    "metadata taken out": lambda context: context.metadata.clear(),
    "state": lambda context: context.state.update(note=1),
    "outcome": lambda context: setattr(context, "outcome", "ok"),
    "cancelled": lambda context: context.cancel("enough"),
    "a child's usage": lambda context: context.fork("c").add_usage(Usage(requests=1)),
    "the parent's metadata": lambda context: context.parent.metadata.update(tenant="other"),
}


def facts(context: ExecutionContext) -> tuple[Any, ...]:
    """All that a provider may ask a context for."""
    parent = None if context.parent is None else facts(context.parent)
    usage = context.usage, context.total_usage
    return parent, usage, dict(context.metadata), dict(context.state), context.outcome, context.cancel_reason


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_snapshot_sees_nothing_of_what_comes_later(change: Any) -> None:
    """And the next one does."""
    context = ExecutionContext("parent", {"of": "all"}).fork("child", {"tenant": "acme"})
    before = facts(context)
    taken = snapshot(context)
    change(context)
    assert facts(context) != before
    assert facts(taken) == before
    assert facts(snapshot(context)) == facts(context)
