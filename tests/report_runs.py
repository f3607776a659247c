"""Runs of a district that never was: what `batch` would have written, with known truths in it.

Stations 3301 to 3313, two devices each, three operators a station, twenty days, thirteen
captures a person (ten fingers, two eyes, a face). Put in on purpose: a dirty glass at device
3313-B from the eleventh day on, worn fingers of the old, a bad ninth day, unreadable files,
captures that occur twice, one station with 20 captures only.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ektp_biocheck.batch.outcome import STATUSES
from ektp_biocheck.batch.results import Row
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.positions import SINGLE_FINGERS

POSITIONS = [("finger", finger.name.lower()) for finger in SINGLE_FINGERS] + [
    ("iris", "right_eye"),
    ("iris", "left_eye"),
    ("face", None),
]
ALGORITHMS = {
    "finger": "ektp-biocheck/fingerprint 1.0.0",
    "iris": "ektp-biocheck/iris 1.0.0",
    "face": "ektp-biocheck/face 1.0.0",
}
DIRTY = ("3313", "3313-B")
HOSTILE = (
    "<img src=x onerror=alert(1)>.png",
    "a" * 251 + ".png",
    "harmless\u202egnp.exe",
    "two\nlines.png",
    "\"><script>document.title='owned'</script>.png",
    "lost\udcff byte.png",
    "=cmd|' /C calc'!A0.png",
)


@dataclass
class Drawn:
    """One capture in the making."""

    modality: str
    position: str | None
    score: float
    defects: dict[str, float] = field(default_factory=dict)


def row(path: str = "a.png", **known: Any) -> Row:
    """Return a row that says only what is given; a score of 70 when it says nothing."""
    document = document_of(path, **known)
    values = {name: document.get(name) for name in Row.__dataclass_fields__}
    defects = document["defects"]
    values["defects"] = tuple(defect["code"] for defect in defects)
    values["hard"] = tuple(defect["code"] for defect in defects if defect["hard"])
    values["severities"] = {defect["code"]: defect["severity"] for defect in defects}
    values["measures"] = {n: m["value"] for n, m in document["measures"].items()}
    return Row(**values)


def document_of(path: str, **known: Any) -> dict[str, Any]:
    """Return a line of results.jsonl."""
    defects = known.pop("defects", {})
    if not isinstance(defects, dict):
        defects = dict.fromkeys(defects, 0.4)
    measures = known.pop("measures", {})
    failure = known.get("failure")
    document = {
        "path": path,
        "modality": "finger",
        "status": "OK" if failure is None else "FAILURE_TO_ASSESS",
        "score": 70 if failure is None else None,
        "failure": None,
        "sha256": hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest(),
        **known,
    }
    document.setdefault("algorithm", ALGORITHMS.get(document["modality"]))
    document["defects"] = [
        {"code": c, "severity": s, "hard": _is_hard(c, s), "evidence": {}, "region": None}
        for c, s in sorted(defects.items(), key=lambda d: (not _is_hard(*d), -d[1]))
    ]
    document["measures"] = {
        name: {"value": value, "unit": "", "why_missing": None if value is not None else "none"}
        for name, value in measures.items()
    }
    return document


def _is_hard(code: str, severity: float) -> bool:
    hard_from = CATALOGUE[code].hard_from
    return hard_from is not None and severity >= hard_from


def write_run(folder: Path, documents: list[dict[str, Any]]) -> Path:
    """Write the files of a finished run."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(document) + "\n" for document in documents).encode()
    (folder / "results.jsonl").write_bytes(text)
    statuses = Counter(document["status"] for document in documents)
    summary = {
        "schema": 1,
        "folder": "/captures/district",
        "started": "2026-11-21T01:00:00+00:00",
        "seconds": 812.4,
        "files": len(documents),
        "statuses": {status: statuses[status] for status in STATUSES},
        "options": {"modality": "auto", "ppi": 500},
        "versions": {"ektp-biocheck": "0.1.0", "algorithms": ALGORITHMS},
        "sha256": {"results.jsonl": hashlib.sha256(text).hexdigest()},
    }
    (folder / "run.json").write_text(json.dumps(summary))
    return folder


def district(persons: int, seed: int = 7, days: int = 20) -> list[dict[str, Any]]:
    """Return the captures of `persons` persons, in the order of their paths."""
    random = np.random.default_rng(seed)
    stations = [str(3301 + s) for s in range(12)] + ["3313"]
    begin = datetime(2026, 11, 2, 8, tzinfo=UTC)
    documents: list[dict[str, Any]] = []
    for person in range(persons):
        day = person * days // persons
        station = "3399" if person in (5, 6) else stations[int(random.integers(13))]
        device = f"{station}-{'AB'[int(random.random() < 0.4)]}"
        at = begin + timedelta(days=day, minutes=5.0 * (person % 100))
        about = {
            "station": station,
            "device": device,
            "operator": f"op-{station}-{int(random.integers(3))}",
            "age_band": str(random.choice(["17-29", "30-59", "60+"], p=[0.3, 0.5, 0.2])),
            "person": f"person-{person:05}",
        }
        health = random.normal(0, 7)
        for place, (modality, position) in enumerate(POSITIONS):
            drawn = Drawn(modality, position, 0)
            _draw(drawn, about, day, health, random)
            path = f"{station}/{day + 1:02}/{person:05}-{place:02}.png"
            when = (at + timedelta(seconds=12 * place)).isoformat()
            documents.append(_document(path, drawn, about | {"captured_at": when}, random))
    _twice(documents, random)
    return sorted(documents, key=lambda d: d["path"])


def _draw(
    drawn: Drawn, about: dict[str, str], day: int, health: float, random: np.random.Generator
) -> None:
    levels = {"finger": 66.0, "iris": 76.0, "face": 81.0}
    drawn.score = levels[drawn.modality] + health + random.normal(0, 9)
    if drawn.modality == "finger":
        drawn.score -= 6 * ("little" in str(drawn.position))
        if about["age_band"] == "60+":
            drawn.score -= 12
            if random.random() < 0.25:
                drawn.defects["FP_WORN_RIDGES"] = 0.5
                drawn.score -= 8
        if (about["station"], about["device"]) == DIRTY and day >= 10 and random.random() < 0.8:
            drawn.defects["FP_GHOST_PLATEN"] = float(random.uniform(0.3, 0.8))
        if day == 8 and random.random() < 0.5:
            drawn.defects["FP_WET"] = 0.5
            drawn.score -= 22
        for code, chance, cost in (
            ("FP_DRY", 0.05, 10),
            ("FP_PARTIAL", 0.02, 14),
            ("FP_LOW_PRESSURE", 0.02, 8),
            ("FP_GHOST_PLATEN", 0.002, 0),
        ):
            if random.random() < chance:
                drawn.defects[code] = 0.4
                drawn.score -= cost
    elif drawn.modality == "iris" and random.random() < 0.04:
        drawn.defects["IR_LID_OCCLUSION"] = float(random.uniform(0.2, 0.7))
        drawn.score -= 12
    elif drawn.modality == "face" and random.random() < 0.05:
        drawn.defects["FA_UNEVEN_LIGHT"] = 0.4
        drawn.score -= 9


def _document(
    path: str, drawn: Drawn, about: dict[str, str], random: np.random.Generator
) -> dict[str, Any]:
    known: dict[str, Any] = {"modality": drawn.modality, "position": drawn.position, "ppi": 500}
    luck = random.random()
    if luck < 0.002:
        reason = "the file is cut off: send it again"
        known |= {"status": "UNREADABLE", "score": None, "failure": reason}
    elif luck < 0.003:
        known |= {"failure": "no finger or eye was found", "score": None}
        if drawn.modality == "finger":
            known["defects"] = {"FP_BLANK": 1.0}
    else:
        known |= {"score": int(np.clip(round(drawn.score), 0, 100)), "defects": drawn.defects}
        if drawn.modality == "finger":
            known["measures"] = {"noise": float(random.gamma(3, 2))}
    return document_of(path, **known, **about)


def _twice(documents: list[dict[str, Any]], random: np.random.Generator) -> None:
    """Let a few captures occur twice, mostly in one person, once across persons."""
    for index in random.integers(13, len(documents) - 14, max(2, len(documents) // 2500)):
        twin, first = documents[int(index) + 1], documents[int(index)]
        if twin["modality"] == first["modality"] and first["score"] is not None:
            twin["duplicate_of"] = first["path"]
    documents[-1]["duplicate_of"] = documents[12]["path"]


def hostile() -> list[dict[str, Any]]:
    """Return rows in which every text tries to break the page that shows it."""
    names = (*HOSTILE, *(f"deep/{name}" for name in HOSTILE))
    about = {
        "position": "<i>thumb</i>",
        "station": "<b>3313</b>",
        "device": '"><svg onload=alert(1)>',
        "operator": "<u>op</u>",
        "age_band": "<s>60+</s>",
        "algorithm": "<q>scorer</q> 1",
        "captured_at": "2026-11-21T<em>",
        "person": "<del>p</del>",
        "duplicate_of": "<ins>first</ins>.png",
    }
    rows = [document_of(name, score=5 + place, **about) for place, name in enumerate(names)]
    rows += [document_of(f"fine-{n}.png", **about) for n in range(30)]
    rows.append(document_of("no.png", failure="<mark>why</mark>", **about))
    return rows
