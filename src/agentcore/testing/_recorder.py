"""What hooks were called with, and what can be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from agentcore._plugins import SPECIFICATIONS
from agentcore._provider import Provider
from agentcore.errors import nearest
from agentcore.testing._calls import RecordedCall, listing

__all__ = ["HookRecorder"]

_UNASKED: Final = frozenset(
    name for name in SPECIFICATIONS if name.startswith(("agentcore_", "register_", "resolve_")) or name == "event_data"
)
"""What belongs to the process, and what says once more what the events say."""


class HookRecorder(Provider):
    """A plugin that keeps every call of a run's hooks, events and value hooks alike, in order.

    It changes nothing.  Every assertion that fails lists what was called.

    Args:
        *hooks: What is recorded; none takes every hook of a run, and ``plugin_error``.
    """

    name = "hook-recorder"

    calls: list[RecordedCall]
    """In order."""

    def __init__(self, *hooks: str) -> None:
        self.events: Sequence[str] = hooks or tuple(each for each in SPECIFICATIONS if each not in _UNASKED)
        self.calls = []

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        self.calls.append(RecordedCall(event, data))

    # --- what was called ---

    def names(self, agent: str | None = None) -> list[str]:
        """Return the hooks that were called, in order; those of one agent, or of all."""
        return [each.hook for each in self.calls if agent in (None, each.agent)]

    def all(self, hook: str, agent: str | None = None) -> list[RecordedCall]:
        """Return the calls of *hook*, by one agent or by all.

        Raises:
            AssertionError: It is not recorded, and so could never be found.
        """
        self._check_recorded(hook)
        return [each for each in self.calls if each.hook == hook and agent in (None, each.agent)]

    def _check_recorded(self, hook: str) -> None:
        if hook not in self.events:
            raise AssertionError(f"{hook!r} is not recorded: {nearest(hook, self.events)}")

    def one(self, hook: str, agent: str | None = None) -> RecordedCall:
        """Return the only call of *hook*.

        Raises:
            AssertionError: There is none, or there are several.
        """
        __tracebackhide__ = True
        found = self.all(hook, agent)
        if len(found) != 1:
            self._fail(f"{hook!r} was called {_times(len(found))}, and not once")
        return found[0]

    def end(self, agent: str | None = None) -> RecordedCall:
        """Return the end of the only run.

        Raises:
            AssertionError: There is none, or there are several.
        """
        __tracebackhide__ = True
        found = [each for each in self.calls if each.ends == "agent" and agent in (None, each.agent)]
        if len(found) != 1:
            self._fail(f"{_times(len(found))} a run came to its end, and not once")
        return found[0]

    def clear(self) -> None:
        """Forget what was called."""
        self.calls.clear()

    # --- assertions ---

    def assert_called(self, hook: str, /, *, times: int | None = None, **arguments: Any) -> RecordedCall:
        """Assert that *hook* was called with *arguments*, and return the first such call.

        Args:
            hook: The hook.
            times: How often; None asks for at least once.
            **arguments: Compared by ``==``; those that are not given may be whatever they like.
        """
        __tracebackhide__ = True
        calls = self.all(hook)
        found = [each for each in calls if each.has(arguments)]
        if not found or times not in (None, len(found)):
            self._fail(_uncalled(hook, arguments, calls, found, times))
        return found[0]

    def assert_not_called(self, *hooks: str) -> None:
        """Assert that none of *hooks* was called."""
        __tracebackhide__ = True
        for hook in hooks:
            if found := self.all(hook):
                self._fail(f"{hook!r} was called {_times(len(found))}, and was not to be")

    def assert_order(self, *hooks: str) -> None:
        """Assert that *hooks* were called in this order, whatever was called between them."""
        __tracebackhide__ = True
        at = 0
        for position, hook in enumerate(hooks):
            self._check_recorded(hook)
            names = self.names()
            if hook not in names[at:]:
                after = f" after {hooks[position - 1]!r} (call {at})" if position else ""
                self._fail(f"{hook!r} was not called{after}, as the order demands: {' -> '.join(hooks)}")
            at = names.index(hook, at) + 1

    def assert_paired(self) -> None:
        """Assert that every start was closed by exactly one end, which came later, and says how and after how long."""
        __tracebackhide__ = True
        began: dict[object, int] = {}
        for number, each in enumerate(self.calls, 1):
            key = (each.starts or each.ends, id(each.context), each.arguments.get("call_id"))
            if each.starts:
                if key in began:
                    self._fail(f"call {number}, {each.hook!r}, began what call {began[key]} had begun")
                began[key] = number
            elif each.ends:
                if began.pop(key, None) is None:
                    self._fail(f"call {number}, {each.hook!r}, ended what had not begun, or had ended before")
                if (fault := each.misfit) is not None:
                    self._fail(f"call {number}, {each.hook!r}, {fault}")
        if began:
            number = min(began.values())
            self._fail(f"call {number}, {self.calls[number - 1].hook!r}, was never ended")

    # --- for people ---

    def __str__(self) -> str:
        """The calls, numbered, each with its arguments, and what happened within something further to the right."""
        return listing(self.calls)

    def _fail(self, message: str) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError(f"{message}\n\n{self}")


def _uncalled(
    hook: str,
    arguments: Mapping[str, Any],
    calls: Sequence[RecordedCall],
    found: Sequence[RecordedCall],
    times: int | None,
) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    told = f"{hook}({given})" if arguments else repr(hook)
    wanted = "at least once" if times is None else _times(times)
    unlike = f"\nin the call that is nearest, {_nearest(calls, arguments)}" if calls and not found else ""
    return f"{told} was called {_times(len(found))}, and not {wanted}{unlike}"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _nearest(calls: Sequence[RecordedCall], wanted: Mapping[str, Any]) -> str:
    """Say in which arguments the call that fits best differs."""
    best = max(calls, key=lambda each: sum(each.has({name: value}) for name, value in wanted.items()))
    differing = {name: value for name, value in wanted.items() if not best.has({name: value})}
    return ", ".join(
        f"{name} is {best.arguments[name]!r}" if name in best.arguments else f"there is no argument {name!r}"
        for name in differing
    )
