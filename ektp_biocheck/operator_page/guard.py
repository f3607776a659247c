"""Who may talk to the operator page: the page itself, on this computer, with the right key.

Listening on the loopback address keeps other computers out, but not other web sites open in the
same browser, nor other users of the computer. So every request must name a loopback host (a
name rebound to 127.0.0.1 is turned away), every call of the interface must carry the key that
was printed at the start (it travels in the part of the address that browsers never send), and
whatever a browser marks as coming from elsewhere is refused.
"""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from ektp_biocheck.capture.printed import style_source

__all__ = ["KEY_HEADER", "LOOPBACK", "MOST_BYTES", "Guard"]

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
KEY_HEADER: Final = "x-station-key"
MOST_BYTES: Final = 40_000_000
"""The largest upload in bytes: a slap at 1000 ppi, uncompressed, fits twice."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: App, *, key: str, port: int) -> None:
        self.app, self.key = app, key
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = {f"{name}:{port}" for name in names}
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it; every answer carries the page's policy."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # the page opens no WebSocket
            return
        refusal = self._refusal(scope)
        if refusal:
            await _refuse(send, *refusal)
            return
        await self.app(scope, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1"): value for name, value in scope["headers"]}

        def told(name: str) -> str:
            return str(headers.get(name, b"").decode("latin-1"))

        if told("host") not in self.hosts:
            return 421, "This page answers on this computer only, under 127.0.0.1."
        origin = told("origin")
        if (origin and origin not in self.origins) or told("sec-fetch-site") in (
            "cross-site",
            "same-site",
        ):
            return 403, "Another site asked for this."
        if not scope["path"].startswith("/api/"):
            return None if scope["method"] in ("GET", "HEAD") else (405, "Not allowed.")
        if not hmac.compare_digest(told(KEY_HEADER).encode(), self.key.encode()):
            return 401, "Open the page under the address that was printed at the start."
        length = told("content-length")
        if length and (not length.isdecimal() or int(length) > MOST_BYTES):
            return 413, "The file is too large for a capture."
        return None


def _headers() -> list[tuple[bytes, bytes]]:
    policy = (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' {style_source('slip')}; img-src 'self' blob:; connect-src 'self'; "
        "media-src 'self' blob:; frame-src blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"cache-control", b"no-store"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), usb=()"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
    ]


def _with_headers(send: Send) -> Send:
    async def guarded(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_headers()]
        await send(message)

    return guarded


def _limited(receive: Receive) -> Receive:
    """Stop a body that says no length, or lies about it."""
    seen = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            from starlette.exceptions import HTTPException

            raise HTTPException(413, "The file is too large for a capture.")
        return message

    return counted


async def _refuse(send: Send, status: int, why: str) -> None:
    body = why.encode()
    headers = [
        *_headers(),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
