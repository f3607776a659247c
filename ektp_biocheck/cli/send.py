"""`send` and `reconcile`: records to the centre, and the centre's word on them."""

import json
import logging
import signal
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import Fault, lang_option
from ektp_biocheck.cli.desk import STATION, Desk, delivery_endings, desk
from ektp_biocheck.lang import Lang, in_language

if TYPE_CHECKING:
    from ektp_biocheck.delivery.attempt import Sent
    from ektp_biocheck.delivery.http import HttpCentre
    from ektp_biocheck.delivery.reconcile import Reconciliation
    from ektp_biocheck.delivery.sender import Sender

__all__ = ["reconcile", "send", "waiting_bytes"]

_SAFE = "Nothing is lost: run it again and it goes on where it stopped."


@click.command(short_help="Send sealed records to the centre.")
@STATION
@click.option("--once/--watch", default=True, help="Send what is due and end, or keep at it.")
@click.option("--now", is_flag=True, help="Outside the hours and after failures too.")
@lang_option
def send(station: Path, once: bool, now: bool, lang: Lang) -> None:
    """Send what waits at STATION, its folder with delivery.toml, until the centre signs for it.

    \b
    ektp-biocheck send station/
    ektp-biocheck send station/ --watch

    Two of these at the same time do no harm. Ctrl-C neither. A record that fails waits, longer
    each time, at most 15 minutes; `ektp-biocheck outbox` says which and why. With --watch the
    centre is also asked daily, and after every outage, what it holds.

    \b
    Exit codes:
      0  everything that was due is signed for
      1  something waits, or needs a person
      2  wrong usage or settings
      3  a file cannot be read
    """  # noqa: D301 - click reads the backspace
    _log(watch=not once)
    with delivery_endings(_SAFE), desk(station, create=once) as at, _client(at) as client:
        at.sweep()
        if once:
            raise SystemExit(_send_once(at, client, lang, now=now))
        _watch(at, client, lang, now=now)


@click.command(short_help="Ask the centre what it holds.")
@STATION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@lang_option
def reconcile(station: Path, as_json: bool, lang: Lang) -> None:
    """Ask the centre about every record of STATION, and what became of them.

    \b
    ektp-biocheck reconcile station/
    ektp-biocheck reconcile station/ --lang id

    Sent is not held. What the centre does not hold is sent again by itself; what needs a person
    is listed with what to do. At the end stands the daily sheet, which must add up.

    \b
    Exit codes:
      0  the centre holds everything that it was asked about
      1  it does not, something needs a person, or the sheet does not add up
      2  wrong usage or settings, or the centre cannot be asked
      3  a file cannot be read
    """  # noqa: D301 - click reads the backspace
    from ektp_biocheck.cli.delivery_show import print_alarms, print_table, sheet

    _log(watch=False)
    with delivery_endings(_SAFE), desk(station) as at, _client(at) as client:
        from ektp_biocheck.delivery.daily import daily_sheet, total

        found = _asked(at, client, lang)
        days = daily_sheet(at.connection, at.settings.offset)
        whole = total(days)
        if as_json:
            click.echo(json.dumps(_fields(found) | {"days": [asdict(day) for day in days]}))
        else:
            click.echo(_told(found, lang))
            print_alarms(found.alarms, lang)
            print_table(sheet(days, whole, lang))
        elsewhere = found.answers.total() - found.answers["HELD"]
        wrong = found.alarms or elsewhere or whole.lost or any(day.difference for day in days)
        raise SystemExit(1 if wrong else 0)


def _log(*, watch: bool) -> None:
    """Log where nobody watches; in front of a person the last lines say it all."""
    if watch:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("httpx").setLevel(logging.WARNING)
    else:
        logging.getLogger("ektp_biocheck").addHandler(logging.NullHandler())


def _client(at: Desk) -> "HttpCentre":
    from ektp_biocheck.delivery.http import HttpCentre

    return HttpCentre(at.settings.centre, at.settings.limits)


def _asked(at: Desk, client: "HttpCentre", lang: Lang) -> "Reconciliation":
    from ektp_biocheck.cli.delivery_reasons import cure, why_text
    from ektp_biocheck.delivery.client import DeliveryError
    from ektp_biocheck.delivery.messages import MessageError

    try:
        return at.ask(client)
    except (DeliveryError, MessageError) as error:
        why = why_text(str(error), lang)
        says = in_language(lang, "pusat tidak dapat ditanya", "the centre could not be asked")
        help_ = cure(str(error), lang)
        raise Fault(f"{says}: {why}" + (f". {help_}" if help_ else "")) from error


def _send_once(at: Desk, client: "HttpCentre", lang: Lang, *, now: bool) -> int:
    from ektp_biocheck.cli.delivery_show import Bytes, print_alarms
    from ektp_biocheck.delivery.sender import Telling
    from ektp_biocheck.records import store

    alarms = []
    if store.must_reconcile(at.connection):  # restored from a backup: first ask, then send
        found = _asked(at, client, lang)
        click.echo(_told(found, lang))
        alarms = found.alarms
    with Bytes(waiting_bytes(at), in_language(lang, "mengirim", "sending")) as bar:
        sender = at.sender(client, now=now)
        sender.telling = Telling(bar.step)
        ended = sender.send_due()
    print_alarms(alarms, lang)
    return _report(at, sender, ended, lang) or int(bool(alarms))


def waiting_bytes(at: Desk) -> int:
    """Return how much waits to be sent."""
    (size,) = at.connection.execute(
        "SELECT coalesce(sum(size), 0) FROM record WHERE state IN ('QUEUED', 'SENT')"
    ).fetchone()
    return int(size)


def _report(at: Desk, sender: "Sender", ended: "dict[Sent, int]", lang: Lang) -> int:
    """Say how it ended; return the exit code."""
    from ektp_biocheck.cli.delivery_show import print_reasons
    from ektp_biocheck.cli.delivery_texts import next_try, records_text, state_text
    from ektp_biocheck.delivery import outbox
    from ektp_biocheck.delivery.attempt import Sent
    from ektp_biocheck.records import store
    from ektp_biocheck.records.states import State

    counts = store.counts(at.connection)
    waits, why = sender.waits()
    left = counts[State.QUEUED] + counts[State.SENT]
    got = ended[Sent.RECEIPTED]
    click.echo(
        in_language(
            lang,
            f"{got} rekaman mendapat tanda terima, {left} menunggu.",
            f"{records_text(got, lang)} signed for, {left} waiting.",
        )
    )
    print_reasons(outbox.reasons(at.connection), lang)
    if left and waits:
        click.echo(next_try(waits, why, lang))
    if sender.head_unknown:
        click.echo(
            in_language(
                lang,
                "Pusat pernah melihat catatan audit yang tidak ada di sini: cadangan dipulihkan "
                "atau catatan dipotong. Jalankan audit verify.",
                "The centre has seen audit rows that are not here: a backup was restored, or rows "
                "were cut off. Run audit verify.",
            )
        )
    needs = outbox.FOR_A_PERSON
    for state in needs:
        if counts[state]:
            click.echo(f"{counts[state]} {state}: {state_text(state, lang)}")
            if state is not State.LOST:  # its words say it all
                print_reasons(outbox.reasons(at.connection, (state,)), lang)
    only_hours = waits and why == "outside the hours of sending"
    attention = sender.head_unknown or any(counts[state] for state in needs)
    return int(attention or (left > 0 and not only_hours))


def _watch(at: Desk, client: "HttpCentre", lang: Lang, *, now: bool) -> None:
    from ektp_biocheck.cli.delivery_show import print_alarms
    from ektp_biocheck.delivery.sender import Telling
    from ektp_biocheck.delivery.watch import Watch

    def told(found: "Reconciliation") -> None:
        click.echo(_told(found, lang))
        print_alarms(found.alarms, lang)

    sender = at.sender(client, now=now)
    sender.telling = Telling(record=lambda row, how: click.echo(f"{row.record_id} {how}"))
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, _end)
    Watch(sender, lambda: at.ask(client), told).run()


def _end(*_: object) -> None:
    raise SystemExit(0)


def _told(found: "Reconciliation", lang: Lang) -> str:
    from ektp_biocheck.cli.delivery_texts import plural, records_text

    answers = ", ".join(f"{count} {answer}" for answer, count in sorted(found.answers.items()))
    return in_language(
        lang,
        f"{found.asked} rekaman ditanyakan: {answers or '-'}; {found.statements} pernyataan baru.",
        f"{records_text(found.asked, lang)} asked about: {answers or '-'}; "
        f"{plural(found.statements, 'new statement')}.",
    )


def _fields(found: "Reconciliation") -> dict[str, object]:
    return {
        "asked": found.asked,
        "answers": dict(found.answers),
        "statements": found.statements,
        "alarms": [asdict(alarm) for alarm in found.alarms],
    }
