"""A trail of JSON lines in which each line vouches for the one before it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from glob import escape
from hashlib import blake2b, sha256
from pathlib import Path
from time import monotonic
from typing import Final

from agentcore.errors import AgentCoreError
from agentcore.locking import locked

__all__ = ["Trail", "TrailError", "check_trail"]

_LINE: Final = re.compile(rb'\{"hash":"([0-9a-f]{64})","seq":(\d+),"id":"([^"\\]*)","previous":"([0-9a-f]*)"[,}]')
"""How a line begins; what follows is the event."""
_HASHED: Final = len('{"hash":"",') + 64
"""Where the part of a line begins that its hash is of."""
_PATIENCE: Final = 20.0
"""Seconds to wait for another process that writes."""


class TrailError(AgentCoreError):
    """The audit trail cannot be continued, or is not what was written."""


class Trail:
    """Appends lines to a file that several processes may share, and each event once.

    When the file is large it is renamed, as ``audit.000001.jsonl``, and a new one goes on with the chain.
    An event is known again as long as it is in the newest two files.
    """

    def __init__(self, path: Path, *, fsync: bool, max_bytes: int, keep: int | None) -> None:
        """Prepare; opened with the first line.

        Args:
            path: The file, made for its owner alone.
            fsync: Whether a line is on disk before :meth:`append` returns.
            max_bytes: From this size on it is renamed.
            keep: How many renamed files stay, the newest; None keeps all.
        """
        self._path = path
        self._fsync = fsync
        self._max_bytes = max_bytes
        self._keep = keep
        self._file: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._read = 0
        self._seq = 0
        self._last = ""
        self._known: set[bytes] = set()

    def append(self, id: str, body: bytes) -> bool:
        """Append an event, unless it is there; blocks for the disk.

        Args:
            id: Of the event.
            body: A JSON object.

        Returns:
            Whether it was not there.

        Raises:
            TrailError: What is there has been damaged, or another process keeps it locked.
            OSError: The disk does not take it; then nothing of it is in the file.
        """
        began = monotonic()

        def waiting() -> None:
            if monotonic() - began > _PATIENCE:
                raise TrailError(f"another process keeps the audit trail {str(self._path)!r} locked")

        self._path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._path.with_suffix(".lock"), waiting=waiting):
            file = self._current()
            if _digest(id) in self._known:
                # Whoever wrote it may have died before it was on disk.
                self._sync(file)
                return False
            self._write(file, id, body)
            if self._read >= self._max_bytes:
                self._rotate()
        return True

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    # --- under the lock ---

    def _current(self) -> int:
        """Return the file, with everything known that others have written."""
        if self._file is not None and not _is_at(self._file, self._path):
            # Another process has renamed it.
            self.close()
        if self._file is None:
            self._forget()
            for each in _rotated(self._path)[-1:]:
                self._learn(each.read_bytes(), each)
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            if self._fsync:
                _sync_folder(self._path.parent)
        if os.fstat(self._file).st_size != self._read:
            self._catch_up(self._file)
        return self._file

    def _catch_up(self, file: int) -> None:
        with os.fdopen(os.dup(file), "rb") as reader:
            reader.seek(self._read)
            text = reader.read()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            # Whoever wrote it died; the event comes again.
            os.ftruncate(file, self._read + whole)
        self._learn(text[:whole], self._path)
        self._read += whole

    def _learn(self, text: bytes, path: Path) -> None:
        for line in text.splitlines():
            match = _LINE.match(line)
            if match is None:
                raise TrailError(
                    f"the audit trail {str(path)!r} has a line that is none of its own after number {self._seq}",
                    hint="find out who changed it, then move it away: a new one begins.",
                )
            self._last, self._seq = match[1].decode(), int(match[2])
            self._known.add(_digest(match[3].decode()))

    def _write(self, file: int, id: str, body: bytes) -> None:
        line, digest = _line(self._seq + 1, id, self._last, body)
        try:
            if os.write(file, line) < len(line):
                raise OSError(f"the disk takes no more of the audit trail {str(self._path)!r}")
            self._sync(file)
        except OSError:
            os.ftruncate(file, self._read)
            raise
        self._seq, self._last = self._seq + 1, digest
        self._read += len(line)
        self._known.add(_digest(id))

    def _sync(self, file: int) -> None:
        if self._fsync:
            os.fsync(file)

    def _rotate(self) -> None:
        before = _rotated(self._path)
        number = _number(before[-1], self._path) + 1 if before else 1
        os.replace(self._path, self._path.with_suffix(f".{number:06}{self._path.suffix}"))
        if self._keep is not None:
            for each in _rotated(self._path)[: -self._keep]:
                each.unlink()
        self.close()


def _line(seq: int, id: str, previous: str, body: bytes) -> tuple[bytes, str]:
    """Return a line, and its hash: that of all that stands behind it, the hash of the line before among it."""
    rest = f'"seq":{seq},"id":"{id}","previous":"{previous}"'.encode()
    rest += b"," + body[1:] if len(body) > 2 else b"}"
    digest = sha256(rest).hexdigest()
    return b'{"hash":"' + digest.encode() + b'",' + rest + b"\n", digest


def _digest(id: str) -> bytes:
    # Those of two files are in memory: sixteen bytes tell them apart.
    return blake2b(id.encode(), digest_size=16).digest()


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rotated(path: Path) -> list[Path]:
    """Return the renamed files of a trail, the oldest first."""
    found = path.parent.glob(f"{escape(path.stem)}.*{escape(path.suffix)}")
    return sorted((each for each in found if _number(each, path)), key=lambda each: _number(each, path))


def _number(renamed: Path, path: Path) -> int:
    """Return which renamed file it is, counted from 1; 0 where it is none."""
    number = renamed.name.removeprefix(f"{path.stem}.").removesuffix(path.suffix)
    return int(number) if number.isdecimal() else 0


def check_trail(path: Path) -> tuple[int, str]:
    """Read a trail with its renamed files, and return how many lines vouch for each other, and the last one's hash.

    Lines that were taken away at its end, or old files at its beginning, do not show; nor does a trail that was
    written anew from some line on: for that, a hash must have been kept elsewhere.

    Args:
        path: The newest file.

    Raises:
        TrailError: A line was changed, taken out, put in, or moved.
    """
    count, previous = 0, ""
    for file in (each for each in [*_rotated(path), path] if each.exists()):
        for number, line in _lines(file, whole=file != path):
            match = _LINE.match(line)
            good = match is not None and sha256(line[_HASHED:]).hexdigest() == match[1].decode()
            if match is None or not good or (count and match[4].decode() != previous):
                raise TrailError(f"line {number} of {str(file)!r} is not what was written, or not where it was")
            count, previous = count + 1, match[1].decode()
    return count, previous


def _lines(file: Path, *, whole: bool) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of each line; the last one may be half written, unless the file is *whole*."""
    with file.open("rb") as reader:
        for number, line in enumerate(reader, start=1):
            if whole or line.endswith(b"\n"):
                yield number, line.removesuffix(b"\n")
