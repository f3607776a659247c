"""What if the acceptance threshold were different: who is asked again, and who is left over.

At a threshold *t* the first capture of a finger, eye or face is *retaken* when it has no score, a
hard defect, or a score below *t*. When its attempts are spent the best one decides: at or above
*t* it is accepted, from the floor up to *t* it is kept as a *fallback*, below the floor there is
an *exception*.

A run shows only attempts that were made. Where fewer were made than the policy allows, nobody
knows what one more would have brought, so both ends are given: `most` if no further attempt had
helped, `least` if each had. With one capture of each finger, `least` is nothing.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.batch.needs import Limits
from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.batch.report.groups import FEWEST, keys_of
from ektp_biocheck.batch.results import Row
from ektp_biocheck.batch.statistics import Clusters, Estimate, mean_estimate, rate_estimate

__all__ = ["ATTEMPTS", "QUANTILES", "Level", "WhatIf", "expected_fnmr", "what_if"]

ATTEMPTS = 3
"""Attempts that a policy allows when none is given."""

QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
"""Per cent of the scores that lie below; given for every group."""

_NEVER = -1  # stands for a capture that no threshold accepts


@dataclass(frozen=True, slots=True)
class Level:
    """What one threshold brings about; shares are of fingers, eyes or faces.

    `fallback_least` and `exception_least` are the shares that the attempts made leave no doubt
    about. `fnmr` is the false non-match rate to expect between accepted captures, when known.
    """

    threshold: int
    retake: Estimate
    fallback: Estimate
    fallback_least: float
    exception: Estimate
    exception_least: float
    fnmr: Estimate | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One modality, or one group of it.

    Parameters
    ----------
    modality, by, group : str
        `by` and `group` are ``""`` for all captures together.
    n, captures : int
        Fingers, eyes or faces, and captures of them.
    unscored, hard : int
        Captures without a score, and with a hard defect.
    scores : Estimate
        The mean score.
    least, most : int or None
        Lowest and highest score.
    quantiles : tuple of float
        At `QUANTILES`; empty without a score.
    levels : tuple of Level
        One for each threshold.
    few : bool
        Fewer than 30: not to be ranked.
    """

    modality: str
    by: str
    group: str
    n: int
    captures: int
    unscored: int
    hard: int
    scores: Estimate
    least: int | None
    most: int | None
    quantiles: tuple[float, ...]
    levels: tuple[Level, ...]
    few: bool


@dataclass(frozen=True, slots=True)
class _Instances:
    """One entry for each finger, eye or face: its first and best attempt, and if all are spent."""

    first: NDArray[np.int64]
    best: NDArray[np.int64]
    spent: NDArray[np.bool_]
    names: list[str | None]
    persons: list[str | None]


def what_if(
    rows: Sequence[Row],
    limits: Limits,
    *,
    thresholds: Sequence[int] = tuple(range(0, 101, 5)),
    by: Sequence[str] = (),
) -> list[WhatIf]:
    """Return what each threshold brings about, for each modality and each group.

    Parameters
    ----------
    rows : sequence of Row
        A run, or what a filter left of it.
    limits : Limits
        The floor below which a capture is not kept, and the attempts allowed.
    thresholds : sequence of int
        Scores from 0 to 100.
    by : sequence of str
        Any of `GROUPINGS`. Operators with fewer than 30 captures are left out.

    Returns
    -------
    list of WhatIf
        For each modality all together first, then by group, groups by name.
    """
    found = []
    for modality in MODALITIES:
        inside = [row for row in rows if row.modality == modality]
        if not inside:
            continue
        for key in ("", *by):
            names = [""] * len(inside) if not key else keys_of(inside, key)
            found += _by(inside, names, key, modality, limits, thresholds)
    return found


def expected_fnmr(scores: Sequence[int], algorithm: str | None) -> Estimate | None:
    """Return the false non-match rate to expect between captures with these scores.

    Parameters
    ----------
    scores : sequence of int
        Of accepted captures.
    algorithm : str or None
        Scorer and version they come from.

    Returns
    -------
    Estimate or None
        ``None`` when no rates were published for that scorer version, or no score is given.
        The interval is that of the published rates (90 %); at FMR 1 %.

    Notes
    -----
    The published rates go by the worse of two scores. Two captures are taken to have
    independent scores; those of one finger resemble each other, so the truth is a little lower.
    """
    from ektp_biocheck.fingerprint import ALGORITHM

    if algorithm != ALGORITHM or not len(scores):
        return None
    table = _published()
    below = np.searchsorted(np.sort(scores), [step["score"][0] for step in table]) / len(scores)
    pairs_from = (1 - np.append(below, 1.0)) ** 2  # both at or above the step's lower end
    weights = pairs_from[:-1] - pairs_from[1:]
    rates = np.array([[step["fnmr"], *step["interval_90"]] for step in table])
    value, low, high = (float(weights @ column) for column in rates.T)
    return Estimate(value, low, high, len(scores))


def _published() -> list[dict[str, Any]]:
    text = files("ektp_biocheck.fingerprint").joinpath("model.json").read_text("utf-8")
    expected: list[dict[str, Any]] = json.loads(text)["score"]["expected"]
    return expected


def _by(
    rows: Sequence[Row],
    names: Sequence[str | None],
    key: str,
    modality: str,
    limits: Limits,
    thresholds: Sequence[int],
) -> list[WhatIf]:
    members: dict[str, list[Row]] = defaultdict(list)
    for row, name in zip(rows, names, strict=True):
        if name is not None:
            members[name].append(row)
    instances = _instances(rows, names, limits.attempts.get(modality, ATTEMPTS))
    floor = limits.floor.get(modality, 0)
    effects = _effects(instances, thresholds, floor)
    found = []
    for name, captures in sorted(members.items()):
        if key == "operator" and len(captures) < FEWEST:
            continue
        chosen = np.array([other == name for other in instances.names], bool)
        found.append(
            _what_if(modality, key, name, captures, instances, chosen, thresholds, floor, effects)
        )
    return found


def _instances(rows: Sequence[Row], names: Sequence[str | None], attempts: int) -> _Instances:
    tries: dict[object, list[tuple[Row, str | None]]] = defaultdict(list)
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        told = row.person and (row.position or row.modality == "face")
        tries[(row.person, row.position, name) if told else place].append((row, name))
    first, best, spent, groups, persons = [], [], [], [], []
    for captures in tries.values():
        captures.sort(key=lambda c: (c[0].captured_at or "", c[0].path))
        usable = [
            _NEVER if row.score is None or row.hard else row.score for row, _ in captures[:attempts]
        ]
        first.append(usable[0])
        best.append(max(usable))
        spent.append(len(usable) >= attempts)
        groups.append(captures[0][1])
        persons.append(captures[0][0].person or None)
    return _Instances(np.array(first), np.array(best), np.array(spent), groups, persons)


_Effects = Mapping[int, tuple[float, float, float]]


def _effects(instances: _Instances, thresholds: Sequence[int], floor: int) -> _Effects:
    clusters = Clusters(instances.names, instances.persons)
    return {
        t: (
            clusters.effect(instances.first < t),
            clusters.effect((instances.best < t) & (instances.best >= min(floor, t))),
            clusters.effect(instances.best < min(floor, t)),
        )
        for t in thresholds
    }


def _what_if(
    modality: str,
    by: str,
    group: str,
    captures: Sequence[Row],
    instances: _Instances,
    chosen: NDArray[np.bool_],
    thresholds: Sequence[int],
    floor: int,
    effects: _Effects,
) -> WhatIf:
    scored = [row for row in captures if row.score is not None]
    scores = [row.score for row in scored if row.score is not None]
    algorithms = {row.algorithm for row in scored}
    algorithm = algorithms.pop() if len(algorithms) == 1 else None
    n = int(chosen.sum())
    first, best, spent = instances.first[chosen], instances.best[chosen], instances.spent[chosen]
    levels = []
    for t in thresholds:
        retaken, kept, lost = effects[t]
        none = best < min(floor, t)
        fallback = (best < t) & ~none
        levels.append(
            Level(
                threshold=t,
                retake=rate_estimate(int((first < t).sum()), n, retaken),
                fallback=rate_estimate(int(fallback.sum()), n, kept),
                fallback_least=float((fallback & spent).mean()) if n else 0.0,
                exception=rate_estimate(int(none.sum()), n, lost),
                exception_least=float((none & spent).mean()) if n else 0.0,
                fnmr=expected_fnmr(best[best >= max(t, 0)].tolist(), algorithm),
            )
        )
    effect = Clusters([0] * len(scored), [row.person for row in scored]).effect(scores)
    return WhatIf(
        modality=modality,
        by=by,
        group=group,
        n=n,
        captures=len(captures),
        unscored=len(captures) - len(scored),
        hard=sum(bool(row.hard) for row in captures),
        scores=mean_estimate(scores, effect),
        least=min(scores, default=None),
        most=max(scores, default=None),
        quantiles=tuple(np.percentile(scores, QUANTILES).round(1).tolist()) if scores else (),
        levels=tuple(levels),
        few=len(captures) < FEWEST,
    )
