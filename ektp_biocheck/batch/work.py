"""One file, in a worker: read, look whether it is known, tell what it shows, score, pack."""

import os
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from ektp_biocheck.batch.journal import Result, content_key, packed
from ektp_biocheck.batch.outcome import (
    MODALITIES,
    Options,
    Outcome,
    assess_opened,
    document,
    scorer,
    without_path,
)
from ektp_biocheck.batch.reasons import may_change
from ektp_biocheck.batch.scan import Entry, read_entry
from ektp_biocheck.errors import BiocheckError

if TYPE_CHECKING:
    from ektp_biocheck.samples import Sample

__all__ = [
    "SLAP",
    "UNKNOWN",
    "Answer",
    "Job",
    "algorithm_of",
    "prepare_worker",
    "remember",
    "score_entry",
]

UNKNOWN = "unknown"
SLAP = "slap"
_NAME = "\0"  # what errors call the file here: it is taken out again
_CANNOT_TELL = (
    "it cannot be told what this shows: say it with --modality, in a manifest, or in the name "
    "of its folder"
)
_IS_SLAP = (
    "several fingers in one picture: only single fingers have a score. Split it first "
    "(ektp_biocheck.fingerprint.slap)"
)
_KNOWN_BYTES = 16
_known: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Job:
    """One entry to score.

    Parameters
    ----------
    entry : Entry
        Where it is.
    modality : str
        ``"finger"``, ``"iris"``, ``"face"``, ``"auto"`` to tell by looking, or ``"slap"``.
    ppi : float or None
        What the manifest says about this file.
    """

    entry: Entry
    modality: str
    ppi: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back for a job.

    Parameters
    ----------
    key : bytes or None
        Under which the result is kept; ``None`` when it must not be, because the next look may
        find another: a file that could not be read, a scorer that broke.
    result : Result or None
        ``None`` when a result is kept already.
    own : tuple of str and bytes, or None
        Status and packed document of an outcome that must not be kept.
    codes : tuple of str
        The defects found.
    """

    key: bytes | None
    result: Result | None = None
    own: tuple[str, bytes] | None = None
    codes: tuple[str, ...] = ()


def prepare_worker(modalities: tuple[str, ...], known: bytes) -> None:
    """Load what the work needs, on one thread: the pool already keeps every core busy.

    Parameters
    ----------
    modalities : tuple of str
        Whose scorers to load now; others load with the first file that needs them.
    known : bytes
        Keys of the results that are kept already, 16 bytes each.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    for modality in modalities:
        scorer(modality)
    from ektp_biocheck.opencv import cv2

    cv2.setNumThreads(1)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - mediapipe talks on standard error
        os.dup2(nowhere.fileno(), 2)
    remember(known)


def remember(known: bytes) -> None:
    """Take note of the keys of results that are kept already, 16 bytes each."""
    global _known
    starts = range(0, len(known), _KNOWN_BYTES)
    _known = frozenset(known[start : start + _KNOWN_BYTES] for start in starts)


def algorithm_of(modality: str) -> str:
    """Return the scorers and versions that a result of this modality depends on."""
    if modality == SLAP:
        return "ektp-biocheck/slap-refusal 1"
    if modality != "auto":
        return str(scorer(modality).ALGORITHM)
    from ektp_biocheck.batch.modality import LOOK

    return "|".join([f"look {LOOK}", *(scorer(name).ALGORITHM for name in MODALITIES)])


def score_entry(options: Options, job: Job) -> Answer:
    """Score one entry; whatever is wrong with it is part of the answer, never raised."""
    options = replace(
        options,
        modality=job.modality,  # type: ignore[arg-type]  # also "slap", which is refused below
        ppi=options.ppi if job.ppi is None else job.ppi,
    )
    shown = UNKNOWN if job.modality == "auto" else _real(job.modality)
    try:
        data = read_entry(job.entry)
    except BiocheckError as error:
        reason = without_path(str(error), _NAME)
        return _unkept(Outcome(job.entry.name, shown, "UNREADABLE", reason), None, None)
    digest = sha256(data).hexdigest()
    key = content_key(digest, algorithm_of(job.modality), options.digest())
    if key in _known:
        return Answer(key)
    outcome, sample = _assess(data, options, job)
    if outcome.status == "CRASHED" or may_change(outcome.failure):
        return _unkept(outcome, sample, digest)
    found = document(outcome, sample, digest)
    result = Result(
        key, outcome.status, outcome.modality, digest, packed(found), _signature(sample)
    )
    return Answer(key, result, codes=outcome.codes)


def _assess(data: bytes, options: Options, job: Job) -> "tuple[Outcome, Sample | None]":
    from ektp_biocheck.samples import Modality, decode_sample

    def opened(modality: "Modality | None") -> "Sample":
        return decode_sample(
            data,
            None if modality is None else options.ppi,  # a look needs none and refuses none
            name=_NAME,
            modality=modality,
            raw=options.raw,
            bits=options.bits,
        )

    name = job.entry.name
    modality = job.modality
    if modality == SLAP:
        return Outcome(name, "finger", "FAILURE_TO_ASSESS", _IS_SLAP), None
    if modality == "auto":
        from ektp_biocheck.batch.modality import tell_modality

        try:
            sample = opened(None)
            told = tell_modality(sample.pixels, sample.ppi)
        except BiocheckError as error:
            return Outcome(name, UNKNOWN, "UNREADABLE", without_path(str(error), _NAME)), None
        except Exception as error:  # noqa: BLE001 - one file must not cost the others their row
            return Outcome(name, UNKNOWN, "CRASHED", f"unexpected {type(error).__name__}"), None
        if told is None:
            return Outcome(name, UNKNOWN, "FAILURE_TO_ASSESS", _CANNOT_TELL), sample
        modality = told
    known: Modality = modality  # type: ignore[assignment]
    options = replace(options, modality=known)
    return assess_opened(lambda: opened(known), options, name=name, shown=_NAME)


def _unkept(outcome: Outcome, sample: "Sample | None", digest: str | None) -> Answer:
    own = (outcome.status, packed(document(outcome, sample, digest)))
    return Answer(None, None, own, outcome.codes)


def _real(modality: str) -> str:
    return "finger" if modality == SLAP else modality


def _signature(sample: "Sample | None") -> bytes | None:
    if sample is None:
        return None
    from ektp_biocheck.batch.duplicates import signature

    return signature(sample.pixels)
