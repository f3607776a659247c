"""The bytes of the records: pieces while they arrive, then one file named by its hash.

`append`, `put` and `settle` return once what they did would survive a power cut. File names are
made of identifiers and hashes that were checked, and of nothing else.
"""

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import crash
from ektp_biocheck.records.files import sync_folder

__all__ = ["Disk"]

_CHUNK = 1 << 20


class Disk:
    """The folders ``incoming``, ``stock`` and ``damaged`` below one folder.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    mark : str, optional
        What the file ``stock/mark`` must say; a new folder is marked when left out.

    Raises
    ------
    InputError
        When the mark is another one or missing: most likely a disk is not mounted, and every
        record would seem lost.
    """

    def __init__(self, folder: Path, mark: str | None = None) -> None:
        self._mark = folder / "stock" / "mark"
        if mark is not None and self._read_mark() != mark:
            raise InputError(
                f"{folder} is not where this centre's records lie: mount its disk, or restore it"
            )
        self.incoming = folder / "incoming"
        self.stock = folder / "stock"
        self.damaged = folder / "damaged"
        for each in (self.incoming, self.stock, self.damaged):
            each.mkdir(parents=True, exist_ok=True)
        if self._read_mark() is None:
            with self._mark.open("xb", buffering=0) as file:
                _write(file.fileno(), uuid.uuid4().hex.encode())
        self.mark = self._read_mark() or ""
        for each in (self.stock, folder):
            sync_folder(each)

    def attached(self) -> bool:
        """Return whether this is still the folder it was when it was opened."""
        return self._read_mark() == self.mark

    def part(self, record_id: str) -> Path:
        """Return where the pieces of a record are put together."""
        return self.incoming / f"{record_id}.part"

    def stored(self, sha256: str) -> Path:
        """Return where the bytes with this hash lie, or would."""
        return self.stock / sha256[:2] / f"{sha256}.sealed"

    def arrived(self, record_id: str) -> int:
        """Return how many bytes of a record have arrived."""
        try:
            return self.part(record_id).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, record_id: str, data: bytes) -> None:
        """Add a piece. What a full disk left half written is cut off again."""
        with self.part(record_id).open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                crash.point("centre:part-opened")
                _write(file.fileno(), data)
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(before)
                raise

    def drop(self, record_id: str) -> None:
        """Forget the pieces of a record."""
        self.part(record_id).unlink(missing_ok=True)

    def settle(self, record_id: str, sha256: str) -> None:
        """Move what arrived to its place in the stock."""
        self._into_stock(self.part(record_id), sha256)

    def put(self, data: bytes, sha256: str) -> None:
        """Store bytes that are here as a whole; another process may do the same meanwhile."""
        temporary = self.incoming / f"{sha256}.{uuid.uuid4().hex}.whole"
        try:
            with temporary.open("xb", buffering=0) as file:
                _write(file.fileno(), data)
            self._into_stock(temporary, sha256)
        finally:
            temporary.unlink(missing_ok=True)

    def holds(self, sha256: str, size: int) -> bool:
        """Return whether the stock has a file of this name and size. Cheap: it is not read."""
        try:
            return self.stored(sha256).stat().st_size == size
        except FileNotFoundError:
            return False

    def intact(self, sha256: str) -> bool:
        """Return whether the stored bytes still have the hash they are named by."""
        digest = hashlib.sha256()
        try:
            with self.stored(sha256).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError:
            return False
        return digest.hexdigest() == sha256

    def set_aside(self, sha256: str) -> None:
        """Take a damaged file out of the stock; it is kept for whoever looks into it."""
        with contextlib.suppress(FileNotFoundError):
            self.stored(sha256).replace(self.damaged / f"{sha256}.damaged")
            sync_folder(self.stored(sha256).parent)

    def files(self) -> Iterator[Path]:
        """Yield every file of the stock."""
        yield from sorted(self.stock.glob("*/*.sealed"))

    def free(self) -> int:
        """Return the free bytes on the disk."""
        return shutil.disk_usage(self.stock).free

    def _read_mark(self) -> str | None:
        try:
            return self._mark.read_text("ascii")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _into_stock(self, temporary: Path, sha256: str) -> None:
        target = self.stored(sha256)
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            sync_folder(self.stock)
        crash.point("centre:checked")
        temporary.replace(target)
        crash.point("centre:renamed")
        sync_folder(target.parent)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    crash.point("centre:written")
    os.fsync(descriptor)
    crash.point("centre:synced")
