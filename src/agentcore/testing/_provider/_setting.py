"""What the tests of providers share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from traceback import extract_tb
from typing import Any, ClassVar, Final, TypeVar

import pytest

from agentcore import DeniedError, Deny, Event, ExecutionContext, PluginManager, hookimpl
from agentcore._inspection.imports import HEAVY_MODULES, MODULES
from agentcore._plugins import SPECIFICATIONS, HookKind
from agentcore._plugins.execution import limited
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.naming import canonical_name
from agentcore.errors import HookError, HookTimeoutError, PluginValidationError
from agentcore.testing._arguments import hook_arguments
from agentcore.testing._making import made_manager

__all__ = [
    "Call",
    "ProviderTests",
    "Trial",
    "a_context",
    "failed",
    "in_turn",
    "is_event",
    "plain_runs",
    "run_of",
    "with_envelope",
]

T = TypeVar("T")

Call = tuple[str, Mapping[str, Any]]
"""A hook with its arguments."""

_LIFE: Final = ("agentcore_startup", "agentcore_shutdown")

_WHOLE: Final = (
    *("agent_input", "agent_start"),
    *("model_request", "model_answer", "model_start", "model_retry", "model_piece", "model_delta"),
    *("model_response", "model_complete"),
    *("tool_call", "tool_start", "tool_result", "tool_execute"),
    *("context_fork", "knowledge_query", "knowledge_update", "event_data", "agent_output", "agent_complete"),
)
_BROKEN: Final = (
    *("agent_input", "agent_start", "model_request", "model_start", "model_error"),
    *("tool_call", "tool_start", "tool_error", "agent_error"),
)


def run_of(context: ExecutionContext, *, ends_well: bool = True) -> list[Call]:
    """Return the calls of one run, in order; each event with an envelope of its own."""
    hooks = _WHOLE if ends_well else _BROKEN
    return [(hook, with_envelope(hook, hook_arguments(hook, context))) for hook in hooks]


def is_event(call: Call) -> bool:
    """Whether it only says what happened: the run does not wait for an answer, and it may be delivered otherwise."""
    return SPECIFICATIONS[call[0]].kind is HookKind.EVENT


def with_envelope(hook: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the envelope to the arguments of an event; a later call with the same arguments is the same event again."""
    if "event" not in SPECIFICATIONS[hook].arguments:
        return arguments
    return {**arguments, "event": Event(hook, arguments["context"])}


class _Listener:
    """Hears of the failures of the provider under test."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self.heard: list[tuple[str, BaseException]] = []

    @hookimpl(tryfirst=True)
    def plugin_error(self, plugin: str, hook: str, error: BaseException) -> None:
        """Keep it."""
        if plugin == self._plugin:
            self.heard.append((hook, error))


class Trial:
    """A provider that has been started up, and what is heard of it."""

    def __init__(self, manager: PluginManager, name: str, listener: _Listener) -> None:
        self.manager: Final = manager
        self.name: Final = name
        self._listener = listener

    @property
    def is_there(self) -> bool:
        """Whether it takes part: one that cannot be started up does not."""
        return self.manager.get_plugin(self.name) is not None

    @property
    def implementations(self) -> list[Implementation]:
        """The provider's, in the order of a run, but for those of its own start and end."""
        found = [each for hook in self.manager.specifications for each in self.manager.implementations(hook)]
        return [each for each in found if each.plugin == self.name and each.hook not in _LIFE]

    @property
    def hooks(self) -> list[str]:
        """The hooks that it implements."""
        return list(dict.fromkeys(each.hook for each in self.implementations))

    async def call(self, hook: str, arguments: Mapping[str, Any]) -> None:
        """Call what the provider has for *hook*; what fails is in :attr:`failures`, and a denial is its right."""
        # Twice as long as the manager lets it take, which does not end what asks for all the time there is.
        patience = 2 * self.manager.settings.hook_timeout
        try:
            with suppress(HookError, DeniedError):
                await limited(self.manager.call_of(self.name, hook)(**arguments), patience, self.name, hook)
        except HookTimeoutError as error:
            self._listener.heard.append((hook, error))

    async def handle(self, implementation: Implementation, data: Mapping[str, Any]) -> None:
        """Give a provider's handler *data*, in which there may be more than the hook has."""
        try:
            result = implementation.function(implementation.hook, data)
            await limited(result, self.manager.settings.hook_timeout, self.name, implementation.hook)
        except Deny:
            pass
        except Exception as error:
            self._listener.heard.append((implementation.hook, error))

    async def play(self, calls: Iterable[Call]) -> None:
        """Make those of *calls* that the provider implements, in order; others have their turn between them."""
        hooks = set(self.hooks)
        for hook, arguments in calls:
            if hook in hooks:
                await self.call(hook, arguments)
                await asyncio.sleep(0)

    def failures(self, *, timeouts: bool = False) -> dict[object, str]:
        """What failed, a line for each kind; what was ended because it hung has a test of its own."""
        return {
            (hook, type(error)): f"{hook}: {type(error).__name__}: {error}{_place(error)}"
            for hook, error in self._listener.heard
            if timeouts == isinstance(error, HookTimeoutError)
        }


def _place(error: BaseException) -> str:
    frames = [each for each in extract_tb(error.__traceback__) if "agentcore hook" not in each.filename]
    return f"  ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""


class ProviderTests:
    """What a subclass of a contract may say."""

    name: ClassVar[str] = ""
    """Under which it is registered; empty takes its own."""
    patience: ClassVar[float] = 2.0
    """Seconds that one execution may take here."""
    stall: ClassVar[float] = 0.5
    """Seconds for which it may hold up the event loop."""
    config: ClassVar[Mapping[str, Any]] = {}
    """A table that its config model accepts, with what must be given and no more."""
    picklable: ClassVar[bool] = False
    """Whether it claims to be; a class that has ``__getstate__`` or ``__reduce__`` of its own claims it anyway."""
    forbidden_modules: ClassVar[Sequence[str]] = HEAVY_MODULES
    """What importing it must not import."""
    import_budget: ClassVar[int] = MODULES
    """How many modules importing it may import that agentcore does not."""

    folder: Path
    """Of the test alone, and empty when it begins."""

    @pytest.fixture(autouse=True)
    def _own_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_provider(self) -> Any:
        """Return a new provider, not yet registered, or the module that is one."""
        raise NotImplementedError(f"{type(self).__name__} must override make_provider()")

    @asynccontextmanager
    async def trial(self, *, starts: bool = False) -> AsyncGenerator[Trial]:
        """Make a provider and start it up; shut it down in the end.

        One that cannot be registered, or not started up, has tests of its own, and the others are skipped.  *starts*
        says that this is the one for its start.
        """
        provider = self.make_provider()
        name = self.name or canonical_name(provider)
        listener = _Listener(name)
        delivery = {name: {"mode": "inline"}}
        manager = made_manager(self.folder, hook_timeout=self.patience, delivery=delivery)
        manager.register(listener, "provider-contract")
        try:
            manager.register(provider, name)
        except PluginValidationError as error:
            pytest.skip(f"it does not fit the hooks: {error}")
        try:
            await manager.startup()
            trial = Trial(manager, name, listener)
            if not (trial.is_there or starts):
                pytest.skip("it cannot be started up")
            yield trial
        finally:
            await manager.aclose()

    def tried(self, test: Callable[[Trial], Awaitable[T]]) -> T:
        """Run *test* on an event loop, with a provider that is started up."""

        async def main() -> T:
            async with self.trial() as trial:
                return await test(trial)

        return asyncio.run(main())

    def failures_in(self, play: Callable[[Trial], Awaitable[object]]) -> dict[object, str]:
        """Return what fails while *play* goes on with a new provider."""

        async def main(trial: Trial) -> dict[object, str]:
            await play(trial)
            return trial.failures()

        return self.tried(main)

    def check(self, play: Callable[[Trial], Awaitable[object]]) -> None:
        """Fail where a provider does in *play*, and would not in plain runs, which have a test of their own."""
        __tracebackhide__ = True
        found = self.failures_in(play)
        usual = self.failures_in(plain_runs) if found else {}
        failed([line for kind, line in found.items() if kind not in usual])


async def plain_runs(trial: Trial) -> None:
    """Play a run that ends well, and one that does not."""
    for ends_well in (True, False):
        await trial.play(run_of(a_context(), ends_well=ends_well))


def a_context(agent: str = "agent") -> ExecutionContext:
    """Make the context of a run."""
    return ExecutionContext(agent, metadata={"tenant": "acme"})


def failed(failures: Iterable[str]) -> None:
    """Fail with *failures*, if there are any."""
    __tracebackhide__ = True
    if listed := _listed(failures):
        pytest.fail(listed, pytrace=False)


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def in_turn(runs: Sequence[Sequence[Call]]) -> list[Call]:
    """Return the calls of several runs, one of each in turn."""
    longest = max(map(len, runs))
    return [run[number] for number in range(longest) for run in runs if number < len(run)]
