"""Named places where a power cut would hurt most, so that tests can stop there.

`point` does nothing until a test sets `hook`. A test that kills the process at each of `POINTS`
proves that what follows in the code can be repeated after any of them.
"""

from collections.abc import Callable

__all__ = ["POINTS", "hook", "point"]

POINTS = (
    "seal:begun",
    "seal:encrypted",
    "write:created",
    "write:written",
    "write:synced",
    "write:renamed",
    "write:folder-synced",
    "seal:file-stored",
    "seal:rows-written",
    "seal:committed",
    "seal:captures-removed",
    "move:rows-written",
    "move:committed",
    "erase:file-removed",
    "erase:committed",
    "sweep:adopted",
    "sweep:told-of-stranger",
    "sweep:stranger-moved",
    "sweep:lost",
    "sweep:temporary-removed",
    "space:released",
)
"""Every label in use, in the order a record meets them."""

hook: Callable[[str], object] | None = None
"""Called with the label at each point; set by tests and by the benchmark only."""


def point(label: str) -> None:
    """Pass a named place."""
    if hook is not None:
        hook(label)
