"""Sealed records: only the centre opens them, and no bit of them can be changed unnoticed."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import keys, seal
from ektp_biocheck.records.canonical import canonical
from ektp_biocheck.records.ids import check_record_id, new_record_id
from tests.crash_kit import captures, manifest, private_key, signing_key

RECORD = "01920000-0000-7000-8000-000000000001"
STATION, CENTRE = signing_key("station"), private_key("centre")
FILES = captures("one", 500)


def _sealed(files=FILES, record_id=RECORD, **more) -> bytes:
    return seal.seal(
        files,
        manifest(record_id, "t1", files, **more),
        centre_public=CENTRE.public_key(),
        station_private=STATION,
        record_id=record_id,
        sequence=7,
        audit_seq=3,
        audit_head="ab" * 32,
    )


SEALED = _sealed()


def test_the_centre_gets_back_what_was_captured() -> None:
    told, files = seal.open_sealed(SEALED, CENTRE, STATION.public_key())
    assert files == FILES
    assert told["queue_number"] == "24"


def test_the_envelope_says_whose_and_what_it_is() -> None:
    envelope = seal.verify(SEALED, STATION.public_key())
    assert envelope == seal.parse(SEALED)
    assert (envelope.record_id, envelope.station, envelope.sequence) == (RECORD, "KEC-01", 7)
    assert (envelope.audit_seq, envelope.audit_head) == (3, "ab" * 32)
    assert envelope.sha256 == hashlib.sha256(SEALED).hexdigest()
    assert envelope.size == len(SEALED)
    expected = hashlib.sha256(canonical(envelope.manifest)).hexdigest()
    assert envelope.manifest_sha256 == expected


def test_sealing_twice_never_uses_a_key_twice() -> None:
    assert _sealed() != _sealed()


def test_nothing_of_the_captures_can_be_read() -> None:
    for image in FILES.values():
        for start in range(0, len(image) - 8, 50):
            assert image[start : start + 8] not in SEALED


def test_the_station_cannot_open_what_it_sealed() -> None:
    with pytest.raises(seal.SealError, match="another centre's key"):
        seal.open_sealed(SEALED, private_key("station's own try"), STATION.public_key())


def test_every_flipped_bit_is_found() -> None:
    for position in range(len(SEALED)):
        damaged = bytearray(SEALED)
        damaged[position] ^= 1 << position % 8
        with pytest.raises(seal.SealError):
            seal.verify(bytes(damaged), STATION.public_key())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_reason(data: bytes) -> None:
    for attempt in (data, SEALED[:8] + data, SEALED[:-1], SEALED + data[:1] + b"x"):
        with pytest.raises(seal.SealError):
            seal.parse(attempt)


def test_a_hostile_header_is_refused() -> None:
    length = int.from_bytes(SEALED[8:12], "big")
    fields = msgspec.json.decode(SEALED[12 : 12 + length])
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    headers = (
        deep,
        b"[]",
        canonical(fields | {"extra": 1}),
        canonical(fields | {"record_id": "../../etc/passwd"}),
        canonical(fields | {"schema": "another"}),
        canonical(fields) + b" ",
        canonical(fields).replace(b'"sequence":7', b'"sequence":7.0'),
    )
    for header in headers:
        data = SEALED[:8] + len(header).to_bytes(4, "big") + header + SEALED[12 + length :]
        with pytest.raises(seal.SealError):
            seal.verify(data, STATION.public_key())


def test_another_stations_seal_is_not_taken_for_ours() -> None:
    with pytest.raises(seal.SealError, match="another station"):
        seal.verify(SEALED, signing_key("other").public_key())


def test_two_records_cannot_exchange_their_captures() -> None:
    """Even the station itself, signing anew, cannot put one person's captures under another."""
    other = _sealed(captures("two", 500), RECORD[:-1] + "2")
    length, theirs = (int.from_bytes(data[8:12], "big") for data in (SEALED, other))
    ours = msgspec.json.decode(SEALED[12 : 12 + length])
    fields = msgspec.json.decode(other[12 : 12 + theirs])
    fields |= {name: ours[name] for name in ("wrapped_key", "nonce", "ciphertext_sha256")}
    fields["ciphertext_size"] = ours["ciphertext_size"]
    header = canonical(fields)
    signature = STATION.sign(b"ektp-biocheck sealed record 1\0" + header)
    body = SEALED[12 + length + 64 :]
    forged = SEALED[:8] + len(header).to_bytes(4, "big") + header + signature + body
    assert seal.verify(forged, STATION.public_key()).record_id == RECORD[:-1] + "2"
    with pytest.raises(seal.SealError, match="cannot be opened"):
        seal.open_sealed(forged, CENTRE, STATION.public_key())


def test_files_must_be_those_of_the_manifest() -> None:
    wanted = manifest(RECORD, "t1", FILES)
    common = {"centre_public": CENTRE.public_key(), "station_private": STATION}
    with pytest.raises(InputError, match="no such file"):
        seal.seal({}, wanted, record_id=RECORD, **common)
    with pytest.raises(InputError, match="not the one"):
        seal.seal(FILES | {"face": b"another"}, wanted, record_id=RECORD, **common)
    photo = {"evidence": [{"file": "evidence1", "sha256": "00" * 32}]}
    with pytest.raises(InputError, match="evidence1"):
        seal.seal(FILES, wanted | photo, record_id=RECORD, **common)
    with pytest.raises(InputError, match="another record id"):
        seal.seal(FILES, wanted, record_id=RECORD[:-1] + "2", **common)
    with pytest.raises(InputError, match="station"):
        seal.seal(FILES, {**wanted, "station": ""}, record_id=RECORD, **common)
    with pytest.raises(InputError, match="JSON"):
        seal.seal(FILES, {**wanted, "score": float("nan")}, record_id=RECORD, **common)


@given(st.integers(0, 1 << 47), st.lists(st.integers(-10_000_000, 10_000_000), max_size=30))
def test_record_ids_grow_whatever_the_clock_does(start: int, jumps: list[int]) -> None:
    last, now = None, start
    for jump in [0, 0, -315_532_800_000, *jumps]:  # twice the same moment, back ten years, …
        now = max(0, now + jump)
        new = new_record_id(last, now_ms=now)
        assert check_record_id(new) == new
        assert last is None or new > last
        last = new


def test_record_ids_go_on_when_the_counter_is_full() -> None:
    full = "01920000-0000-7fff-8000-000000000000"
    assert new_record_id(full, now_ms=0) > full


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../x",
        "01920000-0000-7000-8000-00000000BEEF",
        RECORD + "\n",
        RECORD.replace("7", "4", 1),
        None,
    ],
)
def test_only_record_ids_name_files(name) -> None:
    with pytest.raises(InputError, match="UUIDv7"):
        check_record_id(name)


def test_keys_are_written_for_their_owner_and_read_back(tmp_path) -> None:
    made = keys.make_station_keys(tmp_path / "keys")
    signing, opening = keys.make_centre_keys(tmp_path / "centre")
    for name in ("centre-seal.pub", "centre-sign.pub"):
        (tmp_path / "keys" / name).write_bytes((tmp_path / "centre" / name).read_bytes())
    loaded = keys.load_keys(tmp_path / "keys")
    assert keys.key_id(loaded.trusted[0]) == keys.key_id(made.public_key())
    assert keys.key_id(loaded.centre_public) == keys.key_id(opening.public_key())
    assert loaded.centre_signing is not None
    assert keys.key_id(loaded.centre_signing) == keys.key_id(signing.public_key())
    assert (tmp_path / "keys" / "station.key").stat().st_mode & 0o777 == 0o600
    assert keys.load_opening_key(tmp_path / "centre" / "centre-seal.key")
    with pytest.raises(InputError, match="never overwritten"):
        keys.make_station_keys(tmp_path / "keys")


def test_every_trouble_with_keys_names_the_file_and_the_cure(tmp_path) -> None:
    with pytest.raises(UnreadableError, match=r"station\.key is missing: make"):
        keys.load_keys(tmp_path)
    keys.make_station_keys(tmp_path)
    with pytest.raises(UnreadableError, match=r"centre-seal\.pub is missing"):
        keys.load_keys(tmp_path)
    with pytest.raises(InputError, match="mixed up"):
        keys.load_sealing_key(tmp_path / "station.pub")
    (tmp_path / "broken.pub").write_text("no key")
    with pytest.raises(InputError, match="fetch it again"):
        keys.load_verifying_key(tmp_path / "broken.pub")
    (tmp_path / "station.key").chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        keys.load_signing_key(tmp_path / "station.key")
