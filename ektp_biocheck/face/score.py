"""One number for a photo, from the five measures that move face recognition's errors most.

BSI's short report on OFIQ (30 September 2024) discards the worst tenth of the photos by each
measure at a false non-match rate of 10 %: pose brings it below 6 %, sharpness, occlusion,
open eyes and inter-eye distance to about 8 %; light, colour, mouth, expression and background
hardly move it and so do not enter. Each measure is turned into a share of its points; the
points add up to the score, so that every contribution is seen. Hard defects are not hidden in
the number: they stand beside it as vetoes.
"""

from collections.abc import Mapping

__all__ = ["POINTS", "score"]

POINTS: Mapping[str, float] = {
    "pose": 30.0,
    "covering": 25.0,
    "sharpness": 20.0,
    "eyes_open": 15.0,
    "inter_eye_distance": 10.0,
}
"""What each measure can bring, points; they add up to 100."""


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))


def score(values: Mapping[str, float]) -> tuple[int, dict[str, float]]:
    """Return the score and what each measure brought.

    Parameters
    ----------
    values : Mapping[str, float]
        Measured values by name, as `assess` reports them.

    Returns
    -------
    tuple
        0..100, higher is better; and points by measure, which add up to it before rounding.
    """
    pose = min(
        _ramp(abs(values["HeadPoseYaw"]), 45, 5),
        _ramp(abs(values["HeadPosePitch"]), 45, 8),
        _ramp(abs(values["HeadPoseRoll"]), 60, 8),
    )
    bare_eyes = _ramp(values["eye_cover"], 1.0, 0.0)
    shares = {
        "pose": pose,
        "covering": min(_ramp(values["lower_face_cover"], 0.9, 0.3), bare_eyes),
        "sharpness": _ramp(values.get("sharpness", 0.0), 0.42, 0.7),
        "eyes_open": min(_ramp(values["EyesOpen"], 0.02, 0.05), bare_eyes),
        "inter_eye_distance": _ramp(values["InterEyeDistance"], 20, 90),
    }
    contributions = {name: POINTS[name] * share for name, share in shares.items()}
    return round(sum(contributions.values())), contributions
