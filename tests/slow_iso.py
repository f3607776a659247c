"""A second opinion on the ISO/IEC 29794-4 measures: block by block, in plain loops.

Written from a description of what NFIQ 2.3 computes and sharing no line with the package. It
is slow and says each step the way the description does, with OpenCV's own rotation, blur and
Fourier transform.
"""

import itertools
import math

import numpy as np

from ektp_biocheck.opencv import cv2

B = 32
LIMITS = {
    "FDA": [0.268, 0.304, 0.33, 0.355, 0.38, 0.407, 0.44, 0.50, 1],
    "LCS": [0, 0.70, 0.74, 0.77, 0.79, 0.81, 0.83, 0.85, 0.87],
    "OCL": [0.337, 0.479, 0.579, 0.655, 0.716, 0.766, 0.81, 0.852, 0.898],
    "OF": [0.01715, 0.035, 0.0557, 0.081, 0.115, 0.1718, 0.2569, 0.4758, 0.748],
    "RVUP": [0.5, 0.667, 0.8, 1, 1.25, 1.5, 2, 24, 30],
}


def crop(image):
    top, bottom, left, right = 0, image.shape[0], 0, image.shape[1]
    while top < bottom and image[top].mean() > 250:
        top += 1
    while bottom > top and image[bottom - 1].mean() > 250:
        bottom -= 1
    while left < right and image[:, left].mean() > 250:
        left += 1
    while right > left and image[:, right - 1].mean() > 250:
        right -= 1
    return image[top:bottom, left:right]


def tiles(image):
    """Every tile of the grid from (0, 0), cut ones included, with its place."""
    for r in range(0, image.shape[0], B):
        for c in range(0, image.shape[1], B):
            yield r, c, image[r : r + B, c : c + B]


def gradients(tile):
    tile = tile.astype(float)
    gy = np.gradient(tile, axis=0) if tile.shape[0] > 1 else np.zeros(tile.shape)
    gx = np.gradient(tile, axis=1) if tile.shape[1] > 1 else np.zeros(tile.shape)
    return gx, gy


def foreground(image):
    z = (image - image.mean()) / image.std()
    mask = np.zeros(image.shape, bool)
    for r, c, tile in tiles(z):
        mask[r : r + B, c : c + B] = tile.std() > 0.1
    return mask


def normal_direction(block):
    gx, gy = gradients(block)
    a, b, c = (gx * gx).mean(), (gy * gy).mean(), (gx * gy).mean()
    return 0.5 * math.atan2(c, a - b)


def around(image, r, c, reach):
    """The block at r, c with `reach` more pixels on each side, 0 outside the picture."""
    wide = cv2.copyMakeBorder(image, 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=0)
    return wide[8 + r - reach : 8 + r + B + reach, 8 + c - reach : 8 + c + B + reach]


def turned(square, radians):
    side = square.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), math.degrees(radians), 1)
    return cv2.warpAffine(square, matrix, (36, 36), flags=cv2.INTER_NEAREST, borderValue=0)


def profile(window):
    """Trend of the column means, and which columns are ridge."""
    means = window.astype(float).mean(axis=0)
    x = np.arange(1, 33)
    slope, level = np.linalg.lstsq(np.stack([x, np.ones(32)], axis=1), means, rcond=None)[0]
    trend = round(level, 10) + round(slope, 10) * x
    return trend, means < trend


def fda(square, theta):
    window = turned(square, theta + math.pi / 2)[2:34, 10:26]
    means = window.astype(float).mean(axis=1, keepdims=True)
    real, imaginary = cv2.split(cv2.dft(means.T, flags=cv2.DFT_COMPLEX_OUTPUT))
    amplitude = cv2.magnitude(real, imaginary)[0, 1:]
    k = int(np.argmax(amplitude))
    if k in (0, 30):
        return 1.0
    peak = amplitude[k] + 0.3 * (amplitude[k - 1] + amplitude[k + 1])
    return peak / amplitude[:15].sum()


def opencv_mean(values):
    """OpenCV multiplies by the reciprocal of the count: the last bit decides at a limit."""
    return cv2.mean(np.atleast_2d(values))[0] if len(values) else 0.0


def lcs(square, theta):
    window = turned(square, theta)[10:26, 2:34]
    trend, ridge = profile(window)
    changes = [i for i in range(31) if ridge[i + 1] != ridge[i]]
    if not changes:
        return 0.0
    widths = [changes[0]] + [b - a for a, b in itertools.pairwise(changes)]
    first, second = widths[0::2], widths[1::2]
    ridges, valleys = (first, second) if ridge[0] else (second, first)
    ridge_width, valley_width = (opencv_mean(np.array(w) / 20) for w in (ridges, valleys))
    if not 3 / 20 <= ridge_width <= 10 / 20 or not 2 / 20 <= valley_width <= 10 / 20:
        return 0.0
    wrong_valley = wrong_ridge = valley_pixels = ridge_pixels = 0
    for column in range(32):
        for grey in window[:, column]:
            if ridge[column]:
                ridge_pixels += 1
                wrong_ridge += grey >= trend[column]
            else:
                valley_pixels += 1
                wrong_valley += grey < trend[column]
    return 1 - (wrong_valley / valley_pixels + wrong_ridge / ridge_pixels) / 2


def rvup(square, theta):
    _, ridge = profile(turned(square, theta)[10:26, 2:34])
    changes = [i for i in range(30) if ridge[i + 1] != ridge[i]]
    if not changes or changes[-1] - changes[0] < 2:
        return []
    ends = [c - changes[0] for c in changes[1:]]
    runs = [b - a for a, b in itertools.pairwise(ends)][::-1]
    ratios = [one / other for one, other in itertools.pairwise(runs)]
    for i in range(int(ridge[changes[0] + 1]), len(ratios), 2):
        ratios[i] = 1 / ratios[i]
    return ratios


def flow(theta, valid):
    rows, columns = theta.shape
    values = []
    for r in range(rows):
        for c in range(columns):
            total, complete = 0.0, valid[r, c]
            for dr, dc in [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]:
                inside = 0 <= r + dr < rows and 0 <= c + dc < columns
                other = theta[r + dr, c + dc] if inside else 0.0
                complete = complete and inside and valid[r + dr, c + dc]
                difference = abs(theta[r, c] - other)
                total += min(difference, 2 * math.pi - difference)
            turn = math.degrees(total / 8)
            if complete and turn > 4:
                values.append((turn - 4) / 86)
    return values


def ocl(tile):
    gx, gy = gradients(tile)
    a, b, c = (gx * gx).mean(), (gy * gy).mean(), (gx * gy).mean()
    root = math.sqrt((a - b) ** 2 + 4 * c * c)
    large, small = (a + b + root) / 2, (a + b - root) / 2
    return None if large == 0 else 1 - small / large


def coherence(tile):
    gx, gy = gradients(tile)
    x, y = gx * gx - gy * gy, 2 * gx * gy
    length = np.sqrt(x * x + y * y).sum()
    return 0.0 if length == 0 else math.hypot(x.sum(), y.sum()) / length


def interesting(image):
    """The region of interest: blurred as published, holes filled, one piece."""
    picture = cv2.erode(image, np.ones((5, 5), np.uint8))
    for size in (41, 91):
        picture = cv2.GaussianBlur(picture, (size, size), 0)
        picture = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    contours, tree = cv2.findContours(255 - picture, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for i in range(len(contours)):
        if tree[0, i, 3] >= 0:
            cv2.drawContours(picture, contours, i, 0, cv2.FILLED)
    count, labels = cv2.connectedComponents(255 - picture, connectivity=4)
    best, largest = 0, 0
    for label in range(1, count):
        rows, columns = np.nonzero(labels == label)
        box = int(np.ptp(rows) + 1) * int(np.ptp(columns) + 1)
        if box > largest:
            best, largest = label, box
    return (labels == best) if best else np.zeros(image.shape, bool)


def histogram(name, values):
    counts = [0] * 10
    for value in values:
        counts[sum(value >= limit for limit in LIMITS[name])] += 1
    result = {f"{name}_Bin10_{i}": n for i, n in enumerate(counts)}
    mean = sum(values) / len(values) if values else None
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values)) if values else None
    return result | {f"{name}_Bin10_Mean": mean, f"{name}_Bin10_StdDev": spread}


def offset_grid(image):
    mask = foreground(image)
    height, width = image.shape
    tops, lefts = range(2, height - 33, B), range(2, width - 33, B)
    theta, valid = np.zeros((len(tops), len(lefts))), np.zeros((len(tops), len(lefts)), bool)
    values = {"FDA": [], "LCS": [], "RVUP": []}
    for i, r in enumerate(tops):
        for j, c in enumerate(lefts):
            angle = theta[i, j] = normal_direction(image[r : r + B, c : c + B])
            valid[i, j] = mask[r : r + B, c : c + B].all()
            if valid[i, j]:
                values["FDA"].append(fda(around(image, r, c, 4), angle))
                values["LCS"].append(lcs(around(image, r, c, 2), angle))
                values["RVUP"].extend(rvup(around(image, r, c, 4), angle))
    return values | {"OF": flow(theta, valid)}


def measures(image):
    """All 65 figures of an 8-bit picture at 500 ppi with at least ten valid blocks."""
    image = crop(image)
    values = offset_grid(image)
    whole = [tile for _, _, tile in tiles(image) if tile.shape == (B, B)]
    values["OCL"] = [v for v in map(ocl, whole) if v is not None]
    figures = {}
    for name, each in values.items():
        figures |= histogram(name, each)
    region = interesting(image)
    white_outside = np.where(region, 0, 255).astype(np.uint8)
    touched = [opencv_mean(tile) < 255 for _, _, tile in tiles(white_outside)]
    strengths = [coherence(tile) for _, _, tile in itertools.compress(tiles(image), touched)]
    figures["OrientationMap_ROIFilter_CoherenceSum"] = sum(strengths)
    figures["OrientationMap_ROIFilter_CoherenceRel"] = sum(strengths) / len(strengths)
    figures["ImgProcROIArea_Mean"] = image[region].mean()
    figures["Mu"] = image.mean()
    figures["MMB"] = np.mean([tile.mean() for _, _, tile in tiles(image)])
    return figures


def differences(some, other, *, relative=1e-9, absolute=1e-9):
    """Figures that are not the same in both, by name."""
    return {
        name: (some[name], other[name])
        for name in some
        if (some[name] is None) != (other[name] is None)
        or (
            some[name] is not None
            and abs(some[name] - other[name]) > max(relative * abs(other[name]), absolute)
        )
    }
