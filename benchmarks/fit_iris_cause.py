"""Fit the weights of iris/cause.py: ``python -m benchmarks.fit_iris_cause [--every N]``.

Veiled eyes, lids lowered over real eyes and drawn closed ones, skin beside real eyes and
pictures of other things, as far as no eye is found in them. Needs the development captures
(see `iris_data`).
"""

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.iris_data import (
    beside_eye,
    boundaries,
    captures,
    data_root,
    lid_lowered,
    read_grey,
    strangers,
    veiled,
)
from ektp_biocheck.iris import segment
from ektp_biocheck.iris.cause import CAUSES, SIGNS, signs
from fixtures.iris import draw_eye, random_eye

_FOLDS = 5
Sample = tuple[int, str, NDArray[np.uint8]]


def samples(every: int) -> Iterator[Sample]:
    """Cause, person and picture."""
    root, rng = data_root(), np.random.default_rng(6)
    truth = boundaries(root)
    for name, image, path in captures(root)[1::every]:
        pixels, b = read_grey(path), truth[name, image]
        who = f"{name}/{image[:3]}"
        for _ in range(2):
            yield 0, who, veiled(pixels, b, rng.uniform(0.5, 0.97), rng)
            yield 1, who, lid_lowered(pixels, b, rng.uniform(0.35, 1.05))
            skin = beside_eye(pixels, b, rng)
            if skin is not None:
                yield 2, who, skin
    for seed in range(40):
        yield 0, f"drawn {seed}", draw_eye(random_eye(6000 + seed, haze=rng.uniform(0.6, 0.95)))[0]
        yield 1, f"drawn {seed}", draw_eye(random_eye(6000 + seed, closed=True))[0]
    for k, pixels in enumerate(strangers(root, rng, 60)):
        yield 2, f"other {k}", pixels


def fit(
    x: NDArray[np.float64], y: NDArray[np.int64], weight: NDArray[np.float64], ridge: float = 0.5
) -> NDArray[np.float64]:
    """Multinomial logistic regression by Newton steps; (signs, causes), the bias not held."""
    signs_, causes = x.shape[1], len(CAUSES)
    w = np.zeros((signs_, causes))
    held = np.r_[1e-3, np.full(signs_ - 1, ridge)]
    target = np.eye(causes)[y]
    for _ in range(30):
        z = x @ w
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        slope = x.T @ (weight[:, None] * (p - target)) + held[:, None] * w
        hessian = np.zeros((signs_ * causes, signs_ * causes))
        for a in range(causes):
            for b in range(causes):
                curve = weight * p[:, a] * ((a == b) - p[:, b])
                block = (x * curve[:, None]).T @ x + (a == b) * np.diag(held)
                hessian[a::causes, b::causes] = block
        w -= np.linalg.solve(hessian, slope.ravel()).reshape(w.shape)
    return w


def main() -> None:
    """Print the weights, and how often the cause is right across people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=7, help="every n-th capture")
    rows, causes, people = [], [], []
    for cause, who, pixels in samples(parser.parse_args().every):
        eye = segment(pixels)
        if eye is None or eye.confidence < 0.5:
            rows.append(signs(pixels))
            causes.append(cause)
            people.append(who)
    x, y = np.array(rows), np.array(causes)
    weight = (len(y) / len(CAUSES) / np.bincount(y))[y]
    names, which = np.unique(people, return_inverse=True)
    fold = (np.random.default_rng(1).permutation(len(names)) % _FOLDS)[which]
    told = np.zeros(len(y), int)
    for k in range(_FOLDS):
        w = fit(x[fold != k], y[fold != k], weight[fold != k])
        told[fold == k] = np.argmax(x[fold == k] @ w, axis=1)
    for k, cause in enumerate(CAUSES):
        print(f"{cause}: {(y == k).sum()} without an eye found, {np.mean(told[y == k] == k):.2f}")
    print("_WEIGHTS = np.array([")
    for name, row in zip(SIGNS, fit(x, y, weight), strict=True):
        print("    [" + ", ".join(f"{v:.2f}" for v in row) + f"],  # {name}")
    print("])")


if __name__ == "__main__":
    main()
