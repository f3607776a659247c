"""`outbox`: what is not known to be held, since when, and why."""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click

from ektp_biocheck.cli.common import lang_option
from ektp_biocheck.cli.desk import STATION, Desk, delivery_endings, desk
from ektp_biocheck.lang import Lang, in_language

__all__ = ["outbox"]


@click.command(short_help="What waits to be sent or to be held, and why.")
@STATION
@click.option("--daily", is_flag=True, help="The daily sheet: what was sealed, and where it is.")
@click.option("--record-again", "again", is_flag=True, help="Whom to ask to come back.")
@click.option(
    "--release",
    metavar="RECORD_ID",
    help="Send a quarantined or conflicting record again, having looked into it.",
)
@click.option("--by", metavar="OFFICER", help="Who looked into it; with --release.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@lang_option
def outbox(
    station: Path,
    daily: bool,
    again: bool,
    release: str | None,
    by: str | None,
    limit: int,
    as_json: bool,
    lang: Lang,
) -> None:
    """Show what STATION has sealed and the centre is not known to hold, oldest first.

    \b
    ektp-biocheck outbox station/
    ektp-biocheck outbox station/ --daily --lang id
    ektp-biocheck outbox station/ --record-again
    ektp-biocheck outbox station/ --release 0199f3b2-... --by op-7

    \b
    Exit codes:
      0  nothing waits, and the sheet adds up
      1  something waits, or needs a person; with --daily: is lost, needs a person, or
         the sheet does not add up
      2  wrong usage or settings
      3  a file cannot be read
    """  # noqa: D301 - click reads the backspace
    if sum((daily, again, release is not None)) > 1:
        raise click.UsageError("give one of --daily, --record-again and --release")
    if (release is None) != (by is None):
        raise click.UsageError("--release needs --by: an officer who looked into it")
    with delivery_endings("Nothing was changed."), desk(station) as at:
        if release is not None and by is not None:
            _release(at, release, by, lang)
            return
        show = _daily if daily else _again if again else _waiting
        raise SystemExit(int(show(at, limit, lang, as_json=as_json)))


def _waiting(at: Desk, limit: int, lang: Lang, *, as_json: bool) -> bool:
    from ektp_biocheck.cli.delivery_show import helps, print_table, waiting_table
    from ektp_biocheck.cli.delivery_texts import next_try, records_text
    from ektp_biocheck.delivery.outbox import UNDER_WAY, breaker, waiting
    from ektp_biocheck.records import clock, store

    counts = store.counts(at.connection)
    total = sum(counts[state] for state in UNDER_WAY)
    rows = list(islice(waiting(at.connection), limit))
    if as_json:
        for one in rows:
            click.echo(json.dumps(asdict(one.row) | {"exported_at": one.exported_at}))
        return bool(total)
    if rows:
        print_table(waiting_table(rows, at.settings.offset, lang))
    more = total - len(rows)
    if more:
        click.echo(
            in_language(lang, f"… dan {more} lagi (--limit)", f"… and {more} more (--limit)")
        )
    click.echo(
        in_language(
            lang,
            f"{total} rekaman belum terbukti tersimpan di pusat.",
            f"{records_text(total, lang)} not known to be held by the centre.",
        )
    )
    for why, help_ in helps(rows, lang):
        click.echo(f"{why}\n   {help_}")
    pause = breaker(at.connection)
    waits = pause.waits(clock.now().timestamp())
    if waits:
        click.echo(next_try(waits, pause.why, lang))
    return bool(total)


def _daily(at: Desk, limit: int, lang: Lang, *, as_json: bool) -> bool:
    from ektp_biocheck.cli.delivery_show import print_table, sheet
    from ektp_biocheck.delivery.daily import daily_sheet, total
    from ektp_biocheck.delivery.outbox import FOR_A_PERSON
    from ektp_biocheck.records import store

    days = daily_sheet(at.connection, at.settings.offset)
    if as_json:
        for day in days:
            click.echo(json.dumps(asdict(day) | {"difference": day.difference}))
    else:
        print_table(sheet(days[-limit:], total(days), lang))
    counts = store.counts(at.connection)
    return any(day.difference or day.lost for day in days) or any(map(counts.get, FOR_A_PERSON))


def _again(at: Desk, limit: int, lang: Lang, *, as_json: bool) -> bool:
    from ektp_biocheck.cli.delivery_show import print_table, record_again
    from ektp_biocheck.records import store

    rows = store.to_record_again(at.connection)
    if as_json:
        for row in rows:
            click.echo(json.dumps(asdict(row)))
    elif rows:
        print_table(record_again(rows[:limit], at.settings.offset, lang))
    else:
        click.echo(
            in_language(lang, "Tidak ada yang perlu direkam ulang.", "Nobody has to come back.")
        )
    return bool(rows)


def _release(at: Desk, record_id: str, officer: str, lang: Lang) -> None:
    from ektp_biocheck.errors import InputError
    from ektp_biocheck.records import store
    from ektp_biocheck.records.states import AUTOMATIC, State

    if officer in AUTOMATIC:
        raise InputError(f"{officer} is a program: --by names the officer who looked into it")
    row = store.record(at.connection, record_id)
    if row.state not in (State.QUARANTINED, State.CONFLICT_AT_CENTRE):
        raise InputError(f"record {record_id} is {row.state}: there is nothing to release")
    store.move(at.connection, record_id, State.QUEUED, "released by a person", actor=officer)
    click.echo(in_language(lang, "Akan dikirim lagi.", "It will be sent again."))
