"""A sender that kills itself: ``python tests/send_child.py SETTINGS URL LABEL NTH``."""

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.backoff import Breaker
from ektp_biocheck.delivery.http import HttpCentre
from ektp_biocheck.delivery.sender import Sender
from ektp_biocheck.delivery.settings import Limits, load_settings, signing_keys
from ektp_biocheck.records import crash
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.folder import StationFolder


def main() -> None:
    """Send what is due and die at the n-th passing of a label."""
    file, url, label, nth = sys.argv[1:]
    left = int(nth)

    def die(at: str) -> None:
        nonlocal left
        left -= at == label
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = load_settings(Path(file))
    place = StationFolder(Path(settings.records))
    centre = replace(settings.centre, url=url)
    with (
        closing(connect(place.database)) as connection,
        HttpCentre(centre, settings.limits) as client,
    ):
        outbox.prepare(connection)
        connection.execute("UPDATE outbox SET not_before = NULL")  # do not wait for what others
        connection.execute("DELETE FROM delivery_lease")  # died of: the waits are tested elsewhere
        outbox.save_breaker(connection, Breaker())
        crash.hook = die
        Sender(
            connection,
            place.root,
            client,
            settings.station,
            signing_keys(centre),
            limits=Limits(piece_kib=1),
        ).send_due()


if __name__ == "__main__":
    main()
