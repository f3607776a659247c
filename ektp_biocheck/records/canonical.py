"""The one form in which something is hashed and signed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ektp_biocheck.errors import InputError

__all__ = ["canonical", "digest"]


def canonical(fields: Mapping[str, Any]) -> bytes:
    """Return the JSON form that is hashed and signed: sorted keys, no spaces, UTF-8.

    Parameters
    ----------
    fields : Mapping
        Only what JSON knows: text keys, and no NaN or infinity anywhere.

    Returns
    -------
    bytes
        Equal for equal fields, whatever their order.

    Raises
    ------
    InputError
        When something in it has no JSON form.
    """
    try:
        text = json.dumps(
            fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"this cannot be written as JSON: {error}") from error


def digest(data: bytes) -> str:
    """Return the SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()
