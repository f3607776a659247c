"""Captures by station, device, operator, finger, age band: who needs help more than the rest."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ektp_biocheck.batch.needs import Need
from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.batch.results import Row
from ektp_biocheck.batch.significance import benjamini_hochberg, fisher
from ektp_biocheck.batch.statistics import Estimate, design_effect, mean_estimate, rate_estimate

__all__ = ["FEWEST", "GROUPINGS", "Group", "Grouping", "defect_in_excess", "group_by", "keys_of"]

FEWEST = 30
"""Captures that a group needs before it is ranked; operators with fewer are not shown at all."""

GROUPINGS = ("station", "device", "operator", "position", "age_band")
_CLEAR = 0.05


@dataclass(frozen=True, slots=True)
class Group:
    """What is known of one group.

    Parameters
    ----------
    name : str
        As in the manifest.
    n, events : int
        Captures, and those that need a person.
    rate : Estimate
        The share that needs a person.
    means : Mapping[str, Estimate]
        Mean score by modality.
    chance : float or None
        Corrected p that the group is like all others together; ``None`` when not ranked.
    against : float or None
        The rate of all others together.
    defect, common : str or None
        The code that is most in excess of the others among captures that need a person, and
        the most frequent one.
    """

    name: str
    n: int
    events: int
    rate: Estimate
    means: Mapping[str, Estimate]
    chance: float | None = None
    against: float | None = None
    defect: str | None = None
    common: str | None = None

    @property
    def apart(self) -> int:
        """1 when the rate is clearly above that of the others, -1 when below, else 0."""
        if self.chance is None or self.chance >= _CLEAR or self.rate.value is None:
            return 0
        return 1 if self.rate.value > (self.against or 0.0) else -1

    @property
    def excess(self) -> float:
        """How many more captures need a person than at the rate of the others."""
        return self.events - self.n * (self.against or 0.0)


@dataclass(frozen=True, slots=True)
class Grouping:
    """All groups of one kind.

    `ranked` has those of at least `FEWEST` captures, the highest rate first; `small` the others
    by name; `unknown` counts the captures that do not say, `effect` is the design effect.
    """

    key: str
    ranked: tuple[Group, ...]
    small: tuple[Group, ...]
    unknown: int
    effect: float
    overall: Estimate


def keys_of(rows: Sequence[Row], key: str) -> list[str | None]:
    """Return the group of each row, ``None`` where the row does not say.

    A device whose name occurs at several stations is told apart by its station.
    """
    if key != "device":
        return [getattr(row, key) or None for row in rows]
    homes = defaultdict(set)
    for row in rows:
        homes[row.device].add(row.station)
    return [
        None
        if not row.device
        else f"{row.station or '?'} · {row.device}"
        if len(homes[row.device]) > 1
        else row.device
        for row in rows
    ]


def group_by(rows: Sequence[Row], needs: Sequence[Need], key: str) -> Grouping:
    """Compare the groups of one kind.

    Parameters
    ----------
    rows, needs : sequences of the same length
        Captures and what each needs.
    key : str
        One of `GROUPINGS`.

    Returns
    -------
    Grouping
        Intervals and p values take into account that captures of a person resemble each other;
        p values are corrected for the number of groups (Benjamini and Hochberg).
    """
    names = keys_of(rows, key)
    known = [index for index, name in enumerate(names) if name is not None]
    names_known = [str(names[index]) for index in known]
    members: dict[str, list[int]] = defaultdict(list)
    for index in known:
        members[str(names[index])].append(index)
    flags = [float(needs[index].person) for index in known]
    effect = design_effect(flags, [names[i] for i in known], [rows[i].person for i in known])
    mean_effects = _mean_effects(rows, names)
    groups = [
        _group(name, [rows[i] for i in inside], [needs[i] for i in inside], effect, mean_effects)
        for name, inside in members.items()
    ]
    big = [group for group in groups if group.n >= FEWEST]
    ranked = _against_the_rest(big, groups, effect)
    excess = defect_in_excess([rows[i] for i in known], [needs[i] for i in known], names_known)
    ranked = [replace(group, defect=excess.get(group.name)) for group in ranked]
    ranked.sort(key=lambda group: (-(group.rate.value or 0.0), -group.n, group.name))
    small = sorted((group for group in groups if group.n < FEWEST), key=lambda g: g.name)
    overall = rate_estimate(sum(map(int, flags)), len(flags), effect)
    return Grouping(key, tuple(ranked), tuple(small), len(rows) - len(known), effect, overall)


def _group(
    name: str,
    rows: Sequence[Row],
    needs: Sequence[Need],
    effect: float,
    mean_effects: Mapping[str, float],
) -> Group:
    events = sum(need.person for need in needs)
    means = {
        modality: mean_estimate(scores, mean_effects[modality])
        for modality in mean_effects
        if (scores := [r.score for r in rows if r.modality == modality and r.score is not None])
    }
    codes = Counter(
        c for row, need in zip(rows, needs, strict=True) if need.person for c in row.defects
    )
    common = min(codes, key=lambda code: (-codes[code], code), default=None)
    rate = rate_estimate(events, len(rows), effect)
    return Group(name, len(rows), events, rate, means, common=common)


def _mean_effects(rows: Sequence[Row], names: Sequence[str | None]) -> dict[str, float]:
    effects: dict[str, float] = {}
    for modality in MODALITIES:
        inside = [
            (row.score, name, row.person)
            for row, name in zip(rows, names, strict=True)
            if row.modality == modality and row.score is not None and name is not None
        ]
        if inside:
            scores, groups, persons = zip(*inside, strict=True)
            effects[modality] = design_effect(scores, groups, persons)
    return effects


def _against_the_rest(big: list[Group], groups: list[Group], effect: float) -> list[Group]:
    """Add to each group its chance of being like all others together."""
    n, events = sum(group.n for group in groups), sum(group.events for group in groups)
    chances, rates = [], []
    for group in big:
        others, hits = n - group.n, events - group.events
        rates.append(hits / others if others else None)
        e = effect
        chances.append(fisher(group.events / e, group.n / e, hits / e, others / e))
    corrected = benjamini_hochberg(chances)
    return [
        replace(group, chance=None if rate is None else chance, against=rate)
        for group, chance, rate in zip(big, corrected, rates, strict=True)
    ]


def defect_in_excess(
    rows: Sequence[Row], needs: Sequence[Need], names: Sequence[str]
) -> dict[str, str]:
    """Name, for each group, the defect most in excess of the other groups.

    Only captures that need a person are counted; a group without a defect is left out.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    sizes = Counter(names)
    for row, need, name in zip(rows, needs, names, strict=True):
        if need.person:
            counts[name].update(row.defects)
    everything: Counter[str] = sum(counts.values(), Counter())
    found = {}
    for name, own in counts.items():
        share = sizes[name] / max(len(rows) - sizes[name], 1)
        excess = {code: k - share * (everything[code] - k) for code, k in own.items()}
        if excess:
            found[name] = max(excess, key=lambda code: (excess[code], code))
    return found
