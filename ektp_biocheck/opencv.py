"""The one door to OpenCV: every module here writes ``from ektp_biocheck.opencv import cv2``.

Several distributions (headless, contrib, with and without windows) unpack into the same
``cv2`` folder. Unequal versions overwrite each other without a word, and scores change with
the version (4.10 to 5.0 rounds nearest-neighbour rotations differently), so a mixture is
refused here with the cure instead of giving figures nobody can compare.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ektp_biocheck.errors import InstallationError

__all__ = ["REQUIRED", "cv2"]

REQUIRED = "4.11.0"
_DISTRIBUTIONS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
_CURE = (
    "Cure: `pip uninstall -y " + " ".join(_DISTRIBUTIONS) + "`, then "
    f"`pip install opencv-python-headless=={REQUIRED}.86`."
)


def _installed() -> dict[str, str]:
    found = {}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _check(loaded: str, installed: dict[str, str]) -> None:
    """Raise InstallationError unless every OpenCV in sight is the one version we score with."""
    if loaded != REQUIRED:
        raise InstallationError(
            f"OpenCV {loaded or 'without a version'} is loaded, {REQUIRED} is needed "
            f"(installed: {installed or 'no distribution'}). {_CURE}"
        )
    strangers = {n: v for n, v in installed.items() if not v.startswith(REQUIRED + ".")}
    if strangers:
        raise InstallationError(
            f"Several OpenCV distributions overwrite each other: {strangers} beside {REQUIRED}. "
            f"{_CURE}"
        )


try:
    import cv2 as _cv2
except ImportError as error:
    raise InstallationError(f"OpenCV cannot be loaded: {error}. {_CURE}") from error

_check(getattr(_cv2, "__version__", ""), _installed())

cv2: Any = _cv2  # its own stubs widen every array to Mat | ndarray[Any], which helps nobody
