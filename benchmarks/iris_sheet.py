"""A contact sheet of the least sure boundaries: ``python -m benchmarks.iris_sheet OUT.png [N]``.

All development captures are segmented; the N (60) with the lowest confidence are drawn with
their boundaries and lids, worst first, to be judged by eye. The sheet shows real eyes: write it
outside the repository.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.iris_data import captures, data_root, read_grey
from ektp_biocheck.iris import Eye, segment
from ektp_biocheck.opencv import cv2

_SIZE = (240, 180)


def tile(pixels: NDArray[np.uint8], eye: Eye | None, label: str) -> NDArray[np.uint8]:
    """One capture at 240×180 with what was found in it."""
    picture = cv2.cvtColor(cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA), 8)
    scale = np.array(_SIZE) / pixels.shape[::-1]
    if eye is not None:
        angles = np.linspace(0, 2 * np.pi, 90, dtype=np.float32)
        for curve, colour in ((eye.pupil, (255, 255, 0)), (eye.limbus, (80, 255, 80))):
            r = curve.radius(angles)
            points = np.stack([curve.x + r * np.cos(angles), curve.y + r * np.sin(angles)], axis=1)
            cv2.polylines(picture, [np.rint(points * scale).astype(np.int32)], True, colour, 1)
        u = np.linspace(-1, 1, 30, dtype=np.float32)
        for lid in (eye.upper, eye.lower):
            points = np.stack(
                [eye.limbus.x + u * eye.limbus.r, eye.limbus.y + lid.at(u) * eye.limbus.r], 1
            )
            cv2.polylines(
                picture, [np.rint(points * scale).astype(np.int32)], False, (60, 60, 255), 1
            )
    cv2.putText(picture, label, (3, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 255, 255), 1)
    return picture


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=60)
    arguments = parser.parse_args()
    if Path(__file__).resolve().parents[1] in arguments.out.resolve().parents:
        raise SystemExit(f"{arguments.out} lies in the repository; real eyes must not")
    doubt = []
    for k, (_, _, path) in enumerate(captures(data_root())):
        eye = segment(read_grey(path))
        doubt.append((0.0 if eye is None else eye.confidence, k, path, eye))
    doubt.sort(key=lambda row: row[:2])
    tiles = [
        tile(read_grey(path), eye, f"{n} {path.parent.name[:5]} {path.stem} {confidence:.2f}")
        for n, (confidence, _, path, eye) in enumerate(doubt[: arguments.count])
    ]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 6)
    sheet = [np.hstack(tiles[k : k + 6]) for k in range(0, len(tiles), 6)]
    cv2.imwrite(str(arguments.out), np.vstack(sheet))


if __name__ == "__main__":
    main()
