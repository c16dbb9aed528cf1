"""A disk that can lose its power, fill up and fail, as a VFS of SQLite."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

import apsw
from attrs import define, field

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""


@define
class _Change:
    """A write, or a cut, that no sync has followed."""

    offset: int
    data: bytes | None
    """None where the file is cut at *offset*."""


@define
class _Platter:
    """One file as it is on the disk, and what the system has not written yet."""

    image: bytearray = field(factory=bytearray)
    pending: list[_Change] = field(factory=list)
    files: WeakSet[_File] = field(factory=WeakSet)
    """Those that have it open."""

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.image, change)
        self.pending.clear()

    def after_cut(self, chance: random.Random) -> bytes:
        """Return what is left when the power goes: of what was not synced any part may be there, in any order."""
        left = bytearray(self.image)
        keep = chance.choice([0.0, 0.0, 0.5, 0.9, 1.0])
        for change in self.pending:
            for piece in _sectors(change):
                if chance.random() < keep:
                    _apply(left, piece)
        return bytes(left)


def _sectors(change: _Change) -> Generator[_Change]:
    if change.data is None:
        yield change
        return
    begin, end = change.offset, change.offset + len(change.data)
    while begin < end:
        stop = min(end, (begin // SECTOR + 1) * SECTOR)
        yield _Change(begin, change.data[begin - change.offset : stop - change.offset])
        begin = stop


def _apply(image: bytearray, change: _Change) -> None:
    if change.data is None:
        del image[change.offset :]
        return
    if len(image) < change.offset:
        image.extend(bytes(change.offset - len(image)))
    image[change.offset : change.offset + len(change.data)] = change.data


class Disk:
    """Every file that SQLite writes while :meth:`in_use`.

    The files themselves hold what programs see, as the system's cache does; beside them this keeps what is on the disk.
    """

    def __init__(self) -> None:
        self.platters: dict[int, _Platter] = {}
        """By inode: a file that is renamed stays the same."""
        self.deleted: dict[Path, _Platter] = {}
        """Deletions that may not have reached the disk."""
        self.operations = 0
        """Writes, cuts and syncs so far."""
        self.watch: Callable[[], None] = lambda: None
        """Called before each of them; what it raises is what the operation fails with."""
        self.forgetful = False
        """Whether a sync that fails throws away what it did not write, as Linux does."""

    @contextmanager
    def in_use(self) -> Generator[Disk]:
        """Stand behind every database that is opened meanwhile."""
        vfs = _Vfs(self)
        try:
            yield self
        finally:
            vfs.unregister()

    def cut(self, folder: Path, target: Path, chance: random.Random) -> None:
        """Fill *target* with what would be left of *folder* if the power went now."""
        target.mkdir(mode=0o700)
        there = {path: self.platters.get(path.stat().st_ino) for path in folder.iterdir() if path.is_file()}
        gone = {path: each for path, each in self.deleted.items() if path not in there and chance.random() < 0.5}
        for path, platter in (there | gone).items():
            if platter is not None:
                (target / path.name).write_bytes(platter.after_cut(chance))

    def operation(self) -> None:
        self.operations += 1
        self.watch()


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.real = apsw.vfs_names()[0]
        super().__init__(f"disk-{id(disk)}", self.real, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        path = Path(filename)
        # The next file may get the same inode.
        platter = self.disk.platters.pop(path.stat().st_ino, None) if path.exists() else None
        super().xDelete(filename, syncdir)
        if platter is not None and not syncdir:
            self.disk.deleted[path] = platter


class _File(apsw.VFSFile):
    def __init__(self, vfs: _Vfs, name: Any, flags: list[int]) -> None:
        super().__init__(vfs.real, name, flags)
        filename = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.disk = disk = vfs.disk
        inode = os.stat(filename).st_ino if filename else -1
        if inode not in disk.platters or inode == -1:
            disk.platters[inode] = _Platter(bytearray(Path(filename).read_bytes() if filename else b""))
        self.platter = disk.platters[inode]
        self.platter.files.add(self)
        self.told = True
        """Whether it was told of the last failure: everybody who has a file open is, once."""

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self.disk.operation()
        super().xWrite(data, offset)
        self.platter.pending.append(_Change(offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self.disk.operation()
        super().xTruncate(newsize)
        self.platter.pending.append(_Change(newsize, None))

    def xSync(self, flags: int) -> None:  # noqa: N802
        try:
            self.disk.operation()
        except apsw.IOError:
            if self.disk.forgetful:
                self.platter.pending.clear()
                for file in self.platter.files:
                    file.told = file is self
            raise
        if not self.told:
            self.told = True
            raise apsw.IOError("something could not be written before")
        self.platter.sync()
