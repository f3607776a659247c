"""The audit chain: what is changed, missing or cut off shows, and the command says where."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit, clock, keys, store
from ektp_biocheck.records.audit import Head
from ektp_biocheck.records.canonical import canonical
from tests.crash_kit import Kit, add_events, make_kit, receipt_of, signing_key


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    """A station with two records, one of them at the centre, and a signed checkpoint."""
    made = make_kit(tmp_path / "station")
    keys.save_private(made.keys.station_private, made.place.keys / "station.key")
    keys.save_public(made.keys.station_private.public_key(), made.place.keys / "station.pub")
    keys.save_public(made.keys.centre_public, made.place.keys / "centre-seal.pub")
    add_events(made.connection, "t1")
    first = made.seal("t1").record_id
    made.seal("t2")
    store.move(made.connection, first, "SENT", "test", actor="sender")
    store.save_receipt(made.connection, first, receipt_of(made.row(first)))
    said = {"centre": "PUSAT", "sequence": 1, "record_id": first, "status": "PRINT_READY"}
    store.save_statement(made.connection, said)
    audit.checkpoint(made.connection, made.keys.station_private)
    yield made
    made.connection.close()


def _tamper(kit: Kit, *statements: str) -> None:
    """Change rows as somebody with the file does: the triggers go first."""
    names = kit.connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in names.fetchall():
        kit.connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        kit.connection.execute(statement)


def _found(kit: Kit, seen=()) -> list[tuple[str, int | None]]:
    return [(one.code, one.seq) for one in kit.examine(seen).problems]


def test_a_whole_station_is_whole(kit: Kit) -> None:
    verdict = kit.examine([audit.head(kit.connection), audit.head(kit.connection).hash])
    assert verdict.whole
    assert verdict.head == audit.head(kit.connection) == Head.parse(str(verdict.head))
    assert verdict.checkpoints == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE audit SET data = replace(data, 'SENT', 'HELD') WHERE seq = 5", "ROW_ALTERED"),
        ("UPDATE audit SET at = '2009-01-01T00:00:00.000Z' WHERE seq = 2", "ROW_ALTERED"),
        ("UPDATE audit SET clock_suspect = 1 WHERE seq = 1", "ROW_ALTERED"),
        ("UPDATE audit SET kind = 'moved' WHERE seq = 1", "ROW_ALTERED"),
        ("DELETE FROM audit WHERE seq = 3", "ROW_MISSING"),
        ("DELETE FROM audit WHERE seq > 5", "CUT_OFF"),
        ("UPDATE checkpoint SET seq = 6", "CHECKPOINT_FORGED"),
        ("UPDATE checkpoint SET key_id = '00'", "CHECKPOINT_FOREIGN"),
        ("UPDATE record SET state = 'CLOSED' WHERE sequence = 2", "STATE_DIFFERS"),
        ("UPDATE record SET erased_at = '2016' WHERE sequence = 2", "STATE_DIFFERS"),
        ("UPDATE record SET supersedes = 'x' WHERE sequence = 2", "RECORD_ALTERED"),
        ("UPDATE record SET manifest = replace(manifest, '71', '17')", "RECORD_ALTERED"),
        ("UPDATE record SET sequence = 9 WHERE sequence = 2", "RECORD_ALTERED"),
        ("DELETE FROM record WHERE sequence = 2", "RECORD_MISSING"),
        ("UPDATE event SET data = '{}' WHERE seq = 2", "EVENTS_ALTERED"),
        ("DELETE FROM event WHERE seq = 1", "EVENTS_ALTERED"),
        ("UPDATE receipt SET body = replace(body, 'PUSAT', 'PASAT')", "RECEIPT_ALTERED"),
        ("DELETE FROM receipt", "RECEIPT_ALTERED"),
        ("UPDATE statement SET body = '{}'", "STATEMENT_ALTERED"),
    ],
)
def test_every_change_is_named(kit: Kit, change: str, expected: str) -> None:
    kit.connection.execute("PRAGMA foreign_keys = OFF")
    _tamper(kit, change)
    assert expected in [code for code, _ in _found(kit)]


def test_the_place_of_the_break_is_told(kit: Kit) -> None:
    _tamper(kit, "UPDATE audit SET kind = 'x' WHERE seq = 3")
    assert ("ROW_ALTERED", 3) in _found(kit)


def test_a_chain_that_was_written_anew_shows_against_checkpoint_and_envelopes(kit: Kit) -> None:
    """Whoever recomputes all hashes still cannot sign, and sealed files remember."""
    before = audit.head(kit.connection)
    rows = kit.connection.execute("SELECT kind, data FROM audit ORDER BY seq").fetchall()
    _tamper(kit, "DELETE FROM audit")
    for kind, data in rows:
        audit.append(kit.connection, kind, json.loads(data))  # later times, so other hashes
    codes = [code for code, _ in _found(kit)]
    assert codes.count("HEAD_UNKNOWN") == 2  # the checkpoint, and the envelope of record 2
    _tamper(kit, "DELETE FROM checkpoint")
    assert [code for code, _ in _found(kit)].count("HEAD_UNKNOWN") == 1
    assert [code for code, _ in _found(kit, [before])].count("HEAD_UNKNOWN") == 2
    assert [code for code, _ in _found(kit, [before.hash])].count("HEAD_UNKNOWN") == 2


def test_a_cut_end_shows_against_what_the_centre_has_seen(kit: Kit) -> None:
    seen = audit.head(kit.connection)
    _tamper(
        kit, "DELETE FROM statement", "DELETE FROM checkpoint", "DELETE FROM audit WHERE seq = 7"
    )
    assert _found(kit) == []  # by itself a chain cannot know
    assert _found(kit, [seen]) == [("CUT_OFF", 6)]


def test_any_flipped_bit_of_the_database_is_found_or_harmless(kit: Kit, tmp_path: Path) -> None:
    """Flip one bit in every 61st byte. What is not found must read exactly as before."""
    kit.connection.close()
    data = kit.place.database.read_bytes()
    before = _dump(kit.place.database)
    found = harmless = 0
    for position in range(0, len(data), 61):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        kit.place.database.write_bytes(damaged)
        code = _verify(kit.root).exit_code
        assert code in (0, 1, 2, 3)
        if code == 0:
            assert _dump(kit.place.database) == before
            harmless += 1
        else:
            found += 1
    kit.place.database.write_bytes(data)
    assert _verify(kit.root).exit_code == 0
    kit.reopen()
    assert found > 100
    assert harmless > 0  # free space in pages, which nothing reads


def _dump(path: Path) -> list[object]:
    connection = sqlite3.connect(path)
    tables = ("audit", "checkpoint", "event", "record", "receipt", "statement")
    rows = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables]  # noqa: S608
    connection.close()
    return rows


def _verify(*args: object):
    return CliRunner().invoke(main, ["audit", "verify", *map(str, args)])


def test_a_checkpoint_is_signed_once_a_day(kit: Kit, monkeypatch) -> None:
    private = kit.keys.station_private
    kit.seal("t3")
    assert not audit.checkpoint_if_due(kit.connection, private)
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert audit.checkpoint_if_due(kit.connection, private)
    assert not audit.checkpoint_if_due(kit.connection, private)
    monkeypatch.setattr(clock, "now", lambda: tomorrow + timedelta(days=1))
    assert not audit.checkpoint_if_due(kit.connection, private)  # nothing was added since
    assert kit.examine().checkpoints == 2


def test_a_checkpoint_of_another_key_is_not_believed(kit: Kit) -> None:
    kit.seal("t3")
    audit.checkpoint(kit.connection, signing_key("other"))
    assert [code for code, _ in _found(kit)] == ["CHECKPOINT_FOREIGN"]


def test_what_has_no_json_form_is_refused_and_leaves_nothing(kit: Kit) -> None:
    before = audit.head(kit.connection)
    with pytest.raises(InputError, match="JSON"):
        audit.append(kit.connection, "odd", {"score": float("inf")})
    assert audit.head(kit.connection) == before


@pytest.mark.parametrize("text", ["", "5", "x:00", "1:zz", "-1:" + "0" * 64])
def test_a_head_is_a_number_and_a_hash(text: str) -> None:
    with pytest.raises(InputError, match="NUMBER:HASH"):
        Head.parse(text)


def test_one_canonical_form() -> None:
    assert canonical({"b": 1, "a": [None, "é"]}) == '{"a":[null,"é"],"b":1}'.encode()


# --- the command ---------------------------------------------------------------------------------


def test_the_command_says_whole_in_two_languages(kit: Kit) -> None:
    head = audit.head(kit.connection)
    told = _verify(kit.root, "--seen", head, "--seen", head.hash)
    assert (told.exit_code, told.output.split(":")[0]) == (0, "Whole")
    assert _verify(kit.root, "--lang", "id").output.startswith("Utuh: 7 baris, 1 titik periksa")


def test_the_command_says_where_and_what(kit: Kit) -> None:
    _tamper(kit, "UPDATE audit SET kind = 'x' WHERE seq = 3")
    told = _verify(kit.root, "--lang", "id")
    assert told.exit_code == 1
    assert "baris 3: baris audit diubah [ROW_ALTERED]" in told.output
    assert "TIDAK UTUH" in told.output
    answer = json.loads(_verify(kit.root, "--json").output)
    first = answer["problems"][0]
    assert (first["code"], first["row"]) == ("ROW_ALTERED", 3)
    assert not answer["whole"]


def test_lost_records_are_named_though_the_chain_is_whole(kit: Kit) -> None:
    lost = next(kit.place.sealed.iterdir())
    lost.unlink()
    assert kit.sweep().lost == [lost.stem]
    assert kit.examine().whole
    told = _verify(kit.root)
    assert told.exit_code == 1
    assert told.output.startswith("The audit chain is whole: ")
    assert "records that are LOST: 1. Their captures are gone. Fetch" in told.output
    assert lost.stem in told.output
    answer = json.loads(_verify(kit.root, "--json").output)
    assert (answer["whole"], answer["lost"]) == (True, [lost.stem])


def test_the_command_has_words_for_every_code() -> None:
    from ektp_biocheck.cli.audit import _TEXTS

    root = Path(audit.__file__).parent
    sources = "".join((root / name).read_text("utf-8") for name in ("audit.py", "examine.py"))
    used = {part.split('"')[0] for part in sources.split('Problem("')[1:]}
    assert used | {"RECEIPT_ALTERED", "STATEMENT_ALTERED"} == set(_TEXTS)


def test_the_command_ends_plainly(kit: Kit, tmp_path: Path) -> None:
    assert _verify(tmp_path).exit_code == 2
    assert "no station's folder" in _verify(tmp_path).output
    assert _verify(kit.root, "--seen", "nonsense").exit_code == 2
    other = tmp_path / "other.pub"
    keys.save_public(signing_key("other").public_key(), other)
    assert "CHECKPOINT_FOREIGN" in _verify(kit.root, "--key", other).output
    kit.connection.close()
    kit.place.database.write_bytes(b"no database at all")
    told = _verify(kit.root)
    assert told.exit_code == 3
    assert "no database" in told.output
    kit.place.database.unlink()
    kit.reopen()


def test_looking_changes_nothing_even_after_a_crash_in_mid_write(kit: Kit, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "keys").mkdir(parents=True)
    (copy / "keys" / "station.pub").write_bytes((kit.place.keys / "station.pub").read_bytes())
    kit.connection.execute("PRAGMA cache_spill = 1")
    kit.connection.execute("PRAGMA cache_size = 1")
    kit.connection.execute("BEGIN IMMEDIATE")
    for number in range(50):  # spills into the file before the commit
        audit.append(kit.connection, "filler", {"text": "x" * 500, "number": number})
    for path in kit.root.glob("station.db*"):
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "sealed").mkdir()
    for path in kit.place.sealed.iterdir():
        (copy / "sealed" / path.name).write_bytes(path.read_bytes())
    kit.connection.execute("ROLLBACK")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert len(before) > 4  # with the journal
    told = _verify(copy)
    assert told.exit_code == 0, told.output
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
