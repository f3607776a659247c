"""Every format, depth and layout comes through the door as the same picture."""

import hashlib
import pickle
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sample_files import (
    colours,
    encode,
    jp2_of_12_bits,
    jp2_with_resolution,
    png_chunk,
    ridges,
    tiff,
)

from ektp_biocheck.errors import InputError, MissingResolutionError
from ektp_biocheck.samples import (
    RawLayout,
    decode_sample,
    open_sample,
    to_500_ppi,
    to_grey,
    to_rgb,
)

GREY = ridges()
RGB = colours()
WIDE = GREY.astype(np.uint16) * 257  # the same picture in 16 bits


# --- pixels -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "name"),
    [
        ("PNG", {}, "PNG"),
        ("BMP", {}, "BMP"),
        ("TIFF", {}, "TIFF"),
        ("TIFF", {"compression": "tiff_lzw"}, "TIFF"),
        ("TIFF", {"big_tiff": True}, "TIFF"),
        ("JPEG2000", {"irreversible": False}, "JPEG2000"),
        ("JPEG2000", {"no_jp2": True}, "JPEG2000"),
        ("PPM", {}, "PNM"),
    ],
)
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_lossless_formats_keep_every_pixel(kind, options, name, pixels):
    sample = decode_sample(encode(pixels, kind, **options))
    assert np.array_equal(sample.pixels, pixels)
    assert (sample.format, sample.width, sample.height, sample.bits) == (name, 48, 60, 8)
    assert sample.mode == ("L" if pixels.ndim == 2 else "RGB")


def test_lossless_webp_keeps_every_pixel_but_knows_only_colour():
    sample = decode_sample(encode(RGB, "WEBP", lossless=True))
    assert np.array_equal(sample.pixels, RGB)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000", "WEBP"])
def test_lossy_formats_stay_close(kind):
    smooth = colours(128, 128)
    options = {"quality_layers": [20]} if kind == "JPEG2000" else {"quality": 95}
    sample = decode_sample(encode(smooth, kind, **options))
    assert np.abs(sample.pixels.astype(int) - smooth).mean() < 3


@pytest.mark.parametrize(
    "data",
    [
        encode(WIDE, "PNG"),
        encode(WIDE, "TIFF"),
        encode(WIDE, "TIFF", compression="tiff_deflate"),
        encode(WIDE, "JPEG2000", irreversible=False),
        encode(WIDE, "PPM"),
        tiff(WIDE.astype(">u2").tobytes(), 48, 60, order=">"),
        tiff((65535 - WIDE).tobytes(), 48, 60, t262=0),  # white is zero
    ],
    ids=["png", "tiff", "tiff-deflate", "jp2", "pgm", "tiff-big-endian", "tiff-white-is-zero"],
)
def test_16_bit_grey_keeps_its_high_byte_instead_of_clipping_at_255(data):
    sample = decode_sample(data)
    assert sample.bits == 16
    assert np.array_equal(sample.pixels, GREY)


def test_8_bit_tiff_with_white_as_zero_is_turned_the_right_way_round():
    assert np.array_equal(
        decode_sample(tiff((255 - GREY).tobytes(), 48, 60, bits=8, t262=0)).pixels, GREY
    )


TWELVE = GREY.astype(np.uint16) << 4  # what a 12-bit camera gives


@pytest.mark.parametrize(
    "data",
    [
        tiff(TWELVE.tobytes(), 48, 60, t281=4095),
        b"P5 48 60 4095\n" + TWELVE.astype(">u2").tobytes(),
        jp2_of_12_bits(TWELVE),
    ],
    ids=["tiff-max-sample", "pgm-maxval", "jp2"],
)
def test_fewer_than_16_bits_are_scaled_when_the_file_says_so(data):
    sample = decode_sample(data)
    assert np.array_equal(sample.pixels, GREY)
    assert sample.notes == ()


def test_a_dark_picture_of_declared_depth_stays_dark_without_a_word():
    sample = decode_sample(jp2_of_12_bits(TWELVE // 8), bits=9)
    assert np.array_equal(sample.pixels, GREY // 8)
    assert (sample.bits, sample.notes) == (12, ())


def test_packed_12_bit_tiff_fills_the_whole_range():
    samples = TWELVE.reshape(-1, 2).astype(np.uint32)
    packed = np.stack(
        [samples[:, 0] >> 4, (samples[:, 0] & 15) << 4 | samples[:, 1] >> 8, samples[:, 1] & 255], 1
    )
    sample = decode_sample(tiff(packed.astype(np.uint8).tobytes(), 48, 60, bits=12))
    assert sample.bits == 12
    assert np.array_equal(sample.pixels, GREY)


def test_what_the_file_declares_wins_over_the_caller():
    data = tiff(TWELVE.tobytes(), 48, 60, t281=4095)
    assert np.array_equal(decode_sample(data, bits=14).pixels, GREY)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
def test_an_undeclared_12_bit_picture_is_noted_and_bits_cures_it(kind):
    data = encode(TWELVE, kind, **({"irreversible": False} if kind == "JPEG2000" else {}))
    dark = decode_sample(data)
    assert dark.pixels.max() <= 15
    assert "bits=12" in dark.notes[0]
    cured = decode_sample(data, bits=12)
    assert np.array_equal(cured.pixels, GREY)
    assert cured.notes == ()


def test_8_bits_in_the_low_byte_of_16():
    data = encode(GREY.astype(np.uint16), "PNG")
    assert np.array_equal(decode_sample(data, bits=8).pixels, GREY)


def test_a_statistic_in_the_max_sample_tag_is_not_taken_for_a_range():
    dark = WIDE // 16
    sample = decode_sample(tiff(dark.tobytes(), 48, 60, t281=int(dark.max())))
    assert np.array_equal(sample.pixels, GREY // 16)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_one_bit_pictures_become_black_and_white(kind):
    ink = Image.fromarray(GREY > 128)
    assert ink.mode == "1"
    sample = decode_sample(encode(ink, kind))
    assert np.array_equal(sample.pixels, np.where(GREY > 128, 255, 0))
    assert (sample.bits, sample.mode) == (1, "1")


def test_a_palette_of_colours_is_looked_up():
    flat = Image.fromarray((RGB // 64) * 64).quantize(256)
    sample = decode_sample(encode(flat, "PNG"))
    assert np.array_equal(sample.pixels, np.asarray(flat.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_a_palette_of_greys_is_grey(kind):
    indexed = Image.fromarray(255 - GREY)
    indexed.putpalette([255 - index // 3 for index in range(768)])  # reversed, so not plain grey
    sample = decode_sample(encode(indexed, kind))
    assert np.array_equal(sample.pixels, GREY)
    assert sample.mode == "P"


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_transparent_parts_are_shown_white(kind):
    layers = np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)])
    layers[:20, :, 3] = 0
    layers[20:40, :, 3] = 51
    sample = decode_sample(
        encode(layers, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    )
    assert (sample.pixels[:20] == 255).all()
    assert np.array_equal(sample.pixels[20:40], np.rint(RGB[20:40] * 0.2 + 255 * 0.8))
    assert np.array_equal(sample.pixels[40:], RGB[40:])
    assert sample.notes == ("transparent parts are shown white",)


def test_transparency_of_grey_palette_and_single_colours():
    layers = np.dstack([GREY, np.where(GREY > 100, 255, 0).astype(np.uint8)])
    expected = np.where(GREY > 100, GREY, 255)
    assert np.array_equal(decode_sample(encode(layers, "PNG")).pixels, expected)
    one_colour = encode(Image.fromarray(GREY), "PNG", transparency=10)
    assert np.array_equal(decode_sample(one_colour).pixels, np.where(GREY == 10, 255, GREY))
    indexed = Image.fromarray(GREY).convert("P")
    in_palette = encode(indexed, "PNG", transparency=bytes([255] * 10 + [0] + [255] * 245))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(decode_sample(in_palette).pixels, np.where(GREY == 10, 255, GREY))


def test_premultiplied_grey_is_shown_on_white():
    pairs = np.dstack([np.full_like(GREY, 50), np.full_like(GREY, 100)])
    data = tiff(pairs.tobytes(), 48, 60, bits=8, t277=2, t338=1)
    assert np.abs(decode_sample(data).pixels.astype(int) - (50 + 155)).max() <= 1


def test_a_picture_transparent_everywhere_is_shown_as_it_was_meant():
    layers = np.dstack([RGB, np.zeros(RGB.shape[:2], np.uint8)])
    sample = decode_sample(encode(layers, "PNG"))
    assert np.array_equal(sample.pixels, RGB)
    assert "ignored" in sample.notes[0]


def test_cmyk_jpeg_keeps_its_colours():
    flat = Image.new("RGB", (32, 32), (200, 40, 90))
    sample = decode_sample(encode(flat.convert("CMYK"), "JPEG", quality=95))
    assert sample.mode == "CMYK"
    assert np.abs(sample.pixels.astype(int) - [200, 40, 90]).max() <= 4


def test_16_bit_colour_is_read_by_its_high_byte():
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in RGB.astype(np.uint16) * 257)
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 48, 60, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    data += png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    sample = decode_sample(data)
    assert sample.bits == 16
    assert np.array_equal(sample.pixels, RGB)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind, orientation):
    upright = colours(64, 40)
    as_stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright),  # undone by a quarter turn clockwise
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    sample = decode_sample(encode(np.ascontiguousarray(as_stored), kind, exif=exif, **options))
    assert sample.pixels.shape == upright.shape
    assert np.abs(sample.pixels.astype(int) - upright).max() <= (8 if kind == "JPEG" else 0)
    assert (sample.height, sample.width) == as_stored.shape[:2]
    assert bool(sample.notes) == (orientation != 1)


def test_broken_exif_does_not_make_a_sound_photo_unreadable():
    sample = decode_sample(encode(RGB, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage"))
    assert sample.pixels.shape == RGB.shape


def test_only_the_first_page_of_a_tiff_is_read_and_that_is_noted():
    pages = encode(GREY, "TIFF", save_all=True, append_images=[Image.fromarray(255 - GREY)])
    sample = decode_sample(pages)
    assert np.array_equal(sample.pixels, GREY)
    assert sample.notes == ("only the first page was read",)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"P1\n# ink\n3 2\n0 1 1\n100\n", [[255, 0, 0], [0, 255, 255]]),
        (b"P2 2 2 10\n0 5\n10 1\n", [[0, 128], [255, 26]]),
        (b"P2 2 1 65535 65535 256", [[255, 1]]),
        (b"P2 2 1 # 9\n255 # 8\n7 # 6\n5", [[7, 5]]),
        (b"P3 1 1 255 7 8 9", [[[7, 8, 9]]]),
        (b"P4 9 1\n\x80\x80", [[0, 255, 255, 255, 255, 255, 255, 255, 0]]),
        (b"P5#a\n#b\n2 1\n# c\n255\n\x07#", [[7, 35]]),
        (b"P5 2 1 100\n\x00\x64", [[0, 255]]),
        (b"P6 1 1 65535\n\x01\x02\x03\x04\x05\x06", [[[1, 3, 5]]]),
    ],
)
def test_portable_maps_by_hand(data, expected):
    assert decode_sample(data).pixels.tolist() == expected


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("order", ["little", "big"])
def test_raw_is_read_by_its_layout(bits, order):
    values = GREY.astype(np.uint16) << (bits - 8)
    dtype = "u1" if bits == 8 else "<u2" if order == "little" else ">u2"
    layout = RawLayout(48, 60, bits, order)
    sample = decode_sample(values.astype(dtype).tobytes(), 500, modality="finger", raw=layout)
    assert np.array_equal(sample.pixels, GREY)
    assert (sample.format, sample.bits, sample.ppi_source) == ("RAW", bits, "caller")


# --- modality, facts, privacy -----------------------------------------------


def test_modality_decides_between_grey_and_colour():
    grey_file, colour_file = encode(GREY, "PNG"), encode(RGB, "PNG")
    for modality in ("finger", "iris"):
        assert decode_sample(colour_file, 500, modality=modality).pixels.shape == (60, 48)
    face = decode_sample(grey_file, modality="face")
    assert np.array_equal(face.pixels, np.dstack([GREY] * 3))
    assert decode_sample(grey_file).pixels.ndim == 2
    assert decode_sample(colour_file).pixels.ndim == 3


def test_grey_stored_as_colour_comes_back_exactly():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(to_grey(to_rgb(ramp)), ramp)


def test_colours_weigh_in_grey_as_the_eye_sees_them():
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert to_grey(primaries).tolist() == [[76, 150, 29]]


def test_the_content_decides_not_the_name(tmp_path):
    path = tmp_path / "finger.bmp"
    path.write_bytes(encode(GREY, "PNG"))
    assert open_sample(path).format == "PNG"
    assert open_sample(str(path)).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sample_is_frozen_comparable_and_never_shows_its_pixels():
    sample = decode_sample(encode(GREY, "PNG"))
    assert sample == decode_sample(encode(GREY, "PNG"))
    assert "pixels" not in repr(sample)
    assert np.array_equal(pickle.loads(pickle.dumps(sample)).pixels, GREY)  # noqa: S301
    with pytest.raises(ValueError, match="read-only"):
        sample.pixels[0, 0] = 1


# --- resolution -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "JPEG"])
@pytest.mark.parametrize("ppi", [500, 508, 1000])
def test_the_file_says_its_resolution(kind, ppi):
    sample = decode_sample(encode(GREY, kind, dpi=(ppi, ppi)), modality="finger")
    assert (sample.ppi, sample.ppi_source) == (ppi, "file")


def test_tiff_in_centimetres():
    data = encode(GREY, "TIFF", resolution_unit=3, x_resolution=200, y_resolution=200)
    assert decode_sample(data, modality="finger").ppi == 508


@pytest.mark.parametrize("ppm", [(19685, 1, 0), (1969, 1, 1), (65000, 33, 1), (39370, 2, 0)])
def test_jpeg_2000_capture_resolution(ppm):
    top, bottom, power = ppm
    sample = decode_sample(jp2_with_resolution(GREY, b"resc", ppm), modality="finger")
    assert sample.ppi == round(top / bottom * 10**power * 0.0254)
    assert np.array_equal(sample.pixels, GREY)


def test_jpeg_2000_capture_resolution_with_a_negative_exponent():
    sample = decode_sample(jp2_with_resolution(GREY, b"resc", (39370, 2, 0)))
    tenth = decode_sample(jp2_with_resolution(GREY, b"resc", (60000, 1, -1)))
    assert (sample.ppi, tenth.ppi) == (500, 152)


def test_jpeg_2000_display_resolution_says_nothing_about_the_scanner():
    assert decode_sample(jp2_with_resolution(GREY, b"resd", (19685, 1, 0))).ppi is None


@pytest.mark.parametrize("kind", ["PPM", "WEBP", "JPEG2000", "PNG", "BMP", "TIFF", "JPEG"])
def test_a_finger_without_resolution_is_an_error_that_says_how_to_give_it(kind):
    data = encode(GREY, kind)
    with pytest.raises(MissingResolutionError, match=r"f\.x: .*--ppi 500.*ppi=500"):
        decode_sample(data, name="f.x", modality="finger")
    given = decode_sample(data, 508, modality="finger")
    assert (given.ppi, given.ppi_source) == (508, "caller")
    assert decode_sample(data, modality="iris").ppi is None


@pytest.mark.parametrize("screen", [72, 96, 99])
def test_screen_resolutions_are_taken_as_unknown(screen):
    data = encode(GREY, "PNG", dpi=(screen, screen))
    with pytest.raises(MissingResolutionError, match=f"says {screen} ppi"):
        decode_sample(data, modality="finger")
    assert decode_sample(data, 500, modality="finger").ppi == 500
    assert decode_sample(data).ppi is None


def test_an_impossible_resolution_is_taken_as_unknown():
    data = encode(GREY, "PNG", dpi=(20000, 20000))
    assert decode_sample(data, 500, modality="finger").ppi_source == "caller"


def test_the_file_and_the_caller_must_not_contradict_each_other_on_a_finger():
    data = encode(GREY, "PNG", dpi=(300, 300))
    for modality in ("finger", None):
        with pytest.raises(MissingResolutionError, match="file says 300 ppi, the caller 500"):
            decode_sample(data, 500, modality=modality)
    assert decode_sample(data, 301, modality="finger").ppi == 300
    face = decode_sample(data, 500, modality="face")  # a batch of mixed captures goes on
    assert (face.ppi, face.ppi_source) == (300, "file")


def test_pixels_that_are_not_square_are_refused_for_fingers_only():
    data = encode(GREY, "PNG", dpi=(500, 1000))
    for ppi in (None, 500):
        with pytest.raises(MissingResolutionError, match="500 x 1000 ppi"):
            decode_sample(data, ppi, modality="finger")
    assert decode_sample(data, modality="iris").notes == ("the file says 500 x 1000 ppi; not used",)


def test_a_text_chunk_called_dpi_is_not_a_resolution():
    data = encode(GREY, "PNG")
    for words in (b"5", b"500", b"about 500"):
        text = data[:33] + png_chunk(b"tEXt", b"dpi\0" + words) + data[33:]
        assert decode_sample(text).ppi is None


@pytest.mark.parametrize("ppi", [0, -500, 99, 4001, float("nan"), float("inf"), True, "500"])
def test_an_absurd_resolution_of_the_caller_is_refused(ppi):
    with pytest.raises(InputError, match="100 to 4000"):
        decode_sample(encode(GREY, "PNG"), ppi)
    with pytest.raises(InputError, match="100 to 4000"):
        to_500_ppi(GREY, ppi)


def test_at_500_ppi_the_same_array_comes_back():
    assert to_500_ppi(GREY, 500) is GREY


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 90), st.integers(1, 90), st.floats(100, 4000), st.sampled_from([(), (3,)]),
    st.integers(0, 255),
)  # fmt: skip
def test_resampling_keeps_size_in_millimetres_and_flat_areas_flat(height, width, ppi, rest, level):
    pixels = np.full((height, width, *rest), level, np.uint8)
    out = to_500_ppi(pixels, ppi)
    assert out.dtype == np.uint8
    assert out.shape[2:] == rest
    assert abs(out.shape[0] - height * 500 / ppi) <= max(0.5, 1 - height * 500 / ppi) + 1e-9
    assert (out == level).all()


@pytest.mark.parametrize("ppi", [250, 700, 1000, 1200])
def test_resampling_keeps_ridges_in_place(ppi):
    def drawn(at):
        y, x = (np.mgrid[:at, :at] + 0.5) / at * 25.4  # one inch, in millimetres
        return 127 + 100 * np.sin(2 * np.pi * (x + 0.3 * y) / 0.5)

    out = to_500_ppi(drawn(ppi).astype(np.uint8), ppi)
    inner = np.s_[10:-10, 10:-10]
    assert np.corrcoef(out[inner].ravel(), drawn(500)[inner].ravel())[0, 1] > 0.97


@pytest.mark.parametrize("ppi", [1500, 2000, 4000])
def test_detail_too_fine_for_500_ppi_is_averaged_not_folded_into_false_ridges(ppi):
    stripes = np.tile(np.array([0, 255], np.uint8), (240, 120))
    assert to_500_ppi(stripes, ppi).std() < (45 if ppi == 1500 else 1)


def test_a_result_too_large_for_memory_is_refused_before_it_is_made():
    with pytest.raises(InputError, match="too large"):
        to_500_ppi(np.zeros((3000, 3000), np.uint8), 100)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((5, 5)),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.zeros(5, np.uint8),
        [[1]],
    ],
)
def test_arrays_that_are_no_picture_are_refused(pixels):
    for call in (to_grey, to_rgb, lambda given: to_500_ppi(given, 700)):
        with pytest.raises(InputError, match="uint8"):
            call(pixels)


# --- good manners -----------------------------------------------------------


def test_a_photo_is_not_held_many_times_over():
    photo = encode(
        colours(1500, 2000),
        "JPEG",
        exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    )
    decode_sample(photo)
    tracemalloc.start()
    sample = decode_sample(photo, modality="face")
    peak = tracemalloc.get_traced_memory()[1]  # without Pillow's own copy
    tracemalloc.stop()
    assert sample.pixels.shape == (2000, 1500, 3)
    assert peak < 1.4 * sample.pixels.nbytes


def test_nothing_the_process_shares_is_touched(monkeypatch):
    photo = colours(600, 600)
    files = [encode(photo, kind) for kind in ("PNG", "JPEG", "BMP", "JPEG2000", "PPM")]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150_000)  # the caller's own business
    monkeypatch.setattr(Image, "open", None)
    before = list(warnings.filters)
    for file in files:
        assert decode_sample(file).pixels.shape == photo.shape
    assert warnings.filters == before


def test_importing_the_door_loads_neither_pillow_nor_opencv():
    code = (
        "import sys, ektp_biocheck.samples; "
        "print([name for name in ('PIL', 'cv2', 'wsq', '_wsq') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


# --- real captures ------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "modality"), [("fingerprint", "finger"), ("iris", "iris"), ("face", "face")]
)
def test_development_captures_open(data_root, folder, modality):
    pictures = sorted((data_root / folder / "images").rglob("*.*"))[::4]
    samples = [open_sample(path, modality=modality) for path in pictures]
    assert samples
    if modality == "finger":
        assert {sample.ppi for sample in samples} == {500}
