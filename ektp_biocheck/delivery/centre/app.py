"""The centre's addresses: version 1 of the protocol, as FastAPI serves it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from ektp_biocheck import __version__
from ektp_biocheck.delivery.centre import answers, openapi
from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.centre.wire import (
    Guard,
    answer,
    ask,
    message,
    peer_of,
    piece,
    record_id_of,
    refusal,
)
from ektp_biocheck.delivery.messages import (
    MAX_PIECE,
    Announcement,
    InventoryQuestion,
    idempotency_key,
)

__all__ = ["make_app"]

_MAX_ANNOUNCEMENT = 16 << 10
_MAX_QUESTION = 256 << 10
_MAX_NUMBER = 16


def make_app(store: Store, *, background: Callable[[], Any] | None = None) -> FastAPI:
    """Return the receiving server over a store.

    Parameters
    ----------
    store : Store
        Where records go; the caller closes it.
    background : callable, optional
        A context manager that runs as long as the server does, such as the forwarder.

    Returns
    -------
    FastAPI
        An ASGI application. Whoever serves it puts the peer into the scope: see `peer`.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if background is None:
            yield
            return
        with background():
            yield

    app = FastAPI(
        title="ektp-biocheck centre",
        version=__version__,
        docs_url=None,  # their pages load scripts from the internet
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    _records(app, store)
    _questions(app, store)
    _about(app, store)
    app.add_exception_handler(HTTPException, _unknown_address)
    app.add_middleware(Guard, store=store)
    app.state.store = store
    return app


def _records(app: FastAPI, store: Store) -> None:
    @app.post("/v1/records/{record_id}", **openapi.ANNOUNCE)
    async def announce(request: Request) -> Response:
        peer, record_id = peer_of(request), record_id_of(request)
        key = request.headers.get("idempotency-key")
        if key is None:
            raise Refused("no_key")
        announcement = await message(request, Announcement, _MAX_ANNOUNCEMENT)
        if announcement.record_id != record_id:
            raise Refused("other_body")
        if key != idempotency_key(record_id, announcement.sha256):
            raise Refused("other_body")
        created, state = await ask(store.announce, peer, announcement)
        return answer(201 if created else 200, state)

    @app.put("/v1/records/{record_id}/content", **openapi.UPLOAD)
    async def upload(request: Request) -> Response:
        peer, record_id = peer_of(request), record_id_of(request)
        offset, data, whole = await piece(request, MAX_PIECE)
        state = await ask(store.upload, peer, record_id, offset, data)
        if not whole and state.receipt is None:
            raise Refused("too_slow")
        return answer(200, state)

    @app.get("/v1/records/{record_id}", **openapi.STATE)
    async def state(request: Request) -> Response:
        return answer(200, await ask(store.state, peer_of(request), record_id_of(request)))


def _questions(app: FastAPI, store: Store) -> None:
    @app.post("/v1/inventory", **openapi.INVENTORY)
    async def inventory(request: Request) -> Response:
        peer = peer_of(request)
        question = await message(request, InventoryQuestion, _MAX_QUESTION)
        return answer(200, await ask(answers.inventory, store, peer, question))

    @app.get("/v1/statements", **openapi.STATEMENTS)
    async def statements(request: Request) -> Response:
        peer = peer_of(request)
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) <= _MAX_NUMBER):
            raise Refused("bad_after")
        return answer(200, await ask(answers.statements, store, peer, int(after)))


def _about(app: FastAPI, store: Store) -> None:
    def health_of_store() -> dict[str, object]:
        store.attached()
        with store.engine.begin() as connection:
            connection.execute(sa.select(1))
        return {"centre": store.name, "protocol": 1, "version": __version__, "at": store.moment()}

    @app.get("/v1/health", **openapi.HEALTH)
    async def health() -> Response:
        return answer(200, await ask(health_of_store))

    @app.get("/openapi.json", include_in_schema=False)
    async def document() -> Response:
        return answer(200, openapi.document(app))


async def _unknown_address(_: Request, error: Exception) -> Response:
    wrong_method = isinstance(error, HTTPException) and error.status_code == 405
    return refusal(Refused("not_allowed" if wrong_method else "not_found"))
