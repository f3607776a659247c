"""Codes of the standards, names in two languages, and spellings that may not be guessed."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import (
    SINGLE_FINGERS,
    SLAPS,
    EyeLabel,
    FingerPosition,
    Hand,
    ImpressionType,
    Instance,
    Modality,
    display_name,
    hand_of,
    instance_from_mosip,
    parse_eye,
    parse_finger,
    slap_fingers,
    slap_of,
)

F = FingerPosition
DOCS = Path(__file__).parents[1] / "docs" / "positions.md"

# Written out by hand: MOSIP's names beside the codes of ISO/IEC 19794-4 and -6.
MOSIP = {
    "rightThumb": ("finger", 1),
    "rightIndex": ("finger", 2),
    "rightMiddle": ("finger", 3),
    "rightRing": ("finger", 4),
    "rightLittle": ("finger", 5),
    "leftThumb": ("finger", 6),
    "leftIndex": ("finger", 7),
    "leftMiddle": ("finger", 8),
    "leftRing": ("finger", 9),
    "leftLittle": ("finger", 10),
    "rightEye": ("iris", 1),
    "leftEye": ("iris", 2),
    "face": ("face", None),
}


def test_codes_are_those_of_the_standards():
    assert [int(f) for f in F] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15]
    assert (F.RIGHT_INDEX, F.LEFT_THUMB, F.LEFT_LITTLE) == (2, 6, 10)
    assert (F.RIGHT_FOUR, F.LEFT_FOUR, F.BOTH_THUMBS) == (13, 14, 15)
    assert {e.name: int(e) for e in EyeLabel} == {"UNDEFINED": 0, "RIGHT": 1, "LEFT": 2}
    assert [int(i) for i in ImpressionType] == [0, 1, 24, 28, 29]


def test_slaps_list_their_fingers_from_left_to_right():
    assert [int(f) for f in slap_fingers(F.RIGHT_FOUR)] == [2, 3, 4, 5]
    assert [int(f) for f in slap_fingers(F.LEFT_FOUR)] == [10, 9, 8, 7]
    assert [int(f) for f in slap_fingers(F.BOTH_THUMBS)] == [6, 1]


def test_every_finger_is_taken_by_exactly_one_slap():
    taken = [finger for slap in SLAPS for finger in slap_fingers(slap)]
    assert sorted(taken) == list(SINGLE_FINGERS) == list(range(1, 11))
    assert all(finger in slap_fingers(slap_of(finger)) for finger in SINGLE_FINGERS)


@pytest.mark.parametrize("finger", [F.UNKNOWN, *SINGLE_FINGERS])
def test_a_single_finger_is_no_slap(finger):
    with pytest.raises(InputError, match="RIGHT_FOUR"):
        slap_fingers(finger)


@pytest.mark.parametrize("position", [F.UNKNOWN, *SLAPS])
def test_only_a_single_finger_belongs_to_a_slap(position):
    with pytest.raises(InputError, match="1 to 10"):
        slap_of(position)


def test_hands():
    assert {f for f in F if hand_of(f) is Hand.RIGHT} == {1, 2, 3, 4, 5, 13}
    assert {f for f in F if hand_of(f) is Hand.LEFT} == {6, 7, 8, 9, 10, 14}
    assert {f for f in F if hand_of(f) is None} == {0, 15}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("R2", 2),
        ("r-2", 2),
        ("right_index", 2),
        ("RIGHT_INDEX", 2),
        ("rightIndex", 2),
        ("Right IndexFinger", 2),
        ("telunjuk kanan", 2),
        ("Jari Telunjuk Kanan", 2),
        ("7", 7),
        (7, 7),
        (" 07 ", 7),
        (FingerPosition.LEFT_INDEX, 7),
        ("R1", 1),
        ("ibu jari kanan", 1),
        ("L1", 6),
        ("jempol kiri", 6),
        ("L5", 10),
        ("kelingking kiri", 10),
        ("tengah kanan", 3),
        ("jari manis kiri", 9),
        ("13", 13),
        ("right slap", 13),
        ("empat jari kiri", 14),
        ("two thumbs", 15),
        ("unknown", 0),
    ],
)
def test_fingers_are_read_as_people_write_them(text, code):
    assert parse_finger(text) is FingerPosition(code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "R0",
        "R6",
        "11",
        "16",
        "007",
        -7,
        "-7",
        "1-3",
        "1 3",
        "index",
        "right",
        "telunjuk",
        "right_index_",
        "x right index",
        True,
        7.0,
        None,
        "٧",
        EyeLabel.RIGHT,
        ImpressionType.LIVE_ROLLED,
    ],
)
def test_no_finger_is_guessed(text):
    with pytest.raises(InputError) as error:
        parse_finger(text)
    assert "2 right_index" in str(error.value)
    assert "15 both_thumbs" in str(error.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [("right", 1), ("R", 1), ("rightEye", 1), ("mata kanan", 1), ("kiri", 2), (2, 2), ("0", 0)],
)
def test_eyes_are_read_as_people_write_them(text, code):
    assert parse_eye(text) is EyeLabel(code)


@pytest.mark.parametrize("text", ["", "3", "both", "rightIndex", FingerPosition.RIGHT_THUMB])
def test_no_eye_is_guessed(text):
    with pytest.raises(InputError, match="0 undefined, 1 right, 2 left"):
        parse_eye(text)


def test_an_error_does_not_repeat_a_number_that_could_identify_a_person():
    with pytest.raises(InputError) as error:
        parse_finger("3301015708450002_R2")
    assert "330101" not in str(error.value)
    assert "0002" not in str(error.value)


@given(st.sampled_from(list(F)), st.sampled_from(["id", "en"]), st.randoms(use_true_random=False))
def test_every_displayed_finger_can_be_read_back_in_any_case(finger, lang, random):
    name = display_name(finger, lang)
    spelled = "".join(random.choice([c.upper(), c.lower()]) for c in name)
    assert parse_finger(spelled) is finger
    assert parse_finger(spelled.replace(" ", random.choice(["_", "-", "", "  "]))) is finger


@given(st.text(max_size=20))
def test_any_text_is_a_position_or_an_input_error(text):
    for parse, kind in ((parse_finger, FingerPosition), (parse_eye, EyeLabel)):
        with contextlib.suppress(InputError):
            assert isinstance(parse(text), kind)


@pytest.mark.parametrize("lang", ["id", "en"])
def test_display_names_are_unique(lang):
    names = [display_name(member, lang) for member in [*F, *EyeLabel, *Modality]]
    assert all(name.strip() for name in names)
    assert len(set(names)) == len(names)


def test_display_names_refuse_bare_numbers_and_other_languages():
    with pytest.raises(InputError, match="not a FingerPosition"):
        display_name(1, "en")
    with pytest.raises(InputError, match='"id"'):
        display_name(F.RIGHT_INDEX, "fr")


@pytest.mark.parametrize(("attribute", "expected"), MOSIP.items())
def test_mosip_attributes_round_trip(attribute, expected):
    instance = instance_from_mosip(attribute)
    assert (instance.modality, instance.position) == expected
    assert instance.mosip_attribute == attribute


def test_mosip_knows_no_slap_and_no_unknown_finger():
    for position in (F.UNKNOWN, *SLAPS):
        with pytest.raises(InputError, match="ten fingers"):
            _ = Instance(Modality.FINGER, position).mosip_attribute
    with pytest.raises(InputError, match="leftIndex"):
        instance_from_mosip("LeftIndex")


def test_a_finger_and_an_eye_of_one_number_are_different_instances():
    assert F.RIGHT_THUMB == EyeLabel.RIGHT  # the trap that Instance is there for
    thumb, eye = Instance(Modality.FINGER, F.RIGHT_THUMB), Instance(Modality.IRIS, EyeLabel.RIGHT)
    assert len({thumb: "thumb", eye: "eye"}) == 2
    assert (thumb.display_name("id"), eye.display_name("id")) == ("jempol kanan", "mata kanan")
    assert Instance(Modality.FACE).display_name("en") == "face"


@pytest.mark.parametrize(
    ("modality", "position"),
    [
        (Modality.FINGER, None),
        (Modality.FINGER, EyeLabel.RIGHT),
        (Modality.FINGER, 1),
        (Modality.IRIS, None),
        (Modality.IRIS, F.RIGHT_THUMB),
        (Modality.FACE, F.RIGHT_THUMB),
    ],
)
def test_an_instance_needs_a_position_of_its_own_kind(modality, position):
    with pytest.raises(InputError, match="takes"):
        Instance(modality, position)


def test_the_page_shows_the_names_in_use_and_its_example_runs():
    page = DOCS.read_text(encoding="utf-8")
    for member in (*F, *EyeLabel):
        names = f"{display_name(member, 'id')} | {display_name(member, 'en')}"
        assert f"| {int(member)} | `{member.name}` | {names} |" in page
    example = page.split("```python\n")[1].split("```")[0]
    exec(compile(example, str(DOCS), "exec"), {})  # noqa: S102 - our own page


def test_importing_loads_neither_numpy_nor_opencv():
    code = (
        "import sys, ektp_biocheck.positions, ektp_biocheck.defects;"
        "print(sorted({'numpy', 'cv2', 'mediapipe', 'difflib'} & set(sys.modules)))"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
