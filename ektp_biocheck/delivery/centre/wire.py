"""Between HTTP and the store: bounded bodies, strict messages, refusals without echoes."""

import asyncio
import errno
import logging
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ektp_biocheck.delivery.centre import ledger
from ektp_biocheck.delivery.centre.peer import PEER
from ektp_biocheck.delivery.centre.refused import REASONS, Refused
from ektp_biocheck.delivery.centre.stations import Peer
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.messages import (
    MAX_RECORD,
    MessageError,
    Name,
    RecordId,
    decode,
    encode,
)

__all__ = ["Guard", "answer", "ask", "message", "peer_of", "piece", "record_id_of", "refusal"]

log = logging.getLogger("ektp_biocheck.centre")

_M = TypeVar("_M")
_IDLE_SECONDS = 30.0
"""How long a body may stand still before it counts as broken off."""
_DRAIN = 8 << 20
"""How much more than allowed is read and dropped, so that the sender hears the refusal."""
_RETRY_BROKEN = 60
_FULL = (errno.ENOSPC, errno.EDQUOT)


def answer(status: int, content: object) -> Response:
    """Return a message as JSON."""
    return Response(encode(content), status, media_type="application/json")


def refusal(refused: Refused) -> Response:
    """Return a refusal as a problem (RFC 9457), or as the state of the upload it is about."""
    reason = REASONS[refused.code]
    headers = {} if refused.retry_after is None else {"retry-after": str(refused.retry_after)}
    if refused.code in ("too_large", "too_slow"):  # whatever is still coming is not read
        headers["connection"] = "close"
    if refused.state is not None:
        return Response(encode(refused.state), reason.status, headers, "application/json")
    problem = {"status": reason.status, "code": refused.code, "detail": reason.detail}
    return Response(encode(problem), reason.status, headers, "application/problem+json")


def peer_of(request: Request) -> Peer:
    """Return who asks.

    Raises
    ------
    Refused
        When no certificate says so.
    """
    peer = request.scope.get("state", {}).get(PEER)
    if not isinstance(peer, Peer):
        raise Refused("no_certificate")
    return peer


def record_id_of(request: Request) -> str:
    """Return the record id in the address: nothing but a UUID of version 7."""
    try:
        record_id: str = msgspec.convert(request.path_params["record_id"], RecordId)
    except msgspec.ValidationError as error:
        raise Refused("bad_id") from error
    return record_id


async def message(request: Request, kind: type[_M], limit: int) -> _M:
    """Read a small body whole and take it in as a message.

    Raises
    ------
    Refused
        Too large, too slow, broken off or not that message.
    """
    body, whole = await _body(request, limit)
    if not whole:
        raise Refused("too_slow")
    try:
        return decode(body, kind)
    except MessageError as error:
        raise Refused("too_large" if _is_too_large(body) else "malformed") from error


class _Size(msgspec.Struct):
    size: int = 0


def _is_too_large(body: bytes) -> bool:
    """Return whether what is wrong with an announcement is more than the protocol can carry."""
    try:
        return decode(body, _Size).size > MAX_RECORD
    except MessageError:
        return False


async def piece(request: Request, limit: int) -> tuple[int, bytes, bool]:
    """Read a piece of a record: its offset, the bytes that came, and whether all of them did."""
    offset = request.headers.get("upload-offset", "")
    if not (offset.isascii() and offset.isdigit() and len(offset) <= 12):
        raise Refused("bad_offset")
    body, whole = await _body(request, limit)
    return int(offset), body, whole


async def ask(work: Callable[..., _M], *arguments: Any) -> _M:  # noqa: ANN401 - passed through
    """Let a thread do what waits for disk and database."""
    try:
        return await run_in_threadpool(work, *arguments)
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        log.error("database: %s", type(error).__name__)
        raise Refused("unavailable", retry_after=_RETRY_BROKEN) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Refused("disk_full", retry_after=_RETRY_BROKEN) from error


async def _body(request: Request, limit: int) -> tuple[bytes, bool]:
    """Return the body, and whether it is whole: a link that breaks still brought something."""
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit + _DRAIN:
        raise Refused("too_large")
    body, dropped = bytearray(), 0
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            if dropped:
                raise Refused("too_large") from None
            return bytes(body), True
        except (ClientDisconnect, TimeoutError):
            return bytes(body), False
        if dropped or len(body) + len(chunk) > limit:
            dropped += len(chunk)
            if dropped > _DRAIN:
                raise Refused("too_large")
        else:
            body += chunk


class Guard:
    """The outermost layer: it logs refusals and mistakes, in words that name no person.

    What a request said is not repeated: of addresses only a well-formed record id, of errors
    only their class and where they happened.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app = app
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and look after how it ends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def watched(sent: Message) -> None:
            nonlocal begun
            begun = True
            await send(sent)

        try:
            await self.app(scope, receive, watched)
        except Refused as refused:
            await self._refuse(scope, refused)
            if not begun:
                await refusal(refused)(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last one to see it
            log.error("broken by %s at %s", type(error).__name__, _place(error))
            if not begun:
                await refusal(Refused("broken"))(scope, receive, send)

    async def _refuse(self, scope: Scope, refused: Refused) -> None:
        peer = scope.get("state", {}).get(PEER)
        name = _only(peer.name if isinstance(peer, Peer) else None, Name)
        record = _only(scope.get("path_params", {}).get("record_id"), RecordId)
        if refused.code == "wrong_offset":  # two senders, or a lost answer: nothing to look into
            return
        log.warning("refused code=%s peer=%s record=%s", refused.code, name, record)
        if refused.code == "unavailable":  # the database would not count it either
            return
        known = "-" if refused.code in ("no_certificate", "unknown_station") else name
        await run_in_threadpool(self._count, known, refused.code)

    def _count(self, peer: str, code: str) -> None:
        try:
            with self.store.engine.begin() as connection:
                ledger.count_refusal(connection, peer, code, self.store.now())
        except sa.exc.SQLAlchemyError as error:  # the refusal itself must still be said
            log.error("refusal not counted: %s", type(error).__name__)


def _only(value: object, kind: Any) -> str:  # noqa: ANN401 - an annotated str
    try:
        text: str = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return "-"
    return text


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "ektp_biocheck" in frame.filename] or list(frames)
    return f"{own[-1].name}:{own[-1].lineno}" if own else "-"
