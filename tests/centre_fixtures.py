"""Stores for the tests: over SQLite, and over PostgreSQL where it is installed.

A test file takes them in with ``pytest_plugins = ["centre_fixtures"]``.
"""

import atexit
import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from centre_stores import CENTRE_KEY, Clock, new_database, register

from ektp_biocheck.delivery.centre.acceptance import Limits
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.centre.tables import open_database


@functools.cache
def _postgres() -> str:
    """Start one server for all test files; it stops with the interpreter."""
    running = contextlib.ExitStack()
    atexit.register(running.close)
    return running.enter_context(postgres_server.running())


@pytest.fixture
def postgres() -> str:
    """Return the URL of a PostgreSQL server; skip where there is none."""
    why_not = postgres_server.why_not()
    if why_not:
        pytest.skip(why_not)
    return _postgres()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'centre.sqlite'}"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_store(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Store]]:
    """Return a function that opens a store; all are closed in the end."""
    opened: list[Store] = []

    def open_(url: str | None = None, folder: str = "records", **how: object) -> Store:
        engine = open_database(url or f"sqlite:///{tmp_path / 'centre.sqlite'}")
        given = {"name": "centre", "key": CENTRE_KEY, "now": clock, "limits": Limits(), **how}
        opened.append(Store(tmp_path / folder, engine, **given))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store], url: str) -> Store:
    """Return a store with the station kec-01, over each database in turn."""
    store = open_store(url)
    register(store)
    return store


@pytest.fixture
def quick(open_store: Callable[..., Store]) -> Store:
    """Return a store with the station kec-01, over SQLite only."""
    store = open_store()
    register(store)
    return store
