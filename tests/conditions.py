"""Generated prints in one condition each, and what the scorer says of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ektp_biocheck import fingerprint
from fixtures.fingerprint import Condition, finger, render

NEVER = 2.0  # known to fail: see docs/defects
STRENGTHS = (0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Case:
    """A condition by strength 0..1, the codes that name it, and at which strengths they do."""

    at: Callable[[float], Condition]
    codes: frozenset[str]
    told_from: float
    told_to: float

    def strengths(self) -> list[float]:
        return [t for t in STRENGTHS if self.told_from <= t <= self.told_to]


def case(at, *codes, told_from=0.5, told_to=1.0):
    return Case(at, frozenset(codes), told_from, told_to)


CASES = {
    "dry": case(lambda t: Condition(dryness=t), "FP_DRY"),
    "wet": case(lambda t: Condition(wetness=t), "FP_WET"),
    # Half worn the score has hardly fallen, and a good print is to raise no defect.
    "worn": case(lambda t: Condition(wear=t), "FP_WORN_RIDGES", told_from=0.75),
    "partial": case(lambda t: Condition(contact=1 - 0.85 * t), "FP_PARTIAL"),
    "low contrast": case(lambda t: Condition(contrast=1 - 0.95 * t), "FP_LOW_CONTRAST"),
    "blur": case(lambda t: Condition(blur_mm=0.18 * t), "FP_BLUR", told_to=0.75),
    "noise": case(lambda t: Condition(noise=t), "FP_NOISE"),
    "pressed lightly": case(lambda t: Condition(pressure=-t), "FP_LOW_PRESSURE", told_from=0.75),
    "pressed hard": case(lambda t: Condition(pressure=t), "FP_OVERPRESSED", told_from=1.0),
    "rotated": case(lambda t: Condition(rotation_deg=90 * t), "FP_ROTATED"),
    "motion": case(
        lambda t: Condition(smear_mm=0.8 * t, smear_deg=30), "FP_SMEAR_MOTION", told_from=1.0
    ),
    "callus": case(
        lambda t: Condition(cracks=round(12 * t), callus=0.5 * t),
        "FP_CALLUS_CRACKS",
    ),
    "tip": case(
        lambda t: Condition(contact=1 - 0.6 * t, tip_only=True), "FP_TIP_ONLY", told_from=0.75
    ),
    "ghost": case(lambda t: Condition(ghost=t, contact=0.6), "FP_GHOST_PLATEN", told_to=0.5),
    "dirt": case(lambda t: Condition(dirt=t), "FP_DIRTY_FINGER", told_from=0.75),
}
FALLING = ("worn", "dry", "wet", "partial", "blur", "noise")


CLEAN = Condition()


@cache
def assessed(seed: int, condition: Condition = CLEAN, impression: int = 0):
    return fingerprint.assess(render(finger(seed), condition, impression=impression).pixels)


def codes_of(result):
    return {defect.code for defect in result.defects}
