"""Registering plugins and taking them out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from agentcore import PluginManager, Provider, Settings, hookimpl
from agentcore.errors import AgentCoreError, PluginNotFoundError, PluginValidationError


class Observer:
    """A plugin of the program."""

    @hookimpl
    def tool_start(self, tool: str) -> None:
        """Do nothing."""


async def _async_generator() -> AsyncIterator[None]:
    yield


async def _other_async_generator() -> AsyncIterator[None]:
    yield


def _generator() -> Iterator[None]:
    yield


def _plain() -> None: ...


class ListsText(Provider):
    """Its author forgot a comma."""

    events = "tool_start"


class ListsUnknown(Provider):
    """Its author mistyped a hook."""

    events = ("tool_begin",)


class ListsNothing(Provider):
    """Handles nothing."""


MISFITS: dict[str, tuple[Any, str]] = {
    "unknown hook": (
        hookimpl(specname="tool_exceute")(lambda: None),
        "plugin 'odd' implements 'tool_exceute', which is not a hook\nhint: did you mean 'tool_execute'? Known: '",
    ),
    "unknown argument": (
        hookimpl(specname="tool_start")(lambda tol: None),
        "plugin 'odd' implements 'tool_start' with the argument 'tol', which the hook does not have: "
        "tool_start(context, tool, arguments, call_id, event)\nhint: did you mean 'tool'?",
    ),
    "unknown keyword-only argument": (
        hookimpl(specname="tool_start")(lambda *, tol: None),
        "plugin 'odd' implements 'tool_start' with the argument 'tol'",
    ),
    "self of a class": (Observer, "plugin 'odd' implements 'tool_start' with the argument 'self'"),
    "envelope of a value hook": (
        hookimpl(specname="tool_call")(lambda event: None),
        "plugin 'odd' implements 'tool_call' with the argument 'event'",
    ),
    "wrapper that is no generator": (
        hookimpl(specname="tool_start", wrapper=True)(lambda: None),
        "plugin 'odd' marks its 'tool_start' as a wrapper, and it is not a generator function\nhint: a wrapper is",
    ),
    "wrapper that is an async generator": (
        hookimpl(specname="tool_start", wrapper=True)(_other_async_generator),
        "plugin 'odd' marks its 'tool_start' as a wrapper",
    ),
    "generator": (
        hookimpl(specname="agent_output")(_generator),
        "plugin 'odd' implements 'agent_output' as a generator function, which nobody would run\nhint: mark it with "
        "wrapper=True",
    ),
    "async generator": (
        hookimpl(specname="register_tools")(_async_generator),
        "plugin 'odd' implements 'register_tools' as a generator function",
    ),
    "unmarked function": (_plain, "plugin 'odd' is a function that is not marked as an implementation\nhint: mark it"),
    "builtin": (print, "plugin 'odd' is a function that is not marked"),
    "builtin that does not say what it takes": (
        hookimpl(specname="tool_start")({}.update),
        "plugin 'odd' implements 'tool_start' with <",
    ),
    "class of a provider": (
        ListsUnknown,
        "plugin 'odd' is the class 'ListsUnknown', and providers are registered as instances\nhint: write "
        "ListsUnknown()",
    ),
    "provider with a text": (ListsText(), "the provider 'odd' lists the text 'tool_start' as its events\nhint: set"),
    "provider with an unknown event": (ListsUnknown(), "plugin 'odd' implements 'tool_begin', which is not a hook"),
    "provider without events": (ListsNothing(), "the provider 'odd' lists no events\nhint: set events = "),
}


@pytest.mark.parametrize(("misfit", "message"), MISFITS.values(), ids=MISFITS)
def test_misfit_is_refused(misfit: Any, message: str) -> None:
    """What does not fit the hooks is refused by an error that says why and what to do; nothing is registered."""
    manager = PluginManager()
    with pytest.raises(PluginValidationError) as caught:
        manager.register(misfit, "odd")
    assert str(caught.value).startswith(message)
    assert caught.value.plugin == "odd"
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, AgentCoreError)
    assert manager.get_plugin("odd") is None
    assert manager.statuses() == []
    # The name is free.
    manager.register(Observer(), "odd")


async def test_misfit_among_others_registers_nothing(arguments: Callable[..., dict[str, Any]]) -> None:
    """Where one implementation of a plugin does not fit, none of the others takes part."""
    ran: list[str] = []

    class Mixed:
        @hookimpl
        def tool_start(self) -> None:
            ran.append("tool_start")

        @hookimpl
        def tool_starts(self) -> None: ...

    manager = PluginManager()
    with pytest.raises(PluginValidationError, match="'tool_starts'.*\n.*'tool_start'"):
        manager.register(Mixed())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert ran == []


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated when a function is made")
def test_annotations_of_names_that_are_not_there() -> None:
    """A function may be annotated with names that only type checkers see."""
    namespace: dict[str, Any] = {}
    exec("def tool_start(tool: Absent, context: Missing.Context): ...", namespace)
    manager = PluginManager()
    manager.register(hookimpl(namespace["tool_start"]))
    [implementation] = manager.implementations("tool_start")
    assert implementation.positional == ("tool", "context")


def test_two_plugins_of_one_name() -> None:
    """The second plugin of a name is refused, and the first stays."""
    manager = PluginManager()
    first = Observer()
    manager.register(first, "one")
    with pytest.raises(PluginValidationError, match=r"two plugins are named 'one': .*Observer.* and .*Observer"):
        manager.register(Observer(), "one")
    assert manager.get_plugin("one") is first
    assert [(each.name, each.status) for each in manager.statuses()] == [("one", "loaded")]


def test_one_plugin_twice() -> None:
    """A plugin that is registered already is refused under another name."""
    manager = PluginManager()
    observer = Observer()
    manager.register(observer, "one")
    with pytest.raises(PluginValidationError, match="this plugin is already registered as 'one'"):
        manager.register(observer, "two")
    assert [each.name for each in manager.statuses()] == ["one"]


def test_equal_plugins_are_two() -> None:
    """Plugins are told apart by identity, not by equality."""

    class Equal(Observer):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    manager = PluginManager()
    manager.register(Equal(), "one")
    manager.register(Equal(), "two")
    assert len(manager.implementations("tool_start")) == 2


class Named:
    """Names itself."""

    name = "recorder"


class NamedByNumber:
    """Has an attribute that is no name."""

    name = 3


class NamedProvider(Provider):
    """Names itself, too."""

    name = "own"
    events = ("tool_start",)


class NamelessProvider(Provider):
    """Takes its class's name."""

    events = ("tool_start",)


@pytest.mark.parametrize(
    ("plugin", "name"),
    [
        (Observer(), "observer"),
        (Named(), "recorder"),
        (NamedByNumber(), "namedbynumber"),
        (NamedProvider(), "own"),
        (NamelessProvider(), "namelessprovider"),
        (asyncio, "asyncio"),
    ],
    ids=["object", "named object", "number", "named provider", "provider", "module"],
)
def test_name(plugin: object, name: str) -> None:
    """Without a name a plugin goes by its own, or by that of its class or module."""
    manager = PluginManager()
    assert manager.register(plugin) == name
    assert manager.get_plugin(name) is plugin


def test_status_of_a_registered_plugin() -> None:
    """The status of a plugin that the program registered says so, with its hooks in the order of a run."""

    class Several:
        @hookimpl
        def tool_start(self) -> None: ...

        @hookimpl
        def agent_input(self) -> None: ...

    manager = PluginManager()
    manager.register(Several())
    [status] = manager.statuses()
    assert (status.name, status.status, status.source) == ("several", "loaded", "registered by the program")
    assert status.hooks == ("agent_input", "tool_start")
    assert (status.distribution, status.version, status.load_time, status.stage) == (None, None, None, None)
    assert (status.required, status.reason) == (True, "it implements value hooks")


def test_config_disables_what_the_program_registers(configured: Callable[..., Settings]) -> None:
    """A plugin whose name is disabled is listed with the reason, and takes no part."""
    manager = PluginManager(configured(disabled=["observer"]))
    assert manager.register(Observer()) == "observer"
    assert manager.get_plugin("observer") is None
    assert manager.implementations("tool_start") == []
    [status] = manager.statuses()
    assert (status.status, status.reason) == ("disabled", "disabled by argument 'disabled'")


def test_autoload_says_nothing_of_what_the_program_registers(configured: Callable[..., Settings]) -> None:
    """With autoload off a plugin that the program registers takes part."""
    manager = PluginManager(configured(autoload=False))
    manager.register(Observer())
    assert [each.status for each in manager.statuses()] == ["loaded"]


async def test_plugins_come_and_go(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """From the next call on those take part who are registered at that moment."""
    ran: list[str] = []
    manager = PluginManager()
    given = arguments("tool_start")
    await manager.hook.tool_start(**given)
    one = plugin(tool_start=lambda: ran.append("one"))
    manager.register(one, "one")
    await manager.hook.tool_start(**given)
    manager.register(plugin(tool_start=lambda: ran.append("two")), "two")
    await manager.hook.tool_start(**given)
    assert manager.unregister("one") is one
    await manager.hook.tool_start(**given)
    assert ran == ["one", "two", "one", "two"]
    assert [each.name for each in manager.statuses()] == ["two"]
    manager.register(one, "one")
    await manager.hook.tool_start(**given)
    assert ran[4:] == ["one", "two"]


async def test_call_that_is_going_on_keeps_its_plugins(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What comes and goes while a hook is called changes the next call only."""
    ran: list[str] = []
    manager = PluginManager()

    async def change() -> None:
        manager.unregister("last")
        manager.register(plugin(tool_start=hookimpl(trylast=True)(lambda: ran.append("new"))), "new")

    manager.register(plugin(tool_start=lambda: ran.append("last")), "last")
    manager.register(plugin(tool_start=change), "changing")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert ran == ["last"]


@pytest.mark.parametrize("name", ["two", "ome"])
def test_unknown_plugin(name: str) -> None:
    """Taking out a plugin that is not there names what is."""
    manager = PluginManager()
    manager.register(Observer(), "one")
    with pytest.raises(PluginNotFoundError, match=f"no plugin named '{name}' is installed\nhint: .*'one'") as caught:
        manager.unregister(name)
    assert isinstance(caught.value, LookupError)


def test_block_refuses_the_name_from_now_on() -> None:
    """A blocked plugin is taken out, and whatever comes under its name later takes no part."""
    manager = PluginManager()
    manager.register(Observer(), "one")
    for _ in range(2):
        manager.block("one")
        assert manager.get_plugin("one") is None
        assert manager.implementations("tool_start") == []
        [status] = manager.statuses()
        assert (status.name, status.status, status.reason) == ("one", "blocked", "blocked by the program")
        assert manager.register(Observer(), "one") == "one"
    with pytest.raises(PluginNotFoundError):
        manager.unregister("one")


def test_block_what_is_not_there() -> None:
    """A name may be blocked before anybody bears it."""
    manager = PluginManager()
    manager.block("one")
    manager.register(Observer(), "one")
    assert manager.implementations("tool_start") == []
    assert [each.status for each in manager.statuses()] == ["blocked"]


def test_implementations() -> None:
    """What is known of an implementation: its plugin, its arguments, its mode and its options."""

    class Several(Provider):
        events = ("tool_start",)

        @hookimpl(specname="tool_start", before="x", after=["y"], timeout=3, tryfirst=True)
        async def function(self, tool: str, own: int = 1, *, call_id: str) -> None: ...

    manager = PluginManager()
    manager.register(Several())
    function, handler = manager.implementations("tool_start")
    assert (function.plugin, function.mode, function.positional, function.keywords) == (
        "several",
        "async",
        ("tool",),
        ("call_id",),
    )
    assert (function.before, function.after, function.timeout, function.tryfirst) == (("x",), ("y",), 3, True)
    assert handler.mode == "handler"
    assert handler.arguments == ("context", "tool", "arguments", "call_id", "event")
