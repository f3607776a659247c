"""OFIQ's mappings: figures worked by hand, properties, and OFIQ's own pairs."""

import math

import pytest
from face_data import rows
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.face.ofiq import MAPPINGS, NEEDS_A_NETWORK, mapped

LOWER_IS_BETTER = (
    "BackgroundUniformity",
    "UnderExposurePrevention",
    "OverExposurePrevention",
    "NaturalColour",
    "SingleFacePresent",
    "MouthClosed",
)
HIGHER_IS_BETTER = (
    "IlluminationUniformity",
    "DynamicRange",
    "EyesOpen",
    "InterEyeDistance",
    "LeftwardCropOfTheFaceImage",
    "RightwardCropOfTheFaceImage",
    "MarginAboveOfTheFaceImage",
    "MarginBelowOfTheFaceImage",
)


@pytest.mark.parametrize(
    ("component", "raw", "expected"),
    [
        ("EyesOpen", 0.02, 50),  # the middle of its sigmoid
        ("InterEyeDistance", 70, 50),
        ("InterEyeDistance", 90, 73),  # 100 / (1 + e^-1) = 73.1
        ("MouthClosed", 0.2, 50),
        ("HeadSize", 0.45, 100),
        ("HeadSize", 0.50, 54),  # 200 (1 - 1 / (1 + e^-1)) = 53.8
        ("HeadPoseYaw", 45, 50),
        ("HeadPosePitch", -60, 25),
        ("HeadPoseRoll", 120, 0),
        ("DynamicRange", 4, 50),
        ("DynamicRange", 9, 100),
        ("SingleFacePresent", 0.25, 75),
        ("IlluminationUniformity", 1, 100),
        ("OverExposurePrevention", 0, 100),
        ("OverExposurePrevention", 0.09, 10),
        ("NaturalColour", 0, 100),
        ("MarginAboveOfTheFaceImage", 1.4, 50),
        ("MarginBelowOfTheFaceImage", 1.8, 50),
        ("LuminanceVariance", 1 / 60, 100),  # sin(π/2)
    ],
)
def test_worked_by_hand(component: str, raw: float, expected: int) -> None:
    assert mapped(component, raw) == expected


def test_halves_are_rounded_up_as_in_cpp_and_not_to_even() -> None:
    assert mapped("DynamicRange", 0.04) == 1  # 12.5 · 0.04 = 0.5
    assert mapped("SingleFacePresent", 0.995) == 1  # 0.5 again


@given(st.sampled_from(sorted(MAPPINGS)), st.floats(0, 1e4))
def test_every_value_stays_on_the_scale(component: str, raw: float) -> None:
    assert 0 <= mapped(component, raw) <= 100


@given(st.sampled_from(LOWER_IS_BETTER), st.floats(0, 300), st.floats(0, 300))
def test_more_of_a_fault_never_maps_higher(component: str, one: float, two: float) -> None:
    assert mapped(component, max(one, two)) <= mapped(component, min(one, two))


@given(st.sampled_from(HIGHER_IS_BETTER), st.floats(0, 300), st.floats(0, 300))
def test_more_of_a_virtue_never_maps_lower(component: str, one: float, two: float) -> None:
    assert mapped(component, max(one, two)) >= mapped(component, min(one, two))


def test_the_28_components_are_measured_or_named_as_missing() -> None:
    assert len(MAPPINGS) == 20
    assert len(NEEDS_A_NETWORK) == 8
    assert not set(MAPPINGS) & set(NEEDS_A_NETWORK)


@pytest.mark.data
def test_every_pair_of_ofiq_is_reproduced(data_root) -> None:
    table = rows(data_root / "face/reference/ofiq_expected_results.csv", ";")
    assert len(table) == 28
    wrong = [
        (row["Filename"], name, row[name], row[f"{name}.scalar"], mapped(name, float(row[name])))
        for row in table
        for name in MAPPINGS
        if mapped(name, float(row[name])) != int(row[f"{name}.scalar"])
    ]
    assert wrong == []
    assert math.prod((28, 20)) == 560
