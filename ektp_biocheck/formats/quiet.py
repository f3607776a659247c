"""Silence for Pillow's warnings about odd metadata, in the thread that decodes and no other.

``warnings.catch_warnings`` swaps a list that all threads share, and two overlapping uses can
leave the wrong list behind for good. A filter whose pattern asks "is this thread decoding?"
has neither fault, and its removal leaves no trace.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

__all__ = ["quiet"]

_decoding = threading.local()


class _ThisThreadDecodes:
    """Stands where a filter has its message pattern; matches any text, but only here."""

    def match(self, _message: str) -> bool:
        return getattr(_decoding, "now", False)


_FILTER = ("ignore", _ThisThreadDecodes(), Warning, None, 0)


@contextmanager
def quiet() -> Iterator[None]:
    """Drop the warnings of this thread until the block ends."""
    filters = cast("list[Any]", warnings.filters)
    filters.insert(0, _FILTER)
    _decoding.now = True
    try:
        yield
    finally:
        _decoding.now = False
        with suppress(ValueError):  # someone else's catch_warnings ended meanwhile
            filters.remove(_FILTER)
