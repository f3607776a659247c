"""The centre's tables, in SQLite by default and PostgreSQL by URL.

The bytes of the records lie beside it as files: a row says that they are there only once they
are. `counter` rows give the sequences: raised and used in one transaction, so that numbers are
committed in their order and a reader who has seen 7 will never meet a new 6.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.database import journal_mode

__all__ = [
    "counter",
    "forward",
    "insert",
    "keep_stock_mark",
    "open_database",
    "raised",
    "receipt",
    "record",
    "refusal",
    "statement",
    "station",
    "stock_mark",
]

_BUSY_SECONDS = 30
_SCHEMA_LOCK = 4_711_016
"""Any number: whoever holds this lock of PostgreSQL may change the schema."""

metadata = sa.MetaData()

station = sa.Table(
    "station",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("public_keys", sa.Text, nullable=False),
    sa.Column("quota", sa.Integer),
    sa.Column("via", sa.String(64)),
    sa.Column("certificate", sa.String(64)),
    sa.Column("blocked", sa.Boolean, nullable=False),
    sa.Column("audit_head", sa.String(64)),
    sa.Column("audit_sequence", sa.BigInteger, nullable=False),
    sa.Column("added_at", sa.String(32), nullable=False),
)
"""Who may send. `public_keys`: Ed25519, hex, with spaces between; none for an office that only
forwards. `via`: the office that may forward for it. `certificate`: SHA-256 of the only one
accepted."""

record = sa.Table(
    "record",
    metadata,
    sa.Column("record_id", sa.String(36), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("station", sa.String(64), sa.ForeignKey("station.id"), nullable=False),
    sa.Column("peer", sa.String(64), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("identity", sa.String(64), nullable=False),
    sa.Column("announcement", sa.Text, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("announced_at", sa.String(32), nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False),
    sa.Column("applied", sa.Integer, nullable=False),
    sa.Index("record_by_day", "station", "day"),
    sa.Index("record_by_sequence", "station", "sequence"),
)
"""What was announced; `stored` once its bytes are on the disk and checked. `applied` counts how
often they were taken in: once, and once more each time the centre itself had lost them."""

receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record_id", sa.String(36), sa.ForeignKey("record.record_id"), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("receipt_by_record", "record_id", "sequence"),
)
"""Receipts as they were signed; the newest of a record is the one it is answered with."""

statement = sa.Table(
    "statement",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record_id", sa.String(36), sa.ForeignKey("record.record_id"), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("origin", sa.String(96), unique=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("statement_by_record", "record_id", "sequence"),
)
"""What became of records, as signed. `origin`: centre and sequence of one passed on."""

forward = sa.Table(
    "forward",
    metadata,
    sa.Column("record_id", sa.String(36), sa.ForeignKey("record.record_id"), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("next_at", sa.Float, nullable=False),
    sa.Column("why", sa.String(200)),
    sa.Index("forward_due", "state", "next_at"),
)
"""What an office still has to pass on, or has."""

refusal = sa.Table(
    "refusal",
    metadata,
    sa.Column("peer", sa.String(64), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("code", sa.String(32), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
"""How often whom was refused what, by day: bounded however hard someone knocks."""

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
)


def _first(connection: sa.Connection) -> None:
    metadata.create_all(connection)
    connection.execute(
        counter.insert(),
        [{"name": name, "value": 0} for name in ("receipt", "statement", "upstream")],
    )


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (_first,)
"""Steps from one version of the schema to the next, oldest first."""


def open_database(url: str) -> sa.Engine:
    """Open the centre's database, made and migrated when needed.

    Parameters
    ----------
    url : str
        ``sqlite:///path`` or ``postgresql://user:password@host/name``.

    Returns
    -------
    Engine
        Its errors never hold the values of a statement.

    Raises
    ------
    InputError
        When the URL is none of these, or a newer version wrote the database.
    OSError
        When the database cannot be reached.
    """
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            _migrate(connection)
    except sa.exc.DBAPIError as error:
        engine.dispose()
        where = engine.url.render_as_string(hide_password=True)
        raise OSError(f"{where} cannot be used as the centre's database ({error.orig})") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def raised(connection: sa.Connection, name: str) -> int:
    """Raise a counter and return its new value, locked until the transaction ends."""
    return int(
        connection.execute(
            counter.update()
            .where(counter.c.name == name)
            .values(value=counter.c.value + 1)
            .returning(counter.c.value)
        ).scalar_one()
    )


def stock_mark(connection: sa.Connection) -> str | None:
    """Return the mark of the folder that belongs to this database, None before it has one."""
    query = sa.select(meta.c.value).where(meta.c.name == "stock")
    return connection.execute(query).scalar_one_or_none()


def keep_stock_mark(connection: sa.Connection, mark: str) -> None:
    """Bind the database to a folder."""
    connection.execute(meta.insert().values(name="stock", value=mark))


def insert(connection: sa.Connection, table: sa.Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an insert that can say what to do on a conflict, in the database's own dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise InputError(f"not a database URL: write {_EXAMPLES}") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        if not Path(parsed.database).parent.is_dir():
            raise InputError(f"{Path(parsed.database).parent} is no folder: make it first")
        return _sqlite(parsed)
    if backend == "postgresql" and parsed.username and parsed.database and not parsed.query:
        return sa.create_engine(
            parsed.set(drivername="postgresql+pg8000"), hide_parameters=True, pool_pre_ping=True
        )
    raise InputError(f"this URL names no database of a centre: write {_EXAMPLES}")


_EXAMPLES = "sqlite:///centre.sqlite or postgresql://user:password@host/name"


def _sqlite(url: sa.URL) -> sa.Engine:
    """Return an engine of one connection: SQLite has one writer, and waiting threads queue."""
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own
        connection.isolation_level = None  # the driver begins no transaction by itself
        mode, synchronous = journal_mode()
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _migrate(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    connection.execute(
        sa.text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    )
    version = connection.execute(sa.text("SELECT max(version) FROM schema_version")).scalar() or 0
    if version > len(MIGRATIONS):
        raise InputError(
            f"the database was written by a newer version of ektp-biocheck (schema {version}, "
            f"this one knows {len(MIGRATIONS)}): update this centre"
        )
    for number in range(version, len(MIGRATIONS)):
        MIGRATIONS[number](connection)
        connection.execute(
            sa.text("INSERT INTO schema_version VALUES (:version)"), {"version": number + 1}
        )
