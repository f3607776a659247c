"""A station that is killed while it works: run by test_power_cut, in a process of its own.

Prints a line after every call that returned, so that the test knows what was promised.
"""

import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from people import RIGHT_RING  # noqa: E402
from stations import NIK, Pictures, show, station  # noqa: E402

from ektp_biocheck.records import events  # noqa: E402


def main(folder, how_many):
    """Work until the `how_many`-th commit of an event, then die before or after it."""
    pictures = Pictures()
    desk = station(Path(folder), pictures, quick=False)
    left = [how_many]
    append = events.append

    def counting(*args, **more):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return append(*args, **more)

    events.append = counting
    person = desk.begin(NIK, operator="op-1")
    print("begun", flush=True)
    for score in (30, 28, 26, 24, 22):
        taken = show(desk, person, RIGHT_RING, pictures.of(score, "FP_DRY"))
        print("taken", taken.attempt, flush=True)
        desk.except_instance(
            person,
            RIGHT_RING,
            kind="UNUSABLE",
            permanence="PERMANENT",
            reason="WORN_SMOOTH",
            by="o",
        )
        desk.withdraw_exception(person, RIGHT_RING, by="o")
        desk.device_fault(person, RIGHT_RING, "DEV_HANG", device="d", operator="o")
        print("fault", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
