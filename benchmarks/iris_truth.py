"""Segmentation against the truth of drawn eyes: ``python -m benchmarks.iris_truth [EYES]``."""

import sys

import numpy as np

from ektp_biocheck.iris import segment
from fixtures.iris import draw_eye, random_eye

KINDS: dict[str, dict[str, object]] = {
    "clean": {},
    "defocus": {"defocus_mm": 0.15},
    "motion": {"motion_mm": 0.6},
    "haze": {"haze": 0.3},
    "cataract": {"cataract": 0.3},
    "arcus": {"arcus": 0.4},
    "gaze": {"gaze": (15.0, 5.0)},
    "lid": {"opening_up": 2.6},
    "lashes": {"lashes": 110, "lash_reach": 2.2},
    "glare": {"glare": 0.12},
    "dark": {"exposure": 0.4},
    "lens": {"lens": 0.5},
    "unequal pixels": {"pixel_aspect": 1.12},
    "wide pupil": {"pupil_mm": 7.5},
    "small pupil": {"pupil_mm": 2.6},
    "aside": {"centre": (5.0, 2.0)},
}


def main() -> None:
    """Print the share of eyes within 2 % (centres) and 3 % (radii) of the iris radius."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    errors, overlaps, names = [], [], []
    for seed in range(count):
        name = list(KINDS)[seed % len(KINDS)]
        pixels, truth = draw_eye(random_eye(1000 + seed, **KINDS[name]))
        eye, r = segment(pixels), truth.limbus.radius
        names.append(name)
        if eye is None:
            errors.append([9.0] * 4)
            overlaps.append(0.0)
            continue
        row = []
        for found, drawn in ((eye.pupil, truth.pupil), (eye.limbus, truth.limbus)):
            row.append(np.hypot(found.x - drawn.x, found.y - drawn.y) / r)
            row.append(abs(found.r - drawn.radius) / r)
        errors.append(row)
        found_mask, drawn_mask = eye.mask(), truth.masks["visible"]
        overlaps.append((found_mask & drawn_mask).sum() / max((found_mask | drawn_mask).sum(), 1))
    table, kinds = np.array(errors), np.array(names)
    good = table <= [0.02, 0.03, 0.02, 0.03]
    print("within: pupil centre, pupil radius, limbus centre, limbus radius", good.mean(axis=0))
    print(
        f"all four {good.all(axis=1).mean():.3f}; 95th percentiles",
        np.percentile(table, 95, axis=0),
    )
    print(f"visible mask, intersection over union: median {np.median(overlaps):.3f}")
    for name in KINDS:
        share = good[kinds == name].all(axis=1).mean()
        print(f"  {name:16s} {share:.2f}  IoU {np.median(np.array(overlaps)[kinds == name]):.3f}")


if __name__ == "__main__":
    main()
