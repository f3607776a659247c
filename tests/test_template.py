"""ISO/IEC 19794-2:2011 records: every byte, and back again."""

import struct
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck import fingerprint
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.minutiae import Minutiae
from ektp_biocheck.fingerprint.template import FingerTemplate, read_templates, write_templates
from ektp_biocheck.positions import FingerPosition, ImpressionType
from fixtures.fingerprint import finger, render


def minutiae_of(rows):
    """(x, y, angle in 1/256 turns, ending, quality 0..100) rows."""
    x, y, angle, ending, quality = (np.array(c) for c in zip(*rows, strict=True))
    return Minutiae(
        x.astype(np.float32),
        y.astype(np.float32),
        (angle * (2 * np.pi / 256)).astype(np.float32),
        ending.astype(bool),
        (quality / 100).astype(np.float32),
        np.ones(len(x), bool),
    )


# Worked out by hand from the table in docs/fingerprint/template.md.
BY_HAND = bytes.fromhex(
    "464D5200"  # FMR\0
    "30333000"  # 030\0
    "00000042"  # 66 bytes in all: 15 + 51
    "0001"  # one representation
    "00"  # no certification
    "00000033"  # 51 bytes: 4 + 9 + 5 + 1 + 5 + 13 + 2 x 6 + 2
    "07E00911082A3B01C8"  # 2016-09-17 08:42:59.456
    "0000000000"  # device not reported
    "01"  # one quality block
    "4200000000"  # 66, vendor and algorithm not registered
    "07"  # left index
    "00"  # first of it
    "00C500C5"  # 197 px/cm
    "01"  # live rolled
    "01840176"  # 388 x 374
    "61"  # six bytes, ridge skeleton endpoint
    "02"  # two minutiae
    "4064000E505A"  # ending at 100, 14, 112.5 degrees, quality 90
    "807E0073FF1E"  # bifurcation at 126, 115, 358.6 degrees, quality 30
    "0000"  # no extended data
)
TWO = [(100, 14, 0x50, True, 90), (126, 115, 0xFF, False, 30)]


def by_hand(**changes):
    values = {
        "minutiae": minutiae_of(TWO),
        "width": 388,
        "height": 374,
        "position": FingerPosition.LEFT_INDEX,
        "impression": ImpressionType.LIVE_ROLLED,
        "quality": 66,
        "captured": datetime(2016, 9, 17, 8, 42, 59, 456_789, tzinfo=UTC),
    }
    return FingerTemplate(**(values | changes))


def test_every_byte_is_as_worked_out_by_hand():
    assert write_templates([by_hand()]).hex(" ") == BY_HAND.hex(" ")


def test_the_standards_own_minutiae_have_these_bytes():
    # First and last minutia of the example's left index: ending at (100, 14), 112 degrees,
    # quality 90; bifurcation at (126, 115), 172 degrees, quality 30.
    rows = [(100, 14, round(112 / 1.40625), True, 90), (126, 115, round(172 / 1.40625), False, 30)]
    record = write_templates([FingerTemplate(minutiae_of(rows), 512, 512)])
    assert record[-14:-2].hex() == "4064000e505a" + "807e00737a1e"


def test_without_quality_and_time_the_record_is_shorter_and_says_so():
    record = write_templates([by_hand(quality=None, captured=None)])
    assert len(record) == len(BY_HAND) - 5
    assert record[19:28] == b"\xff" * 9
    assert record[33] == 0  # number of quality blocks
    assert struct.unpack(">I", record[8:12]) == (len(record),)


def test_a_time_is_written_in_utc():
    wib = timezone(timedelta(hours=7))
    local = datetime(2016, 9, 17, 15, 42, 59, 456_000, tzinfo=wib)
    assert write_templates([by_hand(captured=local)]) == BY_HAND


def test_ten_fingers_and_repeated_views_make_one_record():
    positions = [FingerPosition(code) for code in range(1, 11)] + [FingerPosition.RIGHT_INDEX]
    record = write_templates(by_hand(position=p) for p in positions)
    assert struct.unpack(">H", record[12:14]) == (11,)
    views = [record[15 + 51 * n + 25] for n in range(11)]
    assert views == [0] * 10 + [1]
    assert [t.position for t in read_templates(record)] == positions


def test_of_more_than_255_minutiae_the_most_reliable_stay_in_order():
    rows = [(n, n, 0, True, 50 if n % 3 else 10) for n in range(360)]
    (read,) = read_templates(write_templates([FingerTemplate(minutiae_of(rows), 400, 400)]))
    kept = read.minutiae.x.astype(int).tolist()
    assert len(kept) == 255
    assert kept == sorted(kept)
    assert set(range(360)) - set(kept) <= {n for n in range(360) if n % 3 == 0}


sides = st.integers(1, 0x3FFF)


@st.composite
def templates(draw):
    width, height = draw(sides), draw(sides)
    row = st.tuples(
        st.integers(0, width - 1),
        st.integers(0, height - 1),
        st.integers(0, 255),
        st.booleans(),
        st.integers(0, 100),
    )
    return FingerTemplate(
        minutiae_of(draw(st.lists(row, min_size=1, max_size=255))),
        width,
        height,
        draw(st.sampled_from(FingerPosition)),
        draw(st.sampled_from(ImpressionType)),
        draw(st.none() | st.integers(0, 100)),
        draw(st.none() | st.datetimes(timezones=st.just(UTC))),
    )


@given(st.lists(templates(), min_size=1, max_size=4))
def test_what_is_written_is_read_again(written):
    record = write_templates(written)
    read = read_templates(record)
    assert write_templates(read) == record
    for one, other in zip(written, read, strict=True):
        for name in ("x", "y", "angle", "ending", "reliability"):
            assert np.array_equal(getattr(one.minutiae, name), getattr(other.minutiae, name)), name
        assert (one.width, one.height) == (other.width, other.height)
        assert (one.position, one.impression, one.quality) == (
            other.position,
            other.impression,
            other.quality,
        )
        assert (other.unrated, other.untyped) == (0, 0)
        if one.captured is not None:
            assert timedelta(0) <= one.captured - other.captured < timedelta(milliseconds=1)


def test_a_real_assessment_goes_through_and_loses_only_the_rounding():
    capture = render(finger(41))
    analysis = fingerprint.assess(capture.pixels, ppi=500).maps
    height, width = analysis.pixels.shape
    (read,) = read_templates(write_templates([FingerTemplate(analysis.minutiae, width, height)]))
    assert len(read.minutiae) > 20
    assert np.abs(read.minutiae.x - analysis.minutiae.x).max() <= 0.5
    assert np.abs(read.minutiae.y - analysis.minutiae.y).max() <= 0.5
    turned = np.angle(np.exp(1j * (read.minutiae.angle - analysis.minutiae.angle)))
    assert np.degrees(np.abs(turned)).max() <= 1.40625 / 2 + 1e-3


def test_places_half_a_pixel_outside_the_outer_centres_are_still_in_the_picture():
    edge = minutiae_of([(0, 0, 0, True, 50), (387, 373, 0, True, 50)])
    edge.x[:] = -0.5, 387.5
    (read,) = read_templates(write_templates([FingerTemplate(edge, 388, 374)]))
    assert read.minutiae.x.tolist() == [0, 387]


def test_an_angle_just_below_a_full_turn_is_zero():
    almost = minutiae_of([(5, 5, 0, True, 50)])
    almost.angle[:] = 2 * np.pi - 0.001
    assert write_templates([FingerTemplate(almost, 10, 10)])[-4] == 0


# --- records of other makers


def foreign(*, rate=197, form=0x61, size=(388, 374), minutiae=b"", count=1, certified=b""):
    """A record with one finger, made here from its parts."""
    finger_ = struct.pack(">BBHHBHHBB", 2, 0, rate, rate, 0, *size, form, count)
    rest = certified + finger_ + minutiae + b"\0\0"
    start = struct.pack(">IH5BHBHHB", 19 + len(rest), 0xFFFF, *[0xFF] * 5, 0xFFFF, 0, 0, 0, 0)
    total = 15 + len(start) + len(rest)
    head = struct.pack(">4s4sIHB", b"FMR\0", b"030\0", total, 1, 1 if certified else 0)
    return head + start + rest


ONE = bytes.fromhex("4064000E505A")


def test_minutiae_of_five_bytes_have_no_quality_and_that_is_said():
    (read,) = read_templates(foreign(form=0x50, minutiae=ONE[:5]))
    assert (read.unrated, len(read.minutiae)) == (1, 1)
    assert read.minutiae.reliability.tolist() == [0.5]


@pytest.mark.parametrize("quality", [254, 255])
def test_a_quality_not_reported_or_failed_is_said_to_be_missing(quality):
    (read,) = read_templates(foreign(minutiae=ONE[:5] + bytes([quality])))
    assert read.unrated == 1


def test_a_minutia_of_another_type_is_counted_as_such():
    (read,) = read_templates(foreign(minutiae=b"\0" + ONE[1:]))
    assert read.untyped == 1
    assert not read.minutiae.ending[0]


def test_certification_blocks_are_passed_over():
    (read,) = read_templates(foreign(minutiae=ONE, certified=b"\x02" + b"abcdef"))
    assert read.minutiae.x.tolist() == [100]
    (read,) = read_templates(foreign(minutiae=ONE, certified=b"\x00"))
    assert read.minutiae.x.tolist() == [100]


def test_another_resolution_is_scaled_to_500_ppi():
    (read,) = read_templates(foreign(minutiae=ONE, rate=394, size=(800, 600)))
    assert (read.width, read.height) == (400, 300)
    assert read.minutiae.x[0] == pytest.approx((100.5) / 2 - 0.5, abs=0.1)
    (read,) = read_templates(foreign(minutiae=ONE, rate=196))
    assert (read.width, read.minutiae.x[0]) == (388, 100)


def test_extended_data_is_passed_over():
    plain = foreign(minutiae=ONE)
    extra = plain[:-2] + b"\x00\x06" + b"\x00\x01\x00\x06\x00\x00"
    longer = bytearray(extra)
    longer[8:12] = struct.pack(">I", len(extra))
    longer[15:19] = struct.pack(">I", len(extra) - 15)
    (read,) = read_templates(bytes(longer))
    assert read.minutiae.x.tolist() == [100]


# --- bad values


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"width": 0}, "width"),
        ({"height": 0x4000}, "height"),
        ({"quality": 101}, "quality"),
        ({"quality": -1}, "quality"),
        ({"captured": datetime(2016, 9, 17)}, "time zone"),
        ({"width": 90}, "outside the picture"),
    ],
)
def test_what_no_record_can_hold_is_refused(changes, told):
    with pytest.raises(InputError, match=told):
        by_hand(**changes)


@pytest.mark.parametrize("name", ["x", "y", "angle", "reliability"])
def test_figures_that_are_not_finite_are_refused(name):
    minutiae = minutiae_of(TWO)
    getattr(minutiae, name)[0] = np.nan
    with pytest.raises(InputError, match="finite"):
        FingerTemplate(minutiae, 388, 374)


def test_a_reliability_above_one_is_refused():
    with pytest.raises(InputError, match="reliability"):
        FingerTemplate(minutiae_of([(1, 1, 0, True, 150)]), 388, 374)


def test_a_record_needs_a_finger_and_a_finger_needs_a_minutia():
    with pytest.raises(InputError, match="1 to 65535"):
        write_templates([])
    with pytest.raises(InputError, match="left_index"):
        write_templates([by_hand(minutiae=minutiae_of(TWO).take(np.zeros(2, bool)))])
    with pytest.raises(InputError, match="16"):
        write_templates([by_hand()] * 17)


@pytest.mark.parametrize("length", range(len(BY_HAND)))
def test_a_record_cut_off_anywhere_is_refused(length):
    with pytest.raises(InputError):
        read_templates(BY_HAND[:length])


@pytest.mark.parametrize(
    ("at", "value", "told"),
    [
        (0, 0x00, "begin with FMR"),
        (4, 0x20, "another edition"),
        (11, 0x43, "67 bytes and has 66"),
        (13, 0x00, "general header"),
        (13, 0x02, "too early"),
        (14, 0x02, "general header"),
        (18, 0x34, "52 bytes, has 51"),
        (21, 0x0D, "no date"),  # month 13
        (39, 0x0B, "finger position 11"),
        (42, 0x61, "sampling rate of 97"),
        (45, 0x02, "impression type 2"),
        (50, 0x71, "form"),
        (50, 0x62, "form"),
        (52, 0xC0, "type or quality"),
        (57, 0x65, "type or quality"),
        (52, 0x7F, "outside its picture"),
    ],
)
def test_a_value_that_does_not_exist_is_refused(at, value, told):
    broken = bytearray(BY_HAND)
    broken[at] = value
    with pytest.raises(InputError, match=told):
        read_templates(bytes(broken))


@given(st.binary(max_size=120), st.integers(0, len(BY_HAND) - 1))
def test_no_bytes_make_anything_but_templates_or_the_one_error(noise, at):
    for record in (noise, BY_HAND[:at] + noise[:1] + BY_HAND[at + 1 :], BY_HAND[:15] + noise):
        try:
            read = read_templates(record)
        except InputError:
            continue
        assert all(isinstance(template, FingerTemplate) for template in read)


def test_something_else_than_bytes_is_refused():
    with pytest.raises(InputError, match="str"):
        read_templates("FMR")
