"""The station's records: seal, read, move, send. What other parts call, in one place.

::

    sealed = seal_record(connection, folder, files, manifest, keys)   # durable on return
    for row in due(connection, clock.now()):
        ...
        move(connection, row.record_id, State.SENT, "uploaded", actor="sender")
"""

from ektp_biocheck.records.approval import approve, awaits_approval, release_overdue
from ektp_biocheck.records.moves import move
from ektp_biocheck.records.outbox import (
    due,
    last_statement,
    next_attempt,
    reconciled,
    save_receipt,
    save_statement,
    set_priority,
)
from ektp_biocheck.records.payload import erase_due, payload
from ektp_biocheck.records.rows import (
    RecordRow,
    ToRecordAgain,
    counts,
    find,
    manifest_of,
    must_reconcile,
    of_transaction,
    receipts,
    record,
    records,
    statements,
    to_record_again,
)
from ektp_biocheck.records.sealing import SealedRecord, next_record_id, seal_record
from ektp_biocheck.records.states import State
from ektp_biocheck.records.supersede import copyable_instances

__all__ = [
    "RecordRow",
    "SealedRecord",
    "State",
    "ToRecordAgain",
    "approve",
    "awaits_approval",
    "copyable_instances",
    "counts",
    "due",
    "erase_due",
    "find",
    "last_statement",
    "manifest_of",
    "move",
    "must_reconcile",
    "next_attempt",
    "next_record_id",
    "of_transaction",
    "payload",
    "receipts",
    "reconciled",
    "record",
    "records",
    "release_overdue",
    "save_receipt",
    "save_statement",
    "seal_record",
    "set_priority",
    "statements",
    "to_record_again",
]
