"""What the commands about delivery share: a station's folder, opened."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import Fault
from ektp_biocheck.cli.station_command import station_endings, station_extra
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ektp_biocheck.delivery.client import CentreClient
    from ektp_biocheck.delivery.reconcile import Reconciliation
    from ektp_biocheck.delivery.sender import Sender
    from ektp_biocheck.delivery.settings import Settings
    from ektp_biocheck.records.folder import StationFolder

__all__ = ["STATION", "Desk", "delivery_endings", "desk"]

STATION = click.argument("station", type=click.Path(exists=True, path_type=Path))
"""The station's folder with its delivery.toml, or that file."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A station opened for delivery."""

    settings: "Settings"
    place: "StationFolder"
    connection: sqlite3.Connection

    @property
    def keys(self) -> "Mapping[str, Ed25519PublicKey]":
        """Whose word is believed, by centre."""
        from ektp_biocheck.delivery.settings import signing_keys

        return signing_keys(self.settings.centre)

    @property
    def absent_after(self) -> timedelta:
        """How long after its receipt a record may be absent at the centre."""
        return timedelta(hours=self.settings.limits.absent_after_hours)

    def sender(self, client: "CentreClient", *, now: bool = False) -> "Sender":
        """Return the station's sender; `now` cuts short every wait but the centre's own."""
        from ektp_biocheck.delivery import outbox
        from ektp_biocheck.delivery.backoff import Breaker
        from ektp_biocheck.delivery.sender import Sender

        if now and not outbox.breaker(self.connection).asked:
            outbox.save_breaker(self.connection, Breaker())
        return Sender(
            self.connection,
            self.place.root,
            client,
            self.settings.station,
            self.keys,
            limits=self.settings.limits,
            night=None if now else self.settings.night,
        )

    def ask(self, client: "CentreClient") -> "Reconciliation":
        """Ask the centre about everything, with a bar."""
        from ektp_biocheck.cli.steps import steps
        from ektp_biocheck.delivery.reconcile import asked_about, reconcile
        from ektp_biocheck.records import store

        counts = store.counts(self.connection)
        total = sum(counts[state] for state in asked_about(self.connection))
        done = 0
        with steps(self.settings.centre.name) as step:

            def told(count: int) -> None:
                nonlocal done
                done += count
                step(done, total)

            return reconcile(
                self.connection,
                client,
                station=self.settings.station,
                centre=self.settings.centre.name,
                keys=self.keys,
                absent_after=self.absent_after,
                told=told,
            )

    def sweep(self) -> None:
        """Adopt what a crash left behind, before anything is sent."""
        from ektp_biocheck.records.keys import trusted_keys
        from ektp_biocheck.records.sweep import sweep

        sweep(self.connection, self.place.root, trusted_keys(self.place.keys))


@contextmanager
def desk(station: Path, *, create: bool = False) -> Iterator[Desk]:
    """Open a station's folder for delivery; `create` lets it begin with an empty database.

    Raises
    ------
    InputError
        When there are no settings, or they are wrong; without `create` when there is no database.
    UnreadableError
        Without `create`, when the database of sealed records is gone.
    Fault
        When the folder of the records is gone.
    """
    with station_extra():
        from ektp_biocheck.delivery import outbox
        from ektp_biocheck.delivery.settings import load_settings
        from ektp_biocheck.records.database import connect
        from ektp_biocheck.records.folder import StationFolder
    file = station / "delivery.toml" if station.is_dir() else station
    if not file.exists():
        raise InputError(f"{file} is missing: the centre hands it out with the station's keys")
    settings = load_settings(file)
    place = StationFolder(Path(settings.records))
    if not place.root.is_dir():
        raise Fault(f"{place.root} is missing: it is named in {file} (records)")
    with closing(connect(place.database, create=create)) as connection:
        outbox.prepare(connection)
        yield Desk(settings, place, connection)


@contextmanager
def delivery_endings(interrupted: str) -> Iterator[None]:
    """End as `station_endings` does, also when the centre or the database fails."""
    with station_endings(interrupted):
        try:
            yield
        except sqlite3.Error as error:
            raise Fault(
                f"the station's database does not work ({error}): check the disk, then run "
                "ektp-biocheck audit verify"
            ) from error
