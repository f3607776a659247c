"""Head pose on heads turned by known angles."""

import numpy as np
import pytest
from face_data import good, value
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.face import pose
from ektp_biocheck.face.pose import head_pose


def head_turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Landmarks of the neutral head under a rotation, as a camera far away would see them."""
    x, y, z = np.radians([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(x), np.sin(x)], [0, -np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), np.sin(z), 0], [-np.sin(z), np.cos(z), 0], [0, 0, 1]])
    seen = pose._HEAD @ (about_x @ about_y @ about_z).T
    points = np.zeros((478, 3))
    points[list(pose._INDICES)] = seen * [1, -1, -1] * 12 + [300, 200, 5]
    return points


@given(st.floats(-60, 60), st.floats(-40, 40), st.floats(-40, 40))
def test_a_known_turn_is_read_back(yaw: float, pitch: float, roll: float) -> None:
    found = head_pose(head_turned(yaw, pitch, roll))
    expected = (yaw * pose._YAW_GAIN, pitch + pose._PITCH_SHIFT, roll)
    assert found == pytest.approx(expected, abs=1e-6)


def test_size_and_place_do_not_count() -> None:
    points = head_turned(20, -10, 5)
    assert head_pose(points * 3.7 + [50, -20, 9]) == pytest.approx(head_pose(points), abs=1e-9)


def test_a_nose_to_image_left_is_positive_yaw_and_a_raised_one_positive_pitch() -> None:
    """Signs as in OFIQ and AFLW."""
    straight = head_turned(0, 0, 0)[4, :2]
    assert head_turned(30, 0, 0)[4, 0] < straight[0]
    assert head_turned(0, 30, 0)[4, 1] < straight[1]


def test_mirroring_a_photo_turns_yaw_and_roll_round() -> None:
    from ektp_biocheck import face

    photo, result, _ = good()
    mirrored = face.assess(np.ascontiguousarray(photo[:, ::-1]))
    for name, sign in (("HeadPoseYaw", -1), ("HeadPosePitch", 1), ("HeadPoseRoll", -1)):
        assert value(mirrored, name) == pytest.approx(sign * value(result, name), abs=3)


def test_turning_the_photo_turns_roll_alone() -> None:
    from ektp_biocheck import face
    from ektp_biocheck.opencv import cv2

    photo, result, points = good()
    centre = (float(points[1, 0]), float(points[1, 1]))
    turned = cv2.warpAffine(
        photo, cv2.getRotationMatrix2D(centre, 20, 1.0), photo.shape[1::-1], borderMode=1
    )
    after = face.assess(turned)
    assert abs(value(after, "HeadPoseRoll") - value(result, "HeadPoseRoll")) == pytest.approx(
        20, abs=3
    )
    assert value(after, "HeadPoseYaw") == pytest.approx(value(result, "HeadPoseYaw"), abs=4)
