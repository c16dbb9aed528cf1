"""What importing a module costs, measured in an interpreter of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from agentcore._data import data

__all__ = ["HEAVY_MODULES", "MODULES", "SECONDS", "ImportCost", "import_cost", "run_apart"]

HEAVY_MODULES: Final = (
    "anthropic",
    "boto3",
    "botocore",
    "fastapi",
    "google.genai",
    "grpc",
    "httpx",
    "httpx2",
    "huggingface_hub",
    "langchain",
    "litellm",
    "llama_index",
    "matplotlib",
    "numpy",
    "onnxruntime",
    "openai",
    "opentelemetry.sdk",
    "pandas",
    "polars",
    "psycopg",
    "pyarrow",
    "pydantic_ai",
    "qdrant_client",
    "requests",
    "rich",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "sqlalchemy",
    "tensorflow",
    "tiktoken",
    "tokenizers",
    "torch",
    "transformers",
)
"""What no plugin should import before it is needed: each takes longer than all of agentcore, or nearly."""

MODULES: Final = 250
"""How many modules a plugin may import that agentcore does not."""

_LINE: Final = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$")
_MARK: Final = "-- what comes now is the plugin's --"
SECONDS: Final = 60.0
"""How long an import may take before it counts as hanging."""

_PROGRAM: Final = f"""
import json, sys
from time import process_time
import agentcore, agentcore.errors, agentcore.hookspecs, agentcore.types
from agentcore import SecretRef
print({_MARK!r}, file=sys.stderr, flush=True)
target, report = sys.argv[1:]
known, began = set(sys.modules), process_time()
__import__(target)
seconds = process_time() - began
with open(report, "w", encoding="utf-8") as file:
    json.dump({{"seconds": seconds, "modules": [each for each in sys.modules if each not in known]}}, file)
"""


@data(kw_only=True)
class ImportCost:
    """What a module brings along that agentcore itself does not."""

    modules: Sequence[str]
    """What was imported, in order, the module itself among it; empty where it failed."""
    seconds: float
    """Of the processor, with what it takes to measure it."""
    shares: Mapping[str, float]
    """Seconds by top-level package, most first."""
    output: str
    """What it printed while it was imported."""
    error: str
    """The last line of what it raised; empty where it did not."""

    def heavy(self, forbidden: Sequence[str] = HEAVY_MODULES) -> list[str]:
        """Return which of *forbidden* was imported."""
        found = set(self.modules)
        return [each for each in forbidden if each in found]


@lru_cache(maxsize=64)
def import_cost(module: str, *, folder: Path | None = None, compiled: bool = False) -> ImportCost:
    """Import a module in an interpreter of its own, and measure it; once in a process.

    Args:
        module: Its name.
        folder: Where it is sought first.
        compiled: Whether there is bytecode of it; else it is imported once more before, to make it, as a user's
            installation has.

    Raises:
        TimeoutError: It did not end within a minute.
    """
    with TemporaryDirectory() as own:
        report = Path(own, "report.json")
        command = ["-X", "importtime", "-c", _PROGRAM, module, str(report)]
        if not compiled:
            run_apart(command, timeout=SECONDS, folder=folder)
        done = run_apart(command, timeout=SECONDS, folder=folder)
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None
    _, _, theirs = done.stderr.partition(_MARK)
    said = [line for line in theirs.splitlines() if line.strip() and not _LINE.match(line)]
    return ImportCost(
        modules=found["modules"] if found else [],
        seconds=found["seconds"] if found else 0.0,
        shares=_shares(theirs),
        output="\n".join([*done.stdout.splitlines(), *said]) if found else done.stdout,
        error="" if found else said[-1] if said else "it ended the process",
    )


def _shares(report: str) -> Mapping[str, float]:
    shares: Counter[str] = Counter()
    for line in report.splitlines():
        if found := _LINE.match(line):
            shares[found[2].partition(".")[0]] += int(found[1])
    return {package: microseconds / 1e6 for package, microseconds in shares.most_common()}


def run_apart(
    arguments: Sequence[str], *, timeout: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an interpreter in which can be imported what can be imported here, whether it is installed or a test's.

    Args:
        arguments: Of the interpreter.
        timeout: Seconds that it may run.
        folder: Where modules are sought first; None takes the current folder.

    Raises:
        TimeoutError: It did not end within *timeout* seconds.
    """
    path = [*([] if folder is None else [str(folder)]), *(each or "." for each in sys.path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"it did not end within {timeout:g} s") from error
