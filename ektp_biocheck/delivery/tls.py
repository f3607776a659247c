"""TLS at a station: its own certificate and the centre's, and why one of them is not taken."""

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from ektp_biocheck.delivery.settings import CentreSettings

__all__ = ["certificate_trouble", "probe", "tls_context"]

_LISTEN_SECONDS = 2.0
# What a server's alert means for the certificate that it was shown.
_ALERTS = {
    "UNKNOWN_CA": "it is of another authority",
    "CERTIFICATE_EXPIRED": "it has expired",
    "CERTIFICATE_REVOKED": "it was revoked",
    "CERTIFICATE_REQUIRED": "none was shown",
    "UNSUPPORTED_CERTIFICATE": "it is not one of a station",
    "CERTIFICATE_UNKNOWN": "it is not one of a station",
    "BAD_CERTIFICATE": "it is not one of a station",
    "ACCESS_DENIED": "access denied",
}


def tls_context(ca: str, certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of a station: only this authority is trusted, the station shows itself.

    Parameters
    ----------
    ca, certificate, key : str
        PEM files: the authority of the centre's certificate, the station's certificate and the
        private key to it.

    Raises
    ------
    InputError
        When a file is missing or none of the kind; the text names it.
    """
    for name in (ca, certificate, key):
        if not Path(name).is_file():
            raise InputError(f"{name} is missing: the centre hands it out with delivery.toml")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise InputError(f"{ca} holds no certificate of an authority ({error})") from error
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise InputError(
            f"{certificate} and {key} are no certificate with its private key ({error})"
        ) from error
    return context


def certificate_trouble(error: BaseException) -> str | None:
    """Return whose certificate was not taken, and why; None when it is about something else."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the centre's certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            reason = (cause.reason or "").replace(" ", "_")
            for alert, meaning in _ALERTS.items():
                if "ALERT" in reason and alert in reason:
                    return f"the centre refused this station's certificate ({meaning})"
        cause = cause.__cause__ or cause.__context__
    return None


def probe(centre: "CentreSettings", context: ssl.SSLContext, seconds: float) -> str | None:
    """Shake hands and only listen: return whose certificate is not taken, None if both are.

    In TLS 1.3 a server refuses a certificate after the station has begun to send, and its alert
    is lost under what is sent, or it just hangs up: the line seems to break. So nothing is sent
    here, and a server that hangs up on a finished handshake has not liked the certificate.
    """
    address = urlsplit(centre.url)
    where = (address.hostname or "", address.port or 443)
    try:
        with (
            socket.create_connection(where, timeout=seconds) as raw,
            context.wrap_socket(raw, server_hostname=where[0]) as line,
        ):
            line.settimeout(min(seconds, _LISTEN_SECONDS))
            hung_up = line.recv(1) == b""
    except OSError as error:  # ssl.SSLError and a time-out are some
        return certificate_trouble(error)
    why = _own_fault(centre.ca, centre.certificate)
    return f"the centre refused this station's certificate ({why})" if hung_up else None


def _own_fault(ca: str, certificate: str) -> str:
    """Return what the station itself can see to be wrong with its certificate."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    own = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
    issuers = x509.load_pem_x509_certificates(Path(ca).read_bytes())
    if own.not_valid_after_utc < datetime.now(UTC):
        return "it has expired"
    for issuer in issuers:
        with suppress(ValueError, TypeError, InvalidSignature):
            own.verify_directly_issued_by(issuer)
            return "it hung up on seeing it"
    return "it is of another authority"
