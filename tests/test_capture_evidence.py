"""The evidence photo: one face, both hands; what is not found is for a person to look at.

The hands are drawn (fixtures/hand.py), the face is the one free portrait. What the model does
with people's hands is measured on the development captures, in the last test.
"""

import json
import socket
import threading

import numpy as np
import pytest

from ektp_biocheck.capture import evidence
from ektp_biocheck.capture.hands import find_hands
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.errors import InputError
from ektp_biocheck.face.landmarks import close as close_faces
from ektp_biocheck.positions import Hand
from ektp_biocheck.samples import open_sample
from fixtures.face import two_people
from fixtures.hand import draw_hand, evidence_photo


@pytest.fixture(scope="module", autouse=True)
def models():
    yield
    evidence.close()
    close_faces()


def codes(seen):
    return [defect.code for defect in seen.defects]


@pytest.fixture(scope="module")
def good():
    return evidence.assess(evidence_photo())


def test_a_face_and_both_hands(good):
    assert good.complete
    assert len(good.faces) == 1
    assert {hand.side for hand in good.hands} == {Hand.RIGHT, Hand.LEFT}
    assert all(0.5 < hand.side_confidence <= 1 for hand in good.hands)


def test_left_and_right_are_the_persons_own(good):
    by_side = {hand.side: hand.box for hand in good.hands}
    # The person looks at us: the right hand is at the left of the picture.
    assert by_side[Hand.RIGHT].x < good.faces[0].x < by_side[Hand.LEFT].x


def test_boxes_hold_the_hands(good):
    right = next(hand.box for hand in good.hands if hand.side is Hand.RIGHT)
    middle = right.x + right.width / 2, right.y + right.height / 2
    assert 10 < middle[0] < 240  # where the drawing was put
    assert 320 < middle[1] < 550
    assert 120 < right.height < 260


def test_the_result_is_json_without_a_picture(good):
    told = json.loads(json.dumps(good.to_dict()))
    assert told["complete"] is True
    assert told["algorithm"].startswith("ektp-biocheck/evidence ")
    assert len(json.dumps(told)) < 2000


def test_the_overlay_marks_face_and_hands(good):
    photo = evidence_photo()
    drawn = {lang: evidence.overlay(photo, good.to_dict(), lang) for lang in ("id", "en")}
    assert drawn["id"].shape == photo.shape
    for box in (good.faces[0], *(hand.box for hand in good.hands)):
        assert (drawn["id"][box.y, box.x : box.x + box.width] != photo[box.y, box.x]).any()
    assert (drawn["id"] != drawn["en"]).any()  # the sides are named
    assert (photo == evidence_photo()).all()  # the photo itself is left alone


@pytest.mark.parametrize("size", [130, 180, 290])
def test_the_size_of_the_hands_does_not_matter(size):
    assert evidence.assess(evidence_photo(size=size)).complete


def test_dark_skin_is_seen_as_well_as_fair():
    for skin in ((95, 62, 45), (245, 215, 195)):
        hands = [draw_hand(230, right=right, skin=skin) for right in (True, False)]
        assert evidence.assess(evidence_photo(hands=hands)).complete


def test_one_hand_is_missing():
    seen = evidence.assess(evidence_photo(hands=[draw_hand(230, right=True), None]))
    assert codes(seen) == ["EV_HANDS_MISSING"]
    assert seen.defects[0].evidence["hands"] == 1
    assert not seen.complete


def test_a_hand_without_fingers_is_not_found_and_not_refused():
    stump = draw_hand(230, missing=(0, 1, 2, 3))
    seen = evidence.assess(evidence_photo(hands=[draw_hand(230, right=True), stump]))
    assert codes(seen) == ["EV_HANDS_MISSING"]
    assert not any(defect.hard for defect in seen.defects)
    assert CATALOGUE["EV_HANDS_MISSING"].chain[-1] == "FB_REVIEW"  # a person looks


def test_the_same_hand_twice_is_noticed():
    seen = evidence.assess(evidence_photo(hands=[draw_hand(230, right=True)] * 2))
    assert codes(seen) == ["EV_HANDS_ALIKE"]


def test_a_third_hand_is_another_persons():
    photo = evidence_photo()
    wide = np.hstack([photo, np.full((photo.shape[0], 260, 3), (90, 110, 140), np.uint8)])
    wide[300:530, -250:-20] = draw_hand(230)
    assert "EV_HANDS_EXTRA" in codes(evidence.assess(np.ascontiguousarray(wide)))


def test_fingertips_outside_the_photo():
    seen = evidence.assess(np.ascontiguousarray(evidence_photo(size=260)[:, 150:]))
    assert codes(seen) in (["EV_HANDS_CUT"], ["EV_HANDS_MISSING"])
    hand = draw_hand(300)
    cut = find_hands(np.ascontiguousarray(hand[60:]))
    assert [one.tips_outside > 0 for one in cut] == [True]


def test_a_portrait_alone_has_no_hands():
    from skimage.data import astronaut

    assert codes(evidence.assess(np.asarray(astronaut()))) == ["EV_HANDS_MISSING"]


def test_two_people():
    from fixtures.face import portrait

    assert "EV_FACES" in codes(evidence.assess(two_people(portrait(480))))


@pytest.mark.parametrize(
    "pixels",
    [
        np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8),
        np.zeros((480, 640, 3), np.uint8),
        np.full((90, 2000), 255, np.uint8),  # grey, a strip
        np.zeros((1, 1, 3), np.uint8),
    ],
    ids=["noise", "black", "strip", "one pixel"],
)
def test_pictures_of_nothing(pixels):
    seen = evidence.assess(pixels)
    assert set(codes(seen)) == {"EV_NO_FACE", "EV_HANDS_MISSING"}
    assert seen.hands == seen.faces == ()


@pytest.mark.parametrize(
    "pixels", [None, "photo.jpg", np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)]
)
def test_what_is_no_picture_is_said_plainly(pixels):
    with pytest.raises(InputError, match="pixels must be"):
        evidence.assess(pixels)


def test_threads_get_the_same_answer_and_the_model_can_be_released(good):
    photo, answers = evidence_photo(), []
    threads = [
        threading.Thread(target=lambda: answers.append(evidence.assess(photo))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [good] * 3
    evidence.close()
    evidence.close()  # twice does no harm
    assert evidence.assess(photo) == good


def test_nothing_is_asked_of_the_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    evidence.close()
    monkeypatch.setattr(socket, "socket", refuse)
    assert evidence.assess(evidence_photo()).complete


@pytest.mark.data
def test_real_hands_beside_a_face(data_root):
    """Photos of people with masks; a few hold up hands. No evidence photo of the field is there."""
    folder = data_root / "face" / "images" / "mask_with"
    sides = {
        "with_mask271": ["left", "right"],  # both hands under the chin
        "with_mask551": ["left", "right"],  # both at the ears
        "with_mask421": ["left"],  # one held up
        "with_mask511": ["right"],  # a palm towards the camera
    }
    for name, expected in sides.items():
        (file,) = folder.glob(f"{name}.*")
        seen = evidence.assess(open_sample(file, modality="face").pixels)
        assert sorted(hand.side.value for hand in seen.hands) == expected, name


@pytest.mark.data
def test_eyes_and_mouths_are_not_taken_for_hands(data_root):
    """The model alone sees hands in the close-up faces of this folder; none of them may count."""
    files = sorted((data_root / "face" / "images" / "mask_without").glob("*_0_*"))[:40]
    assert len(files) == 40
    for file in files:
        assert not evidence.assess(open_sample(file, modality="face").pixels).hands, file.name
