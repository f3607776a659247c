"""`ektp-biocheck keys`: a station that makes its signing key itself."""

import shutil
from pathlib import Path

import click

from ektp_biocheck.cli.common import lang_option
from ektp_biocheck.cli.station_command import station_endings, station_extra
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language

__all__ = ["keys"]

_OF_THE_CENTRE = ("centre-seal.pub", "centre-sign.pub")


@click.command()
@click.argument("station_folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--centre",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the centre's centre-seal.pub and centre-sign.pub, to be copied.",
)
@lang_option
def keys(station_folder: Path, centre: Path | None, lang: Lang) -> None:
    """Make a station's signing key, and take in the centre's public keys.

    The private key is readable for its owner only and never leaves the station. Hand station.pub
    to the centre. A key that is there is kept; after a restore onto a new computer, make a new one.

    \b
    Examples:
      ektp-biocheck keys /var/lib/station --centre /media/usb/centre-keys
    \b
    Exit codes:
      0  the keys are there
      2  wrong usage, or a file that is in the way or cannot be written
      3  a key file could not be read
    """  # noqa: D301 - click reads the backspace
    with station_endings("Run the same command again."):
        with station_extra():
            from ektp_biocheck.records import keys as key_files
            from ektp_biocheck.records.folder import StationFolder
        folder = StationFolder(station_folder).keys
        for name in _OF_THE_CENTRE if centre else ():
            _take_in(centre / name, folder / name)  # type: ignore[operator]
        if not (folder / "station.key").exists():
            key_files.make_station_keys(folder)
        name = key_files.key_id(key_files.load_signing_key(folder / "station.key").public_key())
        click.echo(
            in_language(
                lang,
                f"Kunci stasiun {name} siap. Serahkan {folder / 'station.pub'} ke pusat.",
                f"The station's key {name} is ready. Hand {folder / 'station.pub'} to the centre.",
            )
        )
        if not (folder / "centre-seal.pub").exists():
            click.echo(
                in_language(
                    lang,
                    "Kunci publik pusat belum ada: ulangi dengan --centre FOLDER begitu diterima. "
                    "Sebelum itu rekaman tidak dapat disegel.",
                    "The centre's public keys are not here yet: run this again with --centre "
                    "FOLDER once you have them. Until then no record can be sealed.",
                )
            )
        else:
            key_files.load_keys(folder)  # a damaged or mixed-up file is told now


def _take_in(source: Path, target: Path) -> None:
    if not source.is_file():
        raise InputError(f"{source} is missing: ask the centre for it")
    if target.exists() and target.read_bytes() != source.read_bytes():
        raise InputError(f"{target} is another key: move it away if the centre has a new one")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
