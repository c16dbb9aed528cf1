"""What the kit knows of hooks: their arguments, and whether a plugin fits them."""

from __future__ import annotations

import functools
from importlib import import_module

import pytest

from agentcore import ExecutionContext, PluginManager, Provider, hookimpl
from agentcore._plugins import SPECIFICATIONS
from agentcore.errors import ConfigError
from agentcore.testing import assert_hooks_valid, hook_arguments


@pytest.mark.parametrize("hook", SPECIFICATIONS)
async def test_every_hook_can_be_called_with_the_arguments_of_the_kit(hook: str, agent_context: ExecutionContext):
    """They are all that it has but the envelope, which is made where it is asked for."""
    given = hook_arguments(hook, agent_context)
    assert {*given, "event"} >= set(SPECIFICATIONS[hook].arguments)
    await getattr(PluginManager().hook, hook)(**given)


def test_arguments_can_be_replaced(agent_context: ExecutionContext):
    """By keyword; the others stay."""
    given = hook_arguments("tool_start", agent_context, tool="delete")
    assert (given["tool"], given["context"]) == ("delete", agent_context)


def test_there_are_no_arguments_of_an_unknown_hook(agent_context: ExecutionContext):
    """The error says which is near."""
    with pytest.raises(ConfigError, match="there is no hook 'tool_strat'\nhint: did you mean 'tool_start'"):
        hook_arguments("tool_strat", agent_context)


class Fitting:
    """Fits, in every way of being called; building it would fail."""

    def __init__(self, url: str) -> None:
        raise ConnectionError(url)

    @hookimpl
    def agent_start(self, context: ExecutionContext, agent: str) -> None: ...

    @hookimpl(specname="tool_start")
    async def on_tool(self, tool: str) -> None: ...

    @hookimpl(wrapper=True)
    def model_request(self):
        return (yield)

    @functools.cached_property
    def connection(self) -> object:
        """Looking at a plugin computes nothing."""
        raise ConnectionError

    helper = staticmethod(print)


class Events(Provider):
    events = ("agent_start", "agent_error")


@hookimpl
def agent_start(agent: str) -> None: ...


@pytest.mark.parametrize(
    "plugin",
    [
        pytest.param(Fitting, id="class"),
        pytest.param(object.__new__(Fitting), id="object"),
        pytest.param(Events, id="provider-class"),
        pytest.param(Events(), id="provider"),
        pytest.param(agent_start, id="function"),
        pytest.param(import_module(__name__), id="module"),
    ],
)
def test_what_fits_the_hooks_passes(plugin: object):
    """Whatever it is written as; a class is not built for it."""
    assert_hooks_valid(plugin)


class Misfitting:
    """Wrong in several ways."""

    agentcore_api = 99

    @hookimpl
    def agent_compleet(self) -> None: ...

    @hookimpl
    def tool_start(self, tol: str) -> None: ...

    @hookimpl
    def agent_start(self, agent: int) -> None: ...

    @hookimpl(wrapper=True)
    def tool_call(self, call): ...

    def agent_error(self) -> None: ...


def test_every_fault_is_listed_with_its_place():
    """With its file, its line, and what to do."""
    with pytest.raises(AssertionError) as caught:
        assert_hooks_valid(Misfitting)
    first, *lines = str(caught.value).splitlines()
    assert first == "'Misfitting' does not fit the hooks:"
    faults = dict(zip(lines[::2], lines[1::2], strict=True))
    for method, fault, hint in (
        (
            Misfitting.agent_compleet,
            "implements 'agent_compleet', which is not a hook",
            "did you mean 'agent_complete'?",
        ),
        (Misfitting.tool_start, "with the argument 'tol', which the hook does not have", "did you mean 'tool'?"),
        (Misfitting.agent_start, "with agent: int, where the hook has agent: str", "write agent: str"),
        (Misfitting.tool_call, "marks its 'tool_call' as a wrapper", "a wrapper is a plain function with one 'yield'"),
        (Misfitting.agent_error, "has a function 'agent_error', which is not marked", "@agentcore.hookimpl"),
    ):
        [line] = [each for each in faults if fault in each]
        assert line.startswith(f"{__file__}:{method.__code__.co_firstlineno}: ")
        assert hint in faults[line]
    assert any("was written for version 99 of the hooks" in each for each in faults)
    assert len(faults) == 6


class Choosing(Provider):
    """Its events are a matter of its config."""

    def __init__(self, *events: str) -> None:
        self.events = events


def test_events_that_are_chosen_later_are_not_missed():
    """Of a class nothing is known of them; of an instance everything."""
    assert_hooks_valid(Choosing)
    assert_hooks_valid(Choosing("agent_start"))
    with pytest.raises(AssertionError, match="implements 'agent_strat', which is not a hook"):
        assert_hooks_valid(Choosing("agent_strat"))


class Listless(Provider): ...


@pytest.mark.parametrize(
    ("plugin", "fault"),
    [(Listless, "lists no events"), (object(), "implements no hook"), (print, "not marked as an implementation")],
    ids=["provider", "object", "function"],
)
def test_what_implements_nothing_does_not_fit(plugin: object, fault: str):
    """It would take part in nothing."""
    with pytest.raises(AssertionError, match=fault):
        assert_hooks_valid(plugin)
