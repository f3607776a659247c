"""Draw the pictures of docs/face from the free portrait: python -m docs.build_face_pictures.

Each is the overlay of one painted fault, so that the pages show what the software says.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ektp_biocheck import face
from ektp_biocheck.face.landmarks import person_mask
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.opencv import cv2
from fixtures import face as painted

OUT = Path(__file__).parent / "face" / "pictures"


def pictures() -> dict[str, NDArray[np.uint8]]:
    """Return every photo by the name of its file."""
    photo = painted.portrait(450)
    seen = face.assess(photo).maps.faces[0]
    points, ied = seen.points, seen.ied
    person = cv2.resize(person_mask(Pyramid(photo)), photo.shape[1::-1])
    solid = (person > 0.3).astype(np.float32)
    middle = (float(points[1, 0]), float(points[1, 1]))
    lean = cv2.getRotationMatrix2D(middle, 25, 1.0)
    return {
        "good": photo,
        "mask": painted.cover_with_mask(photo, points),
        "hand": painted.cover_with_hand(photo, points),
        "scarf": painted.cover_with_scarf(photo, points),
        "headscarf": painted.cover_with_headscarf(photo, points),
        "sunglasses": painted.cover_with_sunglasses(photo, points),
        "glasses": painted.cover_with_glasses(photo, points),
        "side_light": painted.side_light(photo, points),
        "dark": painted.brighten(photo, 0.012),
        "bright": painted.brighten(photo, 8),
        "blur": painted.defocus(photo, 0.035 * ied),
        "compressed": painted.compress(photo, 8),
        "two": painted.two_people(photo),
        "leaning": cv2.warpAffine(photo, lean, photo.shape[1::-1], borderMode=cv2.BORDER_REFLECT),
        "half": np.ascontiguousarray(photo[:, : int(points[4, 0])]),
        "red_wall": painted.replace_background(photo, solid, (205, 30, 30)),
    }


def main() -> None:
    """Write the pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, photo in pictures().items():
        drawn = face.overlay(photo, face.assess(photo))
        Image.fromarray(drawn).save(OUT / f"{name}.jpg", quality=70)
    photo = painted.portrait(450)
    Image.fromarray(face.crop(photo, height=400)).save(OUT / "crop.jpg", quality=85)


if __name__ == "__main__":
    main()
