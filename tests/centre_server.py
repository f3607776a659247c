"""A centre to test against: in this process without sockets, or a real one with mutual TLS.

Run as a script it serves a folder and kills itself at a named point:
``python tests/centre_server.py FOLDER LABEL N``.
"""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from fastapi import FastAPI

from ektp_biocheck.delivery.centre import setup
from ektp_biocheck.delivery.centre import stations as registered
from ektp_biocheck.delivery.centre.home import Home, HomeSettings
from ektp_biocheck.delivery.centre.peer import PEER
from ektp_biocheck.delivery.centre.stations import Peer
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.http import HttpCentre
from ektp_biocheck.delivery.messages import (
    MAX_PIECE,
    Announcement,
    Receipt,
    encode,
    idempotency_key,
)
from ektp_biocheck.delivery.settings import CentreSettings, Limits, Settings, load_settings
from ektp_biocheck.records import seal
from ektp_biocheck.records.ids import new_record_id
from ektp_biocheck.records.keys import load_signing_key

REPOSITORY = Path(__file__).resolve().parents[1]
CENTRE_OPENS = X25519PrivateKey.generate()
_START_SECONDS = 30


@dataclass(frozen=True)
class Sealed:
    """A record ready to be sent."""

    announcement: Announcement
    data: bytes

    @property
    def record_id(self) -> str:
        return self.announcement.record_id

    @property
    def headers(self) -> dict[str, str]:
        known = self.announcement
        return {"idempotency-key": idempotency_key(known.record_id, known.sha256)}


def sealed(
    key: Ed25519PrivateKey,
    *,
    station: str = "kec-01",
    sequence: int = 1,
    size: int = 2000,
    record_id: str | None = None,
    audit_head: str | None = None,
) -> Sealed:
    """Return a record of about `size` bytes, sealed by a station's key."""
    record_id = record_id or new_record_id()
    data = seal.seal(
        {"face": os.urandom(size)},
        {"station": station},
        centre_public=CENTRE_OPENS.public_key(),
        station_private=key,
        record_id=record_id,
        sequence=sequence,
    )
    return Sealed(
        Announcement(
            record_id=record_id,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            station=station,
            sequence=sequence,
            audit_head=audit_head,
        ),
        data,
    )


def make_centre(
    folder: Path,
    stations: Sequence[str] = ("kec-01",),
    *,
    upstream: Path | None = None,
    **settings: object,
) -> Home:
    """Make a centre's folder with stations, as `centre init` does."""
    known = {"name": "centre", "hosts": ["localhost", "127.0.0.1"], "port": 0, **settings}
    return setup.init(
        folder, msgspec.convert(known, HomeSettings), station_ids=stations, upstream=upstream
    )


def station_key(home: Home, station: str = "kec-01") -> Ed25519PrivateKey:
    """Return the key that a station of `make_centre` seals with."""
    return load_signing_key(home.folder / "stations" / station / "keys" / "station.key")


def settings_of(home: Home, url: str, station: str = "kec-01") -> Settings:
    """Return a station's own settings, for a server at `url`."""
    settings = load_settings(home.folder / "stations" / station / "delivery.toml")
    centre = msgspec.structs.replace(settings.centre, url=url)
    return msgspec.structs.replace(settings, centre=centre)


def peer(store: Store, station: str = "kec-01") -> Peer:
    """Return a station as the certificate it was handed names it."""
    with store.engine.begin() as connection:
        known = registered.find(connection, station)
    return Peer(station, known.certificate or "00" * 32)


class InProcess(httpx.BaseTransport):
    """Requests to an ASGI application without a socket, as if TLS had named the peer."""

    def __init__(self, app: FastAPI, peer: str | None, certificate: str | None = None) -> None:
        self.app = app
        self.state = {}
        if peer is not None:
            with app.state.store.engine.begin() as connection:
                known = registered.find(connection, peer)
            own = known.certificate if known else None
            self.state = {PEER: Peer(peer, certificate or own or "00" * 32)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run one request to its end."""
        body = request.read()
        return asyncio.run(self._run(request, body))

    async def _run(self, request: httpx.Request, body: bytes) -> httpx.Response:
        async def named(scope, receive, send):
            await self.app(scope | {"state": dict(self.state)}, receive, send)

        transport = httpx.ASGITransport(named, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.request(
                request.method, request.url, content=body, headers=request.headers
            )
        body = httpx.ByteStream(answer.content)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=body)


def in_process(app: FastAPI, peer: str | None = "kec-01", **how: str) -> httpx.Client:
    """Return a plain HTTP client of an application in this process."""
    return httpx.Client(transport=InProcess(app, peer, **how), base_url="http://localhost")


def client_in_process(app: FastAPI, peer: str = "kec-01") -> HttpCentre:
    """Return the station's own client of an application in this process."""
    settings = CentreSettings("centre", "http://localhost", "", "", "", {"centre": ""})
    return HttpCentre(settings, Limits(), transport=InProcess(app, peer))


def send(client: HttpCentre, record: Sealed, piece: int = MAX_PIECE) -> Receipt:
    """Send a record the way a station does, and return its receipt."""
    state = client.announce(record.announcement)
    while state.receipt is None:
        offset = state.offset
        state = client.upload(record.record_id, offset, record.data[offset : offset + piece])
    return state.receipt


def announce(client: httpx.Client, record: Sealed) -> httpx.Response:
    """Announce a record over plain HTTP."""
    return client.post(
        f"/v1/records/{record.record_id}",
        content=encode(record.announcement),
        headers=record.headers,
    )


def put(client: httpx.Client, record_id: str, data: bytes, offset: int = 0) -> httpx.Response:
    """Send a piece over plain HTTP."""
    headers = {"upload-offset": str(offset)}
    return client.put(f"/v1/records/{record_id}/content", content=data, headers=headers)


@dataclass
class Server:
    """A real centre in a process of its own."""

    process: "subprocess.Popen[str]"
    url: str
    log: list[str]

    def kill(self) -> None:
        """Pull the plug."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=20)


@contextmanager
def running(home: Home, *options: str, die_at: tuple[str, int] | None = None) -> Iterator[Server]:
    """Serve a centre's folder on a free port of this machine, over mutual TLS.

    Parameters
    ----------
    home : Home
        From `make_centre`.
    options : str
        Of ``centre serve``.
    die_at : tuple of str and int, optional
        Label of `records.crash`, and at which passing of it the process kills itself.
    """
    command = [sys.executable, "-m", "ektp_biocheck", "centre", "serve", str(home.folder)]
    if die_at is not None:
        command = [sys.executable, __file__, str(home.folder), die_at[0], str(die_at[1])]
    else:
        command += ["--port", "0", *options]
    process = subprocess.Popen(  # noqa: S603 - our own server
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    log: list[str] = []
    reader = threading.Thread(target=lambda: log.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        yield Server(process, _url(process, log), log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        if process.stderr is not None:
            process.stderr.close()


def _url(process: "subprocess.Popen[str]", log: list[str]) -> str:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        for line in log:
            if " listens on " in line:
                return line.split(" listens on ")[1].strip()
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError("the centre did not start:\n" + "".join(log))


def public_keys(settings: Settings) -> dict[str, Ed25519PublicKey]:
    """Return whose receipts a station believes."""
    from ektp_biocheck.delivery.settings import signing_keys

    return signing_keys(settings.centre)


def main() -> None:
    """Serve a folder and die at a label."""
    from ektp_biocheck.delivery.centre.serve import serve
    from ektp_biocheck.records import crash

    folder, label, number = sys.argv[1:]
    passed: Counter[str] = Counter()

    def die(at: str) -> None:
        passed[at] += 1
        if at == label and passed[at] == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    crash.hook = die
    serve(Home.load(Path(folder)), port=0, tell=lambda line: print(line, file=sys.stderr))


if __name__ == "__main__":
    main()
