"""Fit the numbers of `face.occlusion`.

Run ``python -m benchmarks.face_fit_occlusion [DATA]``.

Covered faces: the masked photos, and on every fifth bare photo a painted mask, hand and scarf.
Bare faces: all others, and the same photos with a painted headscarf, which must stay bare. Colour
sets are also used in grey. Printed are the numbers, and for each source how many photos are
called covered: with its whole set left out of the fit, with its photo left out, fitted, shipped.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ektp_biocheck.face import occlusion
from ektp_biocheck.face.findings import LOWER_FACE as GATE
from ektp_biocheck.face.geometry import Portrait
from ektp_biocheck.face.landmarks import find_faces, plain_belief
from ektp_biocheck.face.light import grey_photo
from ektp_biocheck.face.pose import head_pose
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.opencv import cv2
from fixtures import face as painted

SETS = ("yale", "orl", "aflw2000", "mask_without", "mask_with")
CLOTHS = (
    *((250, 250, 250), (25, 25, 28), (120, 170, 205), (60, 90, 160), (200, 60, 70)),
    *((120, 120, 120), (230, 190, 200), (90, 140, 90), (215, 180, 150), (160, 120, 90)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One photo: source, whose people, number, whether covered, cues."""

    source: str
    people: str
    photo: int
    covered: bool
    cues: NDArray[np.float64]


def load(path: Path) -> NDArray[np.uint8]:
    """Return a photo as (H, W, 3) RGB."""
    with Image.open(path) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def measure(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Cues and landmarks of the one face of a picture; None without exactly one."""
    picture = Pyramid(pixels)
    faces = find_faces(picture, turned=False).faces
    if len(faces) != 1:
        return None
    portrait = Portrait(picture, faces[0])
    pose = head_pose(faces[0].points)
    plain, _ = plain_belief(faces[0])
    cues = occlusion.lower_face_cues(portrait, pose, grey=grey_photo(portrait), plain=plain)
    return cues, faces[0].points


def rows_of(folder: Path, rng: np.random.Generator) -> Iterator[Row]:
    """Yield the photos of one set and what is painted on them."""
    name, covered = folder.name, folder.name == "mask_with"
    people = "mask" if name.startswith("mask") else name
    for number, path in enumerate(sorted(folder.iterdir())):
        pixels = load(path)
        found = measure(pixels)
        if found is None:
            continue
        yield Row(name, people, number, covered, found[0])
        if people == "mask":
            grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
            again = measure(np.dstack([grey] * 3))
            if again is not None:
                yield Row(f"{name} in grey", people, number, covered, again[0])
        if covered or (number % 5 and name != "aflw2000"):
            continue
        cloth = CLOTHS[rng.integers(len(CLOTHS))]
        if name in ("yale", "orl"):
            cloth = (int(np.mean(cloth)),) * 3
        for kind, picture in (
            ("mask", painted.cover_with_mask(pixels, found[1], cloth, int(rng.integers(2)) * 50)),
            ("hand", painted.cover_with_hand(pixels, found[1], number)),
            ("scarf", painted.cover_with_scarf(pixels, found[1], cloth)),
            ("headscarf", painted.cover_with_headscarf(pixels, found[1], cloth)),
        ):
            drawn = measure(picture)
            if drawn is not None:
                yield Row(f"{name} + {kind}", people, number, kind != "headscarf", drawn[0])


def fit(cues: NDArray[np.float64], covered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, both classes weighing the same, ridge 1."""
    centre, spread = cues.mean(0), cues.std(0) + 1e-9
    design = np.column_stack([(cues - centre) / spread, np.ones(len(cues))])
    weight = np.where(covered, 0.5 / covered.mean(), 0.5 / (~covered).mean())
    ridge = np.diag([*np.ones(cues.shape[1]), 0.0])
    beta = np.zeros(design.shape[1])
    for _ in range(30):
        belief = 1 / (1 + np.exp(-design @ beta))
        curve = weight * belief * (1 - belief) + 1e-9
        gradient = design.T @ (weight * (covered - belief)) - ridge @ beta
        beta += np.linalg.solve((design * curve[:, None]).T @ design + ridge, gradient)
    return np.append(beta[:-1] / spread, beta[-1] - (beta[:-1] * centre / spread).sum())


def held_out(
    cues: NDArray[np.float64], covered: NDArray[np.bool_], group: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return each photo's score by a fit that did not see its group."""
    scores = np.zeros(len(cues))
    for one in np.unique(group):
        here = group == one
        numbers = fit(cues[~here], covered[~here])
        scores[here] = cues[here] @ numbers[:-1] + numbers[-1]
    return scores


def main() -> None:
    """Fit, and print the numbers and what they do."""
    given = (
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("EKTP_BIOCHECK_DATA", "../shared/data")
    )
    root = Path(given) / "face" / "images"
    rng = np.random.default_rng(1)
    rows = [row for name in SETS for row in rows_of(root / name, rng)]
    cues = np.array([row.cues for row in rows])
    covered = np.array([row.covered for row in rows])
    people = np.array([row.people for row in rows])
    source = np.array([row.source for row in rows])
    sets_out = held_out(cues, covered, people)
    photos_out = held_out(cues, covered, np.array([row.photo // 8 % 5 for row in rows]))
    numbers = fit(cues, covered)
    now = cues @ numbers[:-1] + numbers[-1]
    shipped = cues @ np.array(occlusion.WEIGHTS[:-1]) + occlusion.WEIGHTS[-1]
    print("WEIGHTS =", ", ".join(f"{n:.3f}" for n in numbers))
    print("PLAIN_WEIGHTS = 0.0,", ", ".join(f"{n:.3f}" for n in fit(cues[:, 1:], covered)))
    gate = np.log(GATE / (1 - GATE))
    print(f"gate at a probability of {GATE}")
    print(f"{'source':28s} {'photos':>6s}  called covered: set out / photos out / fitted / shipped")
    for name in np.unique(source):
        here = source == name
        shares = " ".join(
            f"{(z[here] > gate).mean():7.3f}" for z in (sets_out, photos_out, now, shipped)
        )
        print(f"{name:28s} {here.sum():6d} {shares}   {'covered' if covered[here][0] else 'bare'}")


if __name__ == "__main__":
    main()
