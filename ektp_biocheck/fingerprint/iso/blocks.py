"""What the block-wise ISO measures share: crop, tiles, gradients, orientation, rotated windows.

NFIQ 2.3 works on two grids of 32 px blocks. *Tiles* start at (0, 0) and may be cut at the
right and bottom edge (OCL, MMB, coherence, foreground mask). The *offset grid* starts at
(2, 2), whole blocks only (FDA, LCS, OF, RVUP): its blocks are looked at in a window turned
to the ridge direction, 32 px across the ridges and 16 px along them. Each piece is computed
once here, for all blocks at a time.

Reference: NFIQ 2.3, ``nfiq2_fingerprintimagedata.cpp`` and ``common_functions.cpp``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "OFFSET",
    "Blocks",
    "Profiles",
    "UprightBlocks",
    "crop_white_border",
    "gradient_sums",
    "inside_white_border",
    "make_blocks",
    "rotated_windows",
    "tile_areas",
    "tile_sums",
    "upright_blocks",
]

BLOCK = 32
OFFSET = 2  # half of what ceil(hypot(32, 16)) = 36 exceeds a block by
FLAT_TILE = 0.1  # a tile whose std stays below this share of the image's is background
BLANK_LINE = 250  # mean grey above which an outer row or column is cut off


@dataclass(frozen=True, slots=True)
class Profiles:
    """Ridges of every valid block, turned upright: 16 px along them, 32 px across.

    Parameters
    ----------
    windows : (N, 16, 32) uint8
    trend : (N, 32) float64
        Least-squares line through the column means.
    ridge : (N, 32) bool
        Column mean below its trend.
    """

    windows: NDArray[np.uint8]
    trend: NDArray[np.float64]
    ridge: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_]) -> "Profiles":
        """Return the chosen blocks."""
        return Profiles(self.windows[rows], self.trend[rows], self.ridge[rows])


@dataclass(frozen=True, slots=True)
class UprightBlocks:
    """The offset grid with what clarity needs of it.

    Parameters
    ----------
    theta, valid
        As in `Blocks`.
    profiles : Profiles
        Of the valid blocks in raster order, from a 36 px neighbourhood.
    """

    theta: NDArray[np.float64]
    valid: NDArray[np.bool_]
    profiles: Profiles


@dataclass(frozen=True, slots=True)
class Blocks:
    """The offset grid of one cropped print.

    Parameters
    ----------
    theta : (R, C) float64
        Direction normal to the ridges in radians, -π/2 to π/2, of every block.
    valid : (R, C) bool
        All pixels foreground.
    unpadded, padded : Profiles
        Of the valid blocks in raster order, from a 36 px and a 40 px neighbourhood.
    across : (N, 32) float64
        Mean grey of the rows of the padded window turned a further 90°.
    """

    theta: NDArray[np.float64]
    valid: NDArray[np.bool_]
    unpadded: Profiles
    padded: Profiles
    across: NDArray[np.float64]


def inside_white_border(pixels: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns between outer ones that are nearly white; empty when all of them are."""
    rows = np.flatnonzero(pixels.mean(axis=1) <= BLANK_LINE)
    columns = np.flatnonzero(pixels.mean(axis=0) <= BLANK_LINE)
    if rows.size == 0 or columns.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def crop_white_border(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut off outer rows and columns that are nearly white; (0, 0) when all of them are."""
    return pixels[inside_white_border(pixels)]


def tile_areas(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Pixels of each 32 px tile from (0, 0), the cut ones at the edges included."""
    rows, columns = (np.diff(np.append(np.arange(0, side, BLOCK), side)) for side in shape)
    return np.outer(rows, columns)


def tile_sums(values: NDArray[np.int32]) -> NDArray[np.int64]:
    """Sum over the 32 px tiles from (0, 0), the cut ones at the edges included."""
    height, width = values.shape
    by_row = np.add.reduceat(values, np.arange(0, height, BLOCK), axis=0, dtype=np.int32)
    return np.add.reduceat(by_row, np.arange(0, width, BLOCK), axis=1, dtype=np.int64)


def _doubled_gradient(pixels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Twice numpy.gradient along the last axis, inside every 32 px tile by itself."""
    width = pixels.shape[-1]
    slope = np.zeros_like(pixels)
    np.subtract(pixels[..., 2:], pixels[..., :-2], out=slope[..., 1:-1])
    first = np.arange(0, width, BLOCK)
    last = np.minimum(first + BLOCK, width) - 1
    first, last = first[last > first], last[last > first]
    if first.size < (width + BLOCK - 1) // BLOCK:
        slope[..., -1] = 0  # a tile of one column has no gradient
    slope[..., first] = 2 * (pixels[..., first + 1] - pixels[..., first])
    slope[..., last] = 2 * (pixels[..., last] - pixels[..., last - 1])
    return slope


def gradient_sums(
    pixels: NDArray[np.int32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Per tile: sums of gx², gy² and gx·gy, exact, times four (the gradients are doubled)."""
    gx = _doubled_gradient(pixels)
    gy = _doubled_gradient(pixels.T).T
    products = (gx * gx, gy * gy, gx * gy)
    xx, yy, xy = (tile_sums(product).astype(np.float64) for product in products)
    return xx, yy, xy


def _foreground_tiles(pixels: NDArray[np.uint8], wide: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tiles with a spread of more than a tenth of the whole picture's."""
    count = tile_areas(pixels.shape)
    total, squares = tile_sums(wide), tile_sums(wide * wide)
    variance = squares / count - (total / count) ** 2
    spread = pixels.std()
    result: NDArray[np.bool_] = variance > (FLAT_TILE * spread) ** 2
    return result


def rotated_windows(
    padded: NDArray[np.uint8],
    corners: tuple[NDArray[np.int32], NDArray[np.int32]],
    size: int,
    angle: NDArray[np.float64],
    window: tuple[slice, slice],
) -> NDArray[np.uint8]:
    """Turn every block by its `angle` and cut `window` out of it.

    Repeats the integer arithmetic of OpenCV 4's ``warpAffine(INTER_NEAREST)`` (10 fractional
    bits), so that the figures do not depend on the OpenCV version; black outside the block.

    Parameters
    ----------
    padded : (H, W) uint8
        Picture that holds all the blocks whole.
    corners : two (N,) int32
        Top and left of each block in `padded`.
    size : int
        Side of a block in px; it turns about its centre.
    angle : (N,) float64
        Radians, counter-clockwise.
    window : two slices
        Rows and columns of the turned block that are wanted.

    Returns
    -------
    (N, rows, columns) uint8
    """
    degrees = angle * (180 / np.pi) * (np.pi / 180)  # the detour rounds as the reference does
    cos, sin = np.cos(degrees)[:, None], np.sin(degrees)[:, None]
    centre = size / 2
    shift_x = (1 - cos) * centre - sin * centre
    shift_y = sin * centre + (1 - cos) * centre
    scale = 1 / (cos * cos + sin * sin)
    cos, sin = cos * scale, sin * scale
    back_x, back_y = -cos * shift_x + sin * shift_y, -sin * shift_x - cos * shift_y
    y = np.arange(window[0].start, window[0].stop)[None, :]
    x = np.arange(window[1].start, window[1].stop)[None, :]

    def fixed(value: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.rint(value * 1024).astype(np.int32)

    from_y = fixed(-sin * y + back_x)[:, :, None] + 512, fixed(cos * y + back_y)[:, :, None] + 512
    source_x = (from_y[0] + fixed(cos * x)[:, None, :]) >> 10
    source_y = (from_y[1] + fixed(sin * x)[:, None, :]) >> 10
    # One unsigned comparison finds both sides; 0..size-1 is inside.
    outside = np.maximum(source_x.view(np.uint32), source_y.view(np.uint32)) >= size
    top, left = corners
    index = source_y * padded.shape[1] + source_x + (top * padded.shape[1] + left)[:, None, None]
    turned: NDArray[np.uint8] = padded.ravel().take(index, mode="clip")
    turned[outside] = 0
    return turned


def _profiles(windows: NDArray[np.uint8]) -> Profiles:
    """Column means, their trend, and which columns lie below it."""
    means = windows.sum(axis=1, dtype=np.int32) / windows.shape[1]
    x = np.arange(1, windows.shape[2] + 1)
    slope = (means @ (x - x.mean())) / ((x - x.mean()) ** 2).sum()
    level = means.mean(axis=1) - slope * x.mean()
    trend = np.outer(np.round(slope, 10), x) + np.round(level, 10)[:, None]
    return Profiles(windows, trend, means < trend)


def _offset_starts(length: int) -> NDArray[np.int32]:
    return np.arange(OFFSET, max(length - BLOCK - 1, OFFSET), BLOCK, dtype=np.int32)


def _grid(
    pixels: NDArray[np.uint8], wide: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Directions and validity of the offset grid, and the corners of its valid blocks."""
    tops, lefts = _offset_starts(pixels.shape[0]), _offset_starts(pixels.shape[1])
    if tops.size == 0 or lefts.size == 0:
        tops, lefts = tops[:0], lefts[:0]
    tiles = _foreground_tiles(pixels, wide)
    whole = tiles[:-1, :-1] & tiles[1:, :-1] & tiles[:-1, 1:] & tiles[1:, 1:]
    valid = whole[: tops.size, : lefts.size]
    area = wide[OFFSET : OFFSET + BLOCK * tops.size, OFFSET : OFFSET + BLOCK * lefts.size]
    if area.size:
        xx, yy, xy = gradient_sums(area)
        theta = 0.5 * np.arctan2(xy, xx - yy)  # no factor 2 before xy: the reference's quirk
    else:
        theta = np.zeros((tops.size, lefts.size))
    row, column = np.nonzero(valid)
    return theta, valid, (tops[row], lefts[column])


UPRIGHT = (slice(10, 26), slice(2, 34))


def upright_blocks(pixels: NDArray[np.uint8], wide: NDArray[np.int32]) -> UprightBlocks:
    """Build the part of the offset grid that needs no padding; arguments as `make_blocks`."""
    theta, valid, (top, left) = _grid(pixels, wide)
    black = np.pad(pixels, 2)
    windows = rotated_windows(black, (top, left), 36, theta[valid], UPRIGHT)
    return UprightBlocks(theta, valid, _profiles(windows))


def make_blocks(pixels: NDArray[np.uint8], wide: NDArray[np.int32]) -> Blocks:
    """Build the offset grid of a cropped print.

    Parameters
    ----------
    pixels : (H, W) uint8
        Cropped print at 500 ppi.
    wide : (H, W) int32
        The same, wide enough for products.
    """
    theta, valid, (top, left) = _grid(pixels, wide)
    angle = theta[valid]
    black = np.pad(pixels, 2)  # a 40 px neighbourhood reaches 2 px outside
    narrow = rotated_windows(black, (top, left), 36, angle, UPRIGHT)
    corners = (top - 2, left - 2)
    padded = rotated_windows(black, corners, 40, angle, UPRIGHT)
    turned = rotated_windows(black, corners, 40, angle + np.pi / 2, UPRIGHT[::-1])
    across = turned.sum(axis=2, dtype=np.int32) / 16
    return Blocks(theta, valid, _profiles(narrow), _profiles(padded), across)
