"""The same capture twice is named; two captures of one finger never are."""

import io
import itertools

import numpy as np
import pytest
from batch_captures import ridges, rows, run_here, save, summary
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ektp_biocheck.batch.duplicates import (
    SAME,
    Candidate,
    find_duplicates,
    likeness,
    signature,
)
from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.batch.run import How
from fixtures.fingerprint import Condition, finger, render


def jpeg(pixels, quality=85):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def alike(one, two):
    found = find_duplicates(
        [
            Candidate("a", "finger", "1", signature(one)),
            Candidate("b", "finger", "2", signature(two)),
        ]
    )
    return found == {"b": "a"}


@pytest.fixture(scope="module")
def impressions():
    """Two touches of each of two fingers: no two touches lie and stretch alike."""
    touches = (Condition(), Condition(rotation_deg=4.0, offset_mm=(0.4, -0.5), pressure=0.2))
    pads = [finger(number, pattern="right_loop", pad_mm=(12.0, 15.0)) for number in (3, 4)]
    return [
        [
            render(pad, touch, size_mm=(14.0, 17.0), impression=number).pixels
            for number, touch in enumerate(touches)
        ]
        for pad in pads
    ]


@pytest.mark.parametrize(
    "again",
    [
        lambda p: p.copy(),
        jpeg,
        lambda p: p[5:, 3:-7],
        lambda p: np.clip(p * 0.9 + 12, 0, 255).astype(np.uint8),
        lambda p: np.dstack([p] * 3),
        lambda p: jpeg(p[4:-6, 2:], 90),
    ],
    ids=["same", "jpeg", "crop", "brightness", "colour", "crop and jpeg"],
)
def test_one_capture_saved_again_is_the_same_capture(impressions, again):
    capture = impressions[0][0]
    assert alike(capture, again(capture))


def test_two_touches_of_one_finger_are_two_captures(impressions):
    captures = list(itertools.chain(*impressions))
    for one, two in itertools.combinations(captures, 2):
        assert not alike(one, two)


@pytest.mark.parametrize("pixels", [np.full((300, 300), 250, np.uint8), np.zeros((5, 5), np.uint8)])
def test_nothing_is_compared_where_nothing_is_seen(pixels):
    assert signature(pixels) is None
    empty = [Candidate(name, "finger", name, None) for name in "ab"]
    assert find_duplicates(empty) == {}


def test_the_first_name_stands_for_all_copies_in_any_order():
    prints = [signature(ridges(seed)) for seed in range(3)]
    candidates = [
        Candidate("c", "finger", "1", prints[0]),
        Candidate("a", "finger", "1", prints[0]),
        Candidate("b", "finger", "2", prints[0]),
        Candidate("d", "finger", "3", prints[1]),
        Candidate("e", "iris", "4", prints[1]),
        Candidate("f", "finger", "5", prints[2]),
    ]
    for order in itertools.permutations(candidates):
        assert find_duplicates(order) == {"b": "a", "c": "a"}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3), st.tuples(*[st.integers(0, 10)] * 4))
def test_likeness_does_not_depend_on_the_order_and_survives_a_crop(impressions, which, cut):
    pixels = impressions[which // 2][which % 2]
    top, bottom, left, right = cut
    cropped = pixels[top : pixels.shape[0] - bottom, left : pixels.shape[1] - right]
    one, two = signature(pixels), signature(cropped)
    assert likeness(one, two) == likeness(two, one)
    assert likeness(one, two) >= SAME
    assert likeness(one, one) == pytest.approx(1)


def test_copies_are_named_in_the_rows_across_persons_and_formats(tmp_path):
    folder, out = tmp_path / "captures", tmp_path / "out"
    save(folder / "p1" / "right_thumb.png", ridges(1))
    save(folder / "p2" / "left_thumb.bmp", ridges(1))
    save(folder / "p3" / "thumb.jpg", ridges(1), quality=92)
    save(folder / "p3" / "other.png", ridges(2))
    (folder / "p4.png").write_bytes((folder / "p1" / "right_thumb.png").read_bytes())
    for name in ("x.txt", "y.txt"):  # not captures
        (folder / name).write_text("the same text")
    run_here(folder, out, Options(), How(workers=1))
    named = {path: row["duplicate_of"] for path, row in rows(out).items() if row["duplicate_of"]}
    assert named == dict.fromkeys(
        ["p2/left_thumb.bmp", "p3/thumb.jpg", "p4.png"], "p1/right_thumb.png"
    )
    assert summary(out)["duplicates"] == 3


@pytest.mark.data
def test_no_two_development_captures_are_called_the_same(data_root):
    """81,810 pairs of prints, 1.1 million of eyes; some are of one finger, one eye."""
    for kind in ("fingerprint", "iris"):
        files = sorted(p for p in (data_root / kind / "images").rglob("*.*") if p.is_file())
        assert len(files) > 300
        found = find_duplicates([_candidate(kind, file) for file in files])
        assert found == {}


def _candidate(kind, file):
    with Image.open(file) as picture:
        return Candidate(str(file), kind, str(file), signature(np.asarray(picture.convert("L"))))
