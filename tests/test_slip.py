"""The citizen's slip says what was recorded and what is not, and nothing that it must not say."""

import re
from datetime import UTC, date, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manifests import PARTS, RECORD, exception, instance, manifest

from ektp_biocheck.capture.printed import no_long_numbers, receipt_number
from ektp_biocheck.capture.slip import make_slip
from ektp_biocheck.capture.slip_print import slip_html, slip_text
from ektp_biocheck.capture.slip_words import BEFORE_COMING, KIND, PLAINER, VERDICT, WORDS
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.errors import InputError

WIB = timezone(timedelta(hours=7))


def said(*args, **options):
    """Return the plain text as one line."""
    return " ".join(slip_text(make_slip(*args, zone=WIB, **options)).split())


def test_a_complete_record_is_short_and_in_indonesian():
    text = said(manifest())
    assert "TANDA TERIMA PEREKAMAN KTP-EL" in text
    assert "Nomor antrean: 24" in text
    assert "Tanggal: Sabtu, 17 September 2016, 08.36" in text
    assert "Perekaman Anda lengkap." in text
    assert "[v] Terekam dengan baik: kesepuluh jari kedua mata foto wajah" in text
    assert "Anda tidak perlu datang lagi" in text
    assert "Tidak terekam" not in text


def test_an_old_woman_reads_what_is_weak_and_why_and_that_it_is_not_her_fault():
    text = said(
        manifest(
            "BELOW_POLICY",
            {
                "rightIndex": instance("ACQUIRED_BELOW_THRESHOLD", "FP_WORN_RIDGES"),
                "leftEye": instance("FAILURE_TO_ACQUIRE", "IR_CLOUDY_CORNEA", score=None),
            },
        )
    )
    assert "[~] Terekam, tetapi kurang jelas: telunjuk kanan: garis jari aus" in text
    assert "Ini bukan kesalahan Anda." in text
    assert "[-] Tidak terekam: mata kiri: mata keruh" in text
    assert "belum cukup. Anda tidak ditolak." in text
    assert "jangan merekam ulang sebelum diminta" in text
    assert "Oleskan pelembap pada jari" in text  # what helps next time


def test_an_amputee_is_excepted_and_need_not_come_again():
    text = said(
        manifest(
            "READY_WITH_EXCEPTIONS",
            {"leftIndex": instance("EXCEPTED", score=None)},
            [exception("leftIndex", approval="DEFERRED")],
        )
    )
    assert "[o] Dikecualikan: telunjuk kiri: tidak ada" in text
    assert "Petugas kedua akan memeriksa" in text
    assert "Anda tidak perlu datang lagi" in text
    assert "Datanglah lagi" not in text


def test_a_bandaged_finger_comes_back_when_healed_and_only_that_finger():
    record = manifest(
        "READY_WITH_EXCEPTIONS",
        {"rightRing": instance("EXCEPTED", score=None)},
        [
            exception(
                "rightRing", "UNUSABLE", "TEMPORARY", reason="BANDAGED", review_by="2016-10-01"
            )
        ],
    )
    text = said(record)
    assert "[o] Dikecualikan: jari manis kanan: diperban" in text
    assert (
        "Datanglah lagi setelah sembuh, atau bila sudah bisa direkam, untuk: jari manis kanan, "
        "paling lambat Sabtu, 1 Oktober 2016. Bagian lain tidak perlu diulang." in text
    )
    english = said(record, lang="en")
    assert "Come again when healed" in english
    assert "right ring finger, at the latest on Saturday, 1 October 2016" in english


def test_what_could_not_be_taken_at_all_is_explained():
    text = said(
        manifest(
            "BELOW_POLICY",
            {p: instance("FAILURE_TO_ACQUIRE") for p in ("leftEye", "rightEye", "face")},
            verdict={
                "state": "BELOW_POLICY",
                "reasons": [
                    {"code": "NOT_PRESENTED", "instance": "leftEye", "defects": []},
                    {"code": "DEVICE_FAULT", "instance": "rightEye", "defects": []},
                    {"code": "INSUFFICIENT", "instance": None, "defects": []},
                ],
            },
        )
    )
    assert "mata kiri: belum sempat direkam" in text
    assert "mata kanan: gangguan alat" in text
    assert "wajah: alat tidak dapat membacanya" in text


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        ("waiting", "dikirim ke pusat begitu ada sambungan, paling lambat Senin, 19 September"),
        ("sent", "sudah dikirim ke pusat"),
        ("held", "Pusat sudah menyimpan rekaman Anda."),
    ],
)
def test_what_happens_next_depends_on_how_far_the_record_is(delivery, words):
    assert words in said(manifest(), delivery=delivery, send_by=date(2016, 9, 19))


def test_a_doubtful_clock_gives_no_date():
    suspect = {"seq": 2, "at": "2006-01-01T00:00:00.000+00:00", "clock_suspect": True}
    text = said(manifest(finished=suspect))
    assert "jam alat belum pasti" in text
    assert "2006" not in text


def test_the_number_to_ask_with_is_short_and_from_the_record():
    assert receipt_number(RECORD) == "1B2C3-D4E5F"
    text = said(manifest(), office="Kecamatan Ngargoyoso", contact="0271 495123")
    assert "Sebutkan nomor tanda terima 1B2C3-D4E5F di Kecamatan Ngargoyoso" in text
    assert "Hubungi: 0271 495123" in text
    with pytest.raises(InputError, match="UUID"):
        receipt_number("24")


def test_nobodys_number_or_name_gets_onto_it():
    nik = "3313114507450001"
    record = manifest(
        queue_number=nik,
        operator="Siti Aminah",
        exceptions=[exception("leftIndex", reason=f"NIK {nik}", by="Siti Aminah")],
    )
    for lang in ("id", "en"):
        slip = make_slip(record, office=f"Kantor {nik}", lang=lang, zone=UTC)
        for text in (slip_html(slip), slip_text(slip)):
            assert nik not in re.sub(r"\D", "", text.replace("sha256", ""))
            assert "Siti" not in text
            assert record["subject_ref"] not in text


@pytest.mark.parametrize("lang", ["id", "en"])
def test_no_score_and_no_jargon(lang):
    weak = {p: instance("ACQUIRED_BELOW_THRESHOLD", "FP_FEW_MINUTIAE", score=37) for p in PARTS}
    text = said(manifest("BELOW_POLICY", weak), lang=lang)
    for word in ("37", "score", "nilai", "skor", "minutia", "threshold", "FP_", "policy", "%"):
        assert word not in text.casefold().replace("FP_".casefold(), "FP_")


def test_a_receipt_printer_can_print_every_character():
    record = manifest(
        "BELOW_POLICY",
        {
            "face": instance("FAILURE_TO_ACQUIRE", {"code": "FA_MULTIPLE", "severity": 1.0}),
            "leftEye": instance("NOT_REQUIRED"),
            "leftRing": instance("PENDING"),
        },
        [exception("rightRing", "UNAVAILABLE", "TEMPORARY")],
    )
    for lang in ("id", "en"):
        text = slip_text(make_slip(record, lang=lang, zone=WIB), width=32)
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 32


def test_the_page_needs_nothing_and_allows_nothing():
    html = slip_html(make_slip(manifest(), zone=WIB))
    assert "default-src 'none'" in html or "default-src &#39;none&#39;" in html
    assert not re.search(r"https?:|<script|<img|<link|@import|url\(", html)
    assert "@page" in html  # made for paper


def test_text_from_outside_cannot_act():
    html = slip_html(
        make_slip(
            manifest(queue_number="<script>alert(1)</script>"),
            office='"><img src=x onerror=alert(1)>',
            contact="<b>x</b>",
            zone=WIB,
        )
    )
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "<b>x" not in html


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({}, "no manifest"),
        ({"verdict": None}, "no manifest"),
        (manifest("DONE"), "unknown verdict 'DONE'"),
        (manifest(changed={"face": instance("LOST")}), "unknown outcome LOST"),
        (manifest(record_id="7"), "UUID"),
        (manifest(finished={"at": "yesterday", "clock_suspect": False}), "ISO 8601"),
        (manifest(finished={"at": "2016-09-17T01:36:00", "clock_suspect": False}), "offset"),
        (
            manifest(exceptions=[exception("face", permanence="TEMPORARY", review_by="soon")]),
            "ISO date",
        ),
    ],
)
def test_what_is_no_manifest_is_said_plainly(broken, told):
    with pytest.raises(InputError, match=told):
        make_slip(broken)


def test_wrong_options_are_said_plainly():
    with pytest.raises(InputError, match="delivery must be one of"):
        make_slip(manifest(), delivery="soon")
    with pytest.raises(InputError, match="Indonesian"):
        make_slip(manifest(), lang="jv")
    with pytest.raises(InputError, match="24 or more"):
        slip_text(make_slip(manifest()), width=10)


def test_every_word_exists_in_both_languages_and_every_code_is_real():
    for pair in [*WORDS.values(), *VERDICT.values(), *KIND.values(), *PLAINER.values()]:
        assert len(pair) == 2
        assert all(text == text.strip() for text in pair)
    assert set(PLAINER) | set(BEFORE_COMING) <= set(CATALOGUE)


outcomes = st.sampled_from(
    ["ACQUIRED", "ACQUIRED_BELOW_THRESHOLD", "FAILURE_TO_ACQUIRE", "EXCEPTED", "NOT_REQUIRED"]
)
defects = st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=3)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from(PARTS), st.tuples(outcomes, defects)),
    st.sampled_from(sorted(VERDICT)),
    st.sampled_from(["id", "en"]),
)
def test_every_part_is_named_once_whatever_became_of_it(parts, state, lang):
    changed = {p: instance(outcome, *codes) for p, (outcome, codes) in parts.items()}
    slip = make_slip(manifest(state, changed), lang=lang, zone=UTC)
    lines = sum(len(group.lines) for group in slip.groups)
    assert lines >= 1
    shown = " ".join(f"{line.part}," for group in slip.groups for line in group.lines)
    whole = {"id": ("kesepuluh jari", "kedua mata"), "en": ("all ten fingers", "both eyes")}[lang]
    named = 10 * (whole[0] in shown) + 2 * (whole[1] in shown)
    named += shown.count(",") - (whole[0] in shown) - (whole[1] in shown)
    assert named == len(PARTS)
    assert slip_text(slip)


@given(st.text(max_size=60))
def test_no_run_of_twelve_digits_survives(text):
    digits = re.findall(r"\d(?:[\s.-]?\d)*", no_long_numbers(text + " 331311450745001 "))
    assert all(len(re.sub(r"\D", "", run)) < 12 for run in digits)


def test_the_page_of_the_docs_shows_what_is_printed(capsys):
    page = (Path(__file__).parents[1] / "docs" / "capture" / "slip.md").read_text("utf-8")
    code, told = (re.search(rf"```{kind}\n(.*?)```", page, re.S)[1] for kind in ("python", "text"))
    code = code.replace("contact=", "zone=WIB, contact=")
    exec(compile(code, "slip.md", "exec"), {"manifest": example(), "WIB": WIB})  # noqa: S102
    assert capsys.readouterr().out == told


def example():
    """The person of docs/capture/slip.md."""
    return manifest(
        "READY_WITH_EXCEPTIONS",
        {
            "rightIndex": instance("ACQUIRED_BELOW_THRESHOLD", "FP_WORN_RIDGES"),
            "leftEye": instance("FAILURE_TO_ACQUIRE", "IR_CLOUDY_CORNEA", score=None),
            "rightRing": instance("EXCEPTED", score=None),
        },
        [
            exception(
                "rightRing", "UNUSABLE", "TEMPORARY", reason="BANDAGED", review_by="2016-10-01"
            )
        ],
    )
