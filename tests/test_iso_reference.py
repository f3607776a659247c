"""The ISO measures beside those of NFIQ 2.3 itself, on real prints."""

import csv

import pytest
import slow_iso

from ektp_biocheck.fingerprint.iso import NAMES, native_measures
from ektp_biocheck.fingerprint.iso.blocks import crop_white_border
from ektp_biocheck.fingerprint.iso.roi import region_of_interest
from ektp_biocheck.samples import open_sample

pytestmark = pytest.mark.data


@pytest.fixture(scope="session")
def reference(data_root):
    """Every print with the figures that NIST's own program has for it."""
    folder = data_root / "fingerprint"
    with (folder / "reference" / "per_image.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 400
    return [(folder / "images" / row["set"] / f"{row['image']}.png", row) for row in rows]


def pixels_of(path):
    return open_sample(path, ppi=500).pixels


def disagreements(ours, row):
    """Measures that differ by more than 1e-4 of their value and 1e-6."""
    theirs = {name: float(row[name]) for name in NAMES}
    return slow_iso.differences(ours, theirs, relative=1e-4, absolute=1e-6)


LAST_BIT = {"FVC2002_DB1_B/101_4", "FVC2000_DB1_B/109_7", "FVC2000_DB1_B/110_7"}


def check(prints):
    wrong = {}
    for path, row in prints:
        found = disagreements(native_measures(pixels_of(path)), row)
        if found:
            wrong[f"{row['set']}/{row['image']}"] = found
    assert not wrong


def test_all_65_measures_equal_the_reference_on_one_print_in_ten(reference):
    check(reference[::10])


def test_prints_on_which_the_last_bit_decides(reference):
    """A flat spectrum whose peak is up to rounding; grey levels just between two."""
    chosen = [(path, row) for path, row in reference if f"{row['set']}/{row['image']}" in LAST_BIT]
    assert len(chosen) == 3
    check(chosen)
    for path, row in chosen:
        cropped = crop_white_border(pixels_of(path))
        assert region_of_interest(cropped).sum() == float(row["roi_pixels"]), path.name


@pytest.mark.long
def test_all_65_measures_equal_the_reference_on_every_print(reference):
    check(reference)


def test_prints_the_reference_refuses_have_figures_too(reference):
    refused = [path for path, row in reference if row["error"]]
    assert len(refused) == 9
    for path in refused:
        assert None not in native_measures(pixels_of(path)).values()


@pytest.mark.long
def test_the_slow_second_opinion_equals_the_reference_as_well(reference):
    wrong = {}
    for path, row in reference:
        found = disagreements(slow_iso.measures(pixels_of(path)), row)
        if found:
            wrong[f"{row['set']}/{row['image']}"] = found
    assert not wrong


@pytest.mark.long
def test_fast_and_slow_agree_to_the_ninth_digit(reference):
    for path, _ in reference:
        pixels = pixels_of(path)
        fast, slow = native_measures(pixels), slow_iso.measures(pixels)
        assert slow_iso.differences(fast, slow) == {}, path.name
