"""Mutants of the fingerprint measures: one small mistake each, which the tests must notice.

    python tests/mutants.py [--only TEXT]

copies the repository's code, makes the mistakes one after the other, runs the tests that should
notice, and prints a table: which test killed which mutant. `test_mutants.py` does the same as
a (long) test. Tests that need the development captures take no part, so that the repository's
own tests are shown to bite.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ISO = ("test_iso_closed_form.py", "test_iso_second_opinion.py", "test_iso_properties.py")
TESTS = {
    "iso": ISO,
    "ridges": ("test_ridges.py",),
    "enhancement": ("test_ridges.py",),
    "foreground": ("test_foreground.py",),
    "minutiae": ("test_minutiae.py",),
}


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new` in one file of the fingerprint package; it must occur just once."""

    file: str
    old: str
    new: str

    @property
    def tests(self) -> tuple[str, ...]:
        return TESTS[self.file.split("/")[0].removesuffix(".py")]

    def __str__(self) -> str:
        return f"{self.file}: {self.old.strip()} → {self.new.strip() or 'nothing'}"


def _of(file: str, *changes: tuple[str, str]) -> list[Mutant]:
    return [Mutant(file, old, new) for old, new in changes]


MUTANTS = [
    *_of(
        "iso/fda.py",
        ("0.3 * sides", "0.5 * sides"),
        ("amplitude[:, :15]", "amplitude[:, :16]"),
        ("(peak == 0) | (peak == 30)", "peak == 30"),
        ("inner - 1", "inner - 2"),
        ("np.where(at_end, 1.0, share)", "share"),
        ("0.44, 0.50, 1.0)", "0.44, 0.55, 1.0)"),
    ),
    *_of(
        "iso/lcs.py",
        ("(alpha + beta) / 2", "(alpha + beta) / 3"),
        ("profiles.windows < profiles.trend", "profiles.windows <= profiles.trend"),
        ("(3.0, 10.0)", "(2.5, 10.0)"),
        ("(3.0, 10.0)", "(3.0, 10.5)"),
        ("(2.0, 10.0)", "(1.5, 10.0)"),
        ("(2.0, 10.0)", "(2.0, 10.5)"),
        ("np.where(changes.rank == 0, 0,", "np.where(changes.rank == 0, -1,"),
        ("total * (1 / np.maximum(count, 1))", "total / np.maximum(count, 1)"),
        ("(changes.rank % 2 == 0) == starts", "(changes.rank % 2 == 1) == starts"),
        ("(16 - dark) * ridge", "dark * ridge"),
        ("np.maximum(valley_pixels, 1)", "np.maximum(ridge_pixels, 1)"),
        ("blocks.unpadded", "blocks.padded"),
        ("np.where(_plausible(profiles), 1 - (alpha + beta) / 2, 0.0)", "1 - (alpha + beta) / 2"),
        ("0.83, 0.85", "0.84, 0.85"),
    ),
    *_of(
        "iso/rvup.py",
        ("find_changes(ridge[:, :-1])", "find_changes(ridge)"),
        ("changes.rank >= 3", "changes.rank >= 2"),
        ("(from_end - kind) % 2 == 0", "(from_end - kind) % 2 == 1"),
        ("np.where(inverted, 1 / ratio, ratio)", "ratio"),
        ("blocks.padded", "blocks.unpadded"),
        ("width[later] / width[later - 1]", "width[later - 1] / width[later]"),
        ("(0.5, 0.667", "(0.5, 0.7"),
    ),
    *_of(
        "iso/runs.py",
        ("ridge[:, 1:] != ridge[:, :-1]", "ridge[:, 1:] > ridge[:, :-1]"),
        ("np.cumsum(count)[:-1]", "np.cumsum(count)[1:]"),
    ),
    *_of(
        "iso/of.py",
        ("turn /= 8", "turn /= 9"),
        ("turn > TOLERANCE", "turn >= TOLERANCE"),
        ("(np.pi / 2 - TOLERANCE)", "(np.pi / 2)"),
        ("(chosen - TOLERANCE) /", "chosen /"),
        ("        inner &= valid[around]\n", ""),
        (
            "np.abs(centre - theta[around])",
            "np.abs(np.angle(np.exp(2j * (centre - theta[around])))) / 2",
        ),
        ("!= (1, 1)", "not in [(1, 1), (0, 0)]"),
        ("(0.01715, 0.035", "(0.01715, 0.045"),
    ),
    *_of(
        "iso/ocl.py",
        ("root = np.hypot(xx - yy, 2 * xy)", "root = np.hypot(xx - yy, xy)"),
        ("np.hypot(xx - yy, 2 * xy) / np", "np.hypot(xx - yy, xy) / np"),
        ("some = large > 0", "some = large > -1"),
        ("1 - (xx + yy - root)[some]", "(xx + yy - root)[some]"),
        ("0.852, 0.898", "0.852, 0.9"),
    ),
    *_of(
        "iso/blocks.py",
        ("0.5 * np.arctan2(xy, xx - yy)", "0.5 * np.arctan2(2 * xy, xx - yy)"),
        ("OFFSET = 2 ", "OFFSET = 3 "),
        ("length - BLOCK - 1, OFFSET", "length - BLOCK, OFFSET"),
        ("FLAT_TILE = 0.1 ", "FLAT_TILE = 0.15 "),
        ("tiles[:-1, :-1] & tiles[1:, :-1]", "tiles[:-1, :-1]"),
        ("mean(axis=1) <= BLANK_LINE", "mean(axis=1) < BLANK_LINE"),
        ("mean(axis=0) <= BLANK_LINE", "mean(axis=0) < BLANK_LINE"),
        ("BLANK_LINE = 250", "BLANK_LINE = 252"),
        ("centre = size / 2", "centre = (size - 1) / 2"),
        ("np.rint(value * 1024)", "np.floor(value * 1024)"),
        ("(source_x.view(np.uint32), source_y", "(source_x.view(np.uint32), source_x"),
        ("turned[outside] = 0", "turned[outside] = 255"),
        ("angle + np.pi / 2, UPRIGHT", "angle - np.pi / 2, UPRIGHT"),
        ("(top - 2, left - 2)", "(top - 1, left - 1)"),
        ("np.pad(pixels, 2)  # a 40 px", 'np.pad(pixels, 2, mode="edge")  #'),
        ("np.outer(np.round(slope, 10), x)", "np.outer(0 * slope, x)"),
        ("slope[..., first] = 2 *", "slope[..., first] = 1 *"),
        ("slope[..., -1] = 0", "slope[..., -1] = 9"),
        ("slope[..., last] = 2 * (pixels[..., last] - pixels[..., last - 1])", "pass"),
    ),
    *_of(
        "iso/histogram.py",
        ('side="right"', 'side="left"'),
        ("values.std()", "values.std(ddof=values.size > 1)"),
        ("values.mean()", "np.median(values)"),
    ),
    *_of(
        "iso/roi.py",
        ("np.ones((5, 5)", "np.ones((3, 3)"),
        ("(41, 91)", "(41, 41)"),
        ("    _fill_holes(finger)\n", ""),
        ("stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]", "stats[1:, 4]"),
        ("connectivity=4", "connectivity=8"),
        ("boxes.argmax()", "boxes[::-1].argmax()"),
    ),
    *_of(
        "iso/__init__.py",
        ("MIN_FDA_BLOCKS = 10", "MIN_FDA_BLOCKS = 11"),
        ("MIN_FDA_BLOCKS = 10", "MIN_FDA_BLOCKS = 9"),
        ('"MMB": float(tile_means.mean())', '"MMB": float(cropped.mean())'),
        ('"Mu": float(cropped.mean())', '"Mu": float(pixels.mean())'),
        ("float(strength.sum())", "float(strength.sum()) / 2"),
        ("float(strength.mean()) if", "float(np.median(strength)) if"),
        ("float(pixels[roi].mean())", "float(np.median(pixels[roi]))"),
        ("< 255.0\n", "< 0.0\n"),
        ("tile_sums(roi.astype(np.int32)) > 0", "tile_sums(roi.astype(np.int32)) > 99"),
        ("min(cropped.shape) < 2", "min(cropped.shape) < 1"),
    ),
    *_of(
        "ridges.py",
        ("np.arctan2(sine_near, cosine_near) / 2", "np.arctan2(sine_near, cosine_near) / 2.1"),
        ("np.sqrt(4 * energy / scale)", "np.sqrt(2 * energy / scale)"),
        ("(WINDOW / np.maximum(rate", "(1.05 * WINDOW / np.maximum(rate"),
        ("inside / (everything", "inside / (2 * everything"),
        ("inside / (everything + np.float32(1.0))", "inside / (energy + np.float32(1.0))"),
        ("(views - level[:, :, None, None])", "views"),
        ("np.hypot(cosine_near, sine_near)", "np.hypot(cosine, sine)"),
        ("(0.5 * step) / CELL - 0.5", "0.0"),
        ("cv2.BORDER_REFLECT_101\n", "cv2.BORDER_CONSTANT\n"),
    ),
    *_of(
        "enhancement.py",
        ("filters * np.sqrt(np.sqrt(power))", "np.sqrt(np.sqrt(power))"),
        ("waves /= np.sqrt(power_of + np.float32(1e-6))[:, None, None]", "pass"),
        ("side : side + height, side", ": height, side"),
        ("wanted[:, :, 0] *= np.float32(0.5)", "wanted[:, :, 0] *= np.float32(3)"),
    ),
    *_of(
        "foreground.py",
        ("FAINTEST = 0.3", "FAINTEST = 0.02"),
        ("FAINTEST = 0.3", "FAINTEST = 0.8"),
        ("LEAST_AMPLITUDE = 2.5", "LEAST_AMPLITUDE = 40"),
        ("LEAST_CLARITY = 0.16", "LEAST_CLARITY = 0.01"),
        ("LEAST_CLARITY = 0.16", "LEAST_CLARITY = 0.4"),
        ("PRESSED = 0.4", "PRESSED = 0.05"),
        ("PRESSED = 0.4", "PRESSED = 3.0"),
        ("        skin &= _hull(mask)", "        pass"),
        ("(25.4 / 500) ** 2", "(25.4 / 508) ** 2"),
        ("(fine[:height, :width] > 0.5)", "(fine[:height, :width] > -1)"),
        ("STRAY = 0.12", "STRAY = 0.0"),
        ("max(contours, key=cv2.contourArea)", "min(contours, key=cv2.contourArea)"),
        ("whole[: coarse.shape[0], : coarse.shape[1]] = coarse", "pass"),
    ),
    *_of(
        "minutiae.py",
        ("PAIR_PX = 9.0", "PAIR_PX = 0.0"),
        ("PAIR_PX = 9.0", "PAIR_PX = 25.0"),
        ("BORDER_PX = 14.0", "BORDER_PX = 0.0"),
        ("distance[y.astype(np.intp), x.astype(np.intp)] > BORDER_PX", "distance.max() > x"),
        ("* turn[real, None]", "* -turn[real, None]"),
        ("return there.ravel() < 0", "return there.ravel() > 0"),
        ("np.arctan2(-side[:, 1], side[:, 0])", "np.arctan2(side[:, 1], side[:, 0])"),
        ("x = column[real].astype(np.float32) + np.float32(0.5)", "x = row[real] + np.float32(0)"),
        ("found[i[along]] = True", "found[i] = True"),
        ("(first < second) & (turn[first] != turn[second])", "first < second"),
        ("value_at(field.clarity, x, y), confirmed", "value_at(field.period, x, y), confirmed"),
        ("(x + 0.5) / CELL - 0.5", "x / CELL"),
        ("np.where(nx[at] * across_x + ny[at] * across_y < 0, -1, 1)", "1"),
    ),
]


@contextmanager
def workshop() -> Iterator[Path]:
    """Lend a copy of the repository's code in which mistakes may be made."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        for name in ("ektp_biocheck", "fixtures", "tests"):
            leave = shutil.ignore_patterns("__pycache__", "captures")
            shutil.copytree(REPOSITORY / name, copy / name, ignore=leave)
        shutil.copy(REPOSITORY / "pyproject.toml", copy)
        yield copy


def run_tests(copy: Path, tests: tuple[str, ...]) -> str | None:
    """Return the name of the first test that fails, ``None`` when all pass."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "--no-header", "--tb=no"]
    command += ["-p", "no:cacheprovider", "--hypothesis-seed=0", "-m", "not long and not data"]
    command += ["-o", "xfail_strict=false"]  # to repair something by accident is no kill
    command += [f"tests/{name}" for name in tests]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    done = subprocess.run(  # noqa: S603
        command, cwd=copy, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - |$)", done.stdout, re.MULTILINE)
    if failed is None:
        raise RuntimeError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[1]


def every_test() -> tuple[str, ...]:
    """Return the files of tests that take part."""
    return tuple(sorted({name for names in TESTS.values() for name in names}))


def kill(mutant: Mutant, copy: Path) -> str | None:
    """Return the test that notices the mutant, ``None`` when it lives."""
    path = copy / "ektp_biocheck" / "fingerprint" / mutant.file
    original = path.read_text(encoding="utf-8")
    if original.count(mutant.old) != 1:
        raise ValueError(f"{mutant}: occurs {original.count(mutant.old)} times, must be once")
    path.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return run_tests(copy, mutant.tests)
    finally:
        path.write_text(original, encoding="utf-8")


def main() -> int:
    """Print the kill table; 1 when a mutant lives."""
    parser = argparse.ArgumentParser(description="Which test kills which mutant?")
    parser.add_argument("--only", default="", help="mutants whose description holds this text")
    only = parser.parse_args().only
    chosen = [mutant for mutant in MUTANTS if only in str(mutant)]
    alive = 0
    with workshop() as copy:
        broken = run_tests(copy, every_test())
        if broken:
            raise SystemExit(f"{broken} fails without any mutant")
        for mutant in chosen:
            killer = kill(mutant, copy)
            alive += killer is None
            print(f"{'LIVES' if killer is None else 'killed'}  {mutant}  [{killer}]", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} killed")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
