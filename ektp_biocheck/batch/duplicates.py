"""The same capture twice: equal bytes, or the same picture saved again or cropped a little.

Two impressions of one finger are different captures and must not be called duplicates; the
same capture handed in for two people, or for two fingers, must be. So what is compared is fine
detail, which no second touch repeats: the means of all columns and of all rows, less their
smooth part. Such a profile survives another encoding, a change of brightness and a crop (it
shifts), and nobody can draw the capture from it.

Signatures are whole numbers, and so are the sums that decide: the order in which they are added
up does not matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIGNATURE", "Candidate", "find_duplicates", "likeness", "signature"]

SIGNATURE = 1
"""Version of `signature`; raised when its bytes change."""

SAME = 0.92  # different impressions stay below 0.70, eyes below 0.83, photos below 0.91
MAYBE = 0.70  # likeness of spectra from which profiles are compared
REACH = 40  # pixels that a crop may take from one side
LONGEST = 1024
_EDGE = 6  # pixels at each end that frames and fringes spoil
_LEAST_DETAIL = 0.05  # grey levels; below it the picture is empty
_BINS = 512
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row that may be a duplicate."""

    name: str
    kind: str
    sha256: str
    signature: bytes | None


def signature(pixels: NDArray[np.uint8]) -> bytes | None:
    """Return what two copies of one capture have in common.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        The capture as decoded.

    Returns
    -------
    bytes or None
        The length of the first profile in two bytes, then both as int8; ``None`` when there is
        nothing in the picture to compare.
    """
    from ektp_biocheck.opencv import cv2
    from ektp_biocheck.samples import to_grey

    grey = to_grey(pixels)
    while max(grey.shape) >= LONGEST and min(grey.shape) >= 2:
        half = (grey.shape[1] // 2, grey.shape[0] // 2)
        grey = cv2.resize(grey, half, interpolation=cv2.INTER_AREA)
    profiles = []
    for axis in (0, 1):
        mean = grey.mean(axis=axis, dtype=np.float64).astype(np.float32)[np.newaxis]
        fine = (mean - cv2.GaussianBlur(mean, (0, 0), 2.5))[0, _EDGE:-_EDGE]
        typical = float(np.median(np.abs(fine))) if fine.size > REACH else 0.0
        if typical < _LEAST_DETAIL:
            return None
        profiles.append(np.rint(np.clip(fine / (3 * typical), -1, 1) * 127).astype(np.int8))
    return len(profiles[0]).to_bytes(2, "little") + b"".join(p.tobytes() for p in profiles)


def likeness(one: bytes, two: bytes) -> float:
    """Compare two signatures: the smaller of the two profiles' best correlations, -1 to 1."""
    return min(_best(a, b) for a, b in zip(_profiles(one), _profiles(two), strict=True))


def find_duplicates(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Name, for every copy, the row it is a copy of.

    Parameters
    ----------
    candidates : sequence of Candidate
        In any order; only rows of one kind are compared by signature.

    Returns
    -------
    dict
        Name of each copy to the name that comes first among all copies of that capture.
    """
    ordered = sorted(candidates, key=lambda c: c.name)
    first_of: dict[str, str] = {}
    groups = _Groups()
    distinct: dict[str, list[Candidate]] = {}
    for candidate in ordered:
        known = first_of.setdefault(candidate.sha256, candidate.name)
        if known != candidate.name:
            groups.join(known, candidate.name)
        elif candidate.signature is not None:
            distinct.setdefault(candidate.kind, []).append(candidate)
    for alike in distinct.values():
        signatures = [c.signature or b"" for c in alike]
        for i, j in _pairs(signatures):
            one, two = alike[i].name, alike[j].name
            if groups.first(one) == groups.first(two):
                continue  # found through a third copy: a hundred copies are not 4,950 looks
            if likeness(signatures[i], signatures[j]) >= SAME:
                groups.join(one, two)
    return groups.copies()


def _profiles(packed: bytes) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    width = int.from_bytes(packed[:2], "little")
    both = np.frombuffer(packed, np.int8, offset=2)
    return both[:width], both[width:]


def _best(one: NDArray[np.int8], two: NDArray[np.int8]) -> float:
    """Return the best correlation over shifts that leave most of the longer profile."""
    a, b = one.astype(np.float64), two.astype(np.float64)  # whole numbers: sums are exact
    shifts = np.arange(-REACH, REACH + 1)
    low_a, low_b = np.maximum(0, shifts), np.maximum(0, -shifts)
    common = np.minimum(len(a) - low_a, len(b) - low_b)
    kept = common >= 0.7 * max(len(a), len(b))
    if not kept.any():
        return -1.0
    low_a, low_b, common = low_a[kept], low_b[kept], common[kept]
    products = np.correlate(a, b, "full")[len(b) - 1 + shifts[kept]]
    sums_a, sums_b = (np.concatenate([[0.0], np.cumsum(x * x)]) for x in (a, b))
    energy = (sums_a[low_a + common] - sums_a[low_a]) * (sums_b[low_b + common] - sums_b[low_b])
    return float((products / np.sqrt(np.maximum(energy, 1.0))).max())


def _pairs(signatures: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield the pairs whose spectra are alike: a shift, and so a crop, hardly changes them.

    The spectra are small whole numbers, whose products add up exactly in any order even as
    floats; so the pairs do not depend on how many cores the sums are spread over.
    """
    if len(signatures) < 2:
        return
    spectra = np.stack([_spectrum(packed) for packed in signatures])
    lengths = np.sqrt((spectra.astype(np.float64) ** 2).sum(axis=1))
    for top in range(0, len(spectra), _CHUNK):
        for left in range(top, len(spectra), _CHUNK):
            one, two = slice(top, top + _CHUNK), slice(left, left + _CHUNK)
            limit = MAYBE * np.outer(lengths[one], lengths[two])
            rows, columns = np.nonzero(spectra[one] @ spectra[two].T >= limit)
            for i, j in zip((top + rows).tolist(), (left + columns).tolist(), strict=True):
                if i < j:
                    yield i, j


def _spectrum(packed: bytes) -> NDArray[np.float32]:
    """Return how strong each fineness of both profiles is against its neighbours; whole numbers."""
    from ektp_biocheck.opencv import cv2

    parts = []
    for profile in _profiles(packed):
        middle = max(0, (len(profile) - _BINS) // 2)
        cut = profile[middle : middle + _BINS].astype(np.float64)
        strength = np.sqrt(np.abs(np.fft.rfft(cut * np.hanning(len(cut)), _BINS)))[8:200]
        strength = strength.astype(np.float32)[np.newaxis]
        smooth = cv2.GaussianBlur(strength, (0, 0), 1.2)
        part = (smooth - cv2.GaussianBlur(smooth, (0, 0), 6))[0, ::2]
        parts.append(np.rint(part * (60 / max(float(np.abs(part).max()), 1e-6))))
    return np.concatenate(parts).astype(np.float32)


class _Groups:
    """Rows that hold the same capture; each group goes by its first name."""

    def __init__(self) -> None:
        self.above: dict[str, str] = {}

    def first(self, name: str) -> str:
        while name in self.above:
            name = self.above[name]
        return name

    def join(self, one: str, two: str) -> None:
        low, high = sorted((self.first(one), self.first(two)))
        if low != high:
            self.above[high] = low

    def copies(self) -> dict[str, str]:
        return {name: self.first(name) for name in self.above}
