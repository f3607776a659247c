"""Whatever lies where a capture should be: one error that names it and the cure, or a sample."""

import io
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sample_files import FORMATS, colours, encode, png_chunk, ridges, tiff

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.formats import MAX_PIXELS
from ektp_biocheck.formats.quiet import quiet
from ektp_biocheck.samples import RawLayout, Sample, decode_sample, open_sample

GREY = ridges()


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"x\x9c")


def bmp_header(width, height):
    return struct.pack("<2sIII", b"BM", 0, 0, 54) + struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0
    )


# --- places that hold no file ------------------------------------------------


def test_a_missing_file(tmp_path):
    with pytest.raises(UnreadableError, match=r"gone\.png: there is no such file"):
        open_sample(tmp_path / "gone.png")


def test_a_folder(tmp_path):
    with pytest.raises(UnreadableError, match="folder"):
        open_sample(tmp_path)


def test_a_file_used_as_a_folder(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(UnreadableError, match="cannot be read"):
        open_sample(tmp_path / "a.png" / "b.png")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_nowhere_or_in_a_circle(tmp_path):
    lost, circle = tmp_path / "lost.png", tmp_path / "circle.png"
    lost.symlink_to(tmp_path / "removed.png")
    circle.symlink_to(circle)
    with pytest.raises(UnreadableError, match=r"lost\.png: this link leads to a file"):
        open_sample(lost)
    with pytest.raises(UnreadableError, match=r"circle\.png: "):
        open_sample(circle)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_pipes_sockets_and_devices_are_refused_at_once(tmp_path):
    pipe, plug = tmp_path / "pipe.png", tmp_path / "plug.png"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        for path in (pipe, plug, Path("/dev/zero")):
            with pytest.raises(UnreadableError, match="device or a pipe"):
                open_sample(path)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "locked.png"
    path.write_bytes(encode(GREY, "PNG"))

    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableError, match=r"locked\.png: you may not read this file"):
        open_sample(path)


def test_a_disk_that_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(encode(GREY, "PNG"))

    def fail(*_args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(UnreadableError, match=r"Input/output error\)\. Check the disk"):
        open_sample(path)


def test_names_that_no_file_can_have():
    for name in ("a\0b.png", "x" * 5000):
        with pytest.raises(UnreadableError):
            open_sample(name)


def test_a_name_with_line_breaks_and_stray_bytes_is_shown_printable(tmp_path):
    for name in ("two\nlines.png", "\x1b[31mred.png", os.fsdecode(b"\xff.png")):
        with pytest.raises(UnreadableError) as caught:
            open_sample(tmp_path / name)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("path", [None, 5, b"a.png", object()])
def test_what_is_no_path_at_all(path):
    with pytest.raises(InputError, match="path must be"):
        open_sample(path)


def test_a_file_far_too_large_is_not_read(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(900_000_000)  # sparse: takes no disk
    with pytest.raises(UnreadableError, match="too many for a capture"):
        open_sample(path)


# --- files that hold no picture ------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"nama;nik\nx;y\n", "a text"),
        (b"\0" * 500, "zeros"),
        (b"GIF89a" + bytes(40), "GIF"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"FIR\x00020\x00", "finger record"),
        (b"\x01\x02\x03\xff\xfe" * 20, "no picture"),
        (b"\x89PNG", "no picture"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no picture"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(tmp_path, data, reason):
    path = tmp_path / "finger.png"
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match=rf"finger\.png: .*{reason}"):
        open_sample(path)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("pixels", [GREY, colours()], ids=["grey", "rgb"])
def test_every_truncation_is_noticed(kind, pixels):
    data = encode(pixels, kind)
    for cut in [*range(2, 60, 7), len(data) // 4, len(data) // 2, len(data) * 3 // 4]:
        with pytest.raises(UnreadableError, match=r"f\.x: "):
            decode_sample(data[:cut], name="f.x")


@pytest.mark.parametrize("kind", ["tiff_lzw", "tiff_deflate", "jpeg"])
def test_truncated_compressed_tiff_is_noticed(kind):
    data = encode(colours(), "TIFF", compression=kind)
    for cut in (50, len(data) // 2, len(data) - 8):
        with pytest.raises(UnreadableError):
            decode_sample(data[:cut])


def test_no_flipped_bit_in_a_png_passes_for_a_picture():
    data = encode(colours(), "PNG")
    rng = np.random.default_rng(4)
    for at in rng.integers(8, len(data) - 12, 60):
        damaged = bytearray(data)
        damaged[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(UnreadableError):
            decode_sample(bytes(damaged))


def test_a_tiff_that_lacks_strips_is_not_filled_with_black():
    whole = tiff(GREY.tobytes(), 48, 60, bits=8)
    assert np.array_equal(decode_sample(whole).pixels, GREY)
    with pytest.raises(UnreadableError, match="lacks part"):
        decode_sample(tiff(GREY.tobytes(), 48, 60, bits=8, t278=30))  # one strip of two


def test_animations_are_refused():
    frames = [Image.fromarray(255 - GREY)]
    for kind in ("PNG", "WEBP"):
        data = encode(GREY, kind, save_all=True, append_images=frames)
        with pytest.raises(UnreadableError, match="animation"):
            decode_sample(data)


@pytest.mark.parametrize(
    "data",
    [
        encode(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
        encode(Image.fromarray(GREY.astype(np.int32)), "TIFF"),
        encode(Image.fromarray(colours()).convert("LAB"), "TIFF"),
        tiff(GREY.astype("<i2").tobytes(), 48, 60, t339=2),
        tiff(GREY.astype("i1").tobytes(), 48, 60, bits=8, t339=2),
    ],
    ids=["float", "int32", "lab", "signed 16", "signed 8"],
)
def test_pixels_that_have_no_true_8_bit_form_are_refused(data):
    with pytest.raises(UnreadableError, match="8-bit or 16-bit grey"):
        decode_sample(data)


@pytest.mark.parametrize(
    "data",
    [
        b"P5 2 1 100\n\x00\x65",
        b"P5 1 1 4095\n\x10\x00",
        b"P2 2 1 100 0 101",
        b"P2 2 1 100 0 -1",
        b"P1 2 1 02",
        b"P5 2 1 0\n\0\0",
        b"P5 2 1 70000\n\0\0",
        b"P5 0 1 255\n",
        b"P5 width height 255\n",
        b"P4 9 2 \0\0\0",
    ],
)
def test_portable_maps_that_contradict_themselves(data):
    with pytest.raises(UnreadableError, match="PGM/PPM file is damaged"):
        decode_sample(data)


def test_a_picture_that_memory_cannot_hold(monkeypatch):
    def exhaust(*_args):
        raise MemoryError

    monkeypatch.setattr("ektp_biocheck.formats.pictures._from_8_bit", exhaust)
    with pytest.raises(UnreadableError, match="not enough memory") as caught:
        decode_sample(encode(GREY, "PNG"))
    assert caught.value.__suppress_context__


def test_bits_that_the_samples_contradict_are_refused():
    data = encode(GREY.astype(np.uint16) * 257, "PNG")
    with pytest.raises(UnreadableError, match="more than 12 bits"):
        decode_sample(data, bits=12)


# --- bombs ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        png_header(20_000, 20_000),
        bmp_header(30_000, 30_000),
        b"P5 65000 65000 255\n" + bytes(100),
        b"P4 999999999 999999999\n",
        tiff(bytes(100), 60_000, 60_000, bits=8),
        encode(GREY, "JPEG").replace(b"\x00\x3c\x00\x30", b"\xff\xdc\xff\xdc", 1),
        struct.pack(">HHHBBHH", 0xFFA0, 0xFFA2, 17, 0, 255, 65535, 65535) + bytes(20),
        encode(colours(), "WEBP", lossless=True).replace(
            b"VP8L", b"VP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0VP8L", 1
        ),
    ],
    ids=["png", "bmp", "pgm", "pbm", "tiff", "jpeg", "wsq", "webp"],
)
def test_a_header_of_hundreds_of_megapixels_is_refused_before_memory_is_taken(data):
    with pytest.raises(UnreadableError, match=r"megapixels|WEBP"):
        decode_sample(data + bytes(100))


def test_a_large_header_with_little_data_is_noticed():
    side = int(MAX_PIXELS**0.5) // 2
    for data in (png_header(side, side), bmp_header(side, side), b"P5 5000 5000 255\n" + bytes(9)):
        with pytest.raises(UnreadableError, match=r"damaged|cut short"):
            decode_sample(data + bytes(50))


def test_compressed_text_in_a_png_is_not_blown_up():
    import zlib

    data = encode(GREY, "PNG")
    bomb = png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000), 9))
    with pytest.raises(UnreadableError):
        decode_sample(data[:33] + bomb + data[33:])


# --- RAW and arguments -----------------------------------------------------------


def test_raw_of_another_size_says_both_sizes():
    with pytest.raises(UnreadableError, match="take 100 bytes, the file has 99"):
        decode_sample(bytes(99), raw=RawLayout(10, 10))
    with pytest.raises(UnreadableError, match="take 200 bytes, the file has 201"):
        decode_sample(bytes(201), raw=RawLayout(10, 10, 16))
    with pytest.raises(UnreadableError, match="megapixels"):
        decode_sample(bytes(99), raw=RawLayout(10**6, 10**6))


def test_raw_in_the_wrong_byte_order_is_noticed():
    data = (np.arange(100, dtype="<u2") * 40).tobytes()
    with pytest.raises(UnreadableError, match="byte order"):
        decode_sample(data, raw=RawLayout(10, 10, 12, "big"))


@pytest.mark.parametrize(
    "layout", [(0, 5), (5, -1), (5.0, 5), (5, 5, 7), (5, 5, 17), (5, 5, 8, "middle")]
)
def test_layouts_that_no_picture_has(layout):
    with pytest.raises(InputError):
        RawLayout(*layout)


@pytest.mark.parametrize(
    "options",
    [
        {"modality": "palm"},
        {"bits": 7},
        {"bits": 17},
        {"bits": 12.0},
        {"bits": 12, "raw": RawLayout(5, 5)},
        {"raw": "5x5"},
    ],
)
def test_arguments_that_no_capture_has(options):
    with pytest.raises(InputError):
        decode_sample(encode(GREY, "PNG"), **options)


def test_data_that_are_no_bytes():
    with pytest.raises(InputError, match="data must be bytes"):
        decode_sample("finger.png")


# --- quiet -----------------------------------------------------------------------


def test_pillow_warnings_neither_reach_the_user_nor_spread_to_other_threads():
    other_saw = []

    def other():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            started.set()
            done.wait(10)
            warnings.warn("mine", UserWarning, stacklevel=1)
            other_saw.extend(str(warning.message) for warning in caught)

    started, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thread.start()
        started.wait(10)
        with quiet():
            warnings.warn("dropped", UserWarning, stacklevel=1)
            done.set()
            thread.join(10)
    assert other_saw == ["mine"]


def test_a_photo_with_odd_metadata_reads_without_a_warning():
    data = encode(GREY, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0half")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Image.open(io.BytesIO(data)).getexif()
    assert caught  # or this test shows nothing
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode_sample(data).pixels.shape == GREY.shape


def test_an_uncaught_error_shows_no_traceback_of_the_decoder(tmp_path):
    path = tmp_path / "cut.png"
    path.write_bytes(encode(GREY, "PNG")[:200])
    code = "import sys; from ektp_biocheck import open_sample; open_sample(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 1
    assert re.search(r"UnreadableError: .*cut\.png: the PNG data cannot be decoded", done.stderr)
    assert "PngImagePlugin" not in done.stderr


# --- fuzz ------------------------------------------------------------------------

_SEEDS = [
    *((kind, {}) for kind in FORMATS),
    ("JPEG", {"progressive": True}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "jpeg"}),
    ("PNG", {"dpi": (500, 500)}),
]


def mutate(data, rng):
    """Change some bytes, or cut, repeat or drop a piece."""
    damaged = bytearray(data)
    for _ in range(rng.integers(1, 8)):
        near_the_head = rng.random() < 0.5
        damaged[rng.integers(min(len(data), 120) if near_the_head else len(data))] = rng.integers(
            256
        )
    start, end = sorted(rng.integers(0, len(data), 2))
    match rng.integers(5):
        case 0:
            del damaged[end:]
        case 1:
            del damaged[start:end]
        case 2:
            damaged[start:start] = damaged[start:end]
    return bytes(damaged)


def fuzz(rounds, seed):
    rng = np.random.default_rng(seed)
    outcomes = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind, options in _SEEDS:
            for pixels in (GREY, colours()):
                data = encode(pixels, kind, **options)
                for _ in range(rounds):
                    try:
                        sample = decode_sample(mutate(data, rng), modality="iris")
                    except UnreadableError as error:
                        assert str(error).startswith("the capture: ")  # noqa: PT017
                        outcomes.add("unreadable")
                    else:
                        assert isinstance(sample, Sample)
                        assert sample.pixels.ndim == 2
                        assert sample.pixels.dtype == np.uint8
                        outcomes.add("sample")
    assert outcomes == {"unreadable", "sample"}


def test_damaged_files_give_a_sample_or_an_unreadable_error_and_nothing_else():
    fuzz(rounds=100, seed=0)


@pytest.mark.long
def test_many_damaged_files_give_a_sample_or_an_unreadable_error_and_nothing_else():
    fuzz(rounds=3000, seed=1)
