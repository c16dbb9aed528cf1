"""Middleware around every execution of every provider."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import Deny, LoggingMiddleware, PluginManager, Provider, ProviderMiddleware, hookimpl
from agentcore.errors import DeniedError, HookError


class Note(ProviderMiddleware):
    """Notes what passes."""

    def __init__(self, label: str, seen: list[Any]) -> None:
        self.label = label
        self.seen = seen

    def pre_execute(self, provider: str, event: str, data: Any) -> None:
        """Note it."""
        self.seen.append((f"{self.label} pre", provider, event, data["tool"]))

    def post_execute(self, provider: str, event: str, result: Any) -> None:
        """Note it."""
        self.seen.append((f"{self.label} post", provider, event, result))


class AsyncNote(Note):
    """Does so after a while."""

    async def pre_execute(self, provider: str, event: str, data: Any) -> None:  # type: ignore[override]
        """Note it."""
        await asyncio.sleep(0)
        super().pre_execute(provider, event, data)

    async def post_execute(self, provider: str, event: str, result: Any) -> None:  # type: ignore[override]
        """Note it."""
        await asyncio.sleep(0)
        super().post_execute(provider, event, result)


async def test_onion(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Each execution of each provider is surrounded; what was added first is outermost; steps may be async."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.add_middleware(Note("outer", seen))
    manager.register(plugin(tool_start=lambda: "result of one"), "one")
    manager.register(plugin(tool_start=lambda: seen.append("two")), "two")
    manager.add_middleware(AsyncNote("inner", seen))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == [
        ("outer pre", "two", "tool_start", "search"),
        ("inner pre", "two", "tool_start", "search"),
        "two",
        ("inner post", "two", "tool_start", None),
        ("outer post", "two", "tool_start", None),
        ("outer pre", "one", "tool_start", "search"),
        ("inner pre", "one", "tool_start", "search"),
        ("inner post", "one", "tool_start", "result of one"),
        ("outer post", "one", "tool_start", "result of one"),
    ]


class Rename(ProviderMiddleware):
    """Calls every tool by another name."""

    def pre_execute(self, provider: str, event: str, data: Any) -> Any:
        """Replace the data."""
        return {**data, "tool": f"{data['tool']}!"} if "tool" in data else None


class Upper(ProviderMiddleware):
    """Writes every text in capitals."""

    async def post_execute(self, provider: str, event: str, result: Any) -> Any:
        """Replace the result."""
        return result.upper() if isinstance(result, str) else None


async def test_pre_step_replaces_the_data(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """What a pre step returns is the data of this execution: of functions, blocking ones and providers."""
    seen: list[Any] = []

    class Listener(Provider):
        events = ("tool_start",)

        async def handle_event(self, event: str, data: Any) -> None:
            seen.append((data["tool"], data["context"] is given["context"]))

    given = arguments("tool_start")
    manager = PluginManager()
    manager.register(Listener())
    manager.register(plugin(tool_start=hookimpl(blocking=True)(lambda *, tool: seen.append(tool))), "blocking")
    manager.register(plugin(tool_start=lambda call_id, tool: seen.append((call_id, tool))), "function")
    manager.add_middleware(Rename())
    manager.add_middleware(Rename())
    await manager.hook.tool_start(**given)
    assert seen == [("1", "search!!"), "search!!", ("search!!", True)]
    assert given["tool"] == "search"


class Stamp(ProviderMiddleware):
    """Adds to the output that an execution is shown."""

    def pre_execute(self, provider: str, event: str, data: Any) -> Any:
        """Replace the data."""
        return {**data, "output": f"{data['output']}, seen by {provider}"}


async def test_pre_step_is_shown_what_came_before(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Each execution of a value hook begins with what the one before it has made of the value."""
    manager = PluginManager()
    manager.register(plugin(agent_output=lambda output: f"{output}!"), "second")
    manager.register(plugin(agent_output=lambda output: f"{output}?"), "first")
    manager.add_middleware(Stamp())
    assert await manager.hook.agent_output(**arguments("agent_output")) == "done, seen by first?, seen by second!"


class Scribble(ProviderMiddleware):
    """Writes into the data instead of replacing it."""

    def pre_execute(self, provider: str, event: str, data: Any) -> None:
        """Write."""
        if provider == "first":
            data["tool"] = "other"


async def test_data_is_read_only(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A pre step that writes into the data fails, and changes it for nobody."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda tool: seen.append(tool)), "second")
    manager.register(plugin(tool_start=lambda tool: seen.append(tool)), "first")
    manager.register(plugin(plugin_error=lambda plugin, error: seen.append((plugin, type(error)))), "reports")
    manager.add_middleware(Scribble())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == [("first", TypeError), "search"]


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
async def test_post_step_replaces_the_result(
    sync: bool, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What a post step returns is the result of the execution; None leaves it."""

    async def leave() -> Any:
        return None

    async def answer() -> Any:
        return "answer"

    manager = PluginManager()
    manager.register(plugin(agent_output=leave), "leaving")
    manager.register(plugin(agent_output=(lambda output: f"{output} and more")), "adding")
    manager.register(plugin(resolve_model=(lambda: "answer") if sync else answer), "resolving")
    manager.add_middleware(Upper())
    assert await manager.hook.agent_output(**arguments("agent_output")) == "DONE AND MORE"
    hooks: Any = manager.hook
    assert await hooks.resolve_model(name="tiny") == "ANSWER"


@pytest.mark.parametrize("hook", ["tool_start", "agent_output"])
async def test_post_step_sees_what_was_awaited(
    hook: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Where a plain function returns an awaitable a post step sees its result."""
    seen: list[Any] = []

    class Look(ProviderMiddleware):
        def post_execute(self, provider: str, event: str, result: Any) -> None:
            seen.append(result)

    async def later() -> str:
        return "later"

    manager = PluginManager()
    manager.register(plugin(**{hook: lambda: later()}), "one")
    manager.register(plugin(**{hook: later}), "two")
    manager.add_middleware(Look())
    await getattr(manager.hook, hook)(**arguments(hook))
    assert seen == ["later", "later"]


async def test_result_of_a_post_step_must_fit(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What a post step puts in the place of a value has to be of the noun's type."""

    class Nonsense(ProviderMiddleware):
        def post_execute(self, provider: str, event: str, result: Any) -> Any:
            return 42

    manager = PluginManager()
    manager.register(plugin(tool_call=lambda: None), "guard")
    manager.add_middleware(Nonsense())
    with pytest.raises(HookError, match="returned int for 'call'"):
        await manager.hook.tool_call(**arguments("tool_call"))


class Failing(ProviderMiddleware):
    """Fails around one plugin."""

    def __init__(self, error: BaseException, step: str) -> None:
        self.error = error
        self.step = step

    def pre_execute(self, provider: str, event: str, data: Any) -> None:
        """Fail."""
        self._fail(provider, "pre")

    async def post_execute(self, provider: str, event: str, result: Any) -> None:
        """Fail later."""
        self._fail(provider, "post")

    def _fail(self, provider: str, step: str) -> None:
        if provider == "one" and step == self.step:
            raise self.error


@pytest.mark.parametrize("step", ["pre", "post"])
async def test_failing_step_is_a_failure_of_what_it_surrounds(
    step: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A step that fails counts as a failure of the implementation: contained in an event, closed in a value hook."""
    ran: list[str] = []
    both = {
        name: plugin(tool_start=lambda name=name: ran.append(name), agent_output=lambda: None)
        for name in ("two", "one")
    }
    manager = make_manager(**both)
    manager.add_middleware(Failing(ValueError("broken"), step))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("one", "tool_start", ValueError)]
    assert ran == (["two"] if step == "pre" else ["one", "two"])
    with pytest.raises(HookError, match="plugin 'one' failed in 'agent_output'"):
        await manager.hook.agent_output(**arguments("agent_output"))


@pytest.mark.parametrize("replacement", ["text", 42, {}, {"tool": "x"}], ids=["text", "number", "empty", "some"])
async def test_nonsense_for_data(
    replacement: Any,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """Data without what the implementation asks for is a failure of the execution."""

    class Nonsense(ProviderMiddleware):
        def pre_execute(self, provider: str, event: str, data: Any) -> Any:
            return replacement if event == "tool_start" else None

    manager = make_manager(one=plugin(tool_start=lambda tool, call_id: None))
    manager.add_middleware(Nonsense())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert [each[:2] for each in failures.told] == [("one", "tool_start")]


async def test_denying_middleware(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Around a value hook a step may deny."""
    manager = PluginManager()
    manager.register(plugin(agent_output=lambda: None), "one")
    manager.add_middleware(Failing(Deny("no"), "pre"))
    with pytest.raises(DeniedError, match="denied by plugin 'one'"):
        await manager.hook.agent_output(**arguments("agent_output"))


# --- what it costs ---


async def _compiled(manager: PluginManager, hook: str, given: dict[str, Any]) -> Any:
    await getattr(manager.hook, hook)(**given)
    return vars(manager.hook)[hook]


async def test_no_middleware_costs_nothing(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Without middleware, and for steps that nobody overrides, the call is the same code as if there were none."""

    class Nothing(ProviderMiddleware):
        """Overrides no step."""

    class Before(ProviderMiddleware):
        def pre_execute(self, provider: str, event: str, data: Any) -> None: ...

    given = arguments("tool_start")
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda tool: None), "one")
    plain = (await _compiled(manager, "tool_start", given)).__code__
    assert not [name for name in (*plain.co_varnames, *plain.co_freevars) if "step" in name or "data" in name]
    manager.add_middleware(Nothing())
    assert (await _compiled(manager, "tool_start", given)).__code__ is plain
    manager.add_middleware(Before())
    surrounded = (await _compiled(manager, "tool_start", given)).__code__
    assert "_pre_0" in surrounded.co_freevars
    assert not [name for name in surrounded.co_freevars if "post" in name]


def test_base_class_does_nothing() -> None:
    """The steps of the base class leave everything."""
    middleware = ProviderMiddleware()
    assert middleware.pre_execute("one", "tool_start", {}) is None
    assert middleware.post_execute("one", "tool_start", 1) is None
    assert not inspect.iscoroutinefunction(middleware.pre_execute)


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO], ids=["debug", "info"])
async def test_logging_middleware(
    level: int, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It logs the begin and the end of each execution without data."""
    caplog.set_level(logging.DEBUG, logger="agentcore.middleware")
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda: "secret"), "one")
    manager.add_middleware(LoggingMiddleware() if level == logging.DEBUG else LoggingMiddleware(level=level))
    await manager.hook.tool_start(**arguments("tool_start", arguments={"key": "secret"}))
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (level, "one: tool_start begins"),
        (level, "one: tool_start done"),
    ]


async def test_logging_to_a_logger_of_ones_own(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It logs where it is told to, and says nothing of an end that did not come."""
    caplog.set_level(logging.DEBUG, logger="company.audit")
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda: 1 / 0), "broken")
    manager.add_middleware(LoggingMiddleware(logging.getLogger("company.audit")))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert [each.getMessage() for each in caplog.records if each.name == "company.audit"] == [
        "broken: tool_start begins"
    ]
