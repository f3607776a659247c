"""Which captures need a person, and why: the one rule that report and comparison share.

A capture needs a person when it has no score (unreadable, could not be assessed, time-out,
crash), when a defect makes it unacceptable as it is, or when its score is below the acceptance
threshold of a policy. A defect alone, with a score that the policy accepts, is only noted.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from ektp_biocheck.batch.results import Row

__all__ = ["Limits", "Need", "limits_of", "modality_of", "need_of"]


class Need(IntEnum):
    """What a capture needs, most urgent first."""

    NO_SCORE = 0
    HARD = 1
    BELOW = 2
    NOTED = 3
    FINE = 4

    @property
    def person(self) -> bool:
        """Whether a person has to look at the capture."""
        return self <= Need.BELOW


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of a policy, by modality; empty where it has none.

    Parameters
    ----------
    name : str
        Policy and version, to be shown.
    accept, floor : Mapping[str, int]
        Scores from which a capture is accepted, and from which it may be kept as the best.
    attempts : Mapping[str, int]
        How often a capture may be tried.
    scorers : Mapping[str, tuple of str]
        Scorer and pattern of its version that the thresholds were set for.
    """

    name: str = ""
    accept: Mapping[str, int] = field(default_factory=dict)
    floor: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    scorers: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def meant_for(self, modality: str, algorithm: str) -> bool:
        """Tell whether the thresholds were set for this algorithm ("name version")."""
        if modality not in self.scorers:
            return True
        scorer, pattern = self.scorers[modality]
        name, _, version = algorithm.rpartition(" ")
        return name == scorer and fnmatchcase(version, pattern)


def need_of(row: "Row", limits: Limits) -> Need:
    """Say what a capture needs."""
    if row.score is None:
        return Need.NO_SCORE
    if row.hard:
        return Need.HARD
    if row.score < limits.accept.get(row.modality, 0):
        return Need.BELOW
    return Need.NOTED if row.defects else Need.FINE


def modality_of(code: str) -> str | None:
    """Return the modality whose captures can show a defect; ``None`` for those of devices."""
    return {"FP": "finger", "IR": "iris", "FA": "face"}.get(code.partition("_")[0])


def limits_of(policy: Path | None) -> Limits:
    """Return the thresholds of a policy file, or of the policy that comes with the package.

    Parameters
    ----------
    policy : Path or None
        A policy in TOML. Only the thresholds are read here, so that a run can be looked at
        under a draft.

    Returns
    -------
    Limits
        Empty when `policy` is ``None`` and the package has no policy of its own.

    Raises
    ------
    InputError
        When the file cannot be read, is no TOML, or a threshold is no number from 0 to 100.
    """
    own = files("ektp_biocheck.capture").joinpath("policy.toml")
    try:
        text = own.read_text("utf-8") if policy is None else policy.read_text("utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        if policy is None:
            return Limits()
        raise InputError(f"{policy}: there is no such policy file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{policy or own}: this policy cannot be read: {error}") from error
    return _limits(content, str(policy or own))


def _limits(content: Mapping[str, Any], source: str) -> Limits:
    tables: dict[str, dict[str, Any]] = {
        name: content[name] for name in MODALITIES if isinstance(content.get(name), dict)
    }
    if not tables:
        raise InputError(f"{source}: no thresholds; a policy has [finger], [iris] or [face]")
    about = content.get("policy")
    about = about if isinstance(about, dict) else {}
    scorers = {
        name: (str(table.get("scorer", "")), str(table.get("scorer_version", "*")))
        for name, table in tables.items()
        if "scorer" in table
    }
    return Limits(
        name=f"{about.get('id', Path(source).stem)} {about.get('version', '')}".strip(),
        accept=_numbers(tables, "accept", source, 100),
        floor=_numbers(tables, "floor", source, 100),
        attempts=_numbers(tables, "max_attempts", source, 20),
        scorers=scorers,
    )


def _numbers(
    tables: Mapping[str, Mapping[str, Any]], key: str, source: str, most: int
) -> dict[str, int]:
    found = {}
    for name, table in tables.items():
        if key not in table:
            continue
        value = table[key]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise InputError(f"{source}: {name}.{key} must be a whole number 0..{most}")
        found[name] = value
    return found
