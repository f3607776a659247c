"""Generated captures of one person for the tests of the station: PNG bytes by name."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

from fixtures import face as painted
from fixtures.fingerprint import Condition, hand, render, slap
from fixtures.hand import draw_hand, evidence_photo
from fixtures.iris import draw_eye, random_eye

PPI = 500
SEED = 3


def png(pixels, ppi=None):
    data = BytesIO()
    size = {} if ppi is None else {"dpi": (ppi, ppi)}
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "PNG", **size)
    return data.getvalue()


@cache
def fingers(kind):
    return hand(SEED, kind)


@cache
def capture(name):
    """Return the PNG of one capture; what is asked for twice is made once."""
    kinds = {"rightFour": "right", "leftFour": "left", "bothThumbs": "thumbs"}
    if name in kinds:
        return png(slap(fingers(kinds[name])).pixels, PPI)
    if name == "rightIndexWorn":
        return png(render(fingers("right")[2], Condition(wear=1.0, callus=0.5)).pixels, PPI)
    if name == "rightIndex":
        return png(render(fingers("right")[2], Condition(), impression=2).pixels, PPI)
    if name in ("leftEye", "rightEye"):
        left = name == "leftEye"
        return png(draw_eye(random_eye(11 + left, left_eye=left))[0])
    if name == "cloudyEye":
        return png(draw_eye(random_eye(12, left_eye=True, cataract=0.9, haze=0.5))[0])
    if name == "face":
        return png(portrait())
    if name == "blurredFace":
        return png(painted.defocus(portrait(), 6))
    if name == "evidence":
        return png(evidence_photo())
    if name == "stump":
        stump = draw_hand(230, missing=(0, 1, 2, 3))
        return png(evidence_photo(hands=[draw_hand(230, right=True), stump]))
    raise KeyError(name)


@cache
def portrait(background=(150, 30, 35)):
    from ektp_biocheck.face.landmarks import person_mask
    from ektp_biocheck.face.pyramid import Pyramid
    from ektp_biocheck.opencv import cv2

    photo = painted.portrait(600)
    person = cv2.resize(person_mask(Pyramid(photo)), photo.shape[1::-1])
    return painted.replace_background(photo, person, background)
