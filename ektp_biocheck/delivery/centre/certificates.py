"""Certificates for a pilot: an authority of its own, the server's and the stations'.

A ministry has its own authority; this one lets a pilot start in a minute and is good for tests.
Keys are P-256, because old stations' libraries know it.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.files import write_durably

__all__ = ["Authority", "fingerprint", "issue_client", "issue_server", "make_authority"]

_AUTHORITY_DAYS = 3650
_DAYS = 825
"""How long an issued certificate is good; longer ones are refused by some libraries."""
_EARLIER = timedelta(days=1)
"""A station whose clock is a little behind can use its certificate at once."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The pilot's authority: a certificate and the key that signs others."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def load(cls, folder: Path) -> "Authority":
        """Read ``ca.pem`` and ``ca.key``.

        Raises
        ------
        InputError
            When they are not both there and sound.
        """
        try:
            certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
            key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{folder} holds no pilot authority (ca.pem, ca.key): certificates for new "
                "stations come from whoever keeps it"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InputError(f"{folder / 'ca.key'} is not the key that `centre init` made")
        return cls(certificate, key)


def make_authority(name: str, folder: Path) -> Authority:
    """Make an authority and write ``ca.pem`` and ``ca.key`` (mode 0600)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"{name} pilot authority")
    certificate = (
        _builder(subject, subject, key.public_key(), _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _save(folder / "ca.key", key)
    write_durably(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate, key)


def issue_server(authority: Authority, hosts: Sequence[str], folder: Path) -> None:
    """Write ``server.pem`` and ``server.key`` for a server of these names or addresses."""
    names = x509.SubjectAlternativeName([_host(host) for host in hosts])
    _issue(authority, hosts[0], folder, "server", ExtendedKeyUsageOID.SERVER_AUTH, names)


def issue_client(authority: Authority, station_id: str, folder: Path) -> str:
    """Write ``client.pem`` and ``client.key`` for a station; return its fingerprint."""
    return _issue(authority, station_id, folder, "client", ExtendedKeyUsageOID.CLIENT_AUTH, None)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, hex."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def _issue(
    authority: Authority,
    common_name: str,
    folder: Path,
    stem: str,
    purpose: x509.ObjectIdentifier,
    names: x509.SubjectAlternativeName | None,
) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(common_name), authority.certificate.subject, key.public_key(), _DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    _save(folder / f"{stem}.key", key)
    write_durably(folder / f"{stem}.pem", certificate.public_bytes(serialization.Encoding.PEM))
    return fingerprint(certificate)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _save(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),  # a server starts unattended; the file's rights guard it
    )
    write_durably(path, pem)  # mode 0600
