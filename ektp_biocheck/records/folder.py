"""Where a station keeps what: the one place that knows the names."""

from dataclasses import dataclass
from pathlib import Path

from ektp_biocheck.records.ids import check_record_id

__all__ = ["StationFolder"]


@dataclass(frozen=True, slots=True)
class StationFolder:
    """The paths below a station's folder.

    No name below it says anything about a person: files are named by record id or hash.
    """

    root: Path

    @property
    def database(self) -> Path:
        """The one SQLite file."""
        return self.root / "station.db"

    @property
    def sealed(self) -> Path:
        """Sealed records, one file each."""
        return self.root / "sealed"

    @property
    def quarantine(self) -> Path:
        """Files found in `sealed` that are not intact records of this station."""
        return self.root / "quarantine"

    @property
    def vault(self) -> Path:
        """Captures of persons still in the chair, encrypted with the station's key."""
        return self.root / "open"

    @property
    def keys(self) -> Path:
        """The keys; see `ektp_biocheck.records.keys`."""
        return self.root / "keys"

    @property
    def ballast(self) -> Path:
        """Space kept to finish the person in the chair; see `ektp_biocheck.records.space`."""
        return self.root / "ballast"

    def payload(self, record_id: str) -> Path:
        """Return the file of a sealed record; `InputError` when that is no record id."""
        return self.sealed / f"{check_record_id(record_id)}.sealed"

    def make(self) -> "StationFolder":
        """Make the folder and those below it that hold records."""
        for folder in (self.root, self.sealed):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self
