"""The NIK: what can be one, what it says about age, and that nothing repeats it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.capture.nik import age_contradicts, check_nik, subject_reference
from ektp_biocheck.errors import InputError

GOOD = "3313070101450001"
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    "nik",
    [
        GOOD,
        "3313074101450001",  # a woman: day plus 40
        "3313077112450001",  # a woman born on the 31st
        "1101010101000001",  # 2000 (1900)
        "3313072902000001",  # 29 February 2000
        "9471010101900001",  # Papua
        "5401010101700001",  # East Timor, once
        "3273010101909999",
    ],
)
def test_a_nik_that_can_be(nik):
    check_nik(nik)


@pytest.mark.parametrize(
    ("nik", "why"),
    [
        ("", "sixteen"),
        ("331307010145001", "sixteen"),
        ("33130701014500011", "sixteen"),
        ("3313 70101450001", "sixteen"),
        ("331307010145000x", "sixteen"),
        ("٣٣١٣٠٧٠١٠١٤٥٠٠٠١", "sixteen"),
        ("²313070101450001", "sixteen"),
        ("0013070101450001", "province"),
        ("2013070101450001", "province"),
        ("4113070101450001", "province"),
        ("3300070101450001", "regency"),
        ("3380070101450001", "regency"),
        ("3313000101450001", "regency"),
        ("3313070001450001", "date of birth"),
        ("3313073201450001", "date of birth"),
        ("3313074001450001", "date of birth"),
        ("3313077201450001", "date of birth"),
        ("3313070113450001", "date of birth"),
        ("3313073002450001", "date of birth"),
        ("3313072902450001", "date of birth"),
        ("3313070101450000", "serial"),
    ],
)
def test_a_nik_that_cannot_be_and_is_not_repeated(nik, why):
    with pytest.raises(InputError, match=why) as told:
        check_nik(nik)
    assert not nik or nik not in str(told.value)
    assert nik[6:12] == "" or nik[6:12] not in str(told.value)


@pytest.mark.parametrize("what", [None, 3313070101450001, b"3313070101450001"])
def test_only_text_is_a_nik(what):
    with pytest.raises(InputError):
        check_nik(what)


@given(st.text(max_size=20))
def test_any_text_is_checked_without_being_told(text):
    said = ""
    try:
        check_nik(text)
    except InputError as error:
        said = str(error)
    assert len(text) < 6 or text not in said


@pytest.mark.parametrize(
    ("age", "contradicts"), [(80, False), (81, False), (82, False), (79, True), (40, True)]
)
def test_the_nik_contradicts_an_age_but_is_none(age, contradicts):
    assert age_contradicts(GOOD, age, TODAY) == contradicts


def test_either_century_will_do():
    born_10 = "3313070101100001"
    assert not age_contradicts(born_10, 16, TODAY)
    assert not age_contradicts(born_10, 116, TODAY)


def test_men_and_women_of_one_day_have_one_age():
    assert age_contradicts(GOOD, 30, TODAY) == age_contradicts("3313074101450001", 30, TODAY)


def test_a_reference_is_stable_keyed_and_tells_nothing():
    one = subject_reference(GOOD, b"k" * 32)
    assert one == subject_reference(GOOD, b"k" * 32)
    assert one != subject_reference(GOOD, b"q" * 32)
    assert one != subject_reference("3313070101450002", b"k" * 32)
    assert len(one) == 64
    assert GOOD not in one
    with pytest.raises(InputError):
        subject_reference("1", b"k")
