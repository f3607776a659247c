"""Write what `ektp-biocheck demo` prints into README.md: ``python docs/build_readme.py``."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"(?<=\n```text\n).*?(?=```\n)", re.DOTALL)


def printed_by_demo() -> str:
    """Run the demo in an empty folder, 80 columns wide; return its output."""
    command = [sys.executable, "-m", "ektp_biocheck", "demo"]
    paths = os.pathsep.join((str(README.parent), os.environ.get("PYTHONPATH", "")))
    environment = os.environ | {"COLUMNS": "80", "PYTHONPATH": paths, "PYTHONUTF8": "1"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=folder, env=environment, check=True, capture_output=True, encoding="utf-8"
        )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


def printed_in_readme() -> str:
    """Return the block of the README that shows the demo."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("README.md has no ```text block")
    return found.group()


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(_BLOCK.sub(lambda _: printed_by_demo(), text, count=1), encoding="utf-8")
