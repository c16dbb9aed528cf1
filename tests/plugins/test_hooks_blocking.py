"""``@hookimpl(blocking=True)``: implementations on threads."""

from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import Deny, ExecutionContext, PluginManager, Settings, current_context, hookimpl, use_context
from agentcore._plugins import threads
from agentcore.errors import DeniedError, HookError, HookTimeoutError

blocking = hookimpl(blocking=True)


@pytest.fixture(autouse=True)
def fresh_threads() -> None:
    """Each test begins without threads of plugins."""
    threads._threads.clear()


def run_python(text: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, timeout=60, check=False
    )


async def test_runs_on_a_thread_of_the_plugins(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A blocking implementation runs on a daemon thread that is named after its plugin, and the loop goes on."""
    released = threading.Event()
    seen: list[threading.Thread] = []

    def wait() -> None:
        seen.append(threading.current_thread())
        released.wait()

    manager = PluginManager()
    manager.register(plugin(tool_start=blocking(wait)), "slow")
    call = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    while not seen:
        await asyncio.sleep(0)
    released.set()
    await call
    assert [(each.name, each.daemon) for each in seen] == [("agentcore-slow", True)]


async def test_context_variables_are_copied(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], context: ExecutionContext
) -> None:
    """The thread sees the context variables of the call, the run's context among them; what it sets stays there."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    seen: list[Any] = []

    def look() -> None:
        seen.append((variable.get(), current_context()))
        variable.set("by the thread")

    manager = PluginManager()
    manager.register(plugin(tool_start=blocking(look)), "one")
    variable.set("by the run")
    with use_context(context):
        await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == [("by the run", context)]
    assert variable.get() == "by the run"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("broken"), ValueError),
        (SystemExit(3), RuntimeError),
        (KeyboardInterrupt(), RuntimeError),
        (GeneratorExit(), RuntimeError),
        (asyncio.CancelledError(), RuntimeError),
        (StopIteration(), RuntimeError),
        (RecursionError("deep"), RecursionError),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else "",
)
async def test_failure_on_a_thread(
    error: BaseException,
    told: type[BaseException],
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """What is raised on a thread is the plugin's failure, and harms neither the run nor the program."""

    def fail() -> None:
        raise error

    manager = make_manager(broken=plugin(tool_start=blocking(fail)))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("broken", "tool_start", told)]
    if told is RuntimeError:
        assert type(error).__name__ in str(failures.error)


async def test_value_on_a_thread(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A guard may run on a thread: it replaces, denies and fails closed as any other."""
    manager = PluginManager()
    manager.register(plugin(agent_output=blocking(lambda output: output.upper())), "shout")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "DONE"

    def deny() -> None:
        raise Deny("not on my watch")

    manager.register(plugin(agent_output=blocking(deny)), "guard")
    with pytest.raises(DeniedError, match="not on my watch"):
        await manager.hook.agent_output(**arguments("agent_output"))
    manager.unregister("guard")
    manager.register(plugin(agent_output=blocking(lambda: 1 / 0)), "broken")
    with pytest.raises(HookError, match="ZeroDivisionError"):
        await manager.hook.agent_output(**arguments("agent_output"))


async def test_hanging_thread_holds_nobody(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """A thread that hangs is left behind after its time; the other plugins' threads are not waiting for it."""
    released = threading.Event()
    ran: list[str] = []
    manager = make_manager(
        hasty,
        other=plugin(tool_start=hookimpl(blocking=True, timeout=30)(lambda: ran.append("other"))),
        limited=plugin(tool_start=hookimpl(blocking=True, timeout=0.05)(released.wait)),
        hanging=plugin(tool_start=blocking(released.wait)),
    )
    await manager.hook.tool_start(**arguments("tool_start"))
    released.set()
    assert ran == ["other"]
    assert failures.kinds == [
        ("hanging", "tool_start", HookTimeoutError),
        ("limited", "tool_start", HookTimeoutError),
    ]


async def test_late_result_is_dropped(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., PluginManager]
) -> None:
    """What a thread returns or raises after its call was given up disturbs nobody."""
    released, ended = threading.Event(), threading.Semaphore(0)

    def wait(tool: str) -> None:
        released.wait()
        ended.release()
        if tool == "raises":
            raise ValueError("late")

    manager = make_manager(slow=plugin(tool_start=hookimpl(blocking=True, timeout=0.05)(wait)))
    await manager.hook.tool_start(**arguments("tool_start", tool="raises"))
    await manager.hook.tool_start(**arguments("tool_start", tool="returns"))
    released.set()
    for _ in range(2):
        assert ended.acquire(timeout=10)
    # The threads are free again, and the loop takes what they made of the next calls.
    for _ in range(3):
        await manager.hook.tool_start(**arguments("tool_start", tool="returns"))


def test_late_result_for_a_closed_loop(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., PluginManager]
) -> None:
    """A thread that ends after the loop was closed ends in silence."""
    released = threading.Event()
    manager = make_manager(slow=plugin(tool_start=hookimpl(blocking=True, timeout=0.05)(released.wait)))

    async def use() -> None:
        await manager.hook.tool_start(**arguments("tool_start"))

    asyncio.run(use())
    released.set()
    asyncio.run(use())
    assert [each.failures for each in manager.statuses()] == [0, 1]


async def test_more_calls_than_threads(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A plugin has so many threads at most; further calls wait for a free one, and none is lost."""
    count = 3 * threads.MAX_THREADS
    gate = threading.Semaphore(0)
    inside: set[str] = set()
    ended: list[str] = []

    def work(tool: str) -> None:
        inside.add(tool)
        gate.acquire()
        ended.append(tool)

    manager = PluginManager()
    manager.register(plugin(tool_start=blocking(work)), "busy")
    calls = [
        asyncio.create_task(manager.hook.tool_start(**arguments("tool_start", tool=str(index))))
        for index in range(count)
    ]
    while len(inside) < threads.MAX_THREADS:
        await asyncio.sleep(0.001)
    alive = [each for each in threading.enumerate() if each.name == "agentcore-busy"]
    assert len(alive) == len(inside) == threads.MAX_THREADS
    # One that is given up while it waits for a thread never runs.
    calls[-1].cancel()
    for _ in range(count):
        gate.release()
    await asyncio.gather(*calls, return_exceptions=True)
    assert sorted(ended) == sorted(str(index) for index in range(count - 1))


async def test_threads_are_used_again(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Calls that come one after the other share a thread."""
    seen: set[int] = set()
    manager = PluginManager()
    manager.register(plugin(tool_start=blocking(lambda: seen.add(threading.get_ident()))), "one")
    for _ in range(20):
        await manager.hook.tool_start(**arguments("tool_start"))
    # The loop may learn of a result before the thread is back at its queue, and then there is one more.
    assert len(seen) < 20


async def test_idle_threads_end(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that nobody needs ends, and another takes its place when somebody does."""
    monkeypatch.setattr(threads, "_IDLE_SECONDS", 0.01)
    seen: list[threading.Thread] = []
    manager = PluginManager()
    manager.register(plugin(tool_start=blocking(lambda: seen.append(threading.current_thread()))), "one")
    for _ in range(2):
        await manager.hook.tool_start(**arguments("tool_start"))
        await asyncio.get_running_loop().run_in_executor(None, seen[-1].join)
    assert seen[0] is not seen[1]


async def test_no_thread_can_be_started(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the interpreter starts no thread any more, as while it exits, the work is done all the same."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    ran: list[str] = []
    manager = make_manager(one=plugin(agentcore_shutdown=blocking(lambda: ran.append("flushed"))))
    await manager.startup()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    await manager.aclose()
    assert ran == ["flushed"]
    assert failures.kinds == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_forked_process_has_threads_of_its_own() -> None:
    """In a forked process blocking implementations run, though the parent's threads are not there."""
    done = run_python("""
        import asyncio, os, threading, warnings
        from agentcore import PluginManager, hookimpl

        # Python 3.12 warns of every fork of a process with threads; this is the one that is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        parent = os.getpid()

        class Slow:
            @hookimpl(blocking=True, timeout=0.5)
            def register_tools(self):
                if os.getpid() == parent:
                    threading.Event().wait()
                return ["tool"]

        manager = PluginManager()
        manager.register(Slow())

        async def call(times):
            return await asyncio.gather(*(manager.hook.register_tools() for _ in range(times)))

        # As many as there may be: the child would take all of them for busy.
        asyncio.run(call(8))
        if child := os.fork():
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(asyncio.run(call(1)) != [["tool"]])
    """)
    assert done.returncode == 0, done.stderr


def test_hanging_thread_does_not_keep_the_interpreter() -> None:
    """A program ends though a thread of a plugin hangs."""
    done = run_python("""
        import asyncio, threading
        from agentcore import PluginManager, Settings, hookimpl

        class Hanging:
            @hookimpl(blocking=True, timeout=0.1)
            def register_tools(self):
                threading.Event().wait()

        async def main():
            manager = PluginManager()
            manager.register(Hanging())
            print(await manager.hook.register_tools())

        asyncio.run(main())
    """)
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_job_that_comes_when_a_thread_gives_up() -> None:
    """A call that comes at the moment at which an idle thread ends is taken by it."""
    loop = asyncio.new_event_loop()
    taken: list[Any] = []
    pool = threads._Threads("one")
    pool._pending = 1
    thread = threading.Thread(target=lambda: taken.append(pool._next(0.0)))
    thread.start()
    # It has waited in vain, and holds the lock while it looks again.
    while pool._idle or not pool._lock.locked():
        pass
    job = threads._Job(loop, loop.create_future(), lambda: None)
    pool._jobs.put(job)
    thread.join()
    loop.close()
    assert taken == [job]
    assert pool._pending == 0
