"""The catalogue is complete, says something in two languages, and decides hardness exactly."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.defects import (
    CATALOGUE,
    STEPS,
    CuredBy,
    advice,
    found,
    step_text,
    title,
)
from ektp_biocheck.defects.device import DEVICE_DEFECTS
from ektp_biocheck.defects.evidence import EVIDENCE_DEFECTS
from ektp_biocheck.defects.face import FACE_DEFECTS
from ektp_biocheck.defects.finger import FINGER_DEFECTS
from ektp_biocheck.defects.iris import IRIS_DEFECTS
from ektp_biocheck.defects.steps import FALLBACK_STEPS
from ektp_biocheck.errors import InputError
from ektp_biocheck.quality import Region

DOCS = Path(__file__).parents[1] / "docs"


def words(text):
    return text.split()


FINGER_CODES = words("""
    FP_BLANK FP_WORN_RIDGES FP_DRY FP_WET FP_OVERPRESSED FP_LOW_PRESSURE FP_PARTIAL FP_TIP_ONLY
    FP_DIRTY_FINGER FP_CALLUS_CRACKS FP_GHOST_PLATEN FP_ROTATED FP_SMEAR_MOTION
    FP_FINGER_MISSING_IN_SLAP FP_EXTRA_FINGER FP_WRONG_FINGER FP_DUPLICATE_FINGER FP_WRONG_HAND
    FP_BANDAGE_INJURY FP_AMPUTATED
    FP_BLUR FP_NOISE FP_LOW_CONTRAST FP_FEW_MINUTIAE FP_NOT_A_FINGERPRINT
""")
IRIS_CODES = words("""
    IR_EYE_CLOSED IR_LID_OCCLUSION IR_LASH_OCCLUSION IR_CLOUDY_CORNEA IR_ARCUS_SENILIS
    IR_PUPIL_ABNORMAL IR_OFF_GAZE IR_BLUR IR_SPECULAR IR_CONTACT_LENS IR_TOO_SMALL IR_MARGIN
    IR_LEFT_RIGHT_SWAP IR_EYE_ABSENT IR_PROSTHETIC IR_NYSTAGMUS
    IR_NO_EYE IR_TWO_EYES IR_VISIBLE_LIGHT
""")
FACE_CODES = words("""
    FA_NO_FACE FA_MULTIPLE FA_POSE FA_EYES_CLOSED FA_MOUTH_OPEN FA_EXPRESSION FA_UNDEREXPOSED
    FA_OVEREXPOSED FA_UNEVEN_LIGHT FA_BLUR FA_COMPRESSED FA_SIZE FA_CROPPED FA_GLASSES FA_OCCLUDED
    FA_HEAD_COVERING FA_BACKGROUND FA_DISFIGURED
""")
EVIDENCE_CODES = words("""
    EV_NO_FACE EV_FACES EV_HANDS_MISSING EV_HANDS_EXTRA EV_HANDS_ALIKE EV_HANDS_CUT
""")
DEVICE_CODES = words("""
    DEV_TIMEOUT DEV_DISCONNECTED DEV_WRONG_PPI DEV_HANG DEV_UNREADABLE DEV_SOFTWARE
""")
STEP_CODES = words("""
    FB_CLEAN_PLATEN FB_CLEAN_FINGER FB_MOISTEN FB_DRY FB_WARM FB_PRESS_MORE FB_PRESS_LESS
    FB_REPOSITION FB_TARGET FB_DISTANCE FB_ROOM_LIGHT FB_ROOM_BACKGROUND FB_SINGLE FB_ALT
    FB_OPEN FB_LID FB_SINGLE_EYE FB_ANGLE FB_BURST FB_GLASSES FB_LENS FB_KEEP_BEST FB_IRIS_ONLY
    FB_FINGER_ONLY FB_FACE_ONLY FB_EXC_PHOTO FB_REVIEW FB_REVIEW_ON_SITE FB_REVIEW_REMOTE
    FB_REVIEW_DEFERRED FB_REST FB_RECLINED FB_HOME_VISIT FB_RESCHEDULE FB_RESTART FB_ALT_DEVICE
    FB_OFFLINE_SEAL FB_RESEND FB_RERECORD_PART FB_RERECORD FB_MANUAL_FACE
    FB_NOTE FB_EXC_TEMPORARY FB_EXC_PERMANENT FB_UNCOVER FB_NEUTRAL FB_SETTINGS
""")

ALWAYS_HARD = {
    "FP_BLANK",
    "FP_NOT_A_FINGERPRINT",
    "FP_FINGER_MISSING_IN_SLAP",
    "FP_WRONG_FINGER",
    "FP_DUPLICATE_FINGER",
    "FP_WRONG_HAND",
    "IR_EYE_CLOSED",
    "IR_NO_EYE",
    "IR_TWO_EYES",
    "IR_VISIBLE_LIGHT",
    "IR_LEFT_RIGHT_SWAP",
    "IR_PROSTHETIC",
    "FA_NO_FACE",
    "FA_MULTIPLE",
    *DEVICE_CODES,
}
HARD_WHEN_SEVERE = {
    "FP_GHOST_PLATEN",
    "IR_LID_OCCLUSION",
    "IR_CLOUDY_CORNEA",
    "IR_PUPIL_ABNORMAL",
    "IR_SPECULAR",
    "IR_CONTACT_LENS",
    "IR_TOO_SMALL",
    "IR_MARGIN",
    "FA_POSE",
    "FA_EYES_CLOSED",
    "FA_SIZE",
    "FA_CROPPED",
    "FA_GLASSES",
    "FA_OCCLUDED",
}
NOT_COUNTED = {
    "FP_GHOST_PLATEN",
    "FP_WRONG_FINGER",
    "FP_DUPLICATE_FINGER",
    "FP_WRONG_HAND",
    "IR_LEFT_RIGHT_SWAP",
    "IR_VISIBLE_LIGHT",
    "FA_MULTIPLE",
    "EV_FACES",
    "EV_HANDS_EXTRA",
    *DEVICE_CODES,
}

codes = st.sampled_from(sorted(CATALOGUE))
every_defect = pytest.mark.parametrize("info", CATALOGUE.values(), ids=CATALOGUE)
every_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


def test_every_defect_is_there_in_the_file_of_its_family():
    assert sorted(info.code for info in FINGER_DEFECTS) == sorted(FINGER_CODES)
    assert sorted(info.code for info in IRIS_DEFECTS) == sorted(IRIS_CODES)
    assert sorted(info.code for info in FACE_DEFECTS) == sorted(FACE_CODES)
    assert sorted(info.code for info in DEVICE_DEFECTS) == sorted(DEVICE_CODES)
    assert sorted(info.code for info in EVIDENCE_DEFECTS) == sorted(EVIDENCE_CODES)
    assert sorted(CATALOGUE) == sorted(
        FINGER_CODES + IRIS_CODES + FACE_CODES + EVIDENCE_CODES + DEVICE_CODES
    )


def test_every_step_is_there_once():
    assert sorted(step.code for step in FALLBACK_STEPS) == sorted(STEP_CODES)
    assert sorted(STEPS) == sorted(STEP_CODES)


@every_defect
def test_texts_of_a_defect(info):
    for text in (info.title_id, info.title_en, info.advice_id, info.advice_en):
        assert text == text.strip()
        assert text[0].isupper()
        assert "  " not in text
    assert info.title_id != info.title_en
    assert info.advice_id != info.advice_en
    for name in (info.title_id, info.title_en):
        assert name[-1].isalnum()
        assert len(name) <= 45  # one line of a table
    for text in (info.advice_id, info.advice_en):
        assert text.endswith(".")
        assert ". " in text  # what is wrong, then what to do
        assert text.count(".") <= 2
        assert len(text) <= 150  # two lines on a station's screen


@every_step
def test_texts_of_a_step(step):
    for text in (step.text_id, step.text_en):
        assert text == text.strip()
        assert text[0].isupper()
        assert text.endswith(".")
        assert text.count(".") == 1
    assert step.text_id != step.text_en


@pytest.mark.parametrize("lang", ["id", "en"])
def test_no_two_entries_read_the_same(lang):
    for texts in (
        [title(code, lang) for code in CATALOGUE],
        [advice(code, lang) for code in CATALOGUE],
        [step_text(code, lang) for code in STEPS],
    ):
        assert len(set(texts)) == len(texts)


@every_defect
def test_a_chain_names_known_steps_once_each(info):
    assert info.chain
    assert set(info.chain) <= set(STEPS)
    assert len(set(info.chain)) == len(info.chain)


@every_defect
def test_an_exception_photo_is_always_followed_by_a_review(info):
    if "FB_EXC_PHOTO" in info.chain:
        assert info.chain[info.chain.index("FB_EXC_PHOTO") + 1] == "FB_REVIEW"


def test_what_nobody_can_cure_ends_with_a_way_on():
    ways_on = {"FB_KEEP_BEST", "FB_REVIEW", "FB_MANUAL_FACE"}
    incurable = [info for info in CATALOGUE.values() if info.cured_by is CuredBy.NOBODY]
    assert len(incurable) == 9
    for info in incurable:
        assert info.chain[-1] in ways_on, info.code


def test_hardness_of_every_entry():
    hard_from = {code: info.hard_from for code, info in CATALOGUE.items()}
    assert {code for code, limit in hard_from.items() if limit == 0.0} == ALWAYS_HARD
    assert {code for code, limit in hard_from.items() if limit == 0.5} == HARD_WHEN_SEVERE
    others = set(CATALOGUE) - ALWAYS_HARD - HARD_WHEN_SEVERE
    assert all(hard_from[code] is None for code in others)


def test_worn_dry_or_callused_fingers_are_never_hard():
    for code in ("FP_WORN_RIDGES", "FP_DRY", "FP_CALLUS_CRACKS", "FP_FEW_MINUTIAE"):
        assert not found(code, 1.0, {}).hard


def test_what_costs_the_person_no_attempt():
    assert {code for code, info in CATALOGUE.items() if not info.counted} == NOT_COUNTED


def test_hard_from_exactly_half_and_always_hard_from_zero():
    assert found("IR_LID_OCCLUSION", 0.5, {}).hard
    assert not found("IR_LID_OCCLUSION", math.nextafter(0.5, 0), {}).hard
    assert found("FP_BLANK", 0.0, {}).hard


@given(codes, st.floats(0, 1), st.floats(0, 1))
def test_a_worse_defect_never_becomes_softer(code, one, other):
    mild, bad = sorted((one, other))
    assert found(code, mild, {}).hard <= found(code, bad, {}).hard


@given(codes, st.floats(0, 1))
def test_a_defect_keeps_what_it_was_given(code, severity):
    region = Region(1, 2, 3, 4)
    defect = found(code, severity, {"area": 2.5}, region)
    assert (defect.code, defect.severity, defect.region) == (code, severity, region)
    assert defect.evidence == {"area": 2.5}


def test_an_evidence_photo_is_never_refused():
    for code in EVIDENCE_CODES:
        assert not found(code, 1.0, {}).hard
        assert CATALOGUE[code].chain[-1] == "FB_REVIEW"


def test_numpy_figures_become_json():
    defect = found(
        "FP_GHOST_PLATEN", np.float32(0.5), {"area": np.float32(2.5), "count": np.int64(3)}
    )
    assert json.loads(json.dumps(defect.to_dict()))["hard"] is True


@pytest.mark.parametrize("severity", [-0.01, 1.01, math.nan])
def test_severity_stays_on_its_scale(severity):
    with pytest.raises(ValueError, match="severity"):
        found("FP_DRY", severity, {})


@pytest.mark.parametrize(
    ("wrong", "meant"), [("FP_DRYY", "FP_DRY"), ("fp_wet", "FP_WET"), ("IR_BLURRED", "IR_BLUR")]
)
def test_an_unknown_code_gets_a_suggestion(wrong, meant):
    for ask in (
        lambda: found(wrong, 0.5, {}),
        lambda: advice(wrong, "id"),
        lambda: title(wrong, "id"),
    ):
        with pytest.raises(InputError, match=rf"did you mean .*\b{meant}\b"):
            ask()


def test_a_code_like_no_other_lists_them_all():
    with pytest.raises(InputError, match=r"the codes are FP_BLANK, .*DEV_HANG"):
        advice("???", "en")
    with pytest.raises(InputError, match="did you mean FB_CLEAN_PLATEN"):
        step_text("FB_CLEAN_PLATTEN", "en")


def test_each_language_gets_its_own_text():
    assert title("FP_DRY", "id") == "Jari kering"
    assert title("FP_DRY", "en") == "Dry finger"
    assert advice("FP_DRY", "id").startswith("Jari terlalu kering.")
    assert advice("FP_DRY", "en").startswith("The finger is too dry.")
    assert step_text("FB_DRY", "id") == "Keringkan jari."
    assert step_text("FB_DRY", "en") == "Dry the finger."
    for ask, code in ((advice, "FP_DRY"), (title, "FP_DRY"), (step_text, "FB_DRY")):
        with pytest.raises(InputError, match="Indonesian"):
            ask(code, "jv")


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        CATALOGUE["FP_DRY"] = None


def test_the_page_is_up_to_date():
    script = DOCS / "build_catalogue.py"
    spec = importlib.util.spec_from_file_location("build_catalogue", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (DOCS / "defects" / "index.md").read_text(encoding="utf-8")
    assert page == module.render(), "run: python docs/build_catalogue.py"
    assert all(f"| `{code}`" in page for code in [*CATALOGUE, *STEPS])


def test_the_example_on_the_page_is_true():
    page = (DOCS / "defects" / "index.md").read_text(encoding="utf-8")
    assert 'found("IR_LID_OCCLUSION", severity=0.62' in page
    assert found("IR_LID_OCCLUSION", severity=0.62, evidence={}).hard
    assert advice("IR_LID_OCCLUSION", "id").startswith("Kelopak mata menutupi iris. Minta pemohon")
    assert CATALOGUE["IR_LID_OCCLUSION"].chain == ("FB_OPEN", "FB_LID", "FB_SINGLE_EYE")
