"""Manifests of records as `Station.finish` writes them, for the tests of slips and sheets."""

FINGERS = (
    *("rightThumb", "rightIndex", "rightMiddle", "rightRing", "rightLittle"),
    *("leftThumb", "leftIndex", "leftMiddle", "leftRing", "leftLittle"),
)
PARTS = (*FINGERS, "rightEye", "leftEye", "face")
RECORD = "01932c07-8a7b-7c3d-9e4f-0a1b2c3d4e5f"


def instance(outcome="ACQUIRED", *defects, score=63):
    return {
        "outcome": outcome,
        "sha256": "0" * 64,
        "score": score,
        "failure": None,
        "algorithm": "ektp-biocheck/fingerprint 1.0.0",
        "defects": list(defects),
        "attempts": 1,
        "chosen_attempt": 1,
        "relaxed": False,
    }


def exception(part, kind="MISSING", permanence="PERMANENT", **more):
    return {
        "instance": part,
        "kind": kind,
        "permanence": permanence,
        "reason": "NOT_THERE",
        "by": "op-7",
        "review_by": None,
        "approval": None,
    } | more


def manifest(state="READY", changed=None, exceptions=(), **more):
    return {
        "schema_version": 1,
        "record_id": RECORD,
        "transaction": "1f0c",
        "subject_ref": "ab" * 32,
        "station": "KEC-01",
        "operator": "op-7",
        "queue_number": "24",
        "age_years": 71,
        "policy": {"id": "dukcapil-default", "version": "1", "digest": "00"},
        "started": {"seq": 1, "at": "2016-09-17T01:30:00.000+00:00", "clock_suspect": False},
        "finished": {"seq": 30, "at": "2016-09-17T01:36:00.000+00:00", "clock_suspect": False},
        "verdict": {"state": state, "reasons": []},
        "instances": {part: instance() for part in PARTS} | (changed or {}),
        "exceptions": list(exceptions),
        "fallbacks": [],
        "evidence": [],
        "supersedes": None,
        "copied_instances": [],
    } | more
