"""Decodes WSQ in a process of its own: ``python wsq_worker.py TIMEOUT``, spoken to over pipes.

Damaged data can crash the decoder, which is NBIS in C. So `formats.wsq` starts this file as
another process, sends it one file after the other and starts it anew when it is gone.

A question is the length of the file (8 bytes) and its bytes. An answer is a `HEADER` (state,
two numbers, ppi) and then the pixels (state ``P``: width, height) or a text (``E``: length, 0).
Before the first question the worker says ``R`` (ready) or ``M`` and a text (decoder missing).
Imports nothing of the package, so that it starts in a few hundredths of a second.
"""

import contextlib
import faulthandler
import os
import signal
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

HEADER = struct.Struct(">cIIi")
LENGTH = struct.Struct(">Q")


def serve(questions: BinaryIO, answers: BinaryIO, timeout: float) -> None:
    """Answer until the pipe closes, which it also does when the parent dies."""
    try:
        decoder = import_module("_wsq")  # not `wsq`, which patches Pillow when imported
    except ImportError as error:
        _say(answers, b"M", str(error))
        return
    _say(answers, b"R", "")
    with Path(os.devnull).open("w") as nowhere:
        while len(head := questions.read(LENGTH.size)) == LENGTH.size:
            data = questions.read(LENGTH.unpack(head)[0])
            # Ends a decoder that loops for ever, also when nobody is left to wait for it.
            faulthandler.dump_traceback_later(timeout, exit=True, file=nowhere)
            try:
                pixels, width, height, ppi = decoder.decompress(data)
            except Exception as error:  # noqa: BLE001 - its errors are plain Exception
                _say(answers, b"E", str(error))
            else:
                answers.write(HEADER.pack(b"P", width, height, ppi))
                answers.write(pixels)
                answers.flush()
            finally:
                faulthandler.cancel_dump_traceback_later()


def _say(answers: BinaryIO, state: bytes, text: str) -> None:
    encoded = text.encode()
    answers.write(HEADER.pack(state, len(encoded), 0, -1) + encoded)
    answers.flush()


def _leave_no_trace() -> None:
    """No core dump with a fingerprint in it, no crash window, no death by the parent's Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import ctypes

        no_critical_error_box, no_crash_box = 0x0001, 0x0002
        ctypes.windll.kernel32.SetErrorMode(no_critical_error_box | no_crash_box)
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve on standard input and output, which the decoder's own messages must not reach."""
    _leave_no_trace()
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with contextlib.suppress(BrokenPipeError):
        serve(questions, answers, float(sys.argv[1]))


if __name__ == "__main__":
    main()
