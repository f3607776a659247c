"""What the capture pages show was run, and they name everything there is."""

import re
import shutil
from pathlib import Path

from stations import NIK

from ektp_biocheck.capture.paper import REASONS
from ektp_biocheck.capture.verdict import REASON_CODES
from ektp_biocheck.records import keys
from fixtures.fingerprint import Condition, hand, slap

DOCS = Path(__file__).parents[1] / "docs" / "capture"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_example_of_the_station_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    keys.make_centre_keys(tmp_path / "centre")
    keys.make_station_keys(tmp_path / "station" / "keys")
    for name in ("centre-seal.pub", "centre-sign.pub"):
        shutil.copy(tmp_path / "centre" / name, tmp_path / "station" / "keys" / name)
    code = re.search(r"```python\n(.*?)```", page("station.md"), re.S)[1]
    pixels = slap(hand(21, "right"), Condition(), impression=1).pixels
    exec(compile(code, "station.md", "exec"), {"nik": NIK, "pixels": pixels})  # noqa: S102
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("telunjuk kanan ACCEPT")
    assert told[-1] == "True"


def test_every_code_is_explained():
    decision, station = page("decision.md"), page("station.md")
    assert [code for code in REASON_CODES if f"`{code}`" not in decision] == []
    assert [code for code in REASONS if f"`{code}`" not in station] == []
    for rule in range(1, 11):
        assert f"| D{rule:02d} |" in decision
