"""The centre over HTTPS: certificates on both sides, no redirects, bounded answers.

httpx is behind `CentreClient`, so that another library can take its place. Nothing is retried
here: whether and when to try again is written down in the station's database.
"""

import logging
import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from ektp_biocheck.delivery.backoff import retry_after
from ektp_biocheck.delivery.client import (
    CentreBusy,
    CentreConflict,
    CentreRefused,
    CentreUnreachable,
)
from ektp_biocheck.delivery.messages import (
    MAX_ANSWER,
    Announcement,
    Inventory,
    InventoryQuestion,
    MessageError,
    Problem,
    Statement,
    UploadState,
    decode,
    encode,
    idempotency_key,
)
from ektp_biocheck.delivery.tls import certificate_trouble, probe, tls_context
from ektp_biocheck.errors import InputError, InstallationError

if TYPE_CHECKING:
    from ektp_biocheck.delivery.settings import CentreSettings, Limits

__all__ = ["HttpCentre", "tls_context"]

_LOG = logging.getLogger(__name__)
_ABOUT_THE_RECORD = frozenset({400, 409, 410, 411, 412, 413, 414, 415, 416, 422, 431})
"""Refusals that this record caused. 401, 403 and 404 are about the station or the address."""
_ADVICE = {
    401: "check the station's certificate and its name",
    403: "check the station's certificate and its name",
    404: "check centre.url",
}
_PLAIN = {
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "ReadTimeout": "no answer in time",
    "WriteTimeout": "the line is too slow",
    "ReadError": "the line broke",
    "WriteError": "the line broke",
    "RemoteProtocolError": "the line broke",
}
_DEFAULT_PAUSE = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class HttpCentre:
    """A `CentreClient` that speaks version 1 of the protocol.

    Parameters
    ----------
    centre : CentreSettings
        Address and certificates.
    limits : Limits
        Time-outs.
    transport : httpx.BaseTransport, optional
        In place of the network, for tests.
    """

    def __init__(self, centre: "CentreSettings", limits: "Limits", transport: Any = None) -> None:  # noqa: ANN401 - httpx loads late
        try:
            import httpx
        except ImportError as error:
            raise InstallationError(
                "sending needs the extra 'station': pip install 'ektp-biocheck[station]'"
            ) from error
        address = urlsplit(centre.url)
        context: ssl.SSLContext | Literal[False] = False
        if address.scheme == "https" and address.hostname:
            context = tls_context(centre.ca, centre.certificate, centre.key)
        elif address.scheme != "http" or address.hostname not in _LOOPBACK:
            raise InputError(f"{centre.url}: give an address that begins with https://")
        self._httpx = httpx
        self._centre = centre
        self._context = context if transport is None else False
        self._connect_seconds = limits.connect_seconds
        self._answered = False
        self._deadline = limits.answer_seconds
        self._client = httpx.Client(
            base_url=centre.url,
            verify=context,
            timeout=httpx.Timeout(limits.answer_seconds, connect=limits.connect_seconds),
            follow_redirects=False,
            trust_env=False,  # no proxy, no .netrc: records go where the configuration says
            headers={"accept": "application/json", "accept-encoding": "identity"},
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def announce(self, announcement: Announcement) -> UploadState:
        """See `CentreClient.announce`."""
        key = idempotency_key(announcement.record_id, announcement.sha256)
        headers = {"content-type": "application/json", "idempotency-key": key}
        status, body = self._ask(
            "POST", f"/v1/records/{announcement.record_id}", encode(announcement), headers
        )
        if status == 409:
            raise CentreConflict(status, _reason(body))
        return self._taken(status, body, UploadState)

    def upload(self, record_id: str, offset: int, piece: bytes) -> UploadState:
        """See `CentreClient.upload`."""
        headers = {"content-type": "application/octet-stream", "upload-offset": str(offset)}
        status, body = self._ask("PUT", f"/v1/records/{record_id}/content", piece, headers)
        if status == 409:  # the centre is elsewhere in the file, and says where
            return decode(body, UploadState)
        return self._taken(status, body, UploadState)

    def state(self, record_id: str) -> UploadState:
        """Return how far a record has come, with its newest chain of receipts."""
        return self._taken(*self._ask("GET", f"/v1/records/{record_id}"), UploadState)

    def inventory(self, question: InventoryQuestion) -> Inventory:
        """See `CentreClient.inventory`."""
        headers = {"content-type": "application/json"}
        answer = self._ask("POST", "/v1/inventory", encode(question), headers)
        return self._taken(*answer, Inventory)

    def statements(self, after: int) -> list[Statement]:
        """See `CentreClient.statements`."""
        answer = self._ask("GET", f"/v1/statements?after={after}")
        return self._taken(*answer, list[Statement])

    def _taken(self, status: int, body: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - one of the messages
        if status in (200, 201):
            return decode(body, kind)
        raise CentreRefused(status, _reason(body))

    def _ask(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and body of an answer that is about what was asked."""
        begun = time.monotonic()
        try:
            with self._client.stream(method, path, content=content, headers=headers) as answer:
                body = self._read(answer, begun + self._deadline)
                status, head = answer.status_code, answer.headers
        except CentreUnreachable:
            raise
        except (self._httpx.HTTPError, self._httpx.StreamError, OSError) as error:
            raise CentreUnreachable(self._why(error)) from error
        self._answered = True
        _LOG.debug("%s %s: %d, %.2f s", method, path, status, time.monotonic() - begun)
        return _about_the_record(status, head, body), body

    def _why(self, error: Exception) -> str:
        """Say why nothing came; a first line that broke may have been a refused certificate."""
        trouble = certificate_trouble(error)
        broke = _PLAIN.get(type(error).__name__) == "the line broke"
        if trouble is None and broke and not self._answered and self._context:
            trouble = probe(self._centre, self._context, self._connect_seconds)
        return trouble or f"the centre cannot be reached ({_kind(error)})"

    def _read(self, answer: Any, deadline: float) -> bytes:  # noqa: ANN401 - httpx loads late
        """Return the body; one that is packed, too long or drips too slowly is no answer."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise MessageError("the answer is packed, which was not asked for")
        body = bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > MAX_ANSWER:
                raise MessageError(f"the answer is longer than {MAX_ANSWER} bytes")
            if time.monotonic() > deadline:
                raise CentreUnreachable("the answer came too slowly to wait for its end")
        return bytes(body)


def _about_the_record(status: int, head: Mapping[str, str], body: bytes) -> int:
    """Return the status, or raise when it is about the centre, the way or the station."""
    if status in (200, 201) or status in _ABOUT_THE_RECORD:
        return status
    if status in (429, 503):
        wait = retry_after(
            head.get("retry-after"), date=head.get("date"), now=datetime.now(UTC).timestamp()
        )
        if wait is not None or status == 429:
            raise CentreBusy(_DEFAULT_PAUSE if wait is None else wait)
    reason = _reason(body)
    advice = _ADVICE.get(status, "")
    raise CentreUnreachable(
        "; ".join(part for part in (f"the centre answered {status}", reason, advice) if part)
    )


def _reason(body: bytes) -> str:
    """Return the centre's words: short, printable, without numbers that could name a person."""
    try:
        text = decode(body, Problem).detail
    except MessageError:
        return ""
    text = re.sub(r"\d{10,}", "…", text[:500])
    return "".join(c if c.isprintable() else " " for c in text)[:200]


def _kind(error: Exception) -> str:
    """Name what went wrong at the socket, without addresses of the office's network."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {cause.reason or type(cause).__name__}"
        cause = cause.__cause__ or cause.__context__
    name = type(error).__name__
    return _PLAIN.get(name, name)
