"""Run the operator page on this computer's loopback address."""

import secrets
from collections.abc import Callable
from typing import Any

from ektp_biocheck.errors import InputError, InstallationError
from ektp_biocheck.operator_page.desk import Desk
from ektp_biocheck.operator_page.guard import LOOPBACK, Guard

__all__ = ["check_host", "guarded", "listen", "serve"]


def guarded(desk: Desk, about: dict[str, Any], *, key: str, port: int) -> Guard:
    """Return the application behind its guard."""
    try:
        from ektp_biocheck.operator_page.routes import make_app
    except ImportError as error:
        raise InstallationError(
            f"the operator page needs the extra `station`: {error}. "
            "Cure: `pip install 'ektp-biocheck[station]'`."
        ) from error
    return Guard(make_app(desk, about), key=key, port=port)


def check_host(host: str) -> None:
    """Refuse every address that other computers can reach.

    Raises
    ------
    InputError
        When `host` is none of `LOOPBACK`.
    """
    if host not in LOOPBACK:
        raise InputError(
            f"the operator page is for this computer only: host must be one of "
            f"{', '.join(LOOPBACK)}, not {host!r}"
        )


def listen(host: str, port: int) -> Any:  # noqa: ANN401 - a socket
    """Open the socket that the page is served on.

    Parameters
    ----------
    host : str
        One of `LOOPBACK`.
    port : int
        0 for any free one.

    Raises
    ------
    InputError
        When `host` is an address that other computers can reach.
    OSError
        When the port is taken; the text says so.
    """
    import socket

    check_host(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    # On Windows this option would let a second program take the same port.
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
    except OSError as error:
        listener.close()
        raise OSError(
            f"port {port} cannot be used ({error.strerror}): is the page running already? "
            "Choose another with --port."
        ) from error
    return listener


def serve(
    desk: Desk,
    about: dict[str, Any],
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    started: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    desk : Desk
    about : dict
        See `routes.make_app`.
    host, port
        See `listen`.
    started : callable
        Told the address to open, with the key of this run behind the ``#``.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise InstallationError(
            "the operator page needs the extra `station`. "
            "Cure: `pip install 'ektp-biocheck[station]'`."
        ) from error

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:  # noqa: ANN401
            await super().startup(sockets=sockets)
            if self.started:  # it listens from now on
                started(address)

    listener = listen(host, port)
    with listener:
        port = listener.getsockname()[1]
        key = secrets.token_urlsafe(24)
        app = guarded(desk, about, key=key, port=port)
        config = uvicorn.Config(
            app,
            access_log=False,  # no list of who was here when
            log_level="error",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=5,
            lifespan="off",
        )
        name = "[::1]" if ":" in host else "127.0.0.1"
        address = f"http://{name}:{port}/#{key}"
        Server(config).run(sockets=[listener])
