"""Fetching one distribution with the user's own package client, whose index, proxy and certificates are set up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryFile
from typing import Final

__all__ = ["FetchError", "client_command", "fetch"]

_PAUSE: Final = 0.1
"""Seconds between two looks at what has arrived."""
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+@")
_KEPT: Final = 3
"""The last lines of what a failing client says go into the error."""


class FetchError(Exception):
    """The package client is missing or failed; the message says why, without credentials."""


def client_command(requirement: str, folder: Path) -> Sequence[str]:
    """Return the command that brings *requirement* into *folder*, as a wheel or unpacked.

    Nothing is installed, built or run.

    Raises:
        FetchError: Neither pip nor uv is there.
    """
    python = sys.executable
    pip = [python, "-P", "-m", "pip"] if find_spec("pip") is not None else None
    uv = _program("uv")
    if pip is None and uv is not None:
        # uv has no command that downloads: an installation without dependencies into a folder of its own is one.
        options = ["--no-deps", "--only-binary", ":all:", "--no-cache", "--quiet", "--python", python]
        return [uv, "pip", "install", *options, "--target", str(folder), requirement]
    if pip is None and (script := _program("pip3") or _program("pip")):
        pip = [script]
    if pip is None:
        raise FetchError("neither 'pip' nor 'uv' is installed")
    options = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--progress-bar", "off"]
    return [*pip, "download", "--quiet", "--disable-pip-version-check", *options, "--dest", str(folder), requirement]


def _program(name: str) -> str | None:
    """Return the path of the program *name*: this environment's own, which need not be activated, else the user's."""
    return which(name, path=sysconfig.get_path("scripts")) or which(name)


def fetch(requirement: str, folder: Path, *, arrived: Callable[[int], None]) -> None:
    """Bring *requirement* into *folder*.

    Blocks.

    Args:
        requirement: Pinned, as ``name==1.0``.
        folder: An empty one; the client's temporary files go there too.
        arrived: Called again and again with the bytes that are there; it may raise to give up.

    Raises:
        FetchError: The client is missing or failed.
    """
    scratch = folder / "tmp"
    scratch.mkdir()
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))}
    with TemporaryFile(dir=folder) as output:
        process = subprocess.Popen(
            client_command(requirement, folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            while (status := _ended(process)) is None:
                arrived(_size(folder))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if status != 0:
            output.seek(0)
            raise FetchError(_last_words(output.read().decode(errors="replace")) or f"it ended with status {status}")


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_PAUSE)
    except subprocess.TimeoutExpired:
        return None


def _size(folder: Path) -> int:
    """Return the bytes below *folder*; files come and go while this looks."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _last_words(output: str) -> str:
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    return _CREDENTIALS.sub("", " ".join(lines[-_KEPT:]))
