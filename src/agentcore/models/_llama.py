"""llama.cpp in this process, with one file of weights loaded."""

from __future__ import annotations

import os
import platform
import secrets
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from agentcore.errors import ModelError, ModelNotFoundError

__all__ = ["SLOTS", "Engine", "Receiver", "lacks_avx2", "library", "usable_cores"]

Receiver = Callable[[bytes], bool]
"""Takes a piece of an answer, as JSON; true stops the generation.  It must not raise."""

SLOTS: Final = 4
"""Answers that are written at once: on two cores four are written 1.3 times as fast as one after the other."""
_BATCH: Final = 256
"""Tokens that are read in one go: a cancellation waits at most for these, 0.7 s with the embedded model on two cores,
and larger ones are no faster."""
_OTHER_MODEL: Final = "or name another model, as 'openai:MODEL' or 'ollama:MODEL'"


class Engine:
    """A loaded model; it writes :data:`SLOTS` answers at once, and holds the others back.

    Loading blocks, for seconds with a large file.
    """

    def __init__(self, path: Path, *, context_size: int, reading_threads: int, writing_threads: int, name: str) -> None:
        """Load *path*.

        Args:
            path: A GGUF file.
            context_size: Tokens of question and answer together, for each of the slots.
            reading_threads: Read questions, and write where several answers are written at once.
            writing_threads: Write one answer.
            name: The model's name, for errors.

        Raises:
            ModelNotFoundError: There is no such file.
            ModelError: llama.cpp is not there, or cannot load the file.
        """
        _check_file(path, name)
        llama = library(name)
        params = llama.CommonParams()
        params.model.path = str(path)
        params.model_alias = {path.stem}
        # A slot of its own for each answer: in a shared context one long answer makes all of them fail.
        params.n_parallel = SLOTS
        params.kv_unified = False
        params.n_ctx = SLOTS * context_size
        params.n_batch = params.n_ubatch = _BATCH
        # It would keep up to 8 GiB of old prompts; each slot still keeps its last one.
        params.cache_ram_mib = 0
        params.cpuparams.n_threads = writing_threads
        params.cpuparams_batch.n_threads = reading_threads
        # Errors only.
        params.verbosity = 1
        _lock_out_visitors(params)
        try:
            self._server: Any = llama.Server(params)
        except RuntimeError as error:
            raise ModelError(
                f"llama.cpp cannot load {str(path)!r} for model {name!r}; it says why on stderr",
                model=name,
                hint=f"name another GGUF file, {_OTHER_MODEL}",
            ) from error
        # Whoever waits for a slot waits here, where waiting can be cancelled.
        self.executor = ThreadPoolExecutor(SLOTS, thread_name_prefix="agentcore-local")

    def generate(self, body: bytes, receive: Receiver) -> None:
        """Answer *body* in pieces; blocks until it is done or *receive* has returned true.

        Raises:
            ValueError: llama.cpp does not understand *body*.
        """
        self._server.handle_chat_completions(body, receive)

    def close(self) -> None:
        """Free the memory, as soon as no answer is being written any more."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self._server = None


def _check_file(path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError as error:
        raise ModelNotFoundError(
            f"model {name!r} has no file {str(path)!r}",
            model=name,
            hint=f"name a GGUF file that is there, {_OTHER_MODEL}",
        ) from error
    except OSError as error:
        raise ModelError(f"model {name!r} cannot read {str(path)!r}: {error.strerror}", model=name) from error
    if magic != b"GGUF":
        raise ModelError(
            f"model {name!r} cannot use {str(path)!r}: it is no GGUF file",
            model=name,
            hint="llama.cpp reads GGUF only; a model in another form must be converted",
        )


def library(name: str) -> Any:
    """Import llama.cpp for the model *name*.

    Raises:
        ModelError: It is not installed, or cannot run on this machine.
    """
    if lacks_avx2(_cpu_flags()):
        # Without this check the first calculation would end the process.
        raise ModelError(
            f"model {name!r} cannot run here: llama.cpp's wheels need a processor with AVX2",
            model=name,
            hint="build 'xllamacpp' on this machine, " + _OTHER_MODEL,
        )
    try:
        with _patient_threads():
            import xllamacpp  # type: ignore[import-untyped]  # it has no types
    except ModuleNotFoundError as error:
        raise ModelError(
            f"model {name!r} needs llama.cpp, and the package 'xllamacpp' is not installed",
            model=name,
            hint=f"install it with 'pip install xllamacpp' (it has no wheels for musl), {_OTHER_MODEL}",
        ) from error
    except ImportError as error:
        raise ModelError(
            f"model {name!r} needs llama.cpp, and it cannot be loaded: {error}",
            model=name,
            hint=f"it needs the system's libgomp: 'apt install libgomp1', or 'dnf install libgomp'; {_OTHER_MODEL}",
        ) from error
    return xllamacpp


@contextmanager
def _patient_threads() -> Generator[None, None, None]:
    """Have OpenMP's threads sleep when they wait for each other, unless the user says otherwise.

    By default they spin.  With other work on the same two cores that leaves 1 token a second; asleep they write 40.
    OpenMP looks at the variable when it is loaded, so nobody else gets to see it.
    """
    if (variable := "OMP_WAIT_POLICY") in os.environ:
        yield
        return
    os.environ[variable] = "passive"
    try:
        yield
    finally:
        del os.environ[variable]


def _cpu_flags() -> str | None:
    """Return what Linux says of the processor; None elsewhere."""
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "AMD64"}:
        return None
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def lacks_avx2(cpu: str | None) -> bool:
    """Return whether *cpu*, in the form of ``/proc/cpuinfo``, is known to lack AVX2."""
    flags = next((line for line in (cpu or "").splitlines() if line.startswith("flags")), None)
    return flags is not None and "avx2" not in flags.split()


def usable_cores() -> int:
    """Return how many threads are worth having: the cores that this process may use, half of them if there are many."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 4
    # llama.cpp's own rule where it cannot tell real cores from hyperthreads.
    return cores if cores <= 4 else cores // 2


def _lock_out_visitors(params: Any) -> None:
    """Close the HTTP server that llama.cpp opens on a free port of this machine, and that cannot be left out."""
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [secrets.token_urlsafe(32)]
    params.ui = False
    params.endpoint_slots = False
    params.n_threads_http = 1
