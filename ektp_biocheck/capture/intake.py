"""One presentation on its way in: assessed, compared with the others, stored, decided."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.crosscheck import Finding, find_confusion, prepared, with_defect
from ektp_biocheck.capture.desk import Burst, Desk, png_of
from ektp_biocheck.capture.order import best_of
from ektp_biocheck.capture.scorers import Judged, Level, unusable
from ektp_biocheck.capture.transaction import Transaction, parts_of
from ektp_biocheck.capture.views import BestFrame, InstanceResult, Presented, Preview
from ektp_biocheck.defects import found
from ektp_biocheck.errors import UnreadableError
from ektp_biocheck.positions import Instance, Modality
from ektp_biocheck.quality import Assessment
from ektp_biocheck.samples import decode_sample, to_grey, to_rgb

__all__ = ["failed", "preview", "take_in"]

Pixels = NDArray[np.uint8]


def take_in(
    desk: Desk, transaction: str, attempted: f.Attempted, pixels: Pixels, ppi: float | None
) -> Presented:
    """Assess a presentation, store it and decide.

    The attempt is stored before it is assessed: should the program die meanwhile, its number
    is not used again and it costs the person nothing.
    """
    person = desk.open_person(transaction)
    what = f.instance_of(attempted.what)
    desk.append(transaction, [attempted])
    desk.frames.pop((transaction, what), None)
    problem = unusable(what, pixels, ppi)
    if problem is not None:
        fault = f.DeviceFailed(attempt=attempted.number, code="DEV_UNREADABLE", detail=problem)
        return _without(desk, transaction, what, attempted.number, fault)
    shaped = to_rgb(pixels) if what.modality == Modality.FACE else to_grey(pixels)
    judged = _judge(desk, frozenset(person.exceptions), what, shaped, ppi, "full")
    checked = [_checked(desk, person, attempted.device, one) for one in judged]
    facts = [
        _assessed(desk, transaction, attempted.number, one, finding) for one, finding in checked
    ]
    desk.append(transaction, facts)
    instances = [one.instance for one, _ in checked]
    decisions = desk.decide(transaction, instances)
    results = tuple(
        InstanceResult(one.instance, one.assessment, decisions[one.instance]) for one, _ in checked
    )
    return Presented(attempted.number, results)


def failed(
    desk: Desk, transaction: str, attempted: f.Attempted, outcome: f.NotCaptured | f.DeviceFailed
) -> Presented:
    """Store an attempt of which nothing came, and decide."""
    desk.append(transaction, [attempted])
    what = f.instance_of(attempted.what)
    return _without(desk, transaction, what, attempted.number, outcome)


def _without(
    desk: Desk,
    transaction: str,
    what: Instance,
    number: int,
    outcome: f.NotCaptured | f.DeviceFailed,
) -> Presented:
    desk.append(transaction, [outcome])
    decisions = list(desk.decide(transaction, parts_of(what)).values())
    device = [d for d in decisions if d.rule == "D01"] or decisions
    return Presented(number, (), device[0] if device else None)


def _judge(
    desk: Desk,
    excepted: frozenset[Instance],
    what: Instance,
    pixels: Pixels,
    ppi: float | None,
    level: Level,
) -> list[Judged]:
    """Ask the scorer. The person in the chair must not pay for a scorer that breaks."""
    try:
        return desk.scorers.assess(what, pixels, ppi, level=level, excepted=excepted)
    except Exception as error:  # noqa: BLE001
        why = f"the scorer broke: {type(error).__name__}"
        defect = found("DEV_SOFTWARE", 1.0, {})
        broken = Assessment(str(what.modality), "none", None, why, {}, (defect,))
        kept = None if f.is_slap(what) else pixels
        return [Judged(part, broken, kept, ppi) for part in parts_of(what)]


def _checked(
    desk: Desk, person: Transaction, device: str, one: Judged
) -> tuple[Judged, Finding | None]:
    """Add what only other captures can tell."""
    new = prepared(one.instance, one.pixels, one.ppi, one.assessment, desk.comparator)
    others = _others(desk, person, one.instance) if new is not None else {}
    finding = find_confusion(one.instance, new, others, desk.comparator)
    assessment = one.assessment
    if finding is not None:
        assessment = with_defect(assessment, finding.defect)
    if one.instance.modality == Modality.FINGER and one.assessment.score is not None:
        whose = f"{person.id}/{f.attribute_of(one.instance)}"
        ghost = desk.glass.look(device, whose, assessment, one.ppi or 500)
        assessment = assessment if ghost is None else with_defect(assessment, ghost)
    number = person.last_attempt
    desk.captures[person.id, one.instance, number] = new
    return Judged(one.instance, assessment, one.pixels, one.ppi), finding


def _others(desk: Desk, person: Transaction, instance: Instance) -> dict[Instance, Any]:
    """Return the best earlier captures of the same modality, the same instance's too."""
    found_ = {}
    for other in person.happened:
        if other.modality != instance.modality:
            continue
        sound = [
            take for take in person.takes(other) if take.score is not None and take.same_as is None
        ]
        best = best_of(sound)
        if best is not None and best.sha256 is not None:
            found_[other] = _earlier(desk, person, other, best.attempt, best.sha256)
    return found_


def _earlier(desk: Desk, person: Transaction, instance: Instance, attempt: int, sha256: str) -> Any:  # noqa: ANN401
    """Return a capture as it is compared; after a restart from the vault."""
    key = person.id, instance, attempt
    if key not in desk.captures:
        fact = person.assessed[attempt, instance]
        modality: Any = str(instance.modality)
        try:
            sample = decode_sample(desk.vault.get(person.id, sha256), modality=modality)
        except UnreadableError:  # a lost picture must not stop the next capture
            desk.captures[key] = None
            return None
        judged = _judge(desk, frozenset(), instance, sample.pixels, fact.ppi, "full")[0]
        desk.captures[key] = prepared(
            instance, sample.pixels, fact.ppi, judged.assessment, desk.comparator
        )
    return desk.captures[key]


def _assessed(
    desk: Desk, transaction: str, number: int, one: Judged, finding: Finding | None
) -> f.Assessed:
    """Put the picture into the vault and describe the capture without it."""
    sha256 = None
    if one.pixels is not None:
        sha256 = desk.keep(transaction, png_of(one.pixels, one.ppi))
    height, width = (0, 0) if one.pixels is None else one.pixels.shape[:2]
    return f.Assessed(
        attempt=number,
        instance=f.attribute_of(one.instance),
        sha256=sha256,
        width=int(width),
        height=int(height),
        ppi=None if one.ppi is None else float(one.ppi),
        algorithm=one.assessment.algorithm,
        score=one.assessment.score,
        failure=one.assessment.failure,
        defects=f.defect_facts(one.assessment.defects),
        measures=f.measures_of(one.assessment),
        same_as=None if finding is None else f.attribute_of(finding.other),
    )


def preview(
    desk: Desk, transaction: str, what: Instance, pixels: Pixels, ppi: float | None
) -> Preview:
    """Look at a live frame: nothing is stored, the best frame of the burst is kept in memory."""
    with desk.lock:
        excepted = frozenset(desk.open_person(transaction).exceptions)
    problem = unusable(what, pixels, ppi)
    if problem is None:
        shaped = to_rgb(pixels) if what.modality == Modality.FACE else to_grey(pixels)
        judged = _judge(desk, excepted, what, shaped, ppi, "fast")
        assessments = [one.assessment for one in judged]
        rank, seen = _frame(assessments)
    else:
        rank, seen = (0, 0, 0), Preview(None, ("DEV_UNREADABLE",), False, 1, problem)
    with desk.lock:
        best = desk.frames.get((transaction, what))
        frames = 1 if best is None else best.frame.preview.frames + 1
        better = best is None or rank > best.rank
        if better and problem is None:
            frame = BestFrame(np.array(pixels), ppi, replace(seen, best=True, frames=frames))
            desk.frames[transaction, what] = Burst(rank, frame)
        elif best is not None:
            counted = replace(best.frame.preview, frames=frames)
            desk.frames[transaction, what] = Burst(best.rank, replace(best.frame, preview=counted))
    return replace(seen, best=better and problem is None, frames=frames)


def _frame(assessments: Sequence[Assessment]) -> tuple[tuple[int, int, int], Preview]:
    """Rank a frame and say what is wrong with it; a slap's is as good as its worst finger."""
    worst = min(assessments, key=lambda a: -1 if a.score is None else a.score)
    hard = [d.code for a in assessments for d in a.defects if d.hard]
    soft = [d.code for d in worst.defects if not d.hard]
    score = worst.score
    rank = int(score is not None), -len(hard), -1 if score is None else score
    codes = tuple(dict.fromkeys([*hard, *soft]))
    return rank, Preview(score, codes, False, 1, worst.failure)
