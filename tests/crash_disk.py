"""A disk that forgets: it notes every write and sync, and a power cut drops what was not synced.

Files are written for real, so that the code under test works as usual, and noted on the way: our
own through patched functions of `os`, SQLite's through a VFS of apsw. `Disk.after_cut` then builds
what a disk would hold had the power gone at any moment: each write since a file's last sync is
there with probability ½, and so is each new, renamed or removed name since its folder's last sync.
"""

import errno
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import apsw

_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL


class Disk:
    """Notes what happens below one folder, and fails where it is told to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log: list[tuple[Any, ...]] = []
        self.steps = 0
        self.watch: Callable[[str], None] = lambda _kind: None
        self._inodes = count(1)
        self.names: dict[str, int] = {}
        for path in sorted(root.rglob("*")):
            if path.is_file():  # there before: durable
                inode = self.link(path)
                self.note("write", inode, 0, path.read_bytes())
                self.note("sync", inode)
        self.sync_all_folders()
        self.prepared = len(self.log)

    def note(self, *entry: Any) -> None:
        self.log.append(entry)

    def step(self, kind: str) -> None:
        """Pass one file operation; `watch` may raise instead."""
        self.steps += 1
        self.watch(kind)

    def ours(self, path: os.PathLike[str] | str) -> bool:
        return Path(path).is_relative_to(self.root)

    def link(self, path: os.PathLike[str] | str) -> int:
        name, inode = self._name(path), next(self._inodes)
        self.names[name] = inode
        self.note("link", name, inode)
        return inode

    def inode(self, path: os.PathLike[str] | str) -> int:
        return self.names[self._name(path)]

    def unlink(self, path: os.PathLike[str] | str) -> None:
        name = self._name(path)
        self.names.pop(name, None)
        self.note("unlink", name)

    def rename(self, old: os.PathLike[str] | str, new: os.PathLike[str] | str) -> None:
        inode = self.names.pop(self._name(old))
        self.names[self._name(new)] = inode
        self.note("rename", self._name(old), self._name(new), inode)

    def sync_folder(self, folder: os.PathLike[str] | str) -> None:
        self.note("sync-folder", str(Path(folder).relative_to(self.root)))

    def sync_all_folders(self) -> None:
        for folder in {self.root, *(p for p in self.root.rglob("*") if p.is_dir())}:
            self.sync_folder(folder)

    def _name(self, path: os.PathLike[str] | str) -> str:
        return str(Path(path).relative_to(self.root))

    def after_cut(self, at: int, rng: random.Random, to: Path) -> None:
        """Write what is left when the power goes after `at` entries of the log."""
        files: dict[int, tuple[bytes, list[tuple[Any, ...]]]] = {}
        names: dict[str, int] = {}
        unsure: list[tuple[Any, ...]] = []
        for entry in self.log[:at]:
            kind = entry[0]
            if kind in ("write", "truncate"):
                files.setdefault(entry[1], (b"", []))[1].append(entry)
            elif kind == "sync":
                content, pending = files.get(entry[1], (b"", []))
                files[entry[1]] = (_applied(content, pending), [])
            elif kind in ("link", "unlink", "rename"):
                unsure.append(entry)
            elif kind == "sync-folder":
                there = [one for one in unsure if _in_folder(one, entry[1])]
                unsure = [one for one in unsure if not _in_folder(one, entry[1])]
                _rename(names, there)
        _rename(names, [one for one in unsure if rng.random() < 0.5])
        for name, inode in names.items():
            content, pending = files.get(inode, (b"", []))
            kept = [one for one in pending if rng.random() < 0.5]
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes(_applied(content, kept))


def _applied(content: bytes, pending: list[tuple[Any, ...]]) -> bytes:
    data = bytearray(content)
    for kind, _, where, *rest in pending:
        if kind == "truncate":
            del data[where:]
            data.extend(bytes(where - len(data)))
        else:
            data.extend(bytes(max(0, where - len(data))))
            data[where : where + len(rest[0])] = rest[0]
    return bytes(data)


def _in_folder(entry: tuple[Any, ...], folder: str) -> bool:
    return str(Path(entry[1]).parent) == folder


def _rename(names: dict[str, int], entries: list[tuple[Any, ...]]) -> None:
    for kind, name, *rest in entries:
        if kind == "link":
            names[name] = rest[0]
        elif kind == "unlink":
            names.pop(name, None)
        else:
            names.pop(name, None)
            names[rest[0]] = rest[1]


@contextmanager
def patched_os(disk: Disk) -> Iterator[None]:
    """Let the disk note what Python code does to files below its folder."""
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace", "unlink")}
    opened: dict[int, tuple[Path, int]] = {}

    def open_(path: Any, flags: int, mode: int = 0o777, **how: Any) -> int:
        if not disk.ours(path):
            return real["open"](path, flags, mode, **how)
        disk.step("open")
        new = flags & os.O_CREAT and not os.path.exists(path)  # noqa: PTH110
        handle = real["open"](path, flags, mode, **how)
        if new:
            disk.link(path)
        elif flags & os.O_TRUNC:
            disk.note("truncate", disk.inode(path), 0)
        opened[handle] = (Path(path), 0)
        return handle

    def write(handle: int, data: bytes) -> int:
        if handle not in opened:
            return real["write"](handle, data)
        disk.step("write")
        path, offset = opened[handle]
        done = real["write"](handle, data)
        disk.note("write", disk.inode(path), offset, bytes(data[:done]))
        opened[handle] = (path, offset + done)
        return done

    def fsync(handle: int) -> None:
        if handle not in opened:
            return real["fsync"](handle)
        disk.step("sync")
        path, _ = opened[handle]
        if path.is_dir():
            return disk.sync_folder(path)
        return disk.note("sync", disk.inode(path))

    def replace(old: Any, new: Any) -> None:
        if disk.ours(new):
            disk.step("rename")
            disk.rename(old, new)
        real["replace"](old, new)

    def unlink(path: Any, **how: Any) -> None:
        if disk.ours(path):
            disk.step("unlink")
        real["unlink"](path, **how)
        if disk.ours(path):
            disk.unlink(path)

    fakes = {"open": open_, "write": write, "fsync": fsync, "replace": replace, "unlink": unlink}
    try:
        for name, fake in fakes.items():
            setattr(os, name, fake)
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self.folder_too = False
        new = not self.path.exists()
        super().__init__("", name, flags)
        if new:
            disk.link(self.path)
            # As SQLite's own VFS does: the first sync of a new journal syncs its folder too.
            self.folder_too = bool(flags[0] & _JOURNALS)
        self.inode = disk.inode(self.path)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.step("write")
        super().xWrite(data, offset)
        self.disk.note("write", self.inode, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        self.disk.step("truncate")
        super().xTruncate(size)
        self.disk.note("truncate", self.inode, size)

    def xSync(self, flags: int) -> None:
        self.disk.step("sync")
        self.disk.note("sync", self.inode)
        if self.folder_too:
            self.disk.sync_folder(self.path.parent)
            self.folder_too = False


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk, name: str) -> None:
        self.disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        if name is None:
            return apsw.VFSFile("", name, flags)
        if flags[0] & _JOURNALS:
            self.disk.step("open")
        return _File(self.disk, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:
        self.disk.step("unlink")
        super().xDelete(name, sync_folder)
        self.disk.unlink(name)
        if sync_folder:
            self.disk.sync_folder(Path(name).parent)


class Database:
    """A connection of apsw that looks like one of `sqlite3` to the code under test."""

    _names = count(1)

    def __init__(self, disk: Disk, path: Path, modes: tuple[str, str]) -> None:
        from ektp_biocheck.records.database import prepare

        name = f"noting-{next(self._names)}"
        self.vfs = _Vfs(disk, name)
        self.real = apsw.Connection(str(path), vfs=name)
        if modes[0] == "WAL":
            self.execute("PRAGMA locking_mode = EXCLUSIVE")  # a VFS in Python shares no memory
        prepare(self, path, modes)  # type: ignore[arg-type]

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def execute(self, sql: str, values: Any = None) -> Any:
        with translated():
            return _Rows(self.real.execute(sql, values))

    def close(self) -> None:
        self.real.close(True)
        self.vfs.unregister()


class _Rows:
    def __init__(self, cursor: apsw.Cursor) -> None:
        self.rows = list(cursor)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def fetchall(self) -> list[Any]:
        return self.rows

    def fetchone(self) -> Any:
        return self.rows[0] if self.rows else None


@contextmanager
def translated() -> Iterator[None]:
    """Raise what `sqlite3` would raise."""
    try:
        yield
    except apsw.FullError as error:
        raise sqlite3.OperationalError("database or disk is full") from error
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


def fail_at(disk: Disk, number: int) -> Callable[[str], None]:
    """Return a watch that fails the operation of that number, once."""

    def watch(_kind: str) -> None:
        if disk.steps == number:
            raise OSError(errno.EIO, "Input/output error")

    return watch


def full_from(disk: Disk, number: int, ballast: Path) -> Callable[[str], None]:
    """Return a watch for which no write fits from that operation on, until the ballast is gone."""

    def watch(kind: str) -> None:
        if kind == "write" and disk.steps >= number and ballast.exists():
            raise OSError(errno.ENOSPC, "No space left on device")

    return watch
