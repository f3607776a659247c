"""`ektp-biocheck audit`: whether everything at a station is as it was written."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import lang_option
from ektp_biocheck.cli.station_command import station_endings, station_extra
from ektp_biocheck.cli.steps import steps
from ektp_biocheck.lang import Lang, in_language

if TYPE_CHECKING:
    from ektp_biocheck.records.audit import Head, Verdict

__all__ = ["audit"]

_TEXTS: Mapping[str, tuple[str, str]] = {
    "ROW_ALTERED": ("baris audit diubah", "audit row was changed"),
    "ROW_MISSING": ("baris audit hilang", "audit rows are missing"),
    "CHECKPOINT_FORGED": (
        "tanda tangan titik periksa tidak cocok",
        "the signature of a checkpoint does not fit",
    ),
    "CHECKPOINT_FOREIGN": (
        "titik periksa ditandatangani kunci lain",
        "a checkpoint is signed with another key",
    ),
    "CUT_OFF": ("akhir rantai audit dipotong", "the end of the audit chain was cut off"),
    "HEAD_UNKNOWN": (
        "pihak lain pernah melihat baris yang tidak ada di rantai ini",
        "somebody else has seen a row that this chain does not have",
    ),
    "DATABASE_DAMAGED": ("berkas basis data rusak", "the database file is damaged"),
    "RECORD_UNKNOWN": (
        "rekaman tidak tercatat di rantai audit",
        "a record that the audit chain does not know",
    ),
    "RECORD_ALTERED": ("data rekaman diubah", "what is kept of a record was changed"),
    "RECORD_MISSING": ("baris rekaman hilang", "the row of a record is missing"),
    "STATE_DIFFERS": (
        "keadaan rekaman berbeda dari rantai audit",
        "a record's state is not the one of the audit chain",
    ),
    "EVENTS_ALTERED": (
        "catatan perekaman diubah setelah disegel",
        "the events of a recording were changed after sealing",
    ),
    "RECEIPT_ALTERED": ("tanda terima pusat diubah", "a receipt of the centre was changed"),
    "STATEMENT_ALTERED": ("pernyataan pusat diubah", "a statement of the centre was changed"),
    "PAYLOAD_MISSING": ("berkas tersegel hilang", "a sealed file is missing"),
    "PAYLOAD_DAMAGED": ("berkas tersegel rusak", "a sealed file is damaged"),
    "RESTORED": (
        "catatan: stasiun dipulihkan dari cadangan",
        "note: the station was restored from a backup",
    ),
    "SEALED_BEFORE_RESTORE": (
        "catatan: rekaman ini disegel setelah cadangan dibuat; baris auditnya hilang bersama "
        "diska lama",
        "note: this record was sealed after the backup; its audit rows went with the old disk",
    ),
}


@click.group()
def audit() -> None:
    """Check that nothing at a station was changed, lost or cut off."""


@audit.command()
@click.argument("station_folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The station's public key. By default keys/station.pub in its folder.",
)
@click.option(
    "--seen",
    multiple=True,
    metavar="HEAD",
    help="A head of the chain that the centre has seen, as NUMBER:HASH or HASH. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@lang_option
def verify(
    station_folder: Path, key_file: Path | None, seen: tuple[str, ...], as_json: bool, lang: Lang
) -> None:
    """Check a station's audit chain, its records and its sealed files. Nothing is changed.

    The chain is recomputed row by row and held against its signed checkpoints, the signed
    envelopes of the sealed files, and the heads that the centre has seen (--seen). Someone who
    holds the station's disk holds its keys too: for a check that counts, bring the public key
    (--key) and a head from the centre.

    \b
    Examples:
      ektp-biocheck audit verify /var/lib/station
      ektp-biocheck audit verify station/ --key kec-01.pub --seen 812:9f86d081...
    \b
    Exit codes:
      0  everything is as it was written
      1  something was changed, is missing, was cut off or is LOST; it says what and where
      2  wrong usage, or no station is there
      3  the database cannot be read at all
    """  # noqa: D301 - click reads the backspace
    with station_endings("Nothing was changed."):
        verdict = _examine(station_folder, key_file, seen)
        if as_json:
            click.echo(json.dumps(_fields(verdict), ensure_ascii=False))
        else:
            _print(verdict, lang)
        raise SystemExit(0 if verdict.whole and not verdict.lost else 1)


def _examine(folder: Path, key_file: Path | None, seen: tuple[str, ...]) -> "Verdict":
    with station_extra():
        from ektp_biocheck.records.audit import Head as NoHead
        from ektp_biocheck.records.audit import Problem, Verdict
        from ektp_biocheck.records.database import check_present
        from ektp_biocheck.records.examine import examine
        from ektp_biocheck.records.folder import StationFolder
        from ektp_biocheck.records.keys import load_verifying_key, retired_keys, trusted_keys
        from ektp_biocheck.records.reading import reading
    place = StationFolder(folder)
    check_present(place.database)
    heads = [_head(text) for text in seen]
    trusted = (
        (load_verifying_key(key_file), *retired_keys(place.keys))
        if key_file
        else trusted_keys(place.keys)
    )
    try:
        with reading(place.database) as connection, steps(place.root.name) as step:
            return examine(connection, place, trusted, seen=heads, step=step)
    except sqlite3.DatabaseError as error:
        damage = Problem("DATABASE_DAMAGED", None, str(error)[:200])
        return Verdict(NoHead(0, "0" * 64), 0, (damage,))


def _head(text: str) -> "Head | str":
    from ektp_biocheck.records.audit import Head

    return Head.parse(text) if ":" in text else Head.parse(f"0:{text}").hash


def _fields(verdict: "Verdict") -> dict[str, object]:
    return {
        "whole": verdict.whole,
        "rows": verdict.head.seq,
        "head": str(verdict.head),
        "checkpoints": verdict.checkpoints,
        "problems": [
            {"code": one.code, "row": one.seq, "about": one.about} for one in verdict.problems
        ],
        "notes": [{"code": one.code, "row": one.seq, "about": one.about} for one in verdict.notes],
        "lost": list(verdict.lost),
    }


def _print(verdict: "Verdict", lang: Lang) -> None:
    for one in (*verdict.problems, *verdict.notes):
        where = (
            "" if one.seq is None else in_language(lang, f"baris {one.seq}: ", f"row {one.seq}: ")
        )
        text = in_language(lang, *_TEXTS[one.code])
        click.echo(f"{where}{text} [{one.code}] {one.about}".rstrip())
    whole = ("Rantai audit utuh", "The audit chain is whole") if verdict.lost else ("Utuh", "Whole")
    count, checkpoints = verdict.head.seq, verdict.checkpoints
    if verdict.whole:
        click.echo(
            in_language(
                lang,
                f"{whole[0]}: {count} baris, {checkpoints} titik periksa. Ujung: {verdict.head}",
                f"{whole[1]}: {count} rows, {checkpoints} checkpoints. Head: {verdict.head}",
            )
        )
    else:
        found = len(verdict.problems)
        click.echo(
            in_language(
                lang,
                f"TIDAK UTUH: {found} temuan. Jangan ubah apa pun; simpan salinan folder ini dan "
                "laporkan.",
                f"NOT WHOLE: {found} findings. Change nothing; keep a copy of this folder and "
                "report it.",
            )
        )
    _print_lost(verdict.lost, lang)


def _print_lost(lost: tuple[str, ...], lang: Lang) -> None:
    if not lost:
        return
    click.echo(
        in_language(
            lang,
            f"PERHATIAN: rekaman LOST: {len(lost)}. Data perekamannya tidak ada lagi. Ambil dari "
            "cadangan dengan ektp-biocheck restore --payloads-only, atau rekam ulang:",
            f"ATTENTION: records that are LOST: {len(lost)}. Their captures are gone. Fetch them "
            "with ektp-biocheck restore --payloads-only, or record again:",
        )
    )
    for record_id in lost:
        click.echo(f"  {record_id}")
