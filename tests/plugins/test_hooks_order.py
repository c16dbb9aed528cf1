"""In which order the implementations of a hook run, and what explains it."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentcore import PluginManager, Provider, Settings, hookimpl
from agentcore.errors import PluginValidationError


def manager_of(order: dict[str, dict[str, Any]], config: list[str] | None = None) -> PluginManager:
    """A manager with a plugin for each name, in this order, that implements one hook with the given options."""
    hooks: Any = {} if config is None else {"tool_start": {"order": config}}
    settings = Settings(hooks=hooks)
    manager = PluginManager(settings)
    for name, options in order.items():
        manager.register(hookimpl(specname="tool_start", **options)(_implementation(options)), name)
    return manager


def _implementation(options: dict[str, Any]) -> Callable[..., Any]:
    def around() -> Any:
        yield

    return around if options.get("wrapper") else lambda: None


def order_of(manager: PluginManager) -> list[str]:
    """The plugins in the order in which they run."""
    return [each.plugin for each in manager.explain("tool_start")]


TABLE: dict[str, tuple[dict[str, dict[str, Any]], list[str] | None, str]] = {
    "the latest first": ({"a": {}, "b": {}, "c": {}}, None, "c b a"),
    "tryfirst": ({"a": {"tryfirst": True}, "b": {}}, None, "a b"),
    "trylast": ({"a": {}, "b": {"trylast": True}}, None, "a b"),
    "several of each": (
        {"a": {"tryfirst": True}, "b": {"tryfirst": True}, "c": {}, "d": {"trylast": True}, "e": {"trylast": True}},
        None,
        "b a c e d",
    ),
    "before": ({"a": {"before": "c"}, "b": {}, "c": {}}, None, "b a c"),
    "after": ({"a": {}, "b": {}, "c": {"after": ["a"]}}, None, "b a c"),
    "before and after": ({"a": {}, "b": {"before": ["c"], "after": ["a"]}, "c": {}}, None, "a b c"),
    "against tryfirst": ({"a": {"before": "b"}, "b": {"tryfirst": True}}, None, "a b"),
    "an absent plugin": ({"a": {"before": "absent"}, "b": {"after": "absent"}}, None, "b a"),
    "itself": ({"a": {"before": "a", "after": "a"}, "b": {}}, None, "b a"),
    "wrappers first": ({"a": {"wrapper": True}, "b": {"tryfirst": True}, "c": {"wrapper": True}}, None, "c a b"),
    "wrappers in their order": (
        {"a": {"wrapper": True, "tryfirst": True}, "b": {}, "c": {"wrapper": True}},
        None,
        "a c b",
    ),
    "config": ({"a": {}, "b": {}, "c": {}}, ["a", "b", "c"], "a b c"),
    "config of some": ({"a": {}, "b": {}, "c": {}, "d": {}}, ["a", "d"], "a c b d"),
    "config of absent ones": ({"a": {}, "b": {}}, ["absent", "a", "b"], "a b"),
    "config against tryfirst": ({"a": {"tryfirst": True}, "b": {"trylast": True}}, ["b", "a"], "b a"),
    "config against before": ({"a": {"before": "b"}, "b": {}}, ["b", "a"], "b a"),
    "config against a circle": ({"a": {"before": "b"}, "b": {"before": "a"}}, ["a", "b"], "a b"),
}


@pytest.mark.parametrize(("order", "config", "expected"), TABLE.values(), ids=TABLE)
async def test_order(
    order: dict[str, dict[str, Any]],
    config: list[str] | None,
    expected: str,
) -> None:
    """Every means of ordering, alone and against the others; the config has the last word."""
    assert order_of(manager_of(order, config)) == expected.split()


async def test_calls_run_in_the_order_that_is_explained(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What ``explain()`` says is how the hook is called."""
    ran: list[str] = []
    manager = PluginManager()
    marks: dict[str, Any] = {
        "a": hookimpl(trylast=True),
        "b": hookimpl,
        "c": hookimpl(after="a"),
        "d": hookimpl(tryfirst=True),
    }
    for name, mark in marks.items():
        manager.register(plugin(tool_start=mark(lambda name=name: ran.append(name))), name)
    await manager.hook.tool_start(**arguments("tool_start"))
    assert ran == order_of(manager) == ["d", "b", "a", "c"]


async def test_priority(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Among those that are neither first nor last, providers run by priority, the highest first."""
    ran: list[str] = []

    def provider(label: str, level: int) -> Provider:
        class Ranked(Provider):
            name = label
            events = ("tool_start",)
            priority = level

            async def handle_event(self, event: str, data: Any) -> None:
                ran.append(self.name)

        return Ranked()

    manager = PluginManager()
    for label, level in {"low": -1, "high": 10, "middle": 5, "plain": 0}.items():
        manager.register(provider(label, level))
    manager.register(plugin(tool_start=hookimpl(tryfirst=True)(lambda: ran.append("first"))), "first")
    manager.register(plugin(tool_start=hookimpl(trylast=True)(lambda: ran.append("last"))), "last")
    manager.register(plugin(tool_start=lambda: ran.append("function")), "function")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert ran == ["first", "high", "middle", "function", "plain", "low", "last"]


def test_explanation() -> None:
    """Each place comes with its reason."""
    manager = manager_of(
        {
            "plain": {},
            "first": {"tryfirst": True},
            "last": {"trylast": True, "after": ["plain", "first"]},
            "before": {"before": "plain"},
            "wrapper": {"wrapper": True},
            "named": {"tryfirst": True},
        },
        ["named"],
    )

    class Ranked(Provider):
        events = ("tool_start",)
        priority = 3

    manager.register(Ranked())
    assert [(each.plugin, each.reason, each.wrapper) for each in manager.explain("tool_start")] == [
        ("wrapper", "wrapper", True),
        ("named", "the config's order", False),
        ("first", "tryfirst", False),
        ("ranked", "priority 3", False),
        ("before", "before plain", False),
        ("plain", "order of registration, the latest first", False),
        ("last", "trylast, after plain, after first", False),
    ]
    assert manager.explain("tool_execute") == []


def test_scope_plugins_run_before_inherited_ones() -> None:
    """The plugins of a scope were registered last."""
    manager = manager_of({"a": {}, "b": {}})
    scope = manager.scope(providers=[hookimpl(specname="tool_start")(_implementation({}))])
    assert [each.plugin for each in scope.explain("tool_start")] == ["<lambda>", "b", "a"]


@pytest.mark.parametrize(
    "order",
    [
        {"a": {"before": "b"}, "b": {"before": "a"}},
        {"a": {"after": "b"}, "b": {"after": "a"}},
        {"a": {"before": "b"}, "b": {"before": "c"}, "c": {"before": "a"}},
    ],
    ids=["before", "after", "three"],
)
def test_circle_is_refused(order: dict[str, dict[str, Any]]) -> None:
    """The plugin that closes a circle cannot be registered; the error names the circle and says what to do."""
    *fine, (last, options) = order.items()
    manager = manager_of(dict(fine))
    before = order_of(manager)
    with pytest.raises(PluginValidationError, match="go(es)? round in a circle for 'tool_start': ") as caught:
        manager.register(hookimpl(specname="tool_start", **options)(lambda: None), last)
    for name in order:
        assert name in caught.value.message.partition(": ")[2]
    assert "[tool.agentcore.hooks.tool_start] order" in caught.value.hint
    assert order_of(manager) == before
    assert [each.name for each in manager.statuses()] == [name for name, _ in fine]


NAMES = "abcdef"
OPTIONS = st.fixed_dictionaries(
    {
        "tryfirst": st.booleans(),
        "trylast": st.booleans(),
        "before": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        "after": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    }
)
ORDERS = st.dictionaries(st.sampled_from(NAMES), OPTIONS, min_size=1)


def constraints(order: dict[str, dict[str, Any]], exempt: list[str]) -> set[tuple[str, str]]:
    """The pairs of which the first must run before the second."""
    pairs = {(name, other) for name, options in order.items() for other in options["before"]}
    pairs |= {(other, name) for name, options in order.items() for other in options["after"]}
    return {
        (first, second)
        for first, second in pairs
        if first in order and second in order and first != second and not {first, second} <= {*exempt}
    }


def is_circular(pairs: set[tuple[str, str]]) -> bool:
    """Whether no order satisfies all pairs."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for first, second in pairs:
        sorter.add(second, first)
    try:
        sorter.prepare()
    except CycleError:
        return True
    return False


@given(ORDERS)
def test_every_constraint_is_kept(order: dict[str, dict[str, Any]]) -> None:
    """Without a circle all constraints hold; with one it is refused."""
    pairs = constraints(order, [])
    if is_circular(pairs):
        with pytest.raises(PluginValidationError, match="circle"):
            manager_of(order)
        return
    result = order_of(manager_of(order))
    assert sorted(result) == sorted(order)
    assert all(result.index(first) < result.index(second) for first, second in pairs)


@given(ORDERS, st.lists(st.sampled_from(NAMES), unique=True))
def test_config_has_the_last_word(order: dict[str, dict[str, Any]], config: list[str]) -> None:
    """Whatever the plugins demand of each other, those that the config names run in its order."""
    if is_circular(constraints(order, config)):
        return
    result = order_of(manager_of(order, config))
    assert sorted(result) == sorted(order)
    assert [name for name in result if name in config] == [name for name in config if name in order]


@given(ORDERS)
def test_order_without_demands_is_left(order: dict[str, dict[str, Any]]) -> None:
    """Plugins that are content with the order in which they stand are not moved."""
    plain = {name: {**options, "before": [], "after": []} for name, options in order.items()}
    result = order_of(manager_of(plain))
    content = {
        name: {**options, "before": result[result.index(name) + 1 :], "after": result[: result.index(name)]}
        for name, options in plain.items()
    }
    assert order_of(manager_of(content)) == result


def test_order_depends_on_registration_alone() -> None:
    """The same plugins registered in the same order run in the same order, whatever the names are hashed to."""
    for names in permutations("abc"):
        order: dict[str, dict[str, Any]] = {name: {} for name in names}
        assert order_of(manager_of(order)) == list(reversed(names))
        assert order_of(manager_of(order)) == order_of(manager_of(order))
