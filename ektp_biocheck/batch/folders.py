"""Where results may go: never among the captures, and said in words when it cannot be."""

import os
from pathlib import Path

from ektp_biocheck.errors import InputError

__all__ = ["make_folder", "refuse_inside"]


def refuse_inside(folder: Path, out: Path) -> None:
    """Raise InputError when writing into `out` would write below `folder`."""
    resolved = out.resolve()
    for place in (resolved, *resolved.parents):
        try:
            within = place.exists() and place.samefile(folder)
        except OSError:  # a name no disk takes: `make_folder` says so
            within = False
        if within:
            raise InputError(
                f"the results ({out}) would lie in the folder of captures ({folder}), where "
                "nothing is ever written: choose a folder outside it"
            )


def make_folder(out: Path) -> None:
    """Make the folder for results, or say what stands in the way and how to get around it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe.{os.getpid()}.tmp"
        probe.touch()
        probe.unlink()
    except (FileExistsError, NotADirectoryError):
        raise OSError(
            f"the results cannot go to {out}: a file stands there or on the way to it. Choose "
            "another --out, or move that file away"
        ) from None
    except OSError as error:
        raise OSError(
            f"the results cannot go to {out} ({error.strerror}). Choose another --out, or free "
            "space and rights there"
        ) from None
