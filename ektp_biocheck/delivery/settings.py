"""A station's delivery settings: one small TOML file, checked to the last key."""

import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from ektp_biocheck.delivery.backoff import NightWindow
from ektp_biocheck.delivery.messages import MAX_PIECE, Name
from ektp_biocheck.delivery.setting_errors import explained
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = [
    "CentreSettings",
    "Limits",
    "Settings",
    "Window",
    "load_settings",
    "read_toml",
    "signing_keys",
]

_Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)")]
_Offset = Annotated[str, msgspec.Meta(pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$(?!\n)")]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]


class CentreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the centre is, how it and the station prove who they are.

    `name` is what it signs with. `signing_keys` maps the name of each centre whose word is
    believed to a PEM file with its public Ed25519 key: its own, and that of the centre behind
    it when it is an office that forwards.
    """

    name: Name
    url: str
    ca: str
    certificate: str
    key: str
    signing_keys: Annotated[dict[Name, str], msgspec.Meta(min_length=1)]


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hours in which `send` may use the line, by the office's clock."""

    start: _Clock
    end: _Clock


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be tuned to a line.

    `piece_kib` is what is lost at most when the link drops. `quarantine_after` refusals set a
    record aside. A record that the centre does not hold `absent_after_hours` after its receipt
    is sent again.
    """

    piece_kib: Annotated[int, msgspec.Meta(ge=1, le=MAX_PIECE >> 10)] = 256
    connect_seconds: _Seconds = 10.0
    answer_seconds: _Seconds = 60.0
    quarantine_after: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    absent_after_hours: Annotated[float, msgspec.Meta(ge=0, le=24 * 30)] = 24.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. Paths in it are relative to the file.

    `records` is the folder of the station's database and sealed records. `utc_offset` is the
    office's: +07:00, +08:00 or +09:00 in Indonesia.
    """

    station: Name
    records: str
    centre: CentreSettings
    utc_offset: _Offset = "+07:00"
    window: Window | None = None
    limits: Limits = Limits()

    @property
    def offset(self) -> timedelta:
        """The office's distance from UTC."""
        hours, minutes = int(self.utc_offset[1:3]), int(self.utc_offset[4:])
        return timedelta(hours=hours, minutes=minutes) * (-1 if self.utc_offset[0] == "-" else 1)

    @property
    def night(self) -> NightWindow | None:
        """The hours in which the line may be used; None when always."""
        if self.window is None:
            return None
        start, end = time.fromisoformat(self.window.start), time.fromisoformat(self.window.end)
        return NightWindow(start, end, self.offset)


_S = TypeVar("_S")


def load_settings(path: Path) -> Settings:
    """Read a station's delivery settings.

    Parameters
    ----------
    path : Path
        TOML. Relative paths in it are taken from the folder it lies in.

    Returns
    -------
    Settings
        With absolute paths.

    Raises
    ------
    InputError
        When the file is missing or wrong; the text names file, line and key.
    """
    settings = read_toml(path, Settings)
    if settings.centre.name not in settings.centre.signing_keys:
        raise InputError(
            f"{path}: [centre.signing_keys] has no key of {settings.centre.name}, whose receipts "
            "could not be believed: add it"
        )
    here = path.resolve().parent
    centre = settings.centre
    return msgspec.structs.replace(
        settings,
        records=str(here / settings.records),
        centre=msgspec.structs.replace(
            centre,
            ca=str(here / centre.ca),
            certificate=str(here / centre.certificate),
            key=str(here / centre.key),
            signing_keys={name: str(here / file) for name, file in centre.signing_keys.items()},
        ),
    )


def signing_keys(centre: CentreSettings) -> "dict[str, Ed25519PublicKey]":
    """Load the public keys by which receipts and statements are believed.

    Raises
    ------
    UnreadableError, InputError
        When a file is missing or holds no public Ed25519 key; the text names it.
    """
    from ektp_biocheck.records.keys import load_verifying_key

    return {name: load_verifying_key(Path(file)) for name, file in centre.signing_keys.items()}


def read_toml(path: Path, kind: type[_S]) -> _S:
    """Read a file of settings, checked to the last key.

    Raises
    ------
    InputError
        When it cannot be read or is wrong; the text names file, line and key.
    """
    try:
        text = path.read_text("utf-8")
        return msgspec.convert(tomllib.loads(text), kind)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InputError(f"{path}, {explained(text, str(error), kind)}") from error
