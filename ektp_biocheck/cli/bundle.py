"""`bundle`: records on a disk, when a car is the only line."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import lang_option
from ektp_biocheck.cli.desk import STATION, delivery_endings, desk
from ektp_biocheck.cli.station_command import station_extra
from ektp_biocheck.lang import Lang, in_language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ektp_biocheck.delivery.bundle import BundleReturn, NotTaken

__all__ = ["bundle"]

_DISK = click.argument("disk", type=click.Path(file_okay=False, path_type=Path))
_SAFE = "Nothing is lost: run it again and it goes on where it stopped."


@click.group(short_help="Carry records on a disk when there is no line.")
def bundle() -> None:
    """Carry sealed records to the centre on a disk, and its receipts back.

    \b
    At the station:          ektp-biocheck bundle export station/ /media/usb/kec-01
    At the centre:           ektp-biocheck bundle import centre/ /media/usb/kec-01
    Back at the station:     ektp-biocheck bundle receipts station/ /media/usb/kec-01

    Only the centre can read what is on the disk. The records stay at the station too, until the
    centre has closed them.
    """  # noqa: D301 - click reads the backspace


@bundle.command(short_help="At the station: copy what waits to a disk.")
@STATION
@_DISK
@lang_option
def export(station: Path, disk: Path, lang: Lang) -> None:
    """Copy every record of STATION that waits to be sent into the folder DISK.

    Each copy is read back and compared. Interrupted or full: run it again, or with another disk.

    \b
    ektp-biocheck bundle export station/ /media/usb/kec-01

    \b
    Exit codes:
      0  everything that waits is on the disk
      1  some is not: no space, or a payload is damaged or lost
      2  wrong usage or settings, or the disk cannot be written
      3  a file cannot be read
    """  # noqa: D301 - click reads the backspace
    with delivery_endings(_SAFE), desk(station) as at:
        from ektp_biocheck.cli.delivery_show import Bytes
        from ektp_biocheck.cli.delivery_texts import records_text, state_text
        from ektp_biocheck.cli.send import waiting_bytes
        from ektp_biocheck.delivery.bundle_export import export as copy
        from ektp_biocheck.records import store
        from ektp_biocheck.records.keys import load_signing_key
        from ektp_biocheck.records.states import State

        at.sweep()
        with Bytes(waiting_bytes(at), in_language(lang, "menyalin", "copying")) as bar:
            done = copy(
                at.connection,
                at.place.root,
                disk,
                station=at.settings.station,
                key=load_signing_key(at.place.keys / "station.key"),
                centres=tuple(at.settings.centre.signing_keys),
                told=bar.step,
            )
        here, size = done.copied + done.there, done.size / 1e6
        click.echo(
            in_language(
                lang,
                f"{here} rekaman ({size:.1f} MB) ada di cakram, {done.copied} baru disalin.",
                f"{records_text(here, lang)} ({size:.1f} MB) {_be(here)} on the disk, "
                f"{done.copied} copied now.",
            )
        )
        if done.left:
            click.echo(
                in_language(
                    lang,
                    f"Cakram penuh: {done.left} rekaman belum disalin. Pakai cakram lain.",
                    f"The disk is full: {records_text(done.left, lang)} {_be(done.left)} not on "
                    "it. Use another disk too.",
                )
            )
        for record_id in done.damaged:
            click.echo(
                in_language(
                    lang,
                    f"{record_id}: isi rusak atau hilang di sini. Cari di cadangan.",
                    f"{record_id}: damaged or gone here. Search the backup.",
                )
            )
        lost = store.counts(at.connection)[State.LOST]
        if lost:
            click.echo(f"{lost} {State.LOST}: {state_text(State.LOST, lang)}")
        raise SystemExit(1 if done.left or done.damaged or lost else 0)


@bundle.command("import", short_help="At the centre: take a disk in.")
@click.argument("centre", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_DISK
@lang_option
def take_in(centre: Path, disk: Path, lang: Lang) -> None:
    """Take the records on DISK into the centre's folder CENTRE, and write its receipts onto DISK.

    What is stored already is stored once and receipted again, so it may be repeated.

    \b
    ektp-biocheck bundle import centre/ /media/usb/kec-01

    \b
    Exit codes:
      0  every record is stored
      1  some are not: the answer on the disk says why
      2  wrong usage, an unknown station, or a disk that is full
      3  a file cannot be read
    """  # noqa: D301 - click reads the backspace
    with delivery_endings(_SAFE), station_extra():
        from ektp_biocheck.cli.delivery_show import Bytes
        from ektp_biocheck.delivery.bundle import read_bundle
        from ektp_biocheck.delivery.bundle_centre import take_bundle
        from ektp_biocheck.delivery.centre.home import Home

        total = sum(one.size for one in read_bundle(disk)[0].records)
        title = in_language(lang, "menerima", "taking in")
        with Home.load(centre).opened() as store, Bytes(total, title) as bar:
            answer = take_bundle(store, disk, told=bar.step)
        _say_taken(answer, lang)
        raise SystemExit(1 if answer.not_taken else 0)


@bundle.command(short_help="At the station: take in the receipts that came back.")
@STATION
@_DISK
@lang_option
def receipts(station: Path, disk: Path, lang: Lang) -> None:
    """Take in at STATION the receipts, inventory and statements that came back on DISK.

    \b
    ektp-biocheck bundle receipts station/ /media/usb/kec-01

    \b
    Exit codes:
      0  everything on the disk is held by the centre
      1  something needs a person; it says what to do
      2  wrong usage, or an answer that cannot be believed
      3  a file cannot be read
    """  # noqa: D301 - click reads the backspace
    with delivery_endings(_SAFE), desk(station) as at:
        from ektp_biocheck.cli.delivery_show import print_alarms
        from ektp_biocheck.cli.delivery_texts import plural
        from ektp_biocheck.delivery.bundle_return import take_return
        from ektp_biocheck.records.keys import trusted_keys

        back = take_return(
            at.connection,
            disk,
            station=at.settings.station,
            own=trusted_keys(at.place.keys),
            keys=at.keys,
            absent_after=at.absent_after,
            quarantine_after=at.settings.limits.quarantine_after,
        )
        got, found = back.receipted, back.found
        click.echo(
            in_language(
                lang,
                f"{got} tanda terima, {found.answers['HELD']} terbukti tersimpan, "
                f"{found.statements} pernyataan baru.",
                f"{plural(got, 'receipt')}, {found.answers['HELD']} seen to be held, "
                f"{plural(found.statements, 'new statement')}.",
            )
        )
        _say_not_taken(back.not_taken, lang)
        print_alarms(found.alarms, lang)
        raise SystemExit(1 if found.alarms or back.not_taken else 0)


def _say_taken(answer: "BundleReturn", lang: Lang) -> None:
    from ektp_biocheck.cli.delivery_texts import records_text

    count = len(answer.receipts)
    click.echo(
        in_language(
            lang,
            f"{count} rekaman dari {answer.station} tersimpan. Kembalikan cakram ke sana.",
            f"{records_text(count, lang)} of {answer.station} {_be(count)} stored. "
            "Send the disk back there.",
        )
    )
    _say_not_taken(answer.not_taken, lang)


def _say_not_taken(refused: "Iterable[NotTaken]", lang: Lang) -> None:
    """List what was not stored, why, and once for each reason what a person can do."""
    from ektp_biocheck.cli.delivery_reasons import code_text, cure

    codes = {}
    for one in refused:
        click.echo(f"  {one.record_id}  {one.code}: {code_text(one.code, lang)}")
        codes[one.code] = cure(one.code, lang)
    for help_ in filter(None, codes.values()):
        click.echo(help_)


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
