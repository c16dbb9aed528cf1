"""Scopes: the plugins of an agent or a run, on top of a manager's."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import PluginManager, Provider, ProviderMiddleware, Settings, hookspec
from agentcore.errors import PluginLoadError, PluginNotFoundError, PluginValidationError


class Recorder(Provider):
    """Notes the events of tools, its start and its end."""

    events = ("tool_start",)

    def __init__(self, name: str = "recorder") -> None:
        self.name = name
        self.seen: list[str] = []

    async def initialize(self) -> None:
        """Note it."""
        self.seen.append("initialize")

    async def aclose(self) -> None:
        """Note it."""
        self.seen.append("aclose")

    async def handle_event(self, event: str, data: Any) -> None:
        """Note it."""
        self.seen.append(data["tool"])


async def test_scope_adds_and_hides(arguments: Callable[..., dict[str, Any]]) -> None:
    """A scope has the manager's plugins without the disabled ones and its own; the manager is not changed."""
    kept, hidden, own = Recorder("kept"), Recorder("hidden"), Recorder("own")
    manager = PluginManager()
    manager.register(kept)
    manager.register(hidden)
    scope = manager.scope(providers=[own], disabled=["hidden"])
    await scope.hook.tool_start(**arguments("tool_start", tool="in scope"))
    await manager.hook.tool_start(**arguments("tool_start", tool="outside"))
    assert (kept.seen, hidden.seen, own.seen) == (["in scope", "outside"], ["outside"], ["in scope"])
    assert scope.get_plugin("own") is own
    assert scope.get_plugin("kept") is kept
    assert manager.get_plugin("own") is None


async def test_scope_of_a_scope(arguments: Callable[..., dict[str, Any]]) -> None:
    """A scope of a scope has what both have, and may hide the plugins of either."""
    base, agent, run = Recorder("base"), Recorder("agent"), Recorder("run")
    manager = PluginManager()
    manager.register(base)
    of_agent = manager.scope(providers=[agent])
    of_run = of_agent.scope(providers=[run])
    await of_run.hook.tool_start(**arguments("tool_start", tool="all"))
    await of_agent.scope(disabled=["agent"]).hook.tool_start(**arguments("tool_start", tool="base"))
    await of_agent.scope(disabled=["base"]).hook.tool_start(**arguments("tool_start", tool="agent"))
    assert (base.seen, agent.seen, run.seen) == (["all", "base"], ["all", "agent"], ["all"])


async def test_changes_of_the_parent_reach_scopes(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What comes and goes in a manager comes and goes in its scopes and theirs, compiled or not."""
    ran: list[str] = []
    manager = PluginManager()
    scope = manager.scope().scope()
    given = arguments("tool_start")
    await scope.hook.tool_start(**given)
    manager.register(plugin(tool_start=lambda: ran.append("one")), "one")
    await scope.hook.tool_start(**given)
    manager.register(plugin(tool_start=lambda: ran.append("two")), "two")
    manager.unregister("one")
    await scope.hook.tool_start(**given)
    manager.block("two")
    await scope.hook.tool_start(**given)
    assert ran == ["one", "two"]


async def test_middleware_of_the_parent_reaches_scopes(arguments: Callable[..., dict[str, Any]]) -> None:
    """Middleware that is added to a manager surrounds the plugins of its scopes, and a scope's own only those."""
    seen: list[tuple[str, str]] = []

    class Note(ProviderMiddleware):
        def __init__(self, label: str) -> None:
            self.label = label

        def pre_execute(self, provider: str, event: str, data: Any) -> None:
            seen.append((self.label, provider))

    manager = PluginManager()
    manager.register(Recorder("base"))
    scope = manager.scope(providers=[Recorder("own")])
    await scope.hook.tool_start(**arguments("tool_start"))
    scope.add_middleware(Note("scope"))
    manager.add_middleware(Note("manager"))
    await scope.hook.tool_start(**arguments("tool_start"))
    assert seen == [("manager", "own"), ("scope", "own"), ("manager", "base"), ("scope", "base")]
    seen.clear()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == [("manager", "base")]


async def test_hooks_that_are_added_later_reach_scopes(plugin: Callable[..., Any]) -> None:
    """A hook that a plugin adds to a manager is a hook of its scopes; one that a scope adds is its own."""

    class Reviews:
        @staticmethod
        @hookspec
        def review_start(score: int) -> None: ...

    class Others:
        @staticmethod
        @hookspec
        def other_start() -> None: ...

    seen: list[int] = []
    manager = PluginManager()
    scope = manager.scope()
    manager.add_hookspecs(Reviews)
    scope.register(plugin(review_start=lambda score: seen.append(score)), "one")
    hooks: Any = scope.hook
    await hooks.review_start(score=1)
    assert seen == [1]
    scope.add_hookspecs(Others)
    assert hasattr(scope.hook, "other_start")
    assert not hasattr(manager.hook, "other_start")
    with pytest.raises(PluginValidationError, match="'review_start', which is a hook already"):
        scope.add_hookspecs(Reviews)


@pytest.mark.parametrize("keyword", ["enabled", "disabled"])
def test_unknown_name(keyword: str) -> None:
    """A scope that names a plugin which is not there is refused, with the nearest name."""
    manager = PluginManager()
    manager.register(Recorder("metrics"))
    with pytest.raises(
        PluginNotFoundError, match="no plugin named 'metric' is installed\nhint: did you mean 'metrics'"
    ):
        manager.scope(**{keyword: ["metric"]})


def test_disabled_by_the_config_may_be_disabled_again(configured: Callable[..., Settings]) -> None:
    """A plugin that takes no part already may be named as disabled."""
    manager = PluginManager(configured(disabled=["recorder"]))
    manager.register(Recorder())
    assert manager.scope(disabled=["recorder"]).implementations("tool_start") == []


def test_config_disables_the_providers_of_a_scope(configured: Callable[..., Settings]) -> None:
    """What the configuration disables is disabled for every agent."""
    manager = PluginManager(configured(disabled=["recorder"]))
    assert manager.scope(providers=[Recorder()]).implementations("tool_start") == []


async def test_plugin_takes_part_once(arguments: Callable[..., dict[str, Any]]) -> None:
    """A provider that takes part already is not added again; one that is hidden may be."""
    recorder = Recorder()
    manager = PluginManager()
    manager.register(recorder)
    await manager.scope(providers=[recorder, recorder]).hook.tool_start(**arguments("tool_start"))
    assert recorder.seen == ["search"]
    agent = manager.scope(providers=[Recorder("other")])
    await agent.scope(providers=[recorder], disabled=["other"]).hook.tool_start(**arguments("tool_start"))
    assert recorder.seen == ["search"] * 2
    hidden = manager.scope(providers=[recorder], disabled=["recorder"])
    await hidden.hook.tool_start(**arguments("tool_start"))
    assert recorder.seen == ["search"] * 3


async def test_life_of_a_scope() -> None:
    """Starting a scope starts its manager first; each plugin is started once and closed once, the scope's first."""
    order: list[str] = []

    class Living(Recorder):
        async def initialize(self) -> None:
            order.append(f"+{self.name}")

        async def aclose(self) -> None:
            order.append(f"-{self.name}")

    manager = PluginManager()
    manager.register(Living("base"))
    scope = manager.scope(providers=[Living("agent")])
    inner = scope.scope(providers=[Living("run")])
    await inner.startup()
    assert (manager.ready, scope.ready, inner.ready) == (True, True, True)
    await scope.startup()
    await manager.startup()
    assert order == ["+base", "+agent", "+run"]
    await inner.aclose()
    assert order[3:] == ["-run"]
    await manager.aclose()
    await scope.aclose()
    assert order[4:] == ["-agent", "-base"]


async def test_only_the_scope_is_closed() -> None:
    """Closing a scope leaves its manager's plugins alone."""
    base, own = Recorder("base"), Recorder("own")
    manager = PluginManager()
    manager.register(base)
    async with manager.scope(providers=[own]):
        pass
    assert (base.seen, own.seen) == (["initialize"], ["initialize", "aclose"])


async def test_plugin_of_the_name_of_an_inherited_one() -> None:
    """A scope's plugin may bear the name of one outside: each is started once."""
    base, own = Recorder(), Recorder()
    manager = PluginManager()
    manager.register(base)
    scope = manager.scope(providers=[own])
    await scope.startup()
    await manager.aclose()
    assert base.seen == own.seen == ["initialize", "aclose"]


async def test_failure_of_an_inherited_plugin_is_booked_where_it_is_registered(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Failures in a scope count in the status of the plugin's own manager; the scope's plugins are told, too."""
    told: list[str] = []
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda: 1 / 0), "broken")
    scope = manager.scope(providers=[plugin(name="listener", plugin_error=lambda plugin: told.append(plugin))])
    await scope.hook.tool_start(**arguments("tool_start"))
    assert told == ["broken"]
    assert [(each.name, each.failures) for each in manager.statuses()] == [("broken", 1)]
    assert [(each.name, each.failures) for each in scope.statuses()] == [("listener", 0)]


async def test_provider_that_cannot_be_started() -> None:
    """A scope's provider that fails at setup is left out, and one that guards refuses the scope, each time."""

    class Failing(Recorder):
        async def initialize(self) -> None:
            raise ConnectionError("no database")

    class Guard(Failing):
        events = ("tool_call",)

    manager = PluginManager()
    observing = manager.scope(providers=[Failing("observer")])
    await observing.startup()
    assert observing.implementations("tool_start") == []
    guarded = manager.scope(providers=[Guard("guard")])
    for _ in range(2):
        with pytest.raises(PluginLoadError, match="the required plugin 'guard' .*setup: ConnectionError: no database"):
            await guarded.startup()
        assert not guarded.ready
    await manager.startup()


async def test_config_may_name_what_only_the_manager_has(configured: Callable[..., Settings]) -> None:
    """What the configuration names is sought in the manager, not in each scope of it."""
    manager = PluginManager(configured(required=["recorder"], plugins={"recorder": {}}))
    manager.register(Recorder())
    await manager.scope(providers=[Recorder("own")]).startup()


def test_scopes_are_let_go_of() -> None:
    """A scope that nobody holds any more is collected, with its plugins."""
    manager = PluginManager()
    provider = Recorder()
    scope = manager.scope(providers=[provider])
    references: list[weakref.ref[Any]] = [weakref.ref(scope), weakref.ref(provider)]
    del scope, provider
    gc.collect()
    assert [each() for each in references] == [None, None]
    manager.register(Recorder())


async def test_used_scopes_are_let_go_of(arguments: Callable[..., dict[str, Any]]) -> None:
    """Neither the start of a scope nor a call of its hooks keeps it."""
    manager = PluginManager()
    references = []
    for _ in range(3):
        scope = manager.scope(providers=[Recorder()])
        await scope.startup()
        await scope.hook.tool_start(**arguments("tool_start"))
        references.append(weakref.ref(scope))
    del scope
    gc.collect()
    assert [each() for each in references] == [None] * 3


def test_scope_shares_settings_and_contexts() -> None:
    """A scope has its manager's settings and contexts."""
    manager = PluginManager(Settings(hook_timeout=7))
    scope = manager.scope()
    assert scope.settings is manager.settings
    assert scope.contexts is manager.contexts
