"""Programs that end, in every way in which programs end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]

_HEAD = """
import asyncio, os, signal, sys
sys.path.insert(0, {parts!r})
from pathlib import Path
from delivery_parts import Listener, echo, manager_in
from agentcore import PluginManager, set_plugin_manager

async def tell(data):
    await asyncio.sleep(0.02)
    # Whole, and past the buffer that a fork would double.
    os.write(1, f"{{data['output']}}\\n".encode())

def manager(mode, **overrides):
    pm = manager_in(Path({folder!r}), **overrides)
    pm.register(Listener(mode, tell))
    return pm
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs a program, which has a listener that prints what it hears, slowly."""

    def run(text: str) -> subprocess.CompletedProcess[str]:
        head = _HEAD.format(parts=str(Path(__file__).parent), folder=str(tmp_path))
        return subprocess.run(
            [sys.executable, "-c", head + text], capture_output=True, text=True, timeout=60, check=False
        )

    return run


ENDINGS = {
    "its code ends": "",
    "it exits": "sys.exit(3)",
    "it raises": "raise KeyError('end')",
    "it is interrupted": "signal.raise_signal(signal.SIGINT)",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("mode", ["background", "durable"])
def test_what_lanes_hold_is_delivered_at_the_end(program: Program, mode: str, ending: str) -> None:
    """A program that does not close its manager loses nothing that its lanes could still deliver."""
    result = program(
        f"""
pm = manager({mode!r})
for number in range(5):
    echo(pm).run_sync(number)
{ending}
"""
    )
    assert result.stdout.split() == ["0", "1", "2", "3", "4"], result.stderr


def test_manager_of_the_process_drains_its_lanes(program: Program) -> None:
    """So does the process's own manager, and its plugins are shut down after that."""
    result = program(
        """
from agentcore import hookimpl
class Last:
    @hookimpl
    def agentcore_shutdown(self): print("last", flush=True)
pm = manager("background")
pm.register(Last())
set_plugin_manager(pm)
for number in range(3):
    echo(pm).run_sync(number)
"""
    )
    assert result.stdout.split() == ["0", "1", "2", "last"], result.stderr


def test_exit_waits_no_longer_than_is_configured(program: Program) -> None:
    """A provider that hangs cannot keep a program from ending, and what it has not had is named."""
    result = program(
        """
import threading
async def hang(data):
    await asyncio.Event().wait()
pm = manager_in(Path.cwd(), shutdown_timeout=0.1)
pm.register(Listener("background", hang))
echo(pm).run_sync(1)
"""
    )
    assert result.returncode == 0
    assert "the plugin 'listener' did not get 1 of its events before the end" in result.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("mode", ["background", "durable"])
def test_forked_child_delivers_its_own_events(program: Program, mode: str) -> None:
    """What waited at the fork the parent delivers, once; what the child sends is delivered, too, by whoever owns it."""
    result = program(
        f"""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
pm = manager({mode!r})
for number in range(3):
    echo(pm).run_sync(number)
child = os.fork()
if child == 0:
    echo(pm).run_sync("child")
    sys.exit()
os.waitpid(child, 0)
echo(pm).run_sync("parent")
"""
    )
    assert sorted(result.stdout.split()) == ["0", "1", "2", "child", "parent"], result.stderr


def test_killed_program_has_kept_what_it_promised(program: Program) -> None:
    """Killed right after a run has returned, it leaves the run's events to the next one, which has them once."""
    killed = program(
        """
pm = manager("durable")
print("answer", echo(pm).run_sync("x").output, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "answer x\n")
    following = """
pm = manager("durable")
asyncio.run(pm.startup())
"""
    assert program(following).stdout == "x\n"
    assert program(following).stdout == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forked_child_delivers_when_its_parent_is_gone(program: Program) -> None:
    """Nobody else is there any more who could: the child takes the lane over, with what the parent has left."""
    result = program(
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
pm = manager("durable")
echo(pm).run_sync("parent")
asyncio.run(pm.flush())
parent = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == parent:
    pass
echo(pm).run_sync("child")
"""
    )
    assert sorted(result.stdout.split()) == ["child", "parent"], result.stderr
    assert "did not get" not in result.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forked_child_that_does_nothing_ends_at_once(program: Program) -> None:
    """It has nothing to wait for, and nothing to say."""
    result = program(
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
pm = manager("durable")
echo(pm).run_sync("parent")
asyncio.run(pm.flush())
child = os.fork()
if not child:
    sys.exit()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    )
    assert result.stdout.split() == ["parent", "0"], result.stderr
    assert result.stderr == ""
