"""Write what the example station prints: ``python docs/build_station_example.py``.

Into docs/station-example.txt, 88 columns wide. A test compares it with a fresh run.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "station-example.txt"


def printed() -> str:
    """Play the day of examples/day.toml; return what is printed."""
    paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    environment = os.environ | {"COLUMNS": "88", "PYTHONPATH": paths, "PYTHONUTF8": "1"}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "examples" / "station.py")],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(printed(), encoding="utf-8", newline="\n")
