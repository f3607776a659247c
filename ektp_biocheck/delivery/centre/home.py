"""A centre's folder: its settings, keys, database and records, and how they are opened.

::

    centre.toml        the settings
    centre.sqlite      the database, unless PostgreSQL is named
    records/           the sealed records
    keys/              centre-sign.key, ca.key, server.key: for this machine only
    keys/centre-seal.key  opens records: belongs elsewhere, the server never reads it
    stations/NAME/     what a pilot hands to a station or an office
    upstream/          what the centre behind this office handed out
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from ektp_biocheck.delivery.centre.acceptance import Limits
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.centre.tables import open_database
from ektp_biocheck.delivery.messages import MAX_RECORD, Name
from ektp_biocheck.delivery.settings import read_toml
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from ektp_biocheck.delivery.settings import Settings

__all__ = ["DATABASE_VARIABLE", "Home", "HomeSettings"]

DATABASE_VARIABLE = "EKTP_BIOCHECK_CENTRE_DATABASE"
"""Names the database instead of ``centre.toml``, so that no password stands in a file."""


class HomeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``centre.toml``; paths in it are relative to the file.

    `hosts` are the names stations reach it by, `listen` and `port` where it listens. `database`
    is a file or a URL of PostgreSQL. `quota` is that of a station and day. `upstream` names the
    settings file of the centre behind this office.
    """

    name: Name
    hosts: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("localhost",)
    listen: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8443
    database: str = "centre.sqlite"
    records: str = "records"
    utc_offset_hours: Annotated[float, msgspec.Meta(ge=-14, le=14)] = 7.0
    max_record_mib: Annotated[int, msgspec.Meta(ge=1, le=MAX_RECORD >> 20)] = 16
    quota: Annotated[int, msgspec.Meta(ge=0)] = 500
    upstream: str | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """A centre's folder and what stands in its settings."""

    folder: Path
    settings: HomeSettings

    @classmethod
    def load(cls, folder: Path) -> "Home":
        """Read a centre's folder.

        Raises
        ------
        InputError
            When it is none, or its settings are wrong; the text names the file and the key.
        """
        path = folder / "centre.toml"
        if not path.exists():
            raise InputError(f"{folder} is no centre's folder: ektp-biocheck centre init {folder}")
        settings = read_toml(path, HomeSettings)
        return cls(folder.resolve(), settings)

    @property
    def keys(self) -> Path:
        """The folder of keys."""
        return self.folder / "keys"

    @property
    def limits(self) -> Limits:
        """What it takes."""
        known = self.settings
        return Limits(known.max_record_mib << 20, known.quota, known.utc_offset_hours)

    @property
    def database(self) -> str:
        """The URL of the database."""
        named = os.environ.get(DATABASE_VARIABLE) or self.settings.database
        return named if "://" in named else f"sqlite:///{self.folder / named}"

    def upstream(self, url: str | None = None) -> "Settings | None":
        """Return how to reach the centre behind this office; None when there is none.

        Parameters
        ----------
        url : str, optional
            Its address, when it is another one than in the settings.

        Raises
        ------
        InputError
            When the settings are wrong, or there is an address but no keys for it.
        """
        from ektp_biocheck.delivery.settings import load_settings

        if self.settings.upstream is None:
            if url is None:
                return None
            raise InputError(
                f"{self.folder} has no keys to forward with: make the office with "
                "ektp-biocheck centre init FOLDER --upstream HANDED_OUT, where HANDED_OUT is what "
                "the centre behind it handed out"
            )
        settings = load_settings(self.folder / self.settings.upstream)
        if url is None:
            return settings
        return msgspec.structs.replace(
            settings, centre=msgspec.structs.replace(settings.centre, url=url)
        )

    def open(self) -> Store:
        """Open database, keys and records; close the store when done.

        Raises
        ------
        InputError, OSError
            When one of them cannot be used; the text says which and what to do.
        """
        from ektp_biocheck.records.keys import load_signing_key

        key = load_signing_key(self.keys / "centre-sign.key")
        engine = open_database(self.database)
        try:
            return Store(
                self.folder / self.settings.records,
                engine,
                name=self.settings.name,
                key=key,
                limits=self.limits,
                forwarding=self.settings.upstream is not None,
            )
        except OSError as error:
            engine.dispose()
            where = self.folder / self.settings.records
            raise InputError(
                f"{where} cannot be used ({error.strerror or error}): check that its disk is there "
                "and may be written, and who owns it"
            ) from error
        except BaseException:
            engine.dispose()
            raise

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Open the store for as long as a block runs."""
        store = self.open()
        try:
            yield store
        finally:
            store.close()
