"""Every hook, called with its exact arguments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from agentcore import PluginManager, ProviderMiddleware, hookimpl, hookspec, hookspecs
from agentcore._plugins import SPECIFICATIONS, HookKind
from agentcore.errors import HookError, PluginValidationError

EVERY_HOOK = list(SPECIFICATIONS)
RETURNED: dict[str, Any] = {
    "agent_input": {"ticket": "y"},
    "agent_output": "changed",
    "tool_result": 4,
    "knowledge_query": ["hit"],
    "resolve_model": "a model",
    "register_tools": ["tool"],
    "register_commands": ["command"],
    "register_middleware": [ProviderMiddleware()],
}
"""What the implementation of a hook returns, where it is not what it was given."""


def _recorder(hook: str, seen: list[dict[str, Any]], noun: str | None) -> Any:
    """Write an async implementation that takes every argument of the hook, as an author would."""
    names = [each for each in SPECIFICATIONS[hook].arguments if each != "event"]
    source = f"async def {hook}({', '.join(names)}):\n    return note(dict({', '.join(f'{n}={n}' for n in names)}))\n"

    def note(arguments: dict[str, Any]) -> Any:
        seen.append(arguments)
        return RETURNED.get(hook, arguments.get(noun or ""))

    namespace: dict[str, Any] = {"note": note}
    exec(source, namespace)
    return namespace[hook]


@pytest.mark.parametrize("hook", EVERY_HOOK)
async def test_hook_delivers_its_arguments(
    hook: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """An implementation gets every argument of the hook as the caller passed it, and the result has the hook's kind."""
    specification = SPECIFICATIONS[hook]
    seen: list[dict[str, Any]] = []
    manager = PluginManager()
    manager.register(plugin(**{hook: _recorder(hook, seen, specification.noun)}), "recorder")
    given = arguments(hook)

    result = await getattr(manager.hook, hook)(**given)

    assert seen == [given]
    expected = {
        HookKind.EVENT: None,
        HookKind.VALUE: RETURNED.get(hook, given.get(specification.noun or "")),
        HookKind.COLLECT: RETURNED.get(hook),
        HookKind.FIRST: RETURNED.get(hook),
    }
    assert result == expected[specification.kind]


@pytest.mark.parametrize("hook", EVERY_HOOK)
async def test_hook_without_implementations(hook: str, arguments: Callable[..., dict[str, Any]]) -> None:
    """A hook that nobody implements changes nothing: a value passes, a list is empty, no answer is None."""
    specification = SPECIFICATIONS[hook]
    given = arguments(hook)
    expected: dict[HookKind, Any] = {
        HookKind.EVENT: None,
        HookKind.VALUE: given.get(specification.noun or ""),
        HookKind.COLLECT: [],
        HookKind.FIRST: None,
    }
    assert await getattr(PluginManager().hook, hook)(**given) == expected[specification.kind]


def test_every_specification_is_a_hook() -> None:
    """What is marked in hookspecs is callable on ``pm.hook``, and nothing else is."""
    marked = {name for name, each in vars(hookspecs).items() if hasattr(each, "agentcore_spec")}
    assert marked == set(SPECIFICATIONS)


@pytest.mark.parametrize("hook", EVERY_HOOK)
def test_grid(hook: str) -> None:
    """Events of a run have the context first and an envelope that defaults to None; value hooks have no envelope."""
    specification = SPECIFICATIONS[hook]
    process = not specification.has_context
    assert process or specification.arguments[0] == "context"
    assert ("event" in specification.arguments) == (specification.kind is HookKind.EVENT and not process)
    assert set(specification.defaults) <= {"event"}
    assert specification.noun is None or specification.noun in specification.arguments


def test_specification_reads_as_a_signature() -> None:
    """The repr of a hook names its kind and arguments."""
    assert repr(SPECIFICATIONS["tool_call"]) == "<value hook tool_call(context, call)>"


class Reviews:
    """Hooks of a third party, written in every way there is."""

    @hookspec
    def review_start(self, score: int, text: str = "none") -> None:
        """With the self that pluggy's own examples have."""

    @staticmethod
    @hookspec(firstresult=True)
    def review_judge(text: str) -> str | None:
        """Without."""

    @classmethod
    @hookspec
    def review_end(cls, score: int) -> None:
        """On the class."""


class MoreReviews(Reviews):
    """Inherits its hooks."""


@pytest.mark.parametrize("namespace", [Reviews, MoreReviews])
async def test_plugins_specify_hooks(namespace: type, plugin: Callable[..., Any]) -> None:
    """A plugin's own hooks are called as events, with their defaults, or take the first answer."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.add_hookspecs(namespace)
    manager.register(plugin(review_start=lambda score, text: seen.append((score, text))), "listener")
    manager.register(plugin(review_end=lambda score: seen.append(score)), "other")
    manager.register(plugin(review_judge=lambda text: text.upper()), "judge")
    hooks: Any = manager.hook

    assert await hooks.review_start(score=1) is None
    assert await hooks.review_end(score=2) is None
    assert await hooks.review_judge(text="a") == "A"
    assert seen == [(1, "none"), 2]


async def test_hooks_of_a_module() -> None:
    """A module serves as a namespace of hooks, too."""
    manager = PluginManager()
    module = ModuleType("reviews")
    exec("from agentcore import hookspec\n@hookspec\ndef review_start(score): ...", vars(module))
    manager.add_hookspecs(module)
    hooks: Any = manager.hook
    with pytest.raises(TypeError, match="score"):
        await hooks.review_start()


@pytest.mark.parametrize(
    ("namespace", "message"),
    [
        (type("Empty", (), {}), "'Empty' specifies no hooks\nhint: mark its functions with @agentcore.hookspec"),
        (hookspecs, "specifies '[a-z_]+', which is a hook already"),
    ],
    ids=["none", "taken"],
)
def test_wrong_namespace_of_hooks(namespace: type, message: str) -> None:
    """A namespace without hooks, or with one that there is already, is refused."""
    with pytest.raises(PluginValidationError, match=message):
        PluginManager().add_hookspecs(namespace)


def test_refused_namespace_adds_nothing() -> None:
    """Where one hook of a namespace is taken, none of the others is added."""

    class Mixed:
        @staticmethod
        @hookspec
        def aaa_start() -> None: ...

        @staticmethod
        @hookspec
        def agent_start() -> None: ...

    manager = PluginManager()
    with pytest.raises(PluginValidationError, match="'agent_start'"):
        manager.add_hookspecs(Mixed)
    assert not hasattr(manager.hook, "aaa_start")


async def test_optional_implementation_of_a_hook_that_comes_later(plugin: Callable[..., Any]) -> None:
    """An optional implementation takes part as soon as somebody specifies its hook."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.register(plugin(review_end=hookimpl(optionalhook=True)(lambda score: seen.append(score))), "listener")
    assert manager.statuses()[0].hooks == ()
    manager.add_hookspecs(Reviews)
    hooks: Any = manager.hook
    await hooks.review_end(score=3)
    assert seen == [3]
    assert manager.statuses()[0].hooks == ("review_end",)


def test_optional_implementation_that_does_not_fit_a_later_hook(plugin: Callable[..., Any]) -> None:
    """A hook is not added where an implementation that waits for it demands what it does not have."""
    manager = PluginManager()
    manager.register(plugin(review_end=hookimpl(optionalhook=True)(lambda scores: None)), "listener")
    with pytest.raises(PluginValidationError, match="'scores'.*review_end\\(score\\)") as caught:
        manager.add_hookspecs(Reviews)
    assert caught.value.plugin == "listener"
    assert not hasattr(manager.hook, "review_end")


FIRST_IMPLEMENTATIONS: dict[str, Callable[..., Any]] = {
    "fails": lambda: 1 / 0,
    "leaves": lambda: None,
    "returns an awaitable": lambda: asyncio.sleep(0),
}


@pytest.mark.parametrize("first", FIRST_IMPLEMENTATIONS)
@pytest.mark.parametrize("hook", EVERY_HOOK)
async def test_arguments_reach_every_implementation(
    hook: str, first: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What one implementation returns or raises does not change the arguments that the next one gets."""
    specification = SPECIFICATIONS[hook]
    seen: list[dict[str, Any]] = []
    manager = PluginManager()
    manager.register(plugin(**{hook: _recorder(hook, seen, specification.noun)}), "last")
    manager.register(plugin(**{hook: lambda: None}), "between")
    manager.register(plugin(**{hook: FIRST_IMPLEMENTATIONS[first]}), "first")
    given = arguments(hook)
    if specification.kind is HookKind.VALUE and first == "fails":
        with pytest.raises(HookError):
            await getattr(manager.hook, hook)(**given)
        assert seen == []
    else:
        await getattr(manager.hook, hook)(**given)
        assert seen == [given]


@pytest.mark.parametrize("hook", [name for name, each in SPECIFICATIONS.items() if each.kind is HookKind.VALUE])
@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
async def test_value_hook_that_everybody_leaves(
    hook: str, sync: bool, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Where every implementation returns None the value comes out as it went in."""

    async def leave() -> None: ...

    manager = PluginManager()
    for name in "ab":
        manager.register(plugin(**{hook: (lambda: None) if sync else leave}), name)
    given = arguments(hook)
    assert await getattr(manager.hook, hook)(**given) is given[SPECIFICATIONS[hook].noun or ""]


async def test_arguments_of_any_name(plugin: Callable[..., Any]) -> None:
    """The arguments of a third party's hook may be called as the words of a relay are."""

    class Awkward:
        @staticmethod
        @hookspec
        def awkward_start(plan: int, error: int, result: int, data: int, settle: int, functions: int) -> None: ...

    seen: list[Any] = []
    manager = PluginManager()
    manager.add_hookspecs(Awkward)

    def awkward_start(plan: int, error: int, result: int, data: int, settle: int, functions: int) -> None:
        seen.append((plan, error, result, data, settle, functions))

    manager.register(plugin(awkward_start=awkward_start), "last")
    manager.register(plugin(awkward_start=lambda: 1 / 0), "first")
    hooks: Any = manager.hook
    await hooks.awkward_start(plan=1, error=2, result=3, data=4, settle=5, functions=6)
    assert seen == [(1, 2, 3, 4, 5, 6)]


@pytest.mark.parametrize("name", ["a pre_0 b", "{}", "it's", '"\n', "a post_1] = 1"])
async def test_plugins_of_any_name(
    name: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A plugin's name may hold any characters, with middleware and limits as well."""
    seen: list[str] = []

    class Note(ProviderMiddleware):
        def pre_execute(self, provider: str, event: str, data: Any) -> None:
            seen.append(provider)

    manager = PluginManager()
    manager.register(plugin(tool_start=hookimpl(timeout=5)(lambda: asyncio.sleep(0))), name)
    manager.add_middleware(Note())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == [name]
