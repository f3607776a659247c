"""WSQ, the FBI's fingerprint compression, through the optional `wsq` package.

The decoder runs in a worker process, never in this one: damaged data can crash it. One worker
serves the whole process, because starting it costs more than decoding; it is replaced after
every error, as a decoder that met damaged data may no longer be sound.
"""

import atexit
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from ektp_biocheck.errors import InstallationError, UnreadableError
from ektp_biocheck.formats import Decoded, check_size
from ektp_biocheck.formats.wsq_worker import HEADER, LENGTH

__all__ = ["decode_wsq"]

# A 100-megapixel picture takes about 3 s on a desktop; a fingerprint about 0.01 s.
TIMEOUT_SECONDS = 30.0

_CURE = "Copy it again from where it was captured, or capture again."


def decode_wsq(data: bytes, name: str) -> Decoded:
    """Decode a WSQ file.

    Parameters
    ----------
    data : bytes
        The whole file, beginning with FF A0.
    name : str
        What to call the file in an error.

    Returns
    -------
    Decoded
        Grey pixels, and the resolution when the file's comment carries one.

    Raises
    ------
    UnreadableError
        When the data are damaged or cut short, or the decoder crashes or hangs on them.
    InstallationError
        When the extra `wsq` is not installed or no worker process can be started.
    """
    width, height = _frame_size(data, name)
    check_size(name, width, height)
    try:
        pixels, ppi = _decode_apart(data, (width, height))
    except _DecoderError as error:
        raise UnreadableError(f"{name}: the WSQ data are damaged ({error}). {_CURE}") from None
    except InstallationError as error:
        raise InstallationError(f"{name}: {error}") from None
    grey = np.frombuffer(pixels, np.uint8).reshape(height, width)
    return Decoded(grey, "WSQ", width, height, 8, "L", (ppi, ppi) if ppi > 0 else None)


def _frame_size(data: bytes, name: str) -> tuple[int, int]:
    """Read width and height from the frame header, so that none too large is ever decoded."""
    at = 2
    while at + 12 <= len(data):
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == 0xFFA2:
            height, width = struct.unpack_from(">HH", data, at + 6)
            if width and height:
                return width, height
            break
        if not 0xFFA4 <= marker <= 0xFFA8:  # tables and comments
            break
        at += 2 + length
    raise UnreadableError(f"{name}: the WSQ data are damaged or cut short (no frame). {_CURE}")


class _DecoderError(Exception):
    """The decoder refused the data, or ended without an answer."""


class _Gone(_DecoderError):
    """The worker crashed, or was ended because it took too long."""


class _Worker:
    """One decoder process and the pipes to it."""

    def __init__(self) -> None:
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own file, our own interpreter
                _command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise InstallationError(f"the WSQ decoder cannot be started: {error}") from None
        try:
            state, text, _ = self._exchange(None)
        except BaseException as error:
            self.stop()
            if not isinstance(error, _Gone):
                raise
            raise InstallationError(
                f"{error} while starting: {sys.executable} must be Python"
            ) from None
        if state != b"R":
            self.stop()
            raise InstallationError(
                'WSQ files need an extra: pip install "ektp-biocheck[wsq]" '
                f"({bytes(text).decode(errors='replace')})"
            )

    def decode(self, data: bytes, size: tuple[int, int]) -> tuple[bytearray, int]:
        """Return pixels and ppi (-1: none given). After any error the worker is not used again."""
        try:
            state, body, ppi = self._exchange(data, size)
            if state != b"P":
                raise _DecoderError(body.decode(errors="replace"))
        except BaseException:  # Ctrl-C too: a late answer would be taken for the next file's
            self.stop()
            raise
        return body, ppi

    def stop(self) -> None:
        """End the process and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        self.close_pipes()

    def close_pipes(self) -> None:
        """Close this process's ends of the pipes."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _exchange(
        self, question: bytes | None, size: tuple[int, int] = (0, 0)
    ) -> tuple[bytes, bytearray, int]:
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.process.kill()

        clock = threading.Timer(TIMEOUT_SECONDS, give_up)  # pipes have no time-out on Windows
        clock.daemon = True
        clock.start()
        try:
            if question is not None:
                self._send(LENGTH.pack(len(question)))
                self._send(question)
            state, first, second, ppi = HEADER.unpack(self._receive(HEADER.size))
            if state == b"P" and (first, second) != size:
                raise _DecoderError(f"{first} x {second} pixels, not {size[0]} x {size[1]}")
            return state, self._receive(first * second if state == b"P" else first), ppi
        except (OSError, EOFError):
            took_too_long = f"the decoder did not end within {TIMEOUT_SECONDS:g} s"
            raise _Gone(took_too_long if late.is_set() else "the decoder crashed") from None
        finally:
            clock.cancel()

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.process.stdin.write(rest) :]  # type: ignore[union-attr]

    def _receive(self, length: int) -> bytearray:
        data = bytearray(length)
        rest = memoryview(data)
        while rest:
            count = self.process.stdout.readinto(rest)  # type: ignore[union-attr]
            if not count:
                raise EOFError
            rest = rest[count:]
        return data


_lock = threading.Lock()
_worker: _Worker | None = None
_disowned: list[_Worker] = []


def _command() -> list[str]:
    if not sys.executable or getattr(sys, "frozen", False):
        raise InstallationError(
            "WSQ is decoded by a Python process of its own, and this program has no Python to "
            "start. Convert the file to PNG first."
        )
    # -P: nothing beside the worker's file can stand in for a module it imports.
    worker = str(Path(__file__).with_name("wsq_worker.py"))
    return [sys.executable, "-P", worker, str(TIMEOUT_SECONDS + 5)]


def _running_worker() -> _Worker:
    global _worker
    if _worker is None or _worker.process.poll() is not None:
        if _worker is not None:
            _worker.stop()
        _worker = None
        _worker = _Worker()
    return _worker


def _decode_apart(data: bytes, size: tuple[int, int]) -> tuple[bytearray, int]:
    with _lock:
        earlier = _worker
        worker = _running_worker()
        try:
            return worker.decode(data, size)
        except _Gone:
            if worker is not earlier:
                raise
            # A worker that served other files may have died of one of those, not of this.
            return _running_worker().decode(data, size)


def _stop_at_exit() -> None:
    if _worker is not None:
        _worker.stop()


def _forget_after_fork() -> None:
    """In a forked child: never talk to the parent's worker, nor keep its pipes open."""
    global _lock, _worker
    _lock = threading.Lock()
    if _worker is not None:
        _worker.close_pipes()
        _disowned.append(_worker)  # kept: its Popen would complain of a running child when freed
        _worker = None


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
