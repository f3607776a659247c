"""Which rows of two runs are about the same file, and what changed in them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from ektp_biocheck.batch.needs import Limits, Need, need_of
from ektp_biocheck.batch.results import Row

__all__ = ["Change", "Pairs", "changes", "pair_up"]

_PAIRED_FROM = 0.5  # of the smaller run must be the same files


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of the same file in both runs, and those that only one run has."""

    both: list[tuple[Row, Row]]
    only_a: list[Row]
    only_b: list[Row]

    @property
    def paired(self) -> bool:
        """Whether the runs are about the same files."""
        fewer = len(self.both) + min(len(self.only_a), len(self.only_b))
        return bool(self.both) and len(self.both) >= _PAIRED_FROM * fewer


@dataclass(frozen=True, slots=True)
class Change:
    """One file whose result changed."""

    path: str
    need_a: Need
    need_b: Need
    score_a: int | None
    score_b: int | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def worse(self) -> tuple[int, float]:
        """How much worse it became: by need, then by score."""
        fall = (-1 if self.score_a is None else self.score_a) - (
            -1 if self.score_b is None else self.score_b
        )
        return int(self.need_b.person) - int(self.need_a.person), fall


def pair_up(a: Sequence[Row], b: Sequence[Row]) -> Pairs:
    """Find the rows of two runs that are about the same file.

    The same path with the same content first; then the same content elsewhere (a folder that
    moved); then the same path where a content is not known. A path whose content changed is
    another file.
    """
    left, right = list(a), list(b)
    both: list[tuple[Row, Row]] = []
    keys: tuple[Callable[[Row], Hashable | None], ...] = (
        lambda row: (row.path, row.sha256),
        lambda row: row.sha256,
    )
    for key in keys:
        found, left, right = _match(left, right, key)
        both += found
    unknown = {row.path for row in (*left, *right) if row.sha256 is None}
    found, left, right = _match(left, right, lambda r: r.path if r.path in unknown else None)
    both += found
    return Pairs(sorted(both, key=lambda pair: pair[0].path), left, right)


def changes(both: Sequence[tuple[Row, Row]], limits: Limits) -> list[Change]:
    """Return the files whose result changed, worst first: by need of a person, then by score."""
    found = []
    for a, b in both:
        gained = tuple(code for code in b.defects if code not in a.defects)
        lost = tuple(code for code in a.defects if code not in b.defects)
        if a.score == b.score and a.status == b.status and not gained and not lost:
            continue
        need_a, need_b = need_of(a, limits), need_of(b, limits)
        found.append(Change(b.path, need_a, need_b, a.score, b.score, gained, lost))
    return sorted(found, key=lambda change: (*(-part for part in change.worse), change.path))


def _match(
    left: list[Row], right: list[Row], key: Callable[[Row], Hashable | None]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    waiting: dict[Hashable, list[Row]] = defaultdict(list)
    for row in sorted(right, key=lambda row: row.path, reverse=True):
        if (name := key(row)) is not None:
            waiting[name].append(row)
    found, alone = [], []
    for row in sorted(left, key=lambda row: row.path):
        name = key(row)
        if name is not None and waiting.get(name):
            found.append((row, waiting[name].pop()))
        else:
            alone.append(row)
    taken = {id(row) for _, row in found}
    return found, alone, [row for row in right if id(row) not in taken]
