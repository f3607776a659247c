"""The states of a record and the ways between them, in one table.

Sent is not held: a record leaves the station's care only as CLOSED, when the centre has said that
the card can be printed. LOST is the one bad exit and always raises an alarm.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ektp_biocheck.errors import InputError

__all__ = ["AUTOMATIC", "BY_A_PERSON", "MAY_MISS_PAYLOAD", "TRANSITIONS", "State", "check_move"]


class State(StrEnum):
    """Where a record stands; the comment names the state of KTP-el that it maps to."""

    OPEN = "OPEN"  # UNREGISTERED
    SEALED = "SEALED"  # BIO_CAPTURED: durable, encrypted, waits for an approval
    QUEUED = "QUEUED"  # PROCESSING: waits to be sent
    SENT = "SENT"  # SENT_FOR_ENROLLMENT: bytes went, no answer yet
    RECEIPTED = "RECEIPTED"  # the centre signed for this hash
    HELD = "HELD"  # RECEIVED_AT_CENTRAL: the centre lists this hash as stored
    CLOSED = "CLOSED"  # PRINT_READY_RECORD
    NOT_HELD = "NOT_HELD"  # asked, and the centre does not have it
    CONFLICT_AT_CENTRE = "CONFLICT_AT_CENTRE"  # DUPLICATE_RECORD, ADJUDICATE_RECORD, other hash
    REFUSED_QUALITY = "REFUSED_QUALITY"  # ENROLL_FAILURE
    REFUSED_TECHNICAL = "REFUSED_TECHNICAL"  # SEARCH_FAILURE
    QUARANTINED = "QUARANTINED"  # refused again and again: others overtake it
    SUPERSEDED = "SUPERSEDED"  # a newer record of the same person links back to it
    LOST = "LOST"  # payload gone, and the centre does not hold it: record again


_S = State
_STATEMENTS = {_S.CLOSED, _S.CONFLICT_AT_CENTRE, _S.REFUSED_QUALITY, _S.REFUSED_TECHNICAL}

TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        state: frozenset(to)
        for state, to in {
            _S.OPEN: {_S.SEALED},
            _S.SEALED: {_S.QUEUED, _S.HELD, _S.QUARANTINED, _S.SUPERSEDED, _S.LOST},
            _S.QUEUED: {
                *(_S.SENT, _S.RECEIPTED, _S.HELD, _S.NOT_HELD, _S.CONFLICT_AT_CENTRE),
                *(_S.QUARANTINED, _S.SUPERSEDED, _S.LOST),
            },
            _S.SENT: {
                *(_S.QUEUED, _S.RECEIPTED, _S.HELD, _S.NOT_HELD, _S.QUARANTINED, _S.LOST),
                *_STATEMENTS,
            },
            _S.RECEIPTED: {_S.QUEUED, _S.HELD, _S.NOT_HELD, _S.LOST, *_STATEMENTS},
            _S.HELD: {_S.NOT_HELD, _S.SUPERSEDED, *_STATEMENTS},
            _S.NOT_HELD: {_S.QUEUED, _S.HELD, _S.CONFLICT_AT_CENTRE, _S.SUPERSEDED, _S.LOST},
            _S.CONFLICT_AT_CENTRE: {
                *(_S.QUEUED, _S.HELD, _S.NOT_HELD, _S.SUPERSEDED, _S.LOST),
                *(_STATEMENTS - {_S.CONFLICT_AT_CENTRE}),
            },
            _S.REFUSED_QUALITY: {
                *(_S.QUEUED, _S.HELD, _S.NOT_HELD, _S.SUPERSEDED, _S.LOST),
                *(_STATEMENTS - {_S.REFUSED_QUALITY}),
            },
            _S.REFUSED_TECHNICAL: {
                *(_S.QUEUED, _S.HELD, _S.NOT_HELD, _S.SUPERSEDED, _S.LOST),
                *(_STATEMENTS - {_S.REFUSED_TECHNICAL}),
            },
            _S.QUARANTINED: {_S.QUEUED, _S.HELD, _S.CONFLICT_AT_CENTRE, _S.SUPERSEDED, _S.LOST},
            # A record that was given up comes back when its payload or the centre says so.
            _S.LOST: {_S.QUEUED, _S.HELD, _S.SUPERSEDED, _S.CLOSED},
            _S.SUPERSEDED: {_S.CLOSED},
            _S.CLOSED: set[State](),
        }.items()
    }
)
"""What may follow each state."""

BY_A_PERSON = frozenset({(_S.CONFLICT_AT_CENTRE, _S.QUEUED), (_S.QUARANTINED, _S.QUEUED)})
"""Ways that no program takes by itself: somebody must have looked."""

AUTOMATIC = frozenset({"station", "sender", "reconcile", "bundle", "sweep", "centre", "restore"})
"""Names of actors that are programs; any other actor is a person."""

MAY_MISS_PAYLOAD = frozenset({_S.HELD, _S.CLOSED, _S.SUPERSEDED, _S.CONFLICT_AT_CENTRE, _S.LOST})
"""States in which a missing payload is told, but does not make a record LOST."""


def check_move(record_id: str, now: State, to: State, actor: str) -> None:
    """Refuse a way that the table does not have.

    Parameters
    ----------
    record_id : str
        For the message.
    now, to : State
        Where the record stands, and where it should go.
    actor : str
        Who asks: one of `AUTOMATIC`, or a person's code.

    Raises
    ------
    InputError
        When there is no such way, or only a person may take it.
    """
    if to not in TRANSITIONS[now]:
        ways = ", ".join(sorted(TRANSITIONS[now])) or "nothing"
        raise InputError(f"record {record_id} is {now}, which leads to {ways}, not to {to}")
    if (now, to) in BY_A_PERSON and actor in AUTOMATIC:
        raise InputError(
            f"record {record_id} is {now}: only a person may send it again, not {actor!r}"
        )
