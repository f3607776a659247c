"""The errors this package raises on purpose.

::

    BiocheckError
    ├── InputError (ValueError)           a caller's mistake: wrong shape, dtype, option
    ├── UnreadableError (OSError)         a file that cannot be opened as an image
    │   └── MissingResolutionError        readable, but its pixels per inch are not known
    └── InstallationError (ImportError)   two OpenCV builds in one place, an extra not installed

A poor capture is never an error: it is an `Assessment`, with or without a score.
Each class is also a built-in, so that callers may catch either. Every text names what
is wrong and the cure; none holds image content or a person's data.
"""

__all__ = [
    "BiocheckError",
    "InputError",
    "InstallationError",
    "MissingResolutionError",
    "UnreadableError",
]


class BiocheckError(Exception):
    """Base of every error raised on purpose by this package."""


class InputError(BiocheckError, ValueError):
    """The caller passed something that no capture could be."""


class UnreadableError(BiocheckError, OSError):
    """A file cannot be read as an image; the text names the file and the cure."""


class MissingResolutionError(UnreadableError):
    """A fingerprint without a known resolution; the text says how to give one."""


class InstallationError(BiocheckError, ImportError):
    """The installed packages cannot work together, or an extra is missing."""
