"""Who is at the other end: from the TLS connection into the request.

uvicorn checks the client's certificate but does not hand it on. Its protocol object knows the
connection, and copies its `app_state` into the scope of every request on it: there the peer is
put, once per connection, where no header of a request can reach.
"""

import asyncio
import hashlib
import ssl
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from ektp_biocheck.delivery.centre.stations import Peer

__all__ = ["PEER", "MutualTls", "peer_of_certificate"]

PEER = "ektp_biocheck.peer"
"""The key of the peer in the state of an ASGI scope."""

_FAREWELL = 0.5
"""Seconds in which an idle station may answer the end of TLS."""


class MutualTls(H11Protocol):
    """uvicorn's own HTTP/1.1, which also says whose certificate it met."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look at the certificate before the first request is read."""
        super().connection_made(transport)  # type: ignore[arg-type] # narrower there
        connection = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, PEER: _peer(connection)}

    def shutdown(self) -> None:
        """End an idle connection without waiting for a station that does not listen."""
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(_FAREWELL, self.transport.abort)


def peer_of_certificate(der: bytes) -> Peer | None:
    """Return whom a certificate names; None when it names none or several.

    Parameters
    ----------
    der : bytes
        The certificate, whose chain TLS has verified.
    """
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        subject = x509.load_der_x509_certificate(der).subject
    except ValueError:
        return None
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1 or not isinstance(names[0].value, str):
        return None
    return Peer(names[0].value, hashlib.sha256(der).hexdigest())


def _peer(connection: Any) -> Peer | None:  # noqa: ANN401 - ssl.SSLObject, or nothing
    if not isinstance(connection, ssl.SSLObject | ssl.SSLSocket):
        return None
    if connection.context.verify_mode is not ssl.CERT_REQUIRED:
        return None
    der = connection.getpeercert(binary_form=True)
    return peer_of_certificate(der) if der else None
