"""`ektp-biocheck backup` and `restore`: a second copy of a station's records, and back."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import lang_option
from ektp_biocheck.cli.station_command import station_endings, station_extra
from ektp_biocheck.cli.steps import steps
from ektp_biocheck.lang import Lang, in_language

if TYPE_CHECKING:
    from ektp_biocheck.records.folder import StationFolder

__all__ = ["backup", "restore"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("station_folder", type=_FOLDER)
@click.argument("to", type=click.Path(file_okay=False, path_type=Path))
@click.option("--deep", is_flag=True, help="Also read again what the backup held before.")
@lang_option
def backup(station_folder: Path, to: Path, deep: bool, lang: Lang) -> None:
    """Copy a station's records to TO, best on another disk, while the station works.

    Run it daily into the same folder: only new records are copied, each is read back and compared.
    A run that is interrupted leaves the backup of before. Records stay sealed: nobody who finds
    the disk can read a capture. Private keys are not copied.

    \b
    Examples:
      ektp-biocheck backup /var/lib/station /media/usb/station-backup
    \b
    Exit codes:
      0  everything is in the backup
      1  the backup is good, but the station has lost or damaged files; it names the records
      2  wrong usage, or something could not be written
      3  a file could not be read, or is damaged
    """  # noqa: D301 - click reads the backspace
    with station_endings("The backup of before is as it was."):
        with station_extra():
            from ektp_biocheck.records.backup import back_up
            from ektp_biocheck.records.database import connect
            from ektp_biocheck.records.keys import load_keys
        place = _station(station_folder)
        keys = load_keys(place.keys)
        with closing(connect(place.database, create=False)) as connection, steps("backup") as step:
            made = back_up(connection, place, keys, to, deep=deep, step=step)
        click.echo(
            in_language(
                lang,
                f"Cadangan lengkap: {made.records} rekaman, {made.copied} berkas baru disalin.",
                f"Backup complete: {made.records} records, {made.copied} new files copied.",
            )
        )
        _tell_damaged(made.damaged, lang)


@click.command()
@click.argument("backup_folder", type=_FOLDER)
@click.argument("station_folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Move a database that is there into replaced/.")
@click.option(
    "--payloads-only",
    is_flag=True,
    help="Keep the station's database; fetch only sealed files that it has lost.",
)
@lang_option
def restore(
    backup_folder: Path, station_folder: Path, replace: bool, payloads_only: bool, lang: Lang
) -> None:
    """Bring a station back from its backup. Nothing is sent twice, nothing newer is deleted.

    Sealed records in the station's folder that are newer than the backup are taken in again.
    Nothing is sent before the centre was asked what it holds: run ektp-biocheck reconcile next.

    \b
    Examples:
      ektp-biocheck restore /media/usb/station-backup /var/lib/station
      ektp-biocheck restore /media/usb/station-backup /var/lib/station --payloads-only
    \b
    Exit codes:
      0  everything came back
      1  it came back, but some sealed files are lost; it names the records
      2  wrong usage, or something could not be written
      3  a file could not be read, or is damaged
    """  # noqa: D301 - click reads the backspace
    with station_endings("Run the same command again to go on."):
        with station_extra():
            from ektp_biocheck.records.folder import StationFolder
        if payloads_only:
            _fetch_payloads(backup_folder, _station(station_folder), lang)
        else:
            _restore(backup_folder, StationFolder(station_folder), replace, lang)


def _restore(source: Path, place: "StationFolder", replace: bool, lang: Lang) -> None:
    from ektp_biocheck.records.restore import restore as bring_back

    with steps("restore") as step:
        back = bring_back(source, place, replace=replace, step=step)
    adopted = len(back.sweep.adopted)
    click.echo(
        in_language(
            lang,
            f"Dipulihkan: keadaan {back.label.made_at}, {back.copied} berkas disalin, "
            f"{adopted} rekaman yang lebih baru diterima kembali.",
            f"Restored: as of {back.label.made_at}, {back.copied} files copied, "
            f"{adopted} newer records taken in again.",
        )
    )
    if not back.checked_key:
        click.echo(
            in_language(
                lang,
                "Tanda tangan cadangan hanya diperiksa dengan kunci di dalam cadangan itu sendiri.",
                "The backup's signature was checked only with the key inside the backup itself.",
            )
        )
    if not (place.keys / "station.key").exists():
        click.echo(
            in_language(
                lang,
                "Kunci stasiun tidak ada: jalankan ektp-biocheck keys dan serahkan station.pub ke "
                "pusat.",
                "The station's key is gone: run ektp-biocheck keys and hand station.pub to the "
                "centre.",
            )
        )
    click.echo(
        in_language(
            lang,
            "Berikutnya: ektp-biocheck reconcile. Sebelum itu tidak ada yang dikirim.",
            "Next: ektp-biocheck reconcile. Nothing is sent before that.",
        )
    )
    _tell_damaged(tuple(sorted({*back.damaged, *back.sweep.lost})), lang)


def _fetch_payloads(source: Path, place: "StationFolder", lang: Lang) -> None:
    from ektp_biocheck.records.database import connect
    from ektp_biocheck.records.restore import restore_payloads

    with closing(connect(place.database, create=False)) as connection:
        back, found = restore_payloads(source, place, connection)
    click.echo(
        in_language(
            lang,
            f"{len(back)} berkas kembali, {len(found.found)} rekaman masuk antrean lagi.",
            f"{len(back)} files came back, {len(found.found)} records are queued again.",
        )
    )
    _tell_damaged(tuple(found.lost), lang)


def _station(folder: Path) -> "StationFolder":
    from ektp_biocheck.records.database import check_present
    from ektp_biocheck.records.folder import StationFolder

    place = StationFolder(folder)
    check_present(place.database)
    return place


def _tell_damaged(damaged: tuple[str, ...], lang: Lang) -> None:
    if not damaged:
        return
    click.echo(
        in_language(
            lang,
            f"PERHATIAN: {len(damaged)} berkas tersegel hilang atau rusak:",
            f"ATTENTION: {len(damaged)} sealed files are missing or damaged:",
        )
    )
    for record_id in damaged:
        click.echo(f"  {record_id}")
    raise SystemExit(1)
