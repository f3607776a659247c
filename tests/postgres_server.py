"""A PostgreSQL of our own on loopback, in a temporary folder, for as long as the tests run."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_USER = "postgres"
_QUICK = "-F -c full_page_writes=off -c synchronous_commit=off"  # a killed test loses nothing


def programs() -> Path | None:
    """Return the folder of PostgreSQL's own programs, the newest, or None."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else []
    found += sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: int(path.parent.name),
        reverse=True,
    )
    return found[0] if found else None


def why_not() -> str | None:
    """Return why it cannot be started here; None when it can."""
    if programs() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            return "running as root and there is no user postgres to run PostgreSQL as"
    return None


@contextmanager
def running() -> Iterator[str]:
    """Start a server; yield the URL of its superuser, to which a database name is added."""
    where = programs()
    assert where is not None
    with tempfile.TemporaryDirectory(prefix="ektp-postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text("only-for-tests", "ascii")
        if os.geteuid() == 0:
            user = pwd.getpwnam(_USER)
            for path in (folder, folder / "password"):
                os.chown(path, user.pw_uid, user.pw_gid)
        data, port = folder / "data", _free_port()
        _run(
            where / "initdb",
            *("-D", data, "-U", _USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"),
            *("--pwfile", folder / "password", "--no-sync"),
        )
        options = f"{_QUICK} -p {port} -c listen_addresses=127.0.0.1 -k ''"
        _run(where / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://{_USER}:only-for-tests@127.0.0.1:{port}/"
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                _run(where / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*command: object) -> None:
    """Run one of its programs, which refuse to run as root."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", _USER, "--", *words]
    subprocess.run(  # noqa: S603 - programs of the system
        words, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
