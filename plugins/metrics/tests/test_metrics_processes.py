"""Several processes, and their ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from metrics_support import query, run_python

PRELUDE = """
import sys, time
from agentcore import ExecutionContext, Usage
from agentcore_metrics import MetricsProvider

def run(provider, count, agent="triage"):
    for _ in range(count):
        provider.agent_complete(ExecutionContext(agent), agent, Usage(), 1.0, "ok")

path = sys.argv[1]
"""

ENDINGS = {
    "normal": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "exception": ("raise RuntimeError('on purpose')", 1),
    "after a flush": ("provider.flush(); run(provider, 2)", 0),
    "forgotten": ("del provider", 0),
    "in an exit handler": ("import atexit; atexit.register(run, provider, 2)", 0),
}


@pytest.mark.parametrize(("ending", "code"), ENDINGS.values(), ids=ENDINGS.keys())
def test_everything_is_in_the_ledger_when_the_process_has_ended(path: Path, ending: str, code: int) -> None:
    """However it ends, as long as it is by itself."""
    done = run_python(f"{PRELUDE}\nprovider = MetricsProvider(path=path)\nrun(provider, 5)\n{ending}", path)
    assert done.returncode == code, done.stderr
    assert query(path, "SELECT count(*) FROM runs")[0][0] == 5 + 2 * ending.count(", 2)")
    assert not done.stderr or "on purpose" in done.stderr
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_events_at_exit_are_written_by_the_shutdown_of_the_plugin_manager(path: Path) -> None:
    """Where no thread can be started any more, shutting down writes what is left."""
    program = f"""{PRELUDE}
import atexit
provider = MetricsProvider(path=path)

def late():
    run(provider, 3)
    provider.agentcore_shutdown()

atexit.register(late)
"""
    done = run_python(program, path)
    assert (done.returncode, done.stderr) == (0, "")
    assert query(path, "SELECT count(*) FROM runs") == [(3,)]


def test_two_processes_write_one_ledger(path: Path) -> None:
    """They make it at the same time, and neither loses a row, nor says a word."""
    program = f"""{PRELUDE}
provider = MetricsProvider(path=path)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(30):
    run(provider, 100, agent=sys.argv[2])
    provider.flush()
"""
    command = [sys.executable, "-W", "error", "-c", program, str(path)]
    processes = [
        subprocess.Popen(
            [*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outputs = [process.communicate("go\n", timeout=60) for process in processes]
    assert outputs == [("", "")] * 2
    assert query(path, "SELECT agent, count(*) FROM runs GROUP BY 1") == [("one", 3_000), ("two", 3_000)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_write_their_own_rows(tmp_path: Path, path: Path, method: str) -> None:
    """The parent's rows are not written twice, the child's are not lost, and the ledger stays whole."""
    program = tmp_path / "program.py"
    program.write_text(
        f"""
import os, sys

opened = []

def look():
    folder = "/proc/self/fd"
    links = [os.path.join(folder, name) for name in os.listdir(folder)] if os.path.isdir(folder) else []
    opened.extend(each for each in map(os.readlink, filter(os.path.islink, links)) if each.startswith(sys.argv[1]))

# Registered before the provider's own, it is called after it.
os.register_at_fork(before=look)
{PRELUDE}
import multiprocessing, warnings

# What Python says of forking with threads is why this test is here.
warnings.simplefilter("ignore", DeprecationWarning)

def child(inherited):
    provider = MetricsProvider(path=path) if inherited is None else inherited()
    run(provider, 3, agent="child")

if __name__ == "__main__":
    provider = MetricsProvider(path=path)
    run(provider, 10)
    provider.flush()
    run(provider, 10)
    # A child that is forked inherits the provider itself.
    inherited = (lambda: provider) if {method!r} == "fork" else None
    processes = [multiprocessing.get_context({method!r}).Process(target=child, args=(inherited,)) for _ in range(3)]
    for process in processes:
        process.start()
        run(provider, 5)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    # A database that is open on both sides of a fork is damaged sooner or later.
    assert opened == []
"""
    )
    done = subprocess.run([sys.executable, str(program), str(path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert query(path, "SELECT agent, count(*) FROM runs GROUP BY 1") == [("child", 9), ("triage", 35)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no limit on the size of files")
def test_a_full_disk_is_told_and_does_not_end_the_program(path: Path) -> None:
    """The file cannot grow: one warning names it, and says in the end how much is lost."""
    program = f"""{PRELUDE}
import resource
provider = MetricsProvider(path=path)
run(provider, 10)
assert provider.flush()
provider.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
run(provider, 2_000)
assert not provider.flush()
run(provider, 1_000)
assert not provider.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert provider.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
run(provider, 4_000)
provider.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
    done = run_python(program, path)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stderr.splitlines()
    assert first.startswith(f"metrics cannot be written to {str(path)!r}: ")
    assert f"records of metrics are lost: {str(path)!r} cannot be written: " in last
    lost = int(last.split()[0])
    assert query(path, "SELECT count(*) FROM runs") == [(3_010 + 4_000 - lost,)]
