"""The catalogue of defects: who can cure each, what to tell the operator, what to try next.

To find a defect open the file of its family: `finger` (``FP_``), `iris` (``IR_``), `face`
(``FA_``), `evidence` (``EV_``), `device` (``DEV_``); the steps of the chains stand in `steps`,
their fields in `info`.
Scorers report a defect with `found`, so that its hardness is decided in one place.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ektp_biocheck.defects.device import DEVICE_DEFECTS
from ektp_biocheck.defects.evidence import EVIDENCE_DEFECTS
from ektp_biocheck.defects.face import FACE_DEFECTS
from ektp_biocheck.defects.finger import FINGER_DEFECTS
from ektp_biocheck.defects.info import CuredBy, DefectInfo, StepInfo
from ektp_biocheck.defects.iris import IRIS_DEFECTS
from ektp_biocheck.defects.steps import FALLBACK_STEPS
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.quality import Defect, Region

__all__ = [
    "CATALOGUE",
    "STEPS",
    "CuredBy",
    "DefectInfo",
    "StepInfo",
    "advice",
    "found",
    "step_text",
    "title",
]

_FAMILIES = FINGER_DEFECTS + IRIS_DEFECTS + FACE_DEFECTS + EVIDENCE_DEFECTS + DEVICE_DEFECTS

CATALOGUE: Mapping[str, DefectInfo] = MappingProxyType({info.code: info for info in _FAMILIES})
"""Every defect by its code."""

STEPS: Mapping[str, StepInfo] = MappingProxyType({step.code: step for step in FALLBACK_STEPS})
"""Every fallback step by its code."""


def found(
    code: str, severity: float, evidence: Mapping[str, float], region: Region | None = None
) -> Defect:
    """Report a defect of the catalogue.

    Parameters
    ----------
    code : str
        A key of `CATALOGUE`.
    severity : float
        0 (just noticeable) to 1 (nothing usable is left).
    evidence : Mapping[str, float]
        The figures the finding rests on, by name.
    region : Region, optional
        Where, when it is not the whole picture.

    Returns
    -------
    Defect
        With `hard` set when `severity` reaches the entry's `hard_from`. All figures are
        plain floats, so that numpy scalars do not get into JSON.

    Raises
    ------
    InputError
        When the catalogue has no such code.
    ValueError
        When the severity lies outside 0..1 or a figure is not finite.
    """
    hard_from = _look_up(code).hard_from
    severity = float(severity)
    return Defect(
        code=code,
        severity=severity,
        hard=hard_from is not None and severity >= hard_from,
        evidence={name: float(value) for name, value in evidence.items()},
        region=region,
    )


def advice(code: str, lang: Lang) -> str:
    """Return what to tell the operator about a defect.

    Parameters
    ----------
    code : str
        A key of `CATALOGUE`.
    lang : {"id", "en"}
        Indonesian or English.

    Returns
    -------
    str
        One or two sentences.

    Raises
    ------
    InputError
        When the code or the language is unknown.
    """
    info = _look_up(code)
    return in_language(lang, info.advice_id, info.advice_en)


def title(code: str, lang: Lang) -> str:
    """Return the short name of a defect, for tables.

    Parameters
    ----------
    code : str
        A key of `CATALOGUE`.
    lang : {"id", "en"}
        Indonesian or English.

    Returns
    -------
    str
        A few words without a full stop.

    Raises
    ------
    InputError
        When the code or the language is unknown.
    """
    info = _look_up(code)
    return in_language(lang, info.title_id, info.title_en)


def step_text(code: str, lang: Lang) -> str:
    """Return what to tell the operator to do in a fallback step.

    Parameters
    ----------
    code : str
        A key of `STEPS`.
    lang : {"id", "en"}
        Indonesian or English.

    Returns
    -------
    str
        One sentence.

    Raises
    ------
    InputError
        When the code or the language is unknown.
    """
    if code not in STEPS:
        raise _unknown("step", code, STEPS)
    return in_language(lang, STEPS[code].text_id, STEPS[code].text_en)


def _look_up(code: str) -> DefectInfo:
    try:
        return CATALOGUE[code]
    except KeyError:
        raise _unknown("defect", code, CATALOGUE) from None


def _unknown(kind: str, code: str, known: Mapping[str, object]) -> InputError:
    from difflib import get_close_matches

    near = get_close_matches(str(code).upper(), known, n=3)
    cure = f"did you mean {' or '.join(near)}?" if near else f"the codes are {', '.join(known)}"
    return InputError(f"no {kind} {code!r} in the catalogue: {cure}")
