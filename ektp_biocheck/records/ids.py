"""Record identifiers: UUIDv7 (RFC 9562), ever increasing whatever the clock does.

They name files and go over the wire, so they say nothing about a person: 48 bits of time, a
counter that settles the order inside one millisecond, and 62 random bits.
"""

import re
import secrets
import time
import uuid

from ektp_biocheck.errors import InputError

__all__ = ["check_record_id", "new_record_id"]

_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_COUNTER = 1 << 12


def check_record_id(record_id: str) -> str:
    """Return `record_id` when it is one.

    Parameters
    ----------
    record_id : str
        As it came in; perhaps from outside.

    Returns
    -------
    str
        The same, safe as a file name.

    Raises
    ------
    InputError
        When it is not a UUIDv7 in lower case. The text does not repeat it.
    """
    if not isinstance(record_id, str) or not _FORM.fullmatch(record_id):
        raise InputError("a record id is a UUIDv7 in lower case, such as new_record_id() returns")
    return record_id


def new_record_id(last: str | None = None, *, now_ms: int | None = None) -> str:
    """Return a new identifier, greater than `last`.

    Parameters
    ----------
    last : str, optional
        The greatest one so far. When the clock is behind it, its time is kept and its counter
        goes on, so that order survives a clock that was set back.
    now_ms : int, optional
        Milliseconds since 1970; the wall clock when left out.

    Returns
    -------
    str
        UUIDv7 in lower case.

    Raises
    ------
    InputError
        When `last` is not a record id.
    """
    ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    counter = secrets.randbelow(_COUNTER // 2)  # the upper half is room to count in
    if last is not None:
        before = uuid.UUID(check_record_id(last)).int
        last_ms, last_counter = before >> 80, before >> 64 & (_COUNTER - 1)
        if ms <= last_ms:
            ms, counter = last_ms, last_counter + 1
            if counter == _COUNTER:
                ms, counter = last_ms + 1, 0
    bits = ms << 80 | 7 << 76 | counter << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))
