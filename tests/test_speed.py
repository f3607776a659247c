"""The benchmark runs, and what it measures stays within its limit."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "speed.py"


def test_the_native_measures_stay_within_their_limit():
    command = [sys.executable, str(SCRIPT), "--json", "--repeats", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)  # noqa: S603
    told = json.loads(done.stdout)
    assert list(told["sizes"]) == ["300×300", "388×374", "448×478"]
    for stages in told["sizes"].values():
        assert {"assess", "assess fast", "iso29794_4", "find_minutiae", "LCS"} <= set(stages)
        for figures in stages.values():
            ratio = figures["ms"] / told["yardstick_ms"]
            assert 0 < figures["yardsticks"] == round(figures["yardsticks"], 4)
            assert abs(figures["yardsticks"] - ratio) < 0.002
        assert stages["assess fast"]["ms"] < stages["assess"]["ms"]
    assert told["sizes"]["388×374"]["iso29794_4"]["yardsticks"] < 0.30
