"""A package that pip installs is picked up by the next program."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

MODULE = """
from agentcore import hookimpl

@hookimpl
def tool_start(tool):
    print("saw", tool)
"""

PROGRAM = """
    import asyncio, sys
    from agentcore import ExecutionContext, get_plugin_manager

    async def main():
        async with get_plugin_manager() as plugins:
            await plugins.hook.tool_start(
                context=ExecutionContext("triage"), tool="search", arguments={}, call_id="1"
            )
            [status] = [each for each in plugins.statuses() if each.name == "thirdparty"]
            print(status.status, status.distribution, status.version, status.reason)
            print("imported" if "thirdparty_plugin" in sys.modules else "not imported")

    asyncio.run(main())
"""


def wheel(folder: Path) -> Path:
    """Build the package by hand: one module, one entry point."""
    info = "thirdparty-1.2.dist-info"
    files = {
        "thirdparty_plugin.py": MODULE,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.2\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[agentcore]\nthirdparty = thirdparty_plugin\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    path = folder / "thirdparty-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def run(program: str, folder: Path, **environ: str) -> str:
    """Run a program that finds what was installed in *folder*; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]), **environ},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(find_spec("pip") is None, reason="pip is not installed")
def test_installed_package(tmp_path: Path) -> None:
    """After ``pip install`` the plugin takes part; a word in the environment keeps it from being imported."""
    target = tmp_path / "target"
    options = ["--quiet", "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(wheel(tmp_path))],
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    alone = {"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": "1", "AGENTCORE_CONFIG": ""}
    assert run(PROGRAM, target, **alone, AGENTCORE_PLUGINS="thirdparty").splitlines() == [
        "saw search",
        "loaded thirdparty 1.2 nothing requires it",
        "imported",
    ]
    assert run(PROGRAM, target, **alone).splitlines() == [
        "disabled thirdparty 1.2 autoload is off (AGENTCORE_DISABLE_PLUGIN_AUTOLOAD)",
        "not imported",
    ]
    assert run(PROGRAM, target, AGENTCORE_DISABLED_PLUGINS="thirdparty,metrics,vectorstore").splitlines() == [
        "disabled thirdparty 1.2 disabled by AGENTCORE_DISABLED_PLUGINS",
        "not imported",
    ]
    (target / "agentcore.toml").write_text('disabled = ["metrics", "vectorstore"]\n')
    assert run(PROGRAM, target).splitlines()[0] == "saw search"
