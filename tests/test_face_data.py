"""What is claimed of real photos, on the development sets."""

import numpy as np
import pytest
from face_data import auc, codes, load, rows, value

from ektp_biocheck import face
from ektp_biocheck.face.landmarks import find_faces
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Assessment
from fixtures import face as painted

pytestmark = pytest.mark.data

SIDE_LIT, FRONT_LIT = ("leftlight", "rightlight"), ("centerlight", "normal")
MOUTH_SHUT = ("normal", "glasses", "noglasses", "centerlight", "sad")


@pytest.fixture(scope="module")
def yale(data_root) -> dict[str, list[Assessment]]:
    """Assessments of the Yale photos by label."""
    found: dict[str, list[Assessment]] = {}
    for row in rows(data_root / "face/reference/yale_labels.csv"):
        photo = load(data_root / "face/images/yale" / row["image"])
        found.setdefault(row["label"], []).append(face.assess(photo))
    return found


def of(table: dict[str, list[Assessment]], labels) -> list[Assessment]:
    return [result for label in labels for result in table[label]]


def test_every_yale_face_is_found(yale) -> None:
    results = of(yale, yale)
    assert len(results) == 164
    assert all(result.score is not None for result in results)


def test_sleepy_eyes_are_closed_and_others_open(yale) -> None:
    assert all("FA_EYES_CLOSED" in codes(result) for result in yale["sleepy"])
    open_eyed = of(yale, set(yale) - {"sleepy", "wink"})
    assert np.mean(["FA_EYES_CLOSED" in codes(result) for result in open_eyed]) <= 0.03


def test_surprised_mouths_are_open_and_others_shut(yale) -> None:
    assert all("FA_MOUTH_OPEN" in codes(result) for result in yale["surprised"])
    shut = of(yale, MOUTH_SHUT)
    assert np.mean(["FA_MOUTH_OPEN" in codes(result) for result in shut]) <= 0.03


def test_side_light_is_told_from_front_light(yale) -> None:
    front, side = (
        [value(result, "IlluminationUniformity") for result in of(yale, labels)]
        for labels in (FRONT_LIT, SIDE_LIT)
    )
    assert auc(front, side) >= 0.99


def test_a_happy_face_is_not_neutral(yale) -> None:
    assert np.mean(["FA_EXPRESSION" in codes(result) for result in yale["happy"]]) >= 0.9
    assert np.mean(["FA_EXPRESSION" in codes(result) for result in of(yale, MOUTH_SHUT)]) <= 0.05


def test_bare_faces_are_not_called_covered(yale) -> None:
    bare = of(yale, set(yale) - {"glasses"})
    assert np.mean(["FA_OCCLUDED" in codes(result) for result in bare]) <= 0.03


def test_pose_on_aflw2000(data_root) -> None:
    table = rows(data_root / "face/reference/aflw2000_pose_degrees.csv")
    off = []
    for row in table:
        result = face.assess(load(data_root / "face/images/aflw2000" / row["image"]))
        off.append(
            [
                value(result, f"HeadPose{a.title()}") - float(row[a])
                for a in ("yaw", "pitch", "roll")
            ]
        )
    yaw, pitch, roll = np.abs(off).mean(0)
    assert len(off) == 16
    assert yaw <= 3.5
    assert pitch <= 6
    assert roll <= 4


def accepted_upside_down(folder) -> float:
    refused = []
    for path in sorted(folder.iterdir()):
        result = face.assess(np.ascontiguousarray(load(path)[::-1, ::-1]))
        refused.append(result.score is None)
    return 1 - float(np.mean(refused))


def test_yale_upside_down_is_refused(data_root) -> None:
    assert accepted_upside_down(data_root / "face/images/yale") <= 0.05


@pytest.mark.long
def test_orl_is_found_upright_and_refused_upside_down(data_root) -> None:
    folder = data_root / "face/images/orl"
    searches = [find_faces(Pyramid(load(path))) for path in sorted(folder.iterdir())]
    assert len(searches) == 400
    assert all(search.faces and not search.upside_down for search in searches)
    assert accepted_upside_down(folder) <= 0.05


@pytest.mark.long
def test_masks_are_found_and_bare_faces_left_alone(data_root) -> None:
    shares = {}
    for name in ("mask_with", "mask_without"):
        photos = (load(path) for path in sorted((data_root / "face/images" / name).iterdir()))
        results = [face.assess(photo) for photo in photos]
        one_face = [r for r in results if r.maps is not None and len(r.maps.faces) == 1]
        shares[name] = np.mean(["FA_OCCLUDED" in codes(result) for result in one_face])
    assert shares["mask_with"] >= 0.9
    assert shares["mask_without"] <= 0.05


@pytest.mark.long
def test_a_blur_of_two_percent_is_told_from_none(data_root) -> None:
    sharp: dict[str, list[float]] = {}
    soft: dict[str, list[float]] = {}
    for name in ("yale", "orl"):
        for path in sorted((data_root / "face/images" / name).iterdir())[::4]:
            photo = load(path)
            ied = find_faces(Pyramid(photo), turned=False).faces[0].ied
            blurred = cv2.GaussianBlur(photo, (0, 0), 0.02 * ied)
            for store, picture in ((sharp, photo), (soft, blurred)):
                result = face.assess(picture, level="fast")
                store.setdefault(name, []).append(value(result, "sharpness"))
    for name in sharp:
        assert auc(sharp[name], soft[name]) >= 0.99, name


@pytest.mark.long
@pytest.mark.parametrize(
    ("paint", "least"),
    [
        (painted.cover_with_mask, 0.9),
        (painted.cover_with_hand, 0.9),
        (painted.cover_with_sunglasses, 0.9),
    ],
)
def test_what_is_painted_over_real_faces_is_found(data_root, paint, least: float) -> None:
    found = []
    for name in ("yale", "orl", "mask_without"):
        for path in sorted((data_root / "face/images" / name).iterdir())[2::10]:
            photo = load(path)
            faces = find_faces(Pyramid(photo), turned=False).faces
            if len(faces) == 1:
                result = face.assess(paint(photo, faces[0].points))
                found.append("FA_OCCLUDED" in codes(result))
    assert np.mean(found) >= least
