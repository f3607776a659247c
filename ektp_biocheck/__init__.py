"""Quality checks for e-KTP captures: a score, a reason in plain words, and what to do next.

Importing this package loads neither OpenCV nor mediapipe; each name below loads what it
needs when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Assessment",
    "Defect",
    "Measure",
    "Sample",
    "__version__",
    "face",
    "fingerprint",
    "iris",
    "open_sample",
]

if TYPE_CHECKING:
    from ektp_biocheck import face, fingerprint, iris
    from ektp_biocheck.quality import Assessment, Defect, Measure
    from ektp_biocheck.samples import Sample, open_sample

_HOME = {
    "Assessment": "quality",
    "Defect": "quality",
    "Measure": "quality",
    "Sample": "samples",
    "open_sample": "samples",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    """Load a public name on first use (PEP 562)."""
    if name in _HOME:
        value = getattr(import_module(f"ektp_biocheck.{_HOME[name]}"), name)
    elif name in __all__:
        value = import_module(f"ektp_biocheck.{name}")
    else:
        raise AttributeError(f"module 'ektp_biocheck' has no attribute {name!r}")
    globals()[name] = value
    return value
