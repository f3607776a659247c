"""Exceptions that a person should look at again, from the manifests of records.

Nothing here says that somebody did wrong: an exception may be contradicted by a lucky capture, a
photo may show hands that the model does not know as such, and an operator may sit where the old
come. What is found is a reason to look.

- ``CONTRADICTED``: excepted, yet one of its own attempts reaches the acceptance threshold;
- ``NO_EVIDENCE``, ``EVIDENCE_UNCLEAR``: no photo of face and hands, or none that shows them;
- ``APPROVAL_OVERDUE``: a second officer's approval was to follow and is past its date;
- ``REVIEW_DUE``: a temporary exception whose date to look again has come;
- operators whose share of persons with an exception is far from that of their peers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ektp_biocheck.batch.needs import Limits
from ektp_biocheck.batch.sealed import Attempt, Excepted, Manifest, SeenDefect
from ektp_biocheck.batch.significance import benjamini_hochberg, fisher
from ektp_biocheck.batch.statistics import Estimate, rate_estimate
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import instance_from_mosip

__all__ = [
    "DEFERRED_HOURS",
    "FEWEST",
    "KINDS",
    "Finding",
    "Operator",
    "Verification",
    "verify",
]

FEWEST = 30
"""Persons that an operator needs before anything is said; those with fewer are not named."""

DEFERRED_HOURS = 72
"""Hours an approval may follow, where a record does not say until when."""

KINDS = ("CONTRADICTED", "NO_EVIDENCE", "EVIDENCE_UNCLEAR", "APPROVAL_OVERDUE", "REVIEW_DUE")
"""What can be found about a record, most urgent first."""

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to look at a record again.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    record_id, station : str
        Where.
    instance : str or None
        The excepted part, as MOSIP calls it; ``None`` when it is about the whole record.
    evidence : Mapping
        The figures or codes it rests on.
    """

    kind: str
    record_id: str
    station: str
    instance: str | None
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator's persons with an exception, against all peers; `chance` is corrected."""

    name: str
    persons: int
    excepted: int
    rate: Estimate
    peers: float
    chance: float

    @property
    def apart(self) -> int:
        """1 when clearly more often than the peers, -1 when less often, else 0."""
        if self.chance >= LEVEL:
            return 0
        return 1 if (self.rate.value or 0.0) > self.peers else -1


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was found: per record, per operator, and what could not be read."""

    records: int
    superseded: int
    persons_excepted: int
    findings: tuple[Finding, ...]
    operators: tuple[Operator, ...]
    hidden: int
    unreadable: tuple[tuple[str, str], ...]


def verify(
    manifests: Sequence[Manifest],
    limits: Limits,
    *,
    now: datetime,
    unreadable: Iterable[tuple[str, str]] = (),
) -> Verification:
    """Find exceptions that a person should look at again.

    Parameters
    ----------
    manifests : sequence of Manifest
        Of records. One that another one supersedes is counted and otherwise left out, so that
        an approval that followed is seen; the same record twice counts once.
    limits : Limits
        Acceptance thresholds by modality.
    now : datetime
        With a time zone: what is overdue.
    unreadable : iterable of (path, reason)
        Passed on.

    Returns
    -------
    Verification
        Findings most urgent first; operators by name.
    """
    if now.tzinfo is None:
        raise InputError("the time to compare with needs a time zone")
    by_id = {manifest.record_id: manifest for manifest in manifests}
    replaced = {manifest.supersedes for manifest in by_id.values()}
    current = [manifest for key, manifest in by_id.items() if key not in replaced]
    findings = [found for manifest in current for found in _of_record(manifest, limits, now)]
    findings.sort(key=lambda f: (KINDS.index(f.kind), f.station, f.record_id, f.instance or ""))
    operators, hidden = _operators(current)
    return Verification(
        records=len(current),
        superseded=len(by_id) - len(current),
        persons_excepted=sum(bool(manifest.exceptions) for manifest in current),
        findings=tuple(findings),
        operators=tuple(operators),
        hidden=hidden,
        unreadable=tuple(unreadable),
    )


def _of_record(manifest: Manifest, limits: Limits, now: datetime) -> list[Finding]:
    found = []
    for one in manifest.exceptions:
        for kind, evidence in (
            ("CONTRADICTED", _contradiction(manifest, one, limits)),
            ("APPROVAL_OVERDUE", _overdue(manifest, one, now)),
            ("REVIEW_DUE", _review(one, now)),
        ):
            if evidence is not None:
                place = manifest.record_id, manifest.station, one.instance
                found.append(Finding(kind, *place, evidence))
    if any(one.kind in ("", "MISSING", "UNUSABLE") for one in manifest.exceptions):
        found += _photos(manifest)
    return found


def _contradiction(manifest: Manifest, one: Excepted, limits: Limits) -> dict[str, Any] | None:
    """Return the attempt that reaches the threshold without a hard defect, if there is one."""
    if one.contradicted_by is not None:
        return {"attempt": one.contradicted_by}
    instance = manifest.instances.get(one.instance)
    accept = limits.accept.get(_modality(one.instance))
    if instance is None or accept is None:
        return None
    tries: list[Attempt] = [instance]
    if isinstance(instance.attempts, list):
        tries += instance.attempts
    good = [t.score for t in tries if t.score is not None and t.score >= accept and not _hard(t)]
    return {"score": max(good), "accept": accept} if good else None


def _hard(attempt: Attempt) -> bool:
    return any(isinstance(defect, SeenDefect) and defect.hard for defect in attempt.defects)


def _modality(attribute: str) -> str:
    try:
        modality = instance_from_mosip(attribute).modality
    except InputError:
        return ""
    return modality.name.lower()


def _overdue(manifest: Manifest, one: Excepted, now: datetime) -> dict[str, Any] | None:
    waiting = one.approval == "DEFERRED" or (one.approval is None and one.approved_by is None)
    if not waiting:
        return None
    due = _moment(one.approval_due)
    if due is None:
        finished = _moment(manifest.finished.at)
        due = None if finished is None else finished + timedelta(hours=DEFERRED_HOURS)
    if due is None or due >= now:
        return None
    return {"due": due.astimezone(UTC).isoformat(timespec="minutes"), "days": (now - due).days}


def _review(one: Excepted, now: datetime) -> dict[str, Any] | None:
    if one.permanence != "TEMPORARY" or one.review_by is None:
        return None
    try:
        day = date.fromisoformat(one.review_by)
    except ValueError:
        return None
    return {"review_by": one.review_by} if day < now.date() else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _photos(manifest: Manifest) -> list[Finding]:
    """Return what is wrong with the evidence photos: one good photo is enough."""
    place = manifest.record_id, manifest.station, None
    if not manifest.evidence:
        return [Finding("NO_EVIDENCE", *place, {})]
    codes = [
        {d.code if isinstance(d, SeenDefect) else d for d in photo.defects}
        for photo in manifest.evidence
    ]
    clear = [
        not found and photo.complete is not False
        for photo, found in zip(manifest.evidence, codes, strict=True)
    ]
    if any(clear):
        return []
    fewest = min(codes, key=lambda found: (len(found), sorted(found)))
    return [Finding("EVIDENCE_UNCLEAR", *place, {"defects": sorted(fewest)})]


def _operators(manifests: Sequence[Manifest]) -> tuple[list[Operator], int]:
    """Hold each operator against all others: Fisher's exact test, corrected for their number."""
    persons: Counter[str] = Counter(manifest.operator for manifest in manifests)
    excepted: dict[str, int] = defaultdict(int)
    for manifest in manifests:
        excepted[manifest.operator] += bool(manifest.exceptions)
    total, hits = len(manifests), sum(excepted.values())
    named = sorted(name for name, n in persons.items() if n >= FEWEST)
    peers, chances = {}, []
    for name in named:
        others = total - persons[name]
        peers[name] = (hits - excepted[name]) / others if others else 0.0
        chances.append(fisher(excepted[name], persons[name], hits - excepted[name], others))
    corrected = benjamini_hochberg(chances)
    found = [
        Operator(
            name=name,
            persons=persons[name],
            excepted=excepted[name],
            rate=rate_estimate(excepted[name], persons[name]),
            peers=peers[name],
            chance=chance,
        )
        for name, chance in zip(named, corrected, strict=True)
    ]
    found.sort(key=lambda o: (o.chance, o.name))
    return found, len(persons) - len(named)
