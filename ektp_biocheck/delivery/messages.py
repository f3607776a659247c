"""What station and centre say to each other: the messages and their fields.

A record on its way is one opaque file, the sealed record. `sha256` is always that of the whole
file, in lower-case hex. Signed messages are signed with Ed25519 over `canonical` of all their
fields but the signature.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["RecordId", "Sha256", "canonical"]

_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_SHA256 = r"^[0-9a-f]{64}$"

RecordId = msgspec.Meta(pattern=_ID)
Sha256 = msgspec.Meta(pattern=_SHA256)


def canonical(fields: Mapping[str, Any]) -> bytes:
    """Return the one JSON form that is hashed and signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
