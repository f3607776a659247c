"""Two runs side by side: what changed, by how much, and whether that is more than chance.

When both runs scored the same files (by content, else by path) each file is held against itself;
otherwise the runs are two samples. Captures of one person resemble each other, so where persons
are known the tests count persons, not captures: a person counts once, with the mean of the
changes. Effects come first, significance second; over many defects it is corrected (Holm).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ektp_biocheck.batch import statistics as st
from ektp_biocheck.batch.needs import Limits, modality_of, need_of
from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.batch.pairs import Change, changes, pair_up
from ektp_biocheck.batch.results import Row
from ektp_biocheck.batch.significance import fisher, holm, mann_whitney, sign_test, wilcoxon

__all__ = [
    "Comparison",
    "RateChange",
    "ScoreChange",
    "compare",
]

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """How the scores of one modality differ.

    Parameters
    ----------
    modality : str
        Whose scores.
    a, b : Estimate
        Mean score in each run (of the pairs only, when paired).
    difference : Estimate
        Mean of B minus mean of A.
    up, down : int or None
        Files whose score rose and fell, when paired.
    effect : float
        Chance that a capture of B scores higher than one of A (of the same file, when paired),
        ties counted half: 0.5 is no difference.
    chance : float
        p of the signed-rank test (paired) or the Mann-Whitney test, over persons.
    corrected : float
        It after Holm over all tests of the comparison.
    """

    modality: str
    a: st.Estimate
    b: st.Estimate
    difference: st.Estimate
    up: int | None
    down: int | None
    effect: float
    chance: float
    corrected: float = 1.0

    @property
    def clear(self) -> bool:
        """Whether the change is more than chance."""
        return self.corrected < LEVEL


@dataclass(frozen=True, slots=True)
class RateChange:
    """How often something occurs in each run: a need for a person, no score, a defect.

    `chance` is the p of the sign test over persons (for single files McNemar's) when paired, of
    Fisher's test otherwise; `corrected` is it after Holm over all tests of the comparison.
    Of a defect the rate is that among captures of its modality.
    """

    what: str
    a: st.Estimate
    b: st.Estimate
    difference: st.Estimate
    gained: int | None
    lost: int | None
    chance: float
    corrected: float = 1.0

    @property
    def clear(self) -> bool:
        """Whether the change is more than chance."""
        return self.corrected < LEVEL


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between two runs; `changes` worst first, empty when not paired."""

    paired: bool
    pairs: int
    only_a: int
    only_b: int
    persons: bool
    algorithms_a: tuple[str, ...]
    algorithms_b: tuple[str, ...]
    scores: tuple[ScoreChange, ...]
    rates: tuple[RateChange, ...]
    changes: tuple[Change, ...]

    @property
    def differs(self) -> bool:
        """Whether anything is clearly different."""
        return any(r.clear for r in self.rates) or any(s.clear for s in self.scores)


def compare(a: Sequence[Row], b: Sequence[Row], limits: Limits) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    a, b : sequences of Row
        The earlier and the later run, or whatever is to be held against each other.
    limits : Limits
        Thresholds that say which captures need a person, the same for both.

    Returns
    -------
    Comparison
        Rates with the largest change first.
    """
    pairs = pair_up(a, b)
    paired = pairs.paired
    rows_a = [row for row, _ in pairs.both] if paired else list(a)
    rows_b = [row for _, row in pairs.both] if paired else list(b)
    scores = _scores_paired(pairs.both) if paired else _scores_apart(rows_a, rows_b)
    rates = _rates(rows_a, rows_b, limits, paired=paired)
    corrected = holm([s.chance for s in scores] + [r.chance for r in rates])
    scores = [replace(s, corrected=p) for s, p in zip(scores, corrected, strict=False)]
    rates = [replace(r, corrected=p) for r, p in zip(rates, corrected[len(scores) :], strict=True)]
    return Comparison(
        paired=paired,
        pairs=len(pairs.both),
        only_a=len(pairs.only_a),
        only_b=len(pairs.only_b),
        persons=any(row.person for row in (*rows_a, *rows_b)),
        algorithms_a=_algorithms(a),
        algorithms_b=_algorithms(b),
        scores=tuple(scores),
        rates=tuple(_largest_first(rates)),
        changes=tuple(changes(pairs.both, limits)) if paired else (),
    )


def _algorithms(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(sorted({row.algorithm for row in rows if row.algorithm}))


def _persons(rows: Sequence[Row]) -> list[Hashable]:
    """Return whose each capture is; one of nobody known is its own."""
    return [row.person or ("capture", place) for place, row in enumerate(rows)]


def _by_person(values: Sequence[float], rows: Sequence[Row]) -> tuple[list[float], list[float]]:
    """Return per person the sum of values, and how many captures."""
    sums: dict[Hashable, float] = defaultdict(float)
    counts: Counter[Hashable] = Counter()
    for value, person in zip(values, _persons(rows), strict=True):
        sums[person] += value
        counts[person] += 1
    return list(sums.values()), [float(counts[person]) for person in sums]


def _scores_paired(both: Sequence[tuple[Row, Row]]) -> list[ScoreChange]:
    found = []
    for modality in MODALITIES:
        pairs = [
            (a, b, a.score, b.score)
            for a, b in both
            if a.modality == b.modality == modality and a.score is not None and b.score is not None
        ]
        if not pairs:
            continue
        rows = [a for a, *_ in pairs]
        changes = [float(new - old) for *_, old, new in pairs]
        sums, counts = _by_person(changes, rows)
        up, down = sum(c > 0 for c in changes), sum(c < 0 for c in changes)
        effects = [
            st.design_effect(values, [0] * len(rows), [row.person for row in rows])
            for values in ([old for *_, old, _ in pairs], [new for *_, new in pairs])
        ]
        found.append(
            ScoreChange(
                modality=modality,
                a=st.mean_estimate([old for *_, old, _ in pairs], effects[0]),
                b=st.mean_estimate([new for *_, new in pairs], effects[1]),
                difference=st.bootstrap_mean(sums, counts),
                up=up,
                down=down,
                effect=(up + (len(changes) - up - down) / 2) / len(changes),
                chance=wilcoxon(np.asarray(sums) / np.asarray(counts)),
            )
        )
    return found


def _scores_apart(a: Sequence[Row], b: Sequence[Row]) -> list[ScoreChange]:
    found = []
    for modality in MODALITIES:
        sides = []
        for rows in (a, b):
            inside = [row for row in rows if row.modality == modality and row.score is not None]
            scores = [float(row.score) for row in inside if row.score is not None]
            effect = st.design_effect(scores, [0] * len(inside), [row.person for row in inside])
            sums, counts = _by_person(scores, inside)
            persons = np.asarray(sums) / np.maximum(np.asarray(counts), 1)
            sides.append((scores, st.mean_estimate(scores, effect), persons))
        (old, mean_a, persons_a), (new, mean_b, persons_b) = sides
        if not (old and new):
            continue
        found.append(
            ScoreChange(
                modality=modality,
                a=mean_a,
                b=mean_b,
                difference=st.mean_difference(mean_a, mean_b),
                up=None,
                down=None,
                effect=mann_whitney(old, new)[0],
                chance=mann_whitney(persons_a, persons_b)[1],
            )
        )
    return found


def _rates(a: Sequence[Row], b: Sequence[Row], limits: Limits, *, paired: bool) -> list[RateChange]:
    make = _rate_paired if paired else _rate_apart
    asked: tuple[tuple[str, Callable[[Row], bool]], ...] = (
        ("person", lambda row: need_of(row, limits).person),
        ("no_score", lambda row: row.score is None),
        ("hard", lambda row: bool(row.hard)),
    )
    found = [
        make(what, [holds(row) for row in a], [holds(row) for row in b], a, b)
        for what, holds in asked
    ]
    for code in sorted({code for row in (*a, *b) for code in row.defects}):
        kind = modality_of(code)
        # Of a pair the first row says: the same file is the same modality.
        places = [i for i, row in enumerate(a) if kind in (None, row.modality)]
        others = places if paired else [i for i, r in enumerate(b) if kind in (None, r.modality)]
        old, new = [a[i] for i in places], [b[i] for i in others]
        flags = [code in row.defects for row in old], [code in row.defects for row in new]
        found.append(make(code, *flags, old, new))
    return found


def _rate_paired(
    what: str, old: list[bool], new: list[bool], a: Sequence[Row], _: Sequence[Row]
) -> RateChange:
    changes = [float(n) - float(o) for o, n in zip(old, new, strict=True)]
    sums, counts = _by_person(changes, a)
    difference = st.bootstrap_mean(sums, counts)
    return RateChange(
        what=what,
        a=_rate(old, a),
        b=_rate(new, a),
        difference=difference,
        gained=sum(c > 0 for c in changes),
        lost=sum(c < 0 for c in changes),
        chance=sign_test(sum(s > 0 for s in sums), sum(s < 0 for s in sums)),
    )


def _rate_apart(
    what: str, old: list[bool], new: list[bool], a: Sequence[Row], b: Sequence[Row]
) -> RateChange:
    groups = [0] * len(a) + [1] * len(b)
    persons: list[Hashable | None] = [row.person for row in (*a, *b)]
    effect = st.design_effect([float(flag) for flag in old + new], groups, persons)
    hits = sum(old), sum(new)
    return RateChange(
        what=what,
        a=st.rate_estimate(hits[0], len(a), effect),
        b=st.rate_estimate(hits[1], len(b), effect),
        difference=st.rate_difference(hits[0], len(a), hits[1], len(b), effect),
        gained=None,
        lost=None,
        chance=fisher(hits[0] / effect, len(a) / effect, hits[1] / effect, len(b) / effect),
    )


def _rate(flags: Sequence[bool], rows: Sequence[Row]) -> st.Estimate:
    values = [float(flag) for flag in flags]
    effect = st.design_effect(values, [0] * len(rows), [row.person for row in rows])
    return st.rate_estimate(sum(flags), len(rows), effect)


def _largest_first(rates: list[RateChange]) -> list[RateChange]:
    """Order by effect, what needs a person first."""
    return rates[:1] + sorted(rates[1:], key=lambda r: (-abs(r.difference.value or 0.0), r.what))
