"""The protocol as an OpenAPI document: every address, message and refusal."""

from typing import Any

import msgspec
from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from ektp_biocheck.delivery.centre.refused import REASONS
from ektp_biocheck.delivery.messages import (
    MAX_PIECE,
    Announcement,
    Inventory,
    InventoryQuestion,
    Receipt,
    RecordId,
    Statement,
    UploadState,
)

__all__ = ["ANNOUNCE", "HEALTH", "INVENTORY", "STATE", "STATEMENTS", "UPLOAD", "document"]

_MESSAGES = (Announcement, UploadState, Receipt, InventoryQuestion, Inventory, Statement)
_EVERYWHERE = (
    "no_certificate",
    "unknown_station",
    "other_certificate",
    "unavailable",
    "broken",
)


class Problem(msgspec.Struct):
    """A refusal (RFC 9457)."""

    status: int
    code: str
    detail: str


class Health(msgspec.Struct):
    """The centre is there, and its database and disk are."""

    centre: str
    protocol: int
    version: str
    at: str


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application made by `make_app`."""
    whole = get_openapi(
        title=app.title,
        version=app.version,
        routes=app.routes,
        description=(
            "Receives sealed records over mutual TLS: the common name of the client's certificate "
            "is the station. Every call may be repeated without harm."
        ),
    )
    _, schemas = msgspec.json.schema_components(
        (*_MESSAGES, Problem, Health), ref_template="#/components/schemas/{name}"
    )
    whole["components"] = {
        "schemas": schemas,
        "securitySchemes": {"certificate": {"type": "mutualTLS"}},
    }
    whole["security"] = [{"certificate": []}]
    return whole


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(name)}}


def _refusals(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Document refusals by status: several codes may share one."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *_EVERYWHERE):
        by_status.setdefault(REASONS[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}`: {REASONS[code].detail}" for code in those),
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
            **({"headers": _RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status, those in sorted(by_status.items())
    }


_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}


def _parameter(name: str, where: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where != "query",
        "schema": schema,
        "description": description,
    }


def _route(
    summary: str,
    answers: dict[int | str, dict[str, Any]],
    *parameters: dict[str, Any],
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    extra: dict[str, Any] = {"parameters": list(parameters)}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": body}
    return {
        "summary": summary,
        "responses": answers,
        "openapi_extra": extra,
        "response_class": Response,
    }


def _state(description: str) -> dict[str, Any]:
    return {"description": description, "content": _json("UploadState")}


_RECORD_ID = _parameter(
    "record_id", "path", msgspec.json.schema(RecordId), "UUID of version 7, lower case."
)

ANNOUNCE = _route(
    "Say which record is coming",
    {
        200: _state("Known already: how far it is."),
        201: _state("New: nothing of it is here yet."),
        **_refusals(
            *("bad_id", "no_key", "malformed", "other_body", "other_hash", "not_yours"),
            *("too_large", "quota", "too_slow"),
        ),
    },
    _RECORD_ID,
    _parameter(
        "Idempotency-Key", "header", {"type": "string"}, "The record id, a colon, the SHA-256."
    ),
    body=_json("Announcement"),
)
UPLOAD = _route(
    "Hand over a piece of a record",
    {
        200: _state("Stored durably up to `offset`; with the last piece, the receipt."),
        **_refusals(
            *("bad_id", "bad_offset", "unknown_record", "too_large", "wrong_hash", "wrong_seal"),
            *("too_slow", "disk_full"),
        ),
        409: _state("Another offset is expected: go on from the one in this answer."),
    },
    _RECORD_ID,
    _parameter(
        "Upload-Offset",
        "header",
        {"type": "integer", "minimum": 0},
        "Where in the record the piece begins.",
    ),
    body={
        "application/octet-stream": {
            "schema": {"type": "string", "format": "binary", "maxLength": MAX_PIECE}
        }
    },
)
STATE = _route(
    "How far a record is",
    {200: _state("How far it is."), **_refusals("bad_id", "unknown_record")},
    _RECORD_ID,
)
INVENTORY = _route(
    "Which of these records the centre holds",
    {
        200: {"description": "Looked up on the disk, signed.", "content": _json("Inventory")},
        **_refusals("malformed", "too_large", "too_slow"),
    },
    body=_json("InventoryQuestion"),
)
STATEMENTS = _route(
    "What became of the records",
    {
        200: {
            "description": "The next statements, oldest first; an empty list at the end.",
            "content": {
                "application/json": {"schema": {"type": "array", "items": _ref("Statement")}}
            },
        },
        **_refusals("bad_after"),
    },
    _parameter("after", "query", {"type": "integer", "minimum": 0, "default": 0}, "Sequence."),
)
HEALTH = _route(
    "Whether the centre is there",
    {
        200: {"description": "It is, with database and disk.", "content": _json("Health")},
        **{status: said for status, said in _refusals().items() if status != 403},
    },
)
