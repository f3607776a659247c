"""The HTTP client: what it sends, what it takes for an answer, whose fault a failure is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from ektp_biocheck.delivery.backoff import LONGEST_WAIT
from ektp_biocheck.delivery.client import (
    CentreBusy,
    CentreConflict,
    CentreRefused,
    CentreUnreachable,
)
from ektp_biocheck.delivery.http import HttpCentre
from ektp_biocheck.delivery.messages import (
    MAX_ANSWER,
    Announcement,
    InventoryQuestion,
    MessageError,
    UploadState,
)
from ektp_biocheck.delivery.settings import CentreSettings, Limits
from ektp_biocheck.errors import InputError

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
HASH = "ab" * 32
ANNOUNCEMENT = Announcement(record_id=ID, sha256=HASH, size=9, station="kec-01", sequence=4)
STATE = {"offset": 3, "receipt": None}


def settings(**changes):
    fields = {"name": "pusat", "url": "http://127.0.0.1:1", "ca": "", "certificate": "", "key": ""}
    return CentreSettings(**(fields | changes), signing_keys={"pusat": "x"})


class Body(httpx.SyncByteStream):
    def __init__(self, data):
        self.data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self.data


def reply(status, body=b"", headers=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, stream=Body(data), headers=headers)


def centre(answer):
    seen = []

    def handle(request):
        seen.append(request)
        return answer(request) if callable(answer) else answer

    client = HttpCentre(settings(), Limits(), httpx.MockTransport(handle))
    client.seen = seen
    return client


def test_an_announcement_carries_its_key():
    client = centre(reply(201, STATE))
    assert client.announce(ANNOUNCEMENT) == UploadState(offset=3)
    (request,) = client.seen
    assert (request.method, request.url.path) == ("POST", f"/v1/records/{ID}")
    assert request.headers["idempotency-key"] == f"{ID}:{HASH}"
    assert json.loads(request.content)["size"] == 9


def test_a_piece_carries_its_offset_and_another_offset_is_an_answer():
    client = centre(reply(409, STATE))
    assert client.upload(ID, 7, b"piece").offset == 3
    (request,) = client.seen
    assert (request.method, request.url.path) == ("PUT", f"/v1/records/{ID}/content")
    assert request.headers["upload-offset"] == "7"
    assert request.content == b"piece"


def test_statements_are_asked_for_from_a_number_on():
    client = centre(reply(200, []))
    assert client.statements(41) == []
    assert str(client.seen[0].url).endswith("/v1/statements?after=41")


@pytest.mark.parametrize("status", [400, 411, 413, 415, 422])
def test_a_refusal_is_about_the_record(status):
    with pytest.raises(CentreRefused, match="too old") as refusal:
        centre(reply(status, {"detail": "too old"})).announce(ANNOUNCEMENT)
    assert refusal.value.status == status


def test_another_hash_under_this_id_is_a_conflict():
    with pytest.raises(CentreConflict):
        centre(reply(409, {"detail": "other"})).announce(ANNOUNCEMENT)


@pytest.mark.parametrize(
    ("status", "says"),
    [(301, "301"), (401, "certificate"), (403, "certificate"), (404, "centre.url"),
     (500, "500"), (502, "502"), (503, "503"), (418, "418"), (204, "204")],
)  # fmt: skip
def test_what_is_not_about_the_record_does_not_count_against_it(status, says):
    answer = reply(status, headers={"location": "http://elsewhere/"})
    with pytest.raises(CentreUnreachable, match=says):
        centre(answer).upload(ID, 0, b"x")


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [(429, "7", 7), (429, None, 60), (429, "soon", 60), (503, "9", 9),
     (429, "9" * 12, LONGEST_WAIT), (429, "Mon, 05 Jan 2026 08:00:30 GMT", 30)],
)  # fmt: skip
def test_the_centre_may_ask_to_wait(status, header, seconds):
    date = datetime(2026, 1, 5, 8, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"date": date} | ({"retry-after": header} if header else {})
    with pytest.raises(CentreBusy) as busy:
        centre(reply(status, headers=headers)).announce(ANNOUNCEMENT)
    assert busy.value.retry_after == seconds


def test_reasons_are_short_printable_and_without_long_numbers():
    detail = "NIK 3201011212900001 \x1b[31m" + "x" * 5_000
    with pytest.raises(CentreRefused) as refusal:
        centre(reply(422, {"detail": detail})).announce(ANNOUNCEMENT)
    assert "3201011212900001" not in str(refusal.value)
    assert "\x1b" not in str(refusal.value)
    assert len(refusal.value.reason) <= 200


class Endless(httpx.SyncByteStream):
    def __init__(self) -> None:
        self.given = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.given += 65_536
            yield b" " * 65_536


def test_an_endless_answer_is_cut_off():
    stream = Endless()
    with pytest.raises(MessageError, match="longer than"):
        centre(httpx.Response(200, stream=stream)).announce(ANNOUNCEMENT)
    assert stream.given <= MAX_ANSWER + 2 * 65_536


def test_a_packed_answer_is_none():
    answer = reply(200, b"x", headers={"content-encoding": "zstd"})
    with pytest.raises(MessageError, match="packed"):
        centre(answer).announce(ANNOUNCEMENT)


def test_a_dripping_answer_is_given_up(monkeypatch):
    clock = iter(range(0, 100_000, 30))
    monkeypatch.setattr("ektp_biocheck.delivery.http.time.monotonic", lambda: float(next(clock)))
    answer = httpx.Response(200, stream=Endless())
    with pytest.raises(CentreUnreachable, match="too slowly"):
        centre(answer).announce(ANNOUNCEMENT)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (httpx.ConnectError("10.0.0.7"), "no connection"),
        (httpx.ReadTimeout("10.0.0.7"), "no answer in time"),
        (httpx.RemoteProtocolError("10.0.0.7"), "the line broke"),
        (httpx.WriteError("10.0.0.7"), "the line broke"),
        (httpx.CloseError("10.0.0.7"), "CloseError"),
        (OSError("10.0.0.7"), "OSError"),
    ],
)
def test_every_failure_of_the_line_is_one_error_without_addresses(error, says):
    def fail(_):
        raise error

    with pytest.raises(CentreUnreachable, match=rf"^the centre cannot be reached \({says}\)$"):
        centre(fail).inventory(InventoryQuestion(nonce=HASH, items=()))


@pytest.mark.parametrize(
    "url", ["http://centre.example", "ftp://127.0.0.1", "127.0.0.1", "", "https://"]
)
def test_an_address_without_tls_is_refused(url):
    with pytest.raises(InputError, match=r"https://|holds no certificate"):
        HttpCentre(settings(url=url), Limits())


def test_a_missing_certificate_is_named(tmp_path):
    with pytest.raises(InputError, match=r"ca\.pem is missing"):
        HttpCentre(settings(url="https://x", ca=str(tmp_path / "ca.pem")), Limits())
