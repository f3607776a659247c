"""The day sheet: who was served, who is carried over, and whether the target holds."""

import re
from datetime import date

import pytest
from click.testing import CliRunner

from ektp_biocheck.capture import Station, StationConfig
from ektp_biocheck.capture.dayplan import Plan, read_plan
from ektp_biocheck.capture.daysheet import Village, make_sheet
from ektp_biocheck.capture.daysheet_print import sheet_html, sheet_text
from ektp_biocheck.capture.daysheet_words import CALL_BACK, REASON, WORDS
from ektp_biocheck.capture.outcomes import VerdictState
from ektp_biocheck.capture.verdict import REASON_CODES
from ektp_biocheck.capture.views import DayFacts, PersonDay, Reason
from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.positions import instance_from_mosip

END_OF_SEPTEMBER = date(2016, 9, 30)


def person(number, village="Berjo", state=VerdictState.READY, minutes=4.0, **more):
    known = {
        "transaction": f"t{number}",
        "queue_number": None if number is None else str(number),
        "village": village,
        "state": state,
        "reasons": (),
        "minutes": minutes,
        "carried_over": state is None and "abandoned" not in more,
        "abandoned": None,
        "steps": (),
        "call_back": (),
        "review_by": None,
    }
    return PersonDay(**(known | more))


def day(*persons, on="2016-09-17"):
    return DayFacts(on, "kec-01", "Ngargoyoso", persons)


def text_of(*args, **options):
    return " ".join(sheet_text(make_sheet(*args, **options)).split())


def test_an_ordinary_day():
    text = text_of(day(*(person(n) for n in (1, 2, 3, 5))))
    assert "LEMBAR HARIAN PEREKAMAN: Sabtu, 17 September 2016" in text
    assert "SELESAI DIREKAM: 4 orang 4 lengkap 0 lengkap dengan catatan 0 belum cukup" in text
    assert "Nomor antrean selesai: 1-3, 5" in text
    assert "sudah mulai, belum selesai: tidak ada" in text
    assert "DIPANGGIL KEMBALI tidak ada" in text


def test_the_queue_that_the_day_did_not_reach_is_carried_over():
    """Ngargoyoso, 16 September 2016: the server was cut, numbers 24 to 100 went home."""
    served = [person(n) for n in range(1, 24)]
    sheet = make_sheet(day(*served), Plan(numbers="1-100"))
    assert sheet.carried_waiting == "24-100"
    assert sheet.waiting == 77
    assert "belum dipanggil: 24-100 (77 orang)" in " ".join(sheet_text(sheet).split())


def test_whoever_was_begun_or_gave_up_is_not_waiting():
    facts = day(person(1), person(2, state=None), person(3, state=None, abandoned="PERSON_LEFT"))
    sheet = make_sheet(facts, Plan(numbers="1-4"))
    assert sheet.carried_begun == ("2",)
    assert sheet.carried_waiting == "4"
    assert sheet.given_up == (("3", "pemohon pergi"),)


def test_1728_persons_in_14_days_are_123_a_day():
    """The day before: nobody recorded yet, 17 to 30 September are fourteen days."""
    plan = Plan(persons=1728, until=END_OF_SEPTEMBER)
    text = text_of(day(on="2016-09-16"), plan, lang="en")
    assert "1728 persons by Friday, 30 September 2016; 0 done, 1728 left" in text
    assert "Working days left: 14. 123.4 persons a day are needed" in text
    assert "3.9 minutes per person in 8 hours" in text
    assert "Nobody is finished yet; there is no forecast." in text
    assert "Perlu 123,4 orang per hari" in text_of(day(on="2016-09-16"), plan)


def test_at_a_hundred_a_day_the_target_is_missed_and_by_how_much_is_said():
    plan = Plan(persons=1728, until=END_OF_SEPTEMBER)
    today = day(*(person(n) for n in range(1, 101)), on="2016-09-17")
    text = text_of(today, plan, lang="en")
    # 1,628 left at 100 a day: 17 more days, until 4 October.
    assert "At 100.0 persons a day it is finished on Tuesday, 4 October 2016. 4 working" in text


def test_pace_is_that_of_all_days_and_closed_days_do_not_count():
    plan = Plan(persons=300, until=END_OF_SEPTEMBER, closed_weekdays=(6, 7))
    today = day(*(person(n) for n in range(1, 61)), on="2016-09-23")  # a Friday
    text = text_of(today, plan, earlier=[100, 80], lang="en")
    assert "240 done, 60 left" in text
    assert "Working days left: 5. 12.0 persons a day" in text
    assert "At 80.0 persons a day it is finished on Monday, 26 September 2016. In time." in text


def test_the_target_is_reached_or_its_day_has_passed():
    plan = Plan(persons=2, until=END_OF_SEPTEMBER)
    assert "Target tercapai." in text_of(day(person(1), person(2)), plan)
    late = text_of(day(person(1), on="2016-10-02"), plan, lang="en")
    assert "No working day is left; 1 persons are not recorded." in late
    assert "1 working days late" in late


def test_villages_and_quotas():
    plan = Plan(quota={"Berjo": 2, "Jatirejo": 30})
    facts = day(person(1), person(2), person(3), person(4, "Girimulyo"), person(5, None))
    assert make_sheet(facts, plan).villages == (
        Village("Berjo", 3, 2),
        Village("Girimulyo", 1, None),
        Village("Jatirejo", 0, 30),
        Village("(tanpa desa)", 1, None),
    )
    assert make_sheet(facts, plan).villages[0].left == 0
    assert make_sheet(facts, plan).villages[2].left == 30


def test_minutes_are_those_of_the_finished():
    facts = day(
        person(1, minutes=3.0), person(2, minutes=4.0), person(3, minutes=11.0),
        person(4, state=None, minutes=99.0),
    )  # fmt: skip
    sheet = make_sheet(facts)
    assert sheet.minutes == (4.0, 6.0, 11.0)
    assert sheet.longest == "3"
    assert make_sheet(day()).minutes is None


def test_who_to_call_back_and_why():
    old = person(
        20, state=VerdictState.BELOW_POLICY, call_back=("BELOW_POLICY",),
        reasons=(
            Reason("BELOW_THRESHOLD", instance_from_mosip("rightIndex"), ("FP_WORN_RIDGES",)),
            Reason("FAILURE_TO_ACQUIRE", instance_from_mosip("leftEye"), ("IR_CLOUDY_CORNEA",)),
        ),
    )  # fmt: skip
    hurt = person(
        21, state=VerdictState.READY_WITH_EXCEPTIONS, call_back=("TEMPORARY_EXCEPTION",),
        reasons=(Reason("EXCEPTED", instance_from_mosip("rightRing")),), review_by="2016-10-01",
    )  # fmt: skip
    text = text_of(day(old, hurt))
    assert (
        "20 (Berjo): rekaman belum cukup: telunjuk kanan kurang jelas (garis jari aus), "
        "mata kiri tidak terekam (mata keruh)" in text
    )
    assert "21 (Berjo): pengecualian sementara: jari manis kanan dikecualikan" in text
    assert "paling lambat Sabtu, 1 Oktober 2016" in text


def test_every_reason_of_a_verdict_has_words():
    assert set(REASON) == set(REASON_CODES)


def test_a_code_without_words_is_shown_rather_than_hidden():
    odd = person(7, call_back=("SOMETHING_NEW",), reasons=(Reason("NEWER"),))
    assert "SOMETHING_NEW: NEWER" in text_of(day(odd))


def test_steps_count_persons_not_presses():
    facts = day(person(1, steps=("FB_MOISTEN", "FB_MOISTEN")), person(2, steps=("FB_MOISTEN",)))
    assert make_sheet(facts, lang="en").steps == (("Moisten the finger, then wipe it.", 2),)


def test_a_nik_in_a_wrong_field_is_not_printed():
    nik = "3313114507450001"
    sheet = make_sheet(day(person(nik, village=f"Berjo {nik}", call_back=("BELOW_POLICY",))))
    for text in (sheet_text(sheet), sheet_html(sheet)):
        assert nik not in text


def test_the_page_needs_nothing_and_lets_nothing_act():
    html = sheet_html(make_sheet(day(person("<script>", village="<img src=x>"))))
    assert not re.search(r"https?:|<script|<img|<link|@import|url\(", html)
    assert "default-src" in html


def test_english_and_indonesian_say_the_same_things():
    facts = day(person(1), person(2, state=None, call_back=("CARRIED_OVER",)))
    plan = Plan(persons=10, until=END_OF_SEPTEMBER, numbers="1-5", quota={"Berjo": 5})
    one, other = (sheet_text(make_sheet(facts, plan, lang=lang)) for lang in ("id", "en"))
    assert re.findall(r"\d+", one.replace(",", ".")) == re.findall(r"\d+", other)
    for pair in [*WORDS.values(), *REASON.values(), *CALL_BACK.values()]:
        assert pair[0]
        assert pair[1]


def test_a_plan_from_a_file(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(
        'persons = 1728\nuntil = 2016-09-30\nclosed = [2016-09-18]\nnumbers = "1-60, 63"\n'
        "[quota]\nBerjo = 40\n"
    )
    plan = read_plan(file)
    assert plan.until == END_OF_SEPTEMBER
    assert plan.quota == {"Berjo": 40}
    assert not plan.works_on(date(2016, 9, 18))
    assert plan.works_on(date(2016, 9, 19))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("person = 5", "unknown field `person`"),
        ("persons = 'many'", r"\$\.persons"),
        ("persons = 5", "until, the day by which"),
        ("persons = -5", "not be negative"),
        ('numbers = "1-"', "must look like"),
        ('numbers = "9-1"', "must look like"),
        ("hours = 25", "hours must be"),
        ("closed_weekdays = [8]", "Monday"),
        ("closed_weekdays = [1, 2, 3, 4, 5, 6, 7]", "not all of them"),
        ("persons =", "plan.toml"),
    ],
)
def test_a_plan_with_a_mistake_names_the_file_and_the_mistake(tmp_path, written, told):
    file = tmp_path / "plan.toml"
    file.write_text(written)
    with pytest.raises(InputError, match=told) as error:
        read_plan(file)
    assert "plan.toml" in str(error.value)


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(UnreadableError, match=r"plan\.toml"):
        read_plan(tmp_path / "plan.toml")


def worked(folder):
    """Make a station folder in which one person was finished and one is open."""
    with Station(StationConfig("kec-01", "Ngargoyoso", folder)) as station:
        for number in (1, 2):
            who = station.begin(
                f"331305450755000{number}",
                operator="op-7",
                queue_number=str(number),
                village="Berjo",
            )
            if number == 1:
                station.finish(who, operator="op-7")


def test_the_command_prints_a_sheet_and_writes_a_page(tmp_path):
    folder, page, plan = tmp_path / "station", tmp_path / "day.html", tmp_path / "plan.toml"
    worked(folder)
    plan.write_text('numbers = "1-4"\npersons = 50\nuntil = 2030-01-01\nsince = 2026-01-01\n')
    options = ["--folder", str(folder), "--plan", str(plan), "--html", str(page)]
    told = CliRunner().invoke(main, ["station", "sheet", *options, "--office", "Ngargoyoso"])
    assert told.exit_code == 0, told.output
    text = " ".join(told.output.split())
    assert "SELESAI DIREKAM: 1 orang" in text
    assert "belum dipanggil: 3-4 (2 orang)" in text
    assert "1 (Berjo): rekaman belum cukup" in text
    assert "Lembar harian perekaman" in page.read_text("utf-8")
    english = CliRunner().invoke(main, ["station", "sheet", *options, "--lang", "en"])
    assert "RECORDED: 1 persons" in english.output


def test_the_command_says_what_is_wrong(tmp_path):
    def told(*options):
        done = CliRunner().invoke(main, ["station", "sheet", *options])
        assert "Traceback" not in done.output
        return done.exit_code, " ".join(done.output.split())

    empty = ("--folder", str(tmp_path))
    assert told(*empty)[0] == 2
    assert "no station has worked in this folder" in told(*empty)[1]
    worked(tmp_path / "data")
    full = ("--folder", str(tmp_path / "data"))
    assert "such as 2016-09-17" in told(*full, "--date", "17/9/2016")[1]
    assert "cannot be read" in told(*full, "--plan", str(tmp_path / "none.toml"))[1]
