"""A made-up day: N people, drawn from a mixture that is plausible and measured nowhere.

Shares are of the example, not of a survey: they make sure that every difficulty a field report
names comes up in a day of a hundred.
"""

from typing import Any

import numpy as np

__all__ = ["MIXTURE", "crowd"]

# Name, share, age from, to.
MIXTURE = (
    ("ordinary", 0.40, 17, 58),
    ("farmer", 0.18, 30, 68),
    ("elderly", 0.14, 62, 86),
    ("wet hands", 0.09, 17, 50),
    ("contact lens", 0.04, 18, 35),
    ("drooping lids", 0.04, 55, 80),
    ("amputee", 0.03, 30, 70),
    ("bandaged", 0.02, 20, 60),
    ("moving", 0.02, 17, 40),
    ("all worn, both eyes cloudy", 0.02, 70, 90),
    ("called away", 0.02, 25, 50),
)
_VILLAGES = ("Berjo", "Girimulyo", "Jatirejo", "Puntukrejo")
_BODIES = 6  # distinct sets of fingers and eyes; a cross-check only ever looks within one person
_LEVELS = (0.45, 0.65, 0.85)
_FINGERS = ("right_index", "right_thumb", "left_index", "right_ring", "left_little", "left_thumb")


def crowd(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return `count` people as the scenario file would hold them."""
    rng = np.random.default_rng(seed)
    names = [name for name, _, _, _ in MIXTURE]
    shares = np.array([share for _, share, _, _ in MIXTURE])
    people = []
    for number in range(1, count + 1):
        name = str(rng.choice(names, p=shares / shares.sum()))
        low, high = next((a, b) for kind, _, a, b in MIXTURE if kind == name)
        told: dict[str, Any] = {
            "queue": str(number),
            "village": str(rng.choice(_VILLAGES)),
            "age": int(rng.integers(low, high + 1)),
            "kind": name,
            "seed": int(rng.integers(1, _BODIES + 1)),
            "face": {"hue": float(number % 2)},
        }
        _troubles(told, name, rng)
        people.append(told)
    return people


def _troubles(told: dict[str, Any], name: str, rng: np.random.Generator) -> None:
    level = float(rng.choice(_LEVELS))
    finger = str(rng.choice(_FINGERS))
    if rng.random() < 0.3:
        told["face"]["headscarf"] = 1.0
    if rng.random() < 0.08:
        told["face"]["blur"] = 5.0
    if rng.random() < 0.05:
        told["face"]["mask"] = 1.0
    if rng.random() < 0.03:
        told["happens"] = [{"at": "leftFour", "what": "hang"}]
    if name == "farmer":
        told["fingers"] = {"dryness": level}
        told["each"] = {finger: {"callus": 0.7, "cracks": 8.0, "dryness": 0.8}}
    elif name == "elderly":
        told["fingers"] = {"wear": level}
        told["each"] = {finger: {"wear": 1.0, "dryness": 0.5}}
        if rng.random() < 0.4:
            told["eyes"] = {"left": {"cataract": 0.9, "haze": 0.5}}
    elif name == "wet hands":
        told["fingers"] = {"wetness": level}
    elif name == "contact lens":
        told["eyes"] = {"left": {"lens": 1.0}, "right": {"lens": 1.0}}
    elif name == "drooping lids":
        told["eyes"] = {"left": {"droop": level}, "right": {"droop": level}}
    elif name == "amputee":
        told["missing"] = ["right_ring", "right_little"] if level < 0.7 else [finger]
    elif name == "bandaged":
        told["bandaged"] = [finger]
    elif name == "moving":
        told["each"] = {finger: {"smear_mm": 1.5}}
        told["eyes"] = {"right": {"motion_mm": 0.5}}
    elif name.startswith("all worn"):
        told["fingers"] = {"wear": 1.0, "dryness": 0.6}
        told["eyes"] = {eye: {"cataract": 0.9, "haze": 0.5} for eye in ("left", "right")}
    elif name == "called away":
        told["leaves_after"] = 2
