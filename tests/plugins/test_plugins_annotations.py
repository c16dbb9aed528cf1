"""Annotations of implementations, which must agree with the hooks' where plugins are checked strictly."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, Protocol, TypeVar

import pytest

from agentcore import (
    Document,
    Event,
    ExecutionContext,
    Hit,
    ModelRequest,
    PluginManager,
    PluginStatus,
    Settings,
    Usage,
    hookimpl,
)
from agentcore._plugins.annotations import fits
from agentcore.errors import PluginLoadError, PluginValidationError

if TYPE_CHECKING:
    import decimal as dec

    from agentcore.models import Model
    from agentcore.types import Outcome, ToolCall


@pytest.fixture
def strict() -> PluginManager:
    """A manager that checks strictly."""
    return PluginManager(Settings(strict=True))


class Guard:
    """Right in everything, in different ways to write it."""

    @hookimpl
    async def agent_input(self, context: ExecutionContext, input: Mapping[str, Any]) -> dict[str, Any] | None:
        return None

    @hookimpl
    def agent_complete(self, usage: Usage, duration: float, outcome: str, output: object, agent) -> str:
        return "whatever an event returns is ignored"

    @hookimpl
    def agent_error(self, outcome: Outcome, error: BaseException, usage: Usage | None) -> None: ...

    @hookimpl
    def tool_call(self, call: ToolCall) -> Awaitable[ToolCall | None]: ...

    @hookimpl
    def tool_start(self, arguments: Mapping[str, object], extra: int = 3, **more: int) -> None: ...

    @hookimpl
    def model_request(self, request: ModelRequest) -> Coroutine[Any, Any, ModelRequest]: ...

    @hookimpl
    def model_retry(self, attempt: float, delay: NoSuchName) -> None: ...  # noqa: F821

    @hookimpl
    def resolve_model(self, name: str) -> Model | None: ...

    @hookimpl
    def knowledge_query(self) -> Iterator[Hit]:
        yield from ()

    @hookimpl
    def knowledge_update(self, documents: Iterable[Document], event: Event, **_: object) -> None: ...

    @hookimpl(wrapper=True)
    def tool_result(self, result: Any) -> Iterator[None]:
        yield

    def spend(self, context: object) -> None: ...

    agent_start = staticmethod(hookimpl(functools.partial(spend, None)))


def test_annotations_that_agree_are_registered(strict):
    """Wider arguments, narrower results, and what cannot be resolved."""
    strict.register(Guard(), "guard")


class Callable_:
    """An implementation that is an object."""

    def __call__(self, call: int) -> None: ...


def wrong(hook: str) -> Any:
    """The implementations that disagree."""

    def agent_start(agent: int) -> None: ...

    def agent_input(input: dict[str, Any]) -> None: ...

    def agent_output(output: Any) -> None: ...

    def knowledge_update(documents: Sequence[str]) -> None: ...

    def agent_complete(outcome: Literal["ok", "error"]) -> None: ...

    def model_start(request: str | None) -> None: ...

    async def model_request(request: ModelRequest) -> str: ...

    def model_response(response) -> Awaitable[str]: ...

    def tool_result(result: Any) -> Any: ...

    def agent_error(usage: dec.Decimal) -> None: ...

    return {**locals(), "tool_call": Callable_()}[hook]


WRONG = {
    "agent_start": "with agent: int, where the hook has agent: str",
    "agent_input": "with input: dict[str, Any], where the hook has input: Mapping[str, Any]",
    "knowledge_update": "with documents: Sequence[str], where the hook has documents: Sequence[Document]",
    "agent_complete": "with outcome: Literal['ok', 'error'], where the hook has outcome: Outcome",
    "model_start": "with request: str | None, where the hook has request: ModelRequest",
    "model_request": "returns str from 'model_request', which takes ModelRequest | None",
    "model_response": "returns Awaitable[str] from 'model_response', which takes ModelResponse | None",
    "agent_error": "with usage: dec.Decimal, where the hook has usage: Usage",
    "tool_call": "with call: int, where the hook has call: ToolCall",
}


@pytest.mark.parametrize("hook", WRONG)
def test_annotations_that_disagree_are_refused_where_plugins_are_checked_strictly(strict, plugin, hook):
    """With both sides in the error; else they are the author's affair."""
    implementation = hookimpl(specname=hook)(wrong(hook))
    with pytest.raises(PluginValidationError) as refused:
        strict.register(plugin(**{hook: implementation}), "guard")
    assert WRONG[hook] in refused.value.message.replace('"', "'")
    assert refused.value.hint
    assert [each.name for each in strict.statuses()] == []
    PluginManager().register(plugin(**{hook: implementation}), "guard")


def test_a_plugin_that_is_found_fails_at_validation(site, monkeypatch):
    """And where it is strict, no agent runs."""
    site.install("wrong", "from agentcore import hookimpl\n@hookimpl\ndef tool_start(tool: int): ...")
    manager = PluginManager(Settings(strict=True))
    manager.load()
    [status] = manager.statuses()
    assert isinstance(status, PluginStatus)
    assert (status.status, status.stage, status.required) == ("failed", "validation", True)
    with pytest.raises(PluginLoadError, match="tool: int, where the hook has tool: str"):
        manager.check_loaded()


Name = NewType("Name", str)
T = TypeVar("T")


class Named(Protocol):
    """Whoever has a name."""

    name: str


FITS = {
    "any": (Any, int, True),
    "object": (int, object, True),
    "none": (None, str | None, True),
    "no none": (str | None, str, False),
    "annotated": (Annotated[int, "positive"], int, True),
    "literals": (Literal["a"], Literal["a", "b"], True),
    "a literal's class": (Literal["a"], str, True),
    "a literal of another class": (Literal["a"], int, False),
    "a class for a literal": (str, Literal["a"], False),
    "a number": (int, float, True),
    "no number": (float, int, False),
    "a subclass": (bool, int, True),
    "arguments": (dict[str, int], Mapping[str, object], True),
    "other arguments": (dict[str, int], Mapping[str, str], False),
    "fewer arguments": (dict, Mapping[str, str], True),
    "a protocol": (int, Named, True),
    "a variable": (int, T, True),
    "a new type": (Name, int, True),
    "an odd class": (int, type("Odd", (), {"__class_getitem__": lambda cls, it: it})[3], True),
}


@pytest.mark.parametrize(("given", "wanted", "fitting"), FITS.values(), ids=FITS)
def test_types_fit_unless_they_certainly_do_not(given, wanted, fitting):
    """What is beyond classes, unions and literals is left to type checkers."""
    assert fits(given, wanted) is fitting


def test_a_plugin_says_for_which_hooks_it_was_written(plugin):
    """Another version is refused, with both in the error."""
    made = plugin(tool_start=lambda: None)
    made.agentcore_api = 1
    PluginManager().register(made, "audit")
    made.agentcore_api = 2
    with pytest.raises(PluginValidationError, match=r"version 2 of the hooks \(agentcore_api\), and this is 1"):
        PluginManager().register(made, "audit")
