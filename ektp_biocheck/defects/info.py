"""What the catalogue holds for each defect and each step."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["ALWAYS", "NEVER", "SEVERE", "CuredBy", "DefectInfo", "StepInfo"]

ALWAYS: Final = 0.0
"""Hard at any severity: the picture shows the wrong thing or nothing usable at all."""

SEVERE: Final = 0.5
"""Hard from half of the scale: the part that is compared is covered, cut off, turned away,
too small or not the person's own."""

NEVER: Final = None
"""Never hard: the score already tells, or the person cannot change it."""


class CuredBy(StrEnum):
    """Who can make the next attempt better."""

    SUBJECT = "subject"
    OPERATOR = "operator"
    DEVICE = "device"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class DefectInfo:
    """One entry of the catalogue.

    Parameters
    ----------
    code : str
        ``FP_`` finger, ``IR_`` iris, ``FA_`` face, ``EV_`` evidence photo,
        ``DEV_`` device; stored in records.
    cured_by : CuredBy
        Who can cure it; ``DEVICE`` includes the room and its light.
    hard_from : float or None
        Severity from which the capture is never acceptable as it is, however high its
        score: `ALWAYS`, `SEVERE` or `NEVER`.
    title_id, title_en : str
        Short name for tables, without a full stop.
    advice_id, advice_en : str
        What is wrong and what to do now, one or two sentences for the operator.
    chain : tuple of str
        Step codes to try, in this order.
    counted : bool
        Whether the attempt counts against the person's attempts; not when the cause lies
        outside the part being captured.
    """

    code: str
    cured_by: CuredBy
    hard_from: float | None
    title_id: str
    title_en: str
    advice_id: str
    advice_en: str
    chain: tuple[str, ...]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One thing to do after a capture that is not good enough.

    Parameters
    ----------
    code : str
        Begins with ``FB_``; stored in records.
    text_id, text_en : str
        One sentence for the operator.
    again : bool
        The same part is captured again after it; otherwise it is a way on without.
    """

    code: str
    text_id: str
    text_en: str
    again: bool = True
