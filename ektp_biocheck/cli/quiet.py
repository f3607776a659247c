"""Keeps the chatter of C++ libraries off the operator's screen."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_libraries"]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drop what native code writes to the error stream; Python's own messages still come through.

    mediapipe's networks log at their first use, whatever the level asked for.
    """
    ours = sys.stderr
    ours.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no error stream at all, as under pythonw
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with open(
            kept, "w", encoding=ours.encoding, errors="backslashreplace", closefd=False
        ) as out:
            sys.stderr = out
            yield
    finally:
        sys.stderr = ours
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
