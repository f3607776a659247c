"""One citizen's way, through the real parts: the chair, the seal, the line, the centre's word."""

import re
import sys

import pytest
from click.testing import CliRunner
from people import FACE, LEFT_EYE, RIGHT_EYE, RIGHT_INDEX
from stations import NIK, Pictures, good_slaps, show, station

from ektp_biocheck.capture import Station, StationConfig
from ektp_biocheck.cli import main
from ektp_biocheck.records import keys, store
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.seal import open_sealed

from centre_server import make_centre, running  # isort: skip


def told(*command, code=0):
    done = CliRunner().invoke(main, [str(part) for part in command])
    assert done.exit_code == code, done.output
    return done.output


def state_of(folder, record_id):
    connection = connect(folder / "station.db")
    try:
        return store.record(connection, record_id).state
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the server's signals are POSIX")
def test_a_citizen_is_recorded_sealed_sent_and_held_and_the_card_printed(tmp_path):
    home = make_centre(tmp_path / "centre")
    folder = home.folder / "stations" / "kec-01"
    pictures = Pictures()
    config = StationConfig("kec-01", "Ngargoyoso", folder)
    with Station(config, scorers=pictures.scorers()) as st:
        st.start_day()
        person = st.begin(NIK, operator="op-1", queue_number="24", age_years=81)
        good_slaps(st, person, pictures)
        assert show(st, person, RIGHT_EYE, pictures.of(90)).results[0].decision.action == "ACCEPT"
        for what in (LEFT_EYE, FACE):
            show(st, person, what, pictures.of(90))
        assert st.finish(person, operator="op-1").verdict.state == "READY"
        captured = st.images(person)
        sealed = st.seal(person)
    with running(home) as server:
        settings = folder / "delivery.toml"
        address = re.sub('url = ".*"', f'url = "{server.url}"', settings.read_text("utf-8"))
        settings.write_text(address, "utf-8")
        assert sealed.record_id in told("outbox", folder, code=1)
        told("send", folder)
        assert state_of(folder, sealed.record_id) == "RECEIPTED"  # sent is not held
        told("reconcile", folder)
        assert state_of(folder, sealed.record_id) == "HELD"
        told("centre", "state", home.folder, sealed.record_id, "PRINT_READY")
        told("reconcile", folder)
        assert state_of(folder, sealed.record_id) == "CLOSED"
    stock = next((home.folder / "records" / "stock").rglob("*.sealed"))
    manifest, images = open_sealed(
        stock.read_bytes(),
        keys.load_opening_key(home.keys / "centre-seal.key"),
        keys.load_verifying_key(folder / "keys" / "station.pub"),
    )
    assert images == captured
    assert manifest["queue_number"] == "24"
    assert manifest["instances"][RIGHT_INDEX.mosip_attribute]["outcome"] == "ACQUIRED"
    told("audit", "verify", folder)
    written = [p for p in home.folder.rglob("*") if p.is_file()]
    assert not [p for p in written if NIK.encode() in p.read_bytes()]
    with station(folder, pictures) as st:  # after the retention time the captures go, the row stays
        assert st.start_day(retention_days=-1).erased == (sealed.record_id,)
    assert not sealed.path.exists()
    assert state_of(folder, sealed.record_id) == "CLOSED"
