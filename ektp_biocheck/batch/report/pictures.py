"""Small pictures for the table, made only when asked: they are biometric data."""

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.batch.outcome import MODALITIES, scorer
from ektp_biocheck.batch.results import Row
from ektp_biocheck.errors import BiocheckError
from ektp_biocheck.lang import Lang

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ektp_biocheck.samples import Sample

__all__ = ["OVERLAY_PX", "THUMBNAIL_PX", "small_pictures"]

THUMBNAIL_PX = 96
OVERLAY_PX = 220  # an overlay has writing on it


def small_pictures(
    rows: Sequence[Row],
    folder: Path,
    *,
    overlays: int = 0,
    lang: Lang = "en",
    done: Callable[[], object] = lambda: None,
) -> dict[str, str]:
    """Return a small JPEG of each capture as a ``data:`` address.

    Parameters
    ----------
    rows : sequence of Row
        Captures in the order of the table.
    folder : Path
        The folder that was scored.
    overlays : int
        So many of the first that have a score show why they have it instead; these are
        assessed again.
    lang : {"id", "en"}
        Of the writing on overlays.
    done : callable
        Called after each capture.

    Returns
    -------
    dict
        By path. A capture that cannot be opened, has changed since it was scored, or does not
        lie below `folder` has none.
    """
    found: dict[str, str] = {}
    for row in rows:
        picture = _picture(row, folder, overlay=overlays > 0, lang=lang)
        if picture is not None:
            pixels, side = picture
            overlays -= side == OVERLAY_PX
            found[row.path] = _jpeg(pixels, side)
        done()
    return found


def _picture(
    row: Row, folder: Path, *, overlay: bool, lang: Lang
) -> "tuple[NDArray[np.uint8], int] | None":
    sample = _sample(row, folder)
    if sample is None:
        return None
    if not overlay or row.score is None:
        return sample.pixels, THUMBNAIL_PX
    module = scorer(row.modality)
    finger = {"ppi": sample.ppi} if row.modality == "finger" else {}
    try:
        assessment = module.assess(sample.pixels, **finger)
    except BiocheckError:
        return sample.pixels, THUMBNAIL_PX
    return module.overlay(sample.pixels, assessment, lang=lang), OVERLAY_PX


def _sample(row: Row, folder: Path) -> "Sample | None":
    from ektp_biocheck.samples import open_sample

    file = folder / row.path
    if row.modality not in MODALITIES or not file.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        sample = open_sample(file, row.ppi, modality=row.modality)
    except (BiocheckError, ValueError):
        return None
    return sample if row.sha256 in (None, sample.sha256) else None


def _jpeg(pixels: "NDArray[np.uint8]", side: int) -> str:
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
