"""The call of a hook, written out as code for the implementations that there are.

A loop over implementations asks of each, at every call, what was known when it was registered: is it async, which
arguments does it take, is there middleware.  Here the answers become source, one ``try`` block for each implementation
(free on the path without errors), and the compiled function replaces the hook on ``pm.hook`` until plugins come or go.
One awaited call costs little more than awaiting the implementations by hand; ``benchmarks/hooks.py`` measures it.

For an event with an async and a sync implementation, the source reads::

    async def tool_execute(context, tool, ..., event=None):
        _cancelled = None
        try:
            await _function_0(context, tool)
        except BaseException as _error:
            _cancelled = await _plan.contain(0, _error, context) or _cancelled
        try:
            _result = _function_1(tool)
            if _result is not None:
                await _settle(_result)
        except BaseException as _error:
            _cancelled = await _plan.contain(1, _error, context) or _cancelled
        if _cancelled is not None:
            raise _cancelled

Names of its own begin with an underscore: ``result`` and ``error`` are arguments of hooks.
The functions are bound by a factory, so the code object itself depends on the shape alone and is compiled once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Sequence
from functools import lru_cache
from math import inf
from types import CodeType, MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from agentcore._context import Event
from agentcore._plugins.execution import in_thread, limited, settle
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.specification import HookKind, HookSpecification

if TYPE_CHECKING:
    from agentcore._plugins.plan import Plan

__all__ = ["RELAY_LINES", "HookCall", "Step", "compile_relay"]

HookCall: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]


class Step(Protocol):
    """A step of middleware, bound to its object."""

    def __call__(self, provider: str, event: str, value: Any, /) -> Any: ...


RELAY_LINES: Final[dict[CodeType, Sequence[int]]] = {}
"""For each compiled relay the index of the implementation that each of its lines belongs to; -1 for none.
The watchdog reads from it in which implementation a suspended call stands."""

_TYPED = "not isinstance(_result, _accepts)"
_AWAITABLE = 'hasattr(_result, "__await__")'
_STEP_AWAITABLE = 'hasattr(_step, "__await__")'


def compile_relay(plan: Plan) -> HookCall:
    """Compile the call of *plan*'s hook."""
    writer = _Writer(plan.specification, posts=plan.post is not None)
    for index, each in enumerate(plan.implementations):
        writer.implementation(index, each, len(plan.pre_steps), len(plan.post_steps), plan.limit(each))
    make = _factory(writer.source(), plan.specification.name, writer.line_owners())
    call: HookCall = make(
        plan,
        [each.function for each in plan.implementations],
        plan.pre_steps,
        plan.post_steps,
        plan.specification.accepts or object,
        plan.specification.defaults,
        plan.post,
    )
    return call


@lru_cache(maxsize=1024)
def _factory(source: str, name: str, owners: tuple[int, ...]) -> Callable[..., HookCall]:
    namespace: dict[str, Any] = {
        "_settle": settle,
        "_limited": limited,
        "_in_thread": in_thread,
        "_Event": Event,
        "_read_only": MappingProxyType,
    }
    code = compile(source, f"<agentcore hook {name}>", "exec")
    exec(code, namespace)  # noqa: S102 - the source is ours alone: names that were checked to be identifiers
    make: Callable[..., HookCall] = namespace["make"]
    relay = next(each for each in make.__code__.co_consts if inspect.iscode(each) and each.co_name == name)
    RELAY_LINES[relay] = owners
    return make


class _Writer:
    """Writes the source of one relay."""

    def __init__(self, specification: HookSpecification[..., Any], *, posts: bool) -> None:
        self._specification = specification
        self._posts = posts
        self._lines: list[str] = []
        self._owners: list[int] = []
        self._owner = -1
        self._bindings: dict[str, str] = {}
        self._wants_event = False
        self._context = "context" if specification.has_context else "None"
        self._defers = specification.kind is HookKind.EVENT
        """Whether a cancellation of the run goes on only when everybody has been told."""

    def implementation(
        self, index: int, each: Implementation, pre_steps: int, post_steps: int, limit: float | None
    ) -> None:
        self._owner = index
        self._wants_event |= "event" in each.arguments
        self._bindings[f"_function_{index}"] = f"_functions[{index}]"
        self._line(1, "try:")
        for step in range(pre_steps):
            self._pre_step(step, each)
        by_name = _called(index, each, _by_name(each, self._specification))
        call = f"({by_name} if _data is _given else {_called(index, each, _from_data(each))})" if pre_steps else by_name
        self._execute(each, limit, call, seen=post_steps > 0 or self._specification.kind is not HookKind.EVENT)
        for step in range(post_steps):
            self._post_step(step, each)
        # What follows is not the implementation's time any more.
        self._owner = -1
        self._line(1, "except BaseException as _error:")
        if self._specification.kind is HookKind.VALUE:
            self._line(2, f"raise await _plan.refuse({index}, _error, {self._context})")
        else:
            cancelled = "_cancelled = " if self._defers else ""
            or_before = " or _cancelled" if self._defers else ""
            self._line(2, f"{cancelled}await _plan.contain({index}, _error, {self._context}){or_before}")
        self._collect(index)

    def _execute(self, each: Implementation, limit: float | None, call: str, *, seen: bool) -> None:
        """Write the execution of *call*; *seen* is whether anybody looks at its result."""
        limited = limit is not None and limit != inf
        limit_of = f", {limit!r}, {each.plugin!r}, {each.hook!r})"
        if each.mode in ("async", "thread"):
            call = f"_limited({call}{limit_of}" if limited else call
            self._line(2, f"_result = await {call}" if seen else f"await {call}")
        else:
            self._line(2, f"_result = {call}")
            self._settle(f"_limited(_result{limit_of}" if limited else "_settle(_result)", seen=seen)

    def _settle(self, settled: str, *, seen: bool) -> None:
        if not seen:
            self._line(2, "if _result is not None:")
            self._line(3, f"await {settled}")
        else:
            self._line(2, f"if _result is not None and {_TYPED if self._specification.accepts else _AWAITABLE}:")
            self._line(3, f"_result = await {settled}")

    def _pre_step(self, step: int, each: Implementation) -> None:
        if not step:
            self._line(2, "_data = _given")
        self._bindings[f"_pre_{step}"] = f"_pre_steps[{step}]"
        self._step("_data", f"_pre_{step}({each.plugin!r}, {each.hook!r}, _data)")

    def _post_step(self, step: int, each: Implementation) -> None:
        self._bindings[f"_post_{step}"] = f"_post_steps[{step}]"
        self._step("_result", f"_post_{step}({each.plugin!r}, {each.hook!r}, _result)")

    def _step(self, target: str, call: str) -> None:
        self._line(2, f"if (_step := {call}) is not None:")
        self._line(3, f"if {_STEP_AWAITABLE}:")
        self._line(4, "_step = await _step")
        self._line(3, "if _step is not None:")
        self._line(4, f"{target} = _step")

    def _collect(self, index: int) -> None:
        kind = self._specification.kind
        if kind is HookKind.EVENT:
            return
        if kind is HookKind.VALUE:
            self._line(1, "if _result is not None:")
            if self._specification.accepts is not None:
                self._line(2, f"if {_TYPED}:")
                self._line(3, f"raise await _plan.refuse({index}, _plan.misfit(_result), {self._context})")
            self._line(2, f"{self._specification.noun} = _result")
            if "_pre_0" in self._bindings:
                self._line(2, self._given())
            return
        self._line(1, "else:")
        self._line(2, "if _result is not None:")
        if kind is HookKind.FIRST:
            self._line(3, "return _result")
        else:
            self._line(3, f"await _plan.gather({index}, _results, _result, {self._context})")

    def _given(self) -> str:
        # Once for all executions and therefore read only; one for each took a twentieth of a run (benchmarks/run.py).
        return f"_given = _read_only({_mapping(self._specification)})"

    def _values(self) -> str:
        sent = [name for name in self._specification.arguments if name not in ("context", "event")]
        return f"({''.join(f'{name}, ' for name in sent)})"

    def _line(self, depth: int, text: str) -> None:
        self._lines.append("    " * (depth + 1) + text)
        self._owners.append(self._owner)

    def _head(self) -> list[str]:
        specification = self._specification
        parameters = ", ".join(
            f"{name}=_defaults[{name!r}]" if name in specification.defaults else name
            for name in specification.arguments
        )
        head = ["def make(_plan, _functions, _pre_steps, _post_steps, _accepts, _defaults, _post):"]
        head += [f"    {name} = {value}" for name, value in self._bindings.items()]
        head.append(f"    async def {specification.name}({parameters}):")
        if self._posts and "event" not in specification.arguments:
            head.append(f"        event = _Event({specification.name!r}, {self._context})")
        elif self._wants_event or self._posts:
            made = f"_Event({specification.name!r}, {self._context})"
            head += ["        if event is None:", f"            event = {made}"]
        if self._posts:
            # First: what the implementations here do must not keep it from those with lanes.
            head.append(f"        _posted = _post(event, {self._context}, {self._values()})")
        if "_pre_0" in self._bindings:
            head.append(f"        {self._given()}")
        if specification.kind is HookKind.COLLECT:
            head.append("        _results = []")
        if self._defers and self._lines:
            head.append("        _cancelled = None")
        return head

    def _tail(self) -> list[str]:
        kind = self._specification.kind
        end = {HookKind.VALUE: self._specification.noun, HookKind.COLLECT: "_results"}.get(kind)
        cancelled = ["        if _cancelled is not None:", "            raise _cancelled"]
        deferred = cancelled if self._defers and self._lines else []
        if self._posts:
            deferred = ["        if _posted is not None:", "            await _posted", *deferred]
        return [*deferred, f"        return {end}", f"    return {self._specification.name}"]

    def source(self) -> str:
        return "\n".join([*self._head(), *self._lines, *self._tail(), ""])

    def line_owners(self) -> tuple[int, ...]:
        """For each line of the source, counted from 1 as tracebacks do, the implementation that it belongs to."""
        return (-1, *([-1] * len(self._head())), *self._owners, *([-1] * len(self._tail())))


def _called(index: int, each: Implementation, arguments: str) -> str:
    if each.mode == "thread":
        return f"_in_thread({each.plugin!r}, _function_{index}{', ' if arguments else ''}{arguments})"
    return f"_function_{index}({arguments})"


def _by_name(each: Implementation, specification: HookSpecification[..., Any]) -> str:
    if each.mode == "handler":
        return f"{each.hook!r}, {_mapping(specification)}"
    return ", ".join([*each.positional, *(f"{name}={name}" for name in each.keywords)])


def _from_data(each: Implementation) -> str:
    if each.mode == "handler":
        return f"{each.hook!r}, _data"
    positional = [f"_data[{name!r}]" for name in each.positional]
    return ", ".join([*positional, *(f"{name}=_data[{name!r}]" for name in each.keywords)])


def _mapping(specification: HookSpecification[..., Any]) -> str:
    return "{" + ", ".join(f"{name!r}: {name}" for name in specification.arguments) + "}"
