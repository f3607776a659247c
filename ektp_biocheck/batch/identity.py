"""What ``run.json`` says a run was: folder, options, versions, machine."""

import hashlib
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ektp_biocheck
from ektp_biocheck.batch.how import How
from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.batch.scan import is_remote
from ektp_biocheck.errors import InputError

__all__ = ["file_hash", "machine", "told_folder", "told_options", "versions"]


def told_folder(folder: str | Path) -> str:
    """Return the folder as the summary names it: absolute, and without a password."""
    if not is_remote(folder):
        return str(Path(folder).resolve())
    scheme, _, rest = str(folder).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a policy file; raise InputError when it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{file}: the policy cannot be read ({error.strerror})") from None


def told_options(options: Options, how: How, workers: int) -> dict[str, Any]:
    """Return what was asked for."""
    return {
        **asdict(options),
        "workers": None if how.cluster else workers,
        "timeout_seconds": how.timeout,
        "cluster": how.cluster is not None,
    }


def versions() -> dict[str, str]:
    """Return the versions of what a result may depend on."""
    import numpy
    import PIL

    from ektp_biocheck.opencv import cv2

    return {
        "ektp-biocheck": ektp_biocheck.__version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }


def machine() -> dict[str, Any]:
    """Return what kind of machine this is; its name is nobody's business."""
    return {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
