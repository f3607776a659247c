"""From the person in the chair to a record that only the centre can read, whatever breaks."""

import numpy as np
import pytest
from people import FACE
from stations import NIK, NIKS, Pictures, good_slaps, show, station

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import keys, store
from ektp_biocheck.records.seal import open_sealed


@pytest.fixture
def centre(tmp_path):
    """The centre's keys; a station gets the public halves."""
    keys.make_centre_keys(tmp_path / "centre")
    return tmp_path / "centre"


@pytest.fixture
def folder(tmp_path, centre):
    made = tmp_path / "station"
    keys.make_station_keys(made / "keys")
    for name in ("centre-seal.pub", "centre-sign.pub"):
        (made / "keys" / name).write_bytes((centre / name).read_bytes())
    return made


def recorded(st, pictures, nik=NIK, number="24"):
    person = st.begin(nik, operator="op-1", queue_number=number, age_years=81)
    good_slaps(st, person, pictures)
    show(st, person, FACE, pictures.of(90))
    return person


def centre_opens(centre, folder, sealed):
    opening = keys.load_opening_key(centre / "centre-seal.key")
    public = keys.load_verifying_key(folder / "keys" / "station.pub")
    return open_sealed(sealed.path.read_bytes(), opening, public)


def test_a_finished_person_is_sealed_for_the_centre_and_nobody_else(folder, centre):
    pictures = Pictures()
    with station(folder, pictures) as st:
        person = recorded(st, pictures)
        done = st.finish(person, operator="op-1")
        images = st.images(person)
        sealed = st.seal(person)
        assert st.unsealed() == ()
        assert st.seal(person) == sealed  # asked again: the same record
        with pytest.raises((InputError, UnreadableError)):
            st.images(person)
    manifest, files = centre_opens(centre, folder, sealed)
    assert manifest["record_id"] == done.manifest["record_id"] == sealed.record_id
    assert files == images
    assert set(files) == set(done.files)
    everything = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert NIK.encode() not in everything
    assert not any(image in everything for image in images.values())


def test_a_break_between_verdict_and_seal_costs_nothing(folder, centre):
    pictures = Pictures()
    with station(folder, pictures) as st:
        person = recorded(st, pictures)
        st.finish(person, operator="op-1")
        waiting = st.unsealed()
    with station(folder, pictures) as st:  # the next morning
        opening = st.start_day()
        assert waiting == (person,)
        assert len(opening.sealed) == 1
        assert st.unsealed() == ()
        assert not opening.sweep.alarm
        assert opening.room.enough
        assert st.start_day().sealed == ()


def test_a_break_between_the_record_and_its_note_seals_it_once(folder, centre, monkeypatch):
    pictures = Pictures()
    with station(folder, pictures) as st:
        person = recorded(st, pictures)
        st.finish(person, operator="op-1")
        with monkeypatch.context() as broken:
            broken.setattr("ektp_biocheck.capture.office.sealed", _power_cut)
            with pytest.raises(KeyboardInterrupt):
                st.seal(person)
        assert st.unsealed() == (person,)
    with station(folder, pictures) as st:
        assert len(st.start_day().sealed) == 1
        rows = st._desk.connection.execute("SELECT count(*) FROM record").fetchone()
        assert rows == (1,)


def _power_cut(*_):
    raise KeyboardInterrupt


def test_w8_a_seal_that_fails_leaves_the_captures_where_they_were(folder, centre, monkeypatch):
    pictures = Pictures()
    with station(folder, pictures) as st:
        person = recorded(st, pictures)
        st.finish(person, operator="op-1")
        before = st.images(person)
        with monkeypatch.context() as broken:
            broken.setattr("ektp_biocheck.records.sealing.write_durably", _bad_disk)
            with pytest.raises(OSError, match="bad disk"):
                st.seal(person)
        assert st.images(person) == before
        assert st.seal(person).size > 0


def _bad_disk(*_):
    raise OSError("bad disk")


def test_without_keys_the_person_is_finished_all_the_same(tmp_path):
    pictures = Pictures()
    with station(tmp_path, pictures) as st:
        person = recorded(st, pictures)
        assert st.finish(person, operator="op-1").verdict.state
        with pytest.raises(UnreadableError, match=r"station\.key is missing"):
            st.seal(person)
        assert st.unsealed() == (person,)


def test_an_unfinished_person_cannot_be_sealed(folder):
    with station(folder, Pictures()) as st:
        person = st.begin(NIK, operator="op-1")
        with pytest.raises(InputError, match="not finished"):
            st.seal(person)


def test_a_second_officer_may_follow_after_the_person_went_home(folder, centre):
    from people import RIGHT_INDEX

    pictures = Pictures()
    with station(folder, pictures) as st:
        person = recorded(st, pictures)
        st.except_instance(
            person, RIGHT_INDEX, kind="MISSING", permanence="PERMANENT", reason="NOT_THERE",
            by="op-1",
        )  # fmt: skip
        st.finish(person, operator="op-1")
        sealed = st.seal(person)
        waiting = store.record(st._desk.connection, sealed.record_id)
        assert waiting.state is store.State.SEALED
        with pytest.raises(InputError, match="second officer"):
            st.approve_sealed(sealed.record_id, by="op-1")
        st.approve_sealed(sealed.record_id, by="op-2")
        row = store.record(st._desk.connection, sealed.record_id)
        assert row.state is store.State.QUEUED


def test_every_capture_of_two_people_keeps_to_its_own_record(folder, centre):
    pictures = Pictures()
    with station(folder, pictures) as st:
        first, second = (recorded(st, pictures, nik, str(n)) for n, nik in enumerate(NIKS[:2]))
        for person in (second, first):
            st.finish(person, operator="op-1")
        made = [st.seal(person) for person in (first, second)]
    opened = [centre_opens(centre, folder, sealed) for sealed in made]
    numbers = [manifest["queue_number"] for manifest, _ in opened]
    assert numbers == ["0", "1"]
    assert np.unique([s.sequence for s in made]).size == 2


def test_quality_staff_read_the_manifest_of_a_sealed_record(folder, centre):
    from ektp_biocheck.batch.sealed import read_manifests

    pictures = Pictures()
    with station(folder, pictures) as st:
        person = recorded(st, pictures)
        done = st.finish(person, operator="op-1")
        sealed = st.seal(person)
    (sealed.path.parent / "torn.sealed").write_bytes(sealed.path.read_bytes()[:40])
    (read,), broken = read_manifests(folder / "sealed")
    assert read.record_id == done.manifest["record_id"]
    assert read.instances["face"].score == 90
    assert [name for name, _ in broken] == ["torn.sealed"]
