"""The requests of the operator page; each hands on to the desk.

Bodies are either the bytes of a picture or a small JSON object. Nothing a person could be known
by is in an address, and the name of a file never leaves the browser.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import unquote

import msgspec
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

from ektp_biocheck.capture.nik import NikDoubtError
from ektp_biocheck.errors import BiocheckError, InputError, MissingResolutionError, UnreadableError
from ektp_biocheck.lang import Lang
from ektp_biocheck.operator_page.desk import Begin, Desk

__all__ = ["make_app"]

_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def _operator(x_operator: Annotated[str, Header(max_length=200)] = "") -> str:
    return unquote(x_operator)


def _device(x_device: Annotated[str, Header(max_length=200)] = "") -> str:
    return unquote(x_device)


# Percent-encoded, since a header holds Latin-1 only; the station checks what they say.
Operator = Annotated[str, Depends(_operator)]
Device = Annotated[str, Depends(_device)]
T = TypeVar("T")


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    """Something to do with one part or several, and how."""

    names: list[str] = []
    step: str | None = None
    code: str | None = None
    action: str | None = None
    reason: str | None = None
    kind: str | None = None
    permanence: str | None = None
    review_by: str | None = None
    by: str | None = None
    mode: str | None = None
    lang: Literal["id", "en"] = "id"


def make_app(desk: Desk, about: dict[str, Any]) -> FastAPI:
    """Return the application; it must run behind `guard.Guard`.

    Parameters
    ----------
    desk : Desk
    about : dict
        What the page is told about its station when it starts: names, language.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_files(app)
    _add_person(app, desk, about)
    _add_captures(app, desk)
    _add_orders(app, desk)
    app.add_exception_handler(BiocheckError, _told)
    app.add_exception_handler(OSError, _told)  # a disk that is full or gone, in words
    return app


def _add_files(app: FastAPI) -> None:
    # A fixed list: an address never becomes a path.
    files = {f"/{file.name}": file for file in sorted(_STATIC.iterdir()) if file.suffix in _TYPES}
    files["/"] = files["/index.html"]
    for address, file in files.items():
        app.get(address)(_sender(file))


def _sender(file: Path) -> Callable[[], FileResponse]:
    def send() -> FileResponse:
        return FileResponse(file, media_type=_TYPES[file.suffix])

    return send


def _add_person(app: FastAPI, desk: Desk, about: dict[str, Any]) -> None:
    @app.get("/api/desk")
    def about_desk() -> dict[str, Any]:
        return about | {"waiting": desk.waiting()}

    @app.post("/api/begin")
    async def begin(request: Request) -> dict[str, Any]:
        told = await _read(request, Begin)
        return await run_in_threadpool(desk.begin, told)

    @app.get("/api/person/{transaction}")
    def person(transaction: str) -> dict[str, Any]:
        return desk.person(transaction)

    @app.post("/api/person/{transaction}/finish")
    async def finish(transaction: str, request: Request, operator: Operator) -> dict[str, Any]:
        order = await _read(request, _Order)
        return await run_in_threadpool(desk.finish, transaction, order.lang, operator=operator)

    @app.post("/api/person/{transaction}/abandon")
    async def abandon(transaction: str, request: Request, operator: Operator) -> dict[str, Any]:
        order = await _read(request, _Order)

        def give_up() -> dict[str, Any]:
            desk.station.abandon(transaction, _given(order.reason, "reason"), operator=operator)
            desk.forget(transaction)
            return {}

        return await run_in_threadpool(give_up)


def _add_captures(app: FastAPI, desk: Desk) -> None:
    @app.post("/api/person/{transaction}/present/{name}")
    async def present(
        transaction: str, name: str, request: Request, operator: Operator, device: Device
    ) -> dict[str, Any]:
        data = await request.body()
        return await run_in_threadpool(
            desk.present, transaction, name, data, device=device, operator=operator
        )

    @app.post("/api/person/{transaction}/preview/{name}")
    async def preview(transaction: str, name: str, request: Request) -> dict[str, Any]:
        data = await request.body()
        return await run_in_threadpool(desk.preview, transaction, name, data)

    @app.post("/api/person/{transaction}/best/{name}")
    def best(transaction: str, name: str, operator: Operator, device: Device) -> dict[str, Any]:
        return desk.best(transaction, name, device=device, operator=operator)

    @app.get("/api/person/{transaction}/picture/{name}")
    def picture(transaction: str, name: str, lang: Lang = "id") -> Response:
        png = desk.picture(transaction, name, lang)
        if png is None:  # after a restart, or another's turn: not an error
            return Response(status_code=204)
        return Response(png, media_type="image/png")

    @app.post("/api/person/{transaction}/evidence")
    async def evidence(transaction: str, request: Request, operator: Operator) -> dict[str, Any]:
        data = await request.body()
        return await run_in_threadpool(desk.evidence, transaction, data, operator=operator)


def _add_orders(app: FastAPI, desk: Desk) -> None:
    def order(path: str, do: Callable[[str, _Order, str], None]) -> None:
        @app.post(f"/api/person/{{transaction}}/{path}")
        async def carry_out(
            transaction: str, request: Request, operator: Operator
        ) -> dict[str, Any]:
            told = await _read(request, _Order)

            def both() -> dict[str, Any]:
                do(transaction, told, operator)
                return desk.person(transaction)

            return await run_in_threadpool(both)

    order(
        "step",
        lambda who, told, by: desk.step(
            who, told.names[0] if told.names else None, _given(told.step, "step"), by
        ),
    )
    order(
        "override",
        lambda who, told, by: desk.override(
            who, _one(told), _given(told.action, "action"), _given(told.reason, "reason"), by
        ),
    )
    order(
        "except",
        lambda who, told, by: desk.except_parts(
            who,
            told.names,
            {
                "kind": _given(told.kind, "kind"),
                "permanence": _given(told.permanence, "permanence"),
                "reason": _given(told.reason, "reason"),
                "review_by": told.review_by,
            },
            by,
        ),
    )
    order(
        "withdraw",
        lambda who, told, by: desk.withdraw(who, _one(told), by),
    )
    order(
        "approve",
        lambda who, told, _: desk.approve(
            who, told.names, _given(told.by, "by"), _given(told.mode, "mode")
        ),
    )

    @app.post("/api/person/{transaction}/fault")
    async def fault(
        transaction: str, request: Request, operator: Operator, device: Device
    ) -> dict[str, Any]:
        told = await _read(request, _Order)
        return await run_in_threadpool(
            desk.fault,
            transaction,
            _one(told),
            _given(told.code, "code"),
            device=device,
            operator=operator,
        )


async def _read(request: Request, kind: type[T]) -> T:
    """Read a small JSON body; what it says is not repeated, it may hold a NIK."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError("the request is not what the page sends: load the page again") from None


def _given(value: str | None, name: str) -> str:
    if value is None:
        raise InputError(f"{name} is missing")
    return value


def _one(order: _Order) -> str:
    if len(order.names) != 1:
        raise InputError("exactly one part must be named")
    return order.names[0]


async def _told(request: Request, error: Exception) -> JSONResponse:
    """Say what is wrong, as a code that the page has words for and as the error's own text."""
    del request
    kinds = (
        (MissingResolutionError, "ppi"),
        (UnreadableError, "unreadable"),
        (NikDoubtError, "nik_doubt"),
    )
    code = next((code for kind, code in kinds if isinstance(error, kind)), "refused")
    if code == "refused" and "NIK" in str(error):
        code = "nik"
    return JSONResponse({"error": code, "detail": str(error)}, status_code=400)
