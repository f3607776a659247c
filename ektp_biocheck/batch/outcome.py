"""One file in, one outcome out: a row of `batch`, a line of `score`.

Whatever happens to a file, it keeps its row and its row says why:

- ``OK``: there is a score (the capture may still have defects);
- ``FAILURE_TO_ASSESS``: a picture, but not one that can be scored; `failure` says why;
- ``UNREADABLE``: not a picture that can be opened, or one whose resolution is unknown;
- ``TIMEOUT`` and ``CRASHED``: the scorer did not come back, or broke, on this file.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import ektp_biocheck
from ektp_biocheck.errors import BiocheckError, InputError

if TYPE_CHECKING:
    from ektp_biocheck.lang import Lang
    from ektp_biocheck.quality import Assessment
    from ektp_biocheck.samples import Modality, RawLayout, Sample

__all__ = [
    "MODALITIES",
    "STATUSES",
    "TIMEOUT_SECONDS",
    "Options",
    "Outcome",
    "assess_file",
    "assess_opened",
    "document",
    "exit_code",
    "json_document",
    "measure_names",
    "scorer",
    "without_maps",
    "without_path",
]

# A modality is one entry here: a module with `assess`, `overlay`, `ALGORITHM`
# and `MEASURES` (the names of all measures, in the order of their columns).
MODALITIES: "dict[Modality, str]" = {
    "finger": "ektp_biocheck.fingerprint",
    "iris": "ektp_biocheck.iris",
    "face": "ektp_biocheck.face",
}

STATUSES = ("OK", "FAILURE_TO_ASSESS", "UNREADABLE", "TIMEOUT", "CRASHED")
TIMEOUT_SECONDS = 60.0  # many times what the slowest capture needs on an old station


@dataclass(frozen=True, slots=True)
class Options:
    """How every file of a run is opened and scored.

    Parameters
    ----------
    modality : str
        A key of `MODALITIES`; for `batch` also ``"auto"``: what the manifest or the name says,
        else told by looking.
    ppi : float or None
        Pixels per inch for files that do not say.
    bits : int or None
        Significant bits of 16-bit grey that fills only the low ones.
    raw : RawLayout or None
        When set, every file is headerless and has this layout.
    iso : bool
        Compute the ISO/IEC 29794 native measures too.
    """

    modality: 'Modality | Literal["auto"]' = "finger"
    ppi: float | None = None
    bits: int | None = None
    raw: "RawLayout | None" = None
    iso: bool = False

    def digest(self) -> str:
        """Return a hash of all that a result depends on beside the file and its scorer."""
        text = json.dumps([ektp_biocheck.__version__, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `failure` is set exactly when there is no score."""

    path: str
    modality: str
    status: str
    failure: str | None = None
    assessment: "Assessment | None" = None

    @property
    def score(self) -> int | None:
        """The score, 0..100, higher is better, or ``None``."""
        return None if self.assessment is None else self.assessment.score

    @property
    def codes(self) -> tuple[str, ...]:
        """The defect codes, worst first."""
        return () if self.assessment is None else tuple(d.code for d in self.assessment.defects)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form, the assessment's own fields beside the status."""
        found = {} if self.assessment is None else self.assessment.to_dict()
        own = {
            "path": self.path,
            "modality": self.modality,
            "status": self.status,
            "score": self.score,
            "failure": self.failure,
        }
        return own | {key: value for key, value in found.items() if key not in own}


def scorer(modality: str) -> ModuleType:
    """Return the module that scores `modality`; the first call loads OpenCV."""
    home: Mapping[str, str] = dict(MODALITIES.items())
    return import_module(home[modality])


def measure_names(modality: "Modality") -> tuple[str, ...]:
    """Return every measure that `modality` can have, in the order of its columns."""
    return tuple(scorer(modality).MEASURES)


def assess_file(
    file: Path, options: Options, *, name: str | None = None
) -> "tuple[Outcome, Sample | None]":
    """Open and score one file; whatever is wrong with the file is an outcome, never raised.

    Parameters
    ----------
    file : Path
        The file to open.
    options : Options
        How to open and score it.
    name : str, optional
        What to call it in the outcome; `file` as given when left out.

    Returns
    -------
    tuple of Outcome and (Sample or None)
        The sample is there whenever the file could be opened, for drawing.

    Raises
    ------
    InputError
        When the modality of `options` is ``"auto"``.
    InstallationError
        When the scorer cannot be loaded.
    """
    from ektp_biocheck.samples import open_sample

    if options.modality == "auto":
        raise InputError("a single file needs its modality: finger, iris or face")
    modality = options.modality

    def opened() -> "Sample":
        return open_sample(file, options.ppi, modality=modality, raw=options.raw, bits=options.bits)

    return assess_opened(opened, options, name=str(file) if name is None else name, shown=str(file))


def assess_opened(
    opened: "Callable[[], Sample]", options: Options, *, name: str, shown: str
) -> "tuple[Outcome, Sample | None]":
    """Score what `opened` returns; see `assess_file`.

    Parameters
    ----------
    opened : callable
        Opens the capture.
    options : Options
        How to score it; the modality is one of `MODALITIES`.
    name : str
        What to call it in the outcome.
    shown : str
        What errors of `opened` call it, to be left out of the reason.
    """
    assess = scorer(options.modality).assess
    sample = None
    try:
        sample = opened()
        finger = {"ppi": sample.ppi, "iso": options.iso} if options.modality == "finger" else {}
        assessment = assess(sample.pixels, **finger)
    except BiocheckError as error:
        reason = without_path(str(error), shown)
        return Outcome(name, options.modality, "UNREADABLE", reason), sample
    except Exception as error:  # noqa: BLE001 - one file must not cost the others their row
        reason = without_path(f"unexpected {type(error).__name__}: {error}", shown)
        return Outcome(name, options.modality, "CRASHED", reason), sample
    status = "OK" if assessment.failure is None else "FAILURE_TO_ASSESS"
    return Outcome(name, options.modality, status, assessment.failure, assessment), sample


def document(outcome: Outcome, sample: "Sample | None", sha256: str | None) -> dict[str, Any]:
    """Return all that was found in one file, without its path: what the journal keeps."""
    found: dict[str, Any] = {
        "modality": outcome.modality,
        "status": outcome.status,
        "score": outcome.score,
        "failure": outcome.failure,
        "sha256": sha256,
        "algorithm": None,
        "defects": [],
        "measures": {},
        "contributions": {},
    }
    if outcome.assessment is not None:
        assessed = outcome.assessment.to_dict()
        found |= {key: assessed[key] for key in ("algorithm", "defects", "measures")}
        found["contributions"] = assessed["contributions"]
    if sample is not None:
        names = ("ppi", "ppi_source", "format", "width", "height", "bits", "mode", "notes")
        found |= {key: getattr(sample, key) for key in names}
    return found


def without_maps(outcome: Outcome) -> Outcome:
    """Return `outcome` without its pictures, small enough to send between processes."""
    if outcome.assessment is None or outcome.assessment.maps is None:
        return outcome
    return replace(outcome, assessment=replace(outcome.assessment, maps=None))


def exit_code(statuses: Mapping[str, int], with_defects: int) -> int:
    """Return what a run tells the shell, from its counts.

    0: every file has a score and no defect; 1: some file has a defect or cannot be assessed;
    3: some file could not be read, or its scoring broke or took too long.
    """
    if any(statuses.get(status) for status in ("UNREADABLE", "TIMEOUT", "CRASHED")):
        return 3
    return int(bool(with_defects or statuses.get("FAILURE_TO_ASSESS")))


def json_document(outcomes: Sequence[Outcome], lang: "Lang") -> str:
    """Return one JSON document of all outcomes, each defect with its title and advice.

    It is plain ASCII, so that no console code page can break it, and never holds NaN.
    """
    from ektp_biocheck import defects

    results = [outcome.to_dict() for outcome in outcomes]
    for defect in (defect for result in results for defect in result.get("defects", ())):
        defect["title"] = defects.title(defect["code"], lang)
        defect["advice"] = defects.advice(defect["code"], lang)
    document = {"ektp_biocheck": ektp_biocheck.__version__, "lang": lang, "results": results}
    return json.dumps(document, indent=2, allow_nan=False)


def without_path(text: str, shown: str) -> str:
    """Leave out the path, which stands beside the text already.

    The full path would also make the tables of two runs differ when a folder has moved.
    """
    for form in (shown, ascii(shown)):
        text = text.removeprefix(f"{form}: ").replace(form, "the file")
    return text
