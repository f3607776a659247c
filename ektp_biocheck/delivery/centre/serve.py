"""Running the centre: TLS on both sides, one process on a folder, a clean end."""

import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import uvicorn

from ektp_biocheck.delivery.centre.app import make_app
from ektp_biocheck.delivery.centre.home import Home
from ektp_biocheck.delivery.centre.peer import MutualTls
from ektp_biocheck.delivery.centre.setup import server_certificate
from ektp_biocheck.errors import InputError

__all__ = ["listen", "serve"]

_CONNECTIONS = 256
_WAITING = 256
_KEEP_ALIVE = 75
_FAREWELL = 10
_SOON = timedelta(days=30)


def serve(
    home: Home,
    *,
    listen_on: str | None = None,
    port: int | None = None,
    upstream: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve a centre until it is told to stop.

    Parameters
    ----------
    home : Home
        The centre's folder.
    listen_on, port : str and int, optional
        Instead of those in the settings; port 0 takes a free one.
    upstream : str, optional
        Address of the centre behind, instead of the one in the settings.
    tell : callable
        Gets a line for whoever started it.

    Raises
    ------
    InputError
        Settings or keys are wrong, or another process serves this folder.
    OSError
        Address in use, database out of reach.
    """
    forward_to = home.upstream(upstream)
    with _alone(home.folder / "in-use"), home.opened() as store:
        host = listen_on or home.settings.listen
        with listen(host, home.settings.port if port is None else port) as sock:
            background = None
            if forward_to is not None:
                from ektp_biocheck.delivery.centre.forward import forwarding

                background = forwarding(store, forward_to)
            config = _config(home, make_app(store, background=background))
            ends = server_certificate(home).not_valid_after_utc
            if ends - datetime.now(UTC) < _SOON:
                tell(f"the server's certificate ends on {ends.date()}: renew it")
            shown = f"[{host}]" if ":" in host else host
            tell(f"{home.settings.name} listens on https://{shown}:{sock.getsockname()[1]}")
            with _ends_cleanly():
                uvicorn.Server(config).run(sockets=[sock])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises
    ------
    OSError
        When the address cannot be had; the text names it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle's algorithm on: 40 ms for every answer.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere it would let two servers share the port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(_WAITING)
    except OSError as error:
        sock.close()
        raise OSError(
            f"{host} port {port} cannot be listened on ({error.strerror}): choose another --port"
        ) from error
    return sock


def _config(home: Home, app: object) -> uvicorn.Config:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type] # FastAPI is an ASGI application
        http=MutualTls,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # addresses are made by strangers
        server_header=False,
        ssl_keyfile=home.keys / "server.key",
        ssl_certfile=home.keys / "server.pem",
        ssl_ca_certs=str(home.keys / "ca.pem"),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_FAREWELL,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{home.keys} holds no usable server certificate ({error})") from error
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        config.ssl.verify_flags |= ssl.VERIFY_X509_STRICT
    return config


@contextmanager
def _ends_cleanly() -> Iterator[None]:
    """Let SIGTERM end the server like Ctrl-C does: uvicorn repeats the signal when it is done."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep a second server from the same folder; a killed one leaves nothing behind."""
    try:
        file = path.open("ab+")
    except OSError as error:
        raise InputError(
            f"{path.parent} cannot be written ({error.strerror}): serve it as the user who owns it "
            "and check that its disk is mounted for writing"
        ) from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise InputError(
                f"{path.parent} is served by another process: stop that one first"
            ) from error
        yield


def _lock(file: BinaryIO) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
