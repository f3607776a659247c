"""A real centre in a process of its own: who gets through TLS, and what survives its death."""

import random
import socket
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import msgspec
import pytest
import uvicorn
from centre_server import (
    announce,
    make_centre,
    public_keys,
    running,
    sealed,
    send,
    settings_of,
    station_key,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_centre_machine import POINTS

from ektp_biocheck.delivery.centre import certificates, setup
from ektp_biocheck.delivery.centre.peer import peer_of_certificate
from ektp_biocheck.delivery.centre.serve import listen, serve
from ektp_biocheck.delivery.client import CentreUnreachable
from ektp_biocheck.delivery.http import HttpCentre, tls_context
from ektp_biocheck.delivery.messages import UploadState, decode, verified
from ektp_biocheck.errors import InputError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_centre(tmp_path_factory.mktemp("pilot") / "centre", ["kec-01", "kec-02"])


@pytest.fixture(scope="module")
def server(home):
    with running(home) as server:
        yield server


@pytest.fixture(scope="module")
def intruder(tmp_path_factory):
    """Return the folder of a centre with an authority that nobody here trusts."""
    return make_centre(tmp_path_factory.mktemp("intruder") / "centre", ["kec-01"])


def keys_of(home, station="kec-01"):
    return home.folder / "stations" / station / "keys"


def client(home, server, station="kec-01"):
    settings = settings_of(home, server.url, station)
    return HttpCentre(settings.centre, settings.limits)


def plain(server, context):
    return httpx.Client(base_url=server.url, verify=context, trust_env=False)


def context_of(ca, certificate, key):
    return tls_context(str(ca), str(certificate), str(key))


def test_a_station_with_what_it_was_handed_gets_its_receipt(home, server):
    settings = settings_of(home, server.url)
    one = sealed(station_key(home), size=1_500_000)
    with HttpCentre(settings.centre, settings.limits) as centre:
        receipt = send(centre, one, settings.limits.piece_kib << 10)
        assert verified(receipt, public_keys(settings)) == receipt
        assert send(centre, one) == receipt
    stored = home.folder / "records" / "stock" / receipt.sha256[:2] / f"{receipt.sha256}.sealed"
    assert stored.read_bytes() == one.data


def test_without_a_certificate_nothing_is_answered(home, server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(home.keys / "ca.pem")
    with plain(server, context) as http, pytest.raises(httpx.TransportError):
        http.get("/v1/health")


@pytest.mark.parametrize("wrong", ["another authority's", "the server's own", "an expired one"])
def test_a_wrong_certificate_is_refused(home, server, intruder, tmp_path, monkeypatch, wrong):
    folder = keys_of(home)
    certificate, key = folder / "client.pem", folder / "client.key"
    if wrong == "another authority's":
        certificate, key = keys_of(intruder) / "client.pem", keys_of(intruder) / "client.key"
    elif wrong == "the server's own":
        certificate, key = home.keys / "server.pem", home.keys / "server.key"
    else:
        monkeypatch.setattr(certificates, "_DAYS", -0.5)
        authority = certificates.Authority.load(home.keys)
        certificates.issue_client(authority, "kec-01", tmp_path)
        certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    context = context_of(home.keys / "ca.pem", certificate, key)
    with plain(server, context) as http, pytest.raises(httpx.TransportError):
        http.get("/v1/health")


def test_a_centre_with_a_certificate_of_another_authority_gets_nothing(home, server, intruder):
    settings = settings_of(intruder, server.url)
    with (
        HttpCentre(settings.centre, settings.limits) as centre,
        pytest.raises(CentreUnreachable, match="not trusted"),
    ):
        centre.announce(sealed(station_key(intruder)).announcement)


@pytest.mark.parametrize("wrong", ["another authority", "expired"])
def test_a_refused_certificate_is_told_as_such(
    home, server, intruder, tmp_path, monkeypatch, wrong
):
    folder = keys_of(intruder)
    if wrong == "expired":
        monkeypatch.setattr(certificates, "_DAYS", -0.5)
        certificates.issue_client(certificates.Authority.load(home.keys), "kec-01", tmp_path)
        folder = tmp_path
    settings = settings_of(home, server.url)
    files = {"certificate": str(folder / "client.pem"), "key": str(folder / "client.key")}
    centre = msgspec.structs.replace(settings.centre, **files)
    with (
        HttpCentre(centre, settings.limits) as http,
        pytest.raises(CentreUnreachable, match=rf"refused this station's certificate \(.*{wrong}"),
    ):
        http.announce(sealed(station_key(home)).announcement)


def test_a_good_certificate_of_another_station_is_not_enough(home, server):
    one, folder = sealed(station_key(home)), keys_of(home, "kec-02")
    context = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    with plain(server, context) as http:
        answer = announce(http, one)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
        pretend = {"ektp_biocheck.peer": "kec-01", "x-forwarded-for": "127.0.0.1"}
        http.headers.update(pretend)
        assert announce(http, one).json()["code"] == "not_yours"


def test_a_replaced_certificate_is_refused_at_once(home, server):
    folder = keys_of(home, "kec-02")
    old = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    with home.opened() as store, store.engine.begin() as connection:
        setup.hand_out_certificate(home, connection, "kec-02")
    new = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    with plain(server, old) as http:
        assert http.get("/v1/statements").json()["code"] == "other_certificate"
    with plain(server, new) as http:
        assert http.get("/v1/statements").status_code == 200


@pytest.mark.parametrize(
    ("names", "known"), [(["kec-01"], "kec-01"), (["kec-01", "kec-02"], None), ([], None)]
)
def test_a_certificate_names_one_station_or_none(home, names, known):
    authority = certificates.Authority.load(home.keys)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    issuer = authority.certificate.subject
    certificate = certificates._builder(subject, issuer, key.public_key(), 1).sign(
        authority.key, hashes.SHA256()
    )
    peer = peer_of_certificate(certificate.public_bytes(serialization.Encoding.DER))
    assert (peer and peer.name) == known
    if peer is not None:
        assert peer.certificate == certificates.fingerprint(certificate)


def test_what_is_no_certificate_names_nobody():
    assert peer_of_certificate(b"junk") is None


def test_plain_http_and_noise_are_not_answered(home, server):
    port = int(server.url.rsplit(":", 1)[1])
    for noise in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01" + bytes(500), b"\xff" * 99):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(noise)
            answer = b""
            try:
                while chunk := sock.recv(4096):
                    answer += chunk
            except ConnectionResetError:
                pass
            assert b"HTTP" not in answer


def half_a_piece(home, server, one):
    """Send a request whose body breaks off after 3,000 bytes of a longer piece."""
    folder, port = keys_of(home), int(server.url.rsplit(":", 1)[1])
    context = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    head = (
        f"PUT /v1/records/{one.record_id}/content HTTP/1.1\r\nHost: localhost\r\n"
        f"Upload-Offset: 0\r\nContent-Length: {len(one.data)}\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", port)) as sock,
        context.wrap_socket(sock, server_hostname="localhost") as tls,
    ):
        tls.sendall(head.encode() + one.data[:3_000])
        tls.unwrap()


def test_a_link_that_breaks_inside_a_piece_has_brought_that_much(home, server):
    one = sealed(station_key(home), size=9_000)
    with client(home, server) as centre:
        centre.announce(one.announcement)
        half_a_piece(home, server, one)
        end = time.monotonic() + 10
        while centre.state(one.record_id).offset == 0 and time.monotonic() < end:
            time.sleep(0.02)
        assert centre.state(one.record_id) == UploadState(offset=3_000)
        assert send(centre, one).size == len(one.data)


def test_two_connections_with_the_same_record_apply_it_once(home, server):
    one, got = sealed(station_key(home), size=400_000), []

    def sender():
        with client(home, server) as centre:
            got.append(send(centre, one, piece=50_000))

    threads = [threading.Thread(target=sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 3
    assert len(set(got)) == 1


def test_one_folder_is_served_by_one_process(home, server, monkeypatch):
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: pytest.fail("served twice"))
    with pytest.raises(InputError, match="served by another process"):
        serve(home, port=0)


def test_answers_do_not_wait_for_more_to_say():
    """Without its protocol's name asyncio would leave Nagle's algorithm on: 40 ms an answer."""
    with listen("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_a_port_in_use_is_named(home, server):
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=f"port {port} cannot be listened on"):
        listen("127.0.0.1", port)


def test_nothing_personal_is_in_the_log_of_a_real_server(home, server):
    nik, folder = "3313012345678901", keys_of(home)
    context = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    with plain(server, context) as http:
        for answer in (
            http.get(f"/v1/records/{nik}"),
            http.get(f"/v1/{nik}?nik={nik}", headers={"x-nik": nik}),
            http.post("/v1/inventory", content=f'{{"{nik}":1}}'),
        ):
            assert answer.status_code in (404, 422)
            assert nik not in answer.text
    time.sleep(0.1)
    log = "".join(server.log)
    assert "refused code=bad_id peer=kec-01 record=-" in log
    assert nik not in log


def dies_and_goes_on(folder: Path, label: str, number: int) -> None:
    """Kill a centre at a labelled point; started again it goes on, and stops when it is told."""
    home = make_centre(folder)
    records = [sealed(station_key(home), sequence=each, size=20_000) for each in (1, 2)]
    receipts = {}
    with running(home, die_at=(label, number)) as server, client(home, server) as centre:
        with suppress(CentreUnreachable):
            for one in records:
                receipts[one.record_id] = send(centre, one, piece=9_000)
        assert server.process.wait(timeout=20) == -9
    with running(home) as server, client(home, server) as centre:
        again = {one.record_id: send(centre, one, piece=9_000) for one in records}
        assert server.stop() == 0
        assert "Traceback" not in "".join(server.log)
    assert receipts.items() <= again.items()
    assert sorted(receipt.sequence for receipt in again.values()) == [1, 2]
    everything_is_whole(home, records)


def everything_is_whole(home, records):
    from ektp_biocheck.delivery.centre import stock

    with home.opened() as store:
        assert stock.check(store) == stock.Checked(len(records), 0, 0)
        (summary,) = stock.summary(store)
        assert (summary.stored, summary.missing, summary.repeated) == (len(records), 0, 0)
        for one in records:
            assert store.disk.stored(one.announcement.sha256).read_bytes() == one.data
        assert not list(store.disk.incoming.iterdir())


def test_killed_between_the_bytes_and_the_row_a_centre_loses_nothing(tmp_path):
    dies_and_goes_on(tmp_path / "centre", "centre:applying", 1)


@pytest.mark.long
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("label", POINTS)
def test_killed_at_any_labelled_moment_a_centre_loses_nothing(tmp_path, label, number):
    dies_and_goes_on(tmp_path / "centre", label, number)


@pytest.mark.long
def test_killed_at_random_moments_a_centre_loses_nothing(tmp_path):
    home = make_centre(tmp_path / "centre")
    records = [sealed(station_key(home), sequence=each, size=60_000) for each in range(1, 31)]
    receipts, kills, dice = {}, 0, random.Random(16)  # noqa: S311
    while len(receipts) < len(records):
        with running(home) as server, client(home, server) as centre:
            timer = threading.Timer(dice.uniform(0.05, 1.5), server.process.kill)
            timer.start()
            try:
                for one in records:
                    if one.record_id not in receipts:
                        receipts[one.record_id] = send(centre, one, piece=20_000)
            except CentreUnreachable:
                kills += 1
            timer.cancel()
    with running(home) as server, client(home, server) as centre:
        for one in records:
            assert send(centre, one) == receipts[one.record_id]
    assert kills
    assert len({receipt.sequence for receipt in receipts.values()}) == len(records)
    everything_is_whole(home, records)


def test_the_health_of_a_centre_is_told(home, server):
    folder = keys_of(home)
    context = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    with plain(server, context) as http:
        answer = http.get("/v1/health").json()
    assert (answer["centre"], answer["protocol"]) == ("centre", 1)


def test_an_endless_body_is_cut_off(home, server):
    one, folder = sealed(station_key(home)), keys_of(home)
    context = context_of(home.keys / "ca.pem", folder / "client.pem", folder / "client.key")
    sent = 0

    def endless():
        nonlocal sent
        for _ in range(400):
            sent += 1 << 16
            yield bytes(1 << 16)

    with plain(server, context) as http:
        announce(http, one)
        headers = {"upload-offset": "0"}
        address = f"/v1/records/{one.record_id}/content"
        try:
            answer = http.put(address, content=endless(), headers=headers)
            assert answer.status_code == 413
        except httpx.TransportError:
            pass  # cut off before it was heard
        assert sent < 400 << 16
        state = decode(http.get(f"/v1/records/{one.record_id}").content, UploadState)
        assert state == UploadState(offset=0)
