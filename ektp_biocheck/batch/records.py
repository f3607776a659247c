"""A row as results write it: what was found in the file and what the office knows about it."""

from collections.abc import Iterator, Mapping
from typing import Any

from ektp_biocheck.batch.journal import Journal, Stored
from ektp_biocheck.batch.naming import told_by_name
from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.batch.reasons import reason_code

__all__ = ["records"]

_FROM_FACTS = ("station", "device", "operator", "age_band", "captured_at", "person")
_FROM_FILE = ("format", "width", "height", "bits", "mode", "ppi_source", "notes")


def records(journal: Journal, copies: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield every row of a run, sorted by path, as ``results.jsonl`` holds it.

    Parameters
    ----------
    journal : Journal
        Whose rows.
    copies : Mapping[str, str]
        See `find_duplicates`.
    """
    for stored in journal.rows():
        yield _record(stored, copies.get(stored.name))


def _record(stored: Stored, copy_of: str | None) -> dict[str, Any]:
    found, facts = stored.document, stored.facts
    modality = found["modality"]
    if modality not in MODALITIES:
        modality = facts.get("modality", modality)
    position = facts.get("position")
    if position is None and modality in MODALITIES:
        position = told_by_name(stored.name, modality).position
    return {
        "path": stored.name,
        "modality": modality,
        "status": found["status"],
        "score": found["score"],
        "failure": found["failure"],
        "failure_code": reason_code(found["failure"]),
        "position": position,
        "ppi": found.get("ppi") or _whole(facts.get("ppi")),
        **{name: facts.get(name) for name in _FROM_FACTS},
        "sha256": found["sha256"],
        "algorithm": found["algorithm"],
        "duplicate_of": copy_of,
        "defects": found["defects"],
        "measures": found["measures"],
        "contributions": found["contributions"],
        **{name: found.get(name) for name in _FROM_FILE},
    }


def _whole(ppi: float | None) -> int | None:
    return None if ppi is None else round(ppi)
