"""What a run has to do: every input, what is known about it, and which scorer it gets."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ektp_biocheck.batch.manifest import Facts, Manifest
from ektp_biocheck.batch.naming import position_name, told_by_name
from ektp_biocheck.batch.outcome import MODALITIES, Options, measure_names
from ektp_biocheck.batch.scan import Entry, is_remote
from ektp_biocheck.batch.work import SLAP, Job
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import SLAPS

__all__ = ["Item", "Shard", "columns", "parse_shard", "plan"]

_ABSENT = (
    "the manifest names this file, but it is not there. Correct the path, or copy the file there."
)
_SLAP_NAMES = {position_name(slap) for slap in SLAPS}


@dataclass(frozen=True, slots=True)
class Item:
    """One input: the work, and the facts that its row will carry."""

    job: Job
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of `of`, counted from 1; a file belongs to one part by its name alone."""

    index: int
    of: int

    def holds(self, name: str) -> bool:
        """Tell whether a file belongs to this part."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.index - 1


def parse_shard(text: str) -> Shard:
    """Read ``3/16``: the third of sixteen parts.

    Raises
    ------
    InputError
        When it is no such thing.
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"no shard {text!r}: write 1/4, 2/4, 3/4, 4/4 (they count from 1)")
    return Shard(int(found[1]), int(found[2]))


def plan(
    entries: Iterable[Entry], root: str, options: Options, manifest: Manifest | None
) -> list[Item]:
    """Bring files and manifest together.

    Both a file that nobody listed and a line without a file are inputs.

    Parameters
    ----------
    entries : iterable of Entry
        What `scan` found.
    root : str
        The scanned folder.
    options : Options
        The run's.
    manifest : Manifest or None
        When there is one.

    Returns
    -------
    list of Item
        Sorted by name.
    """
    facts = dict(manifest.facts) if manifest else {}
    items = [_item(entry, options, facts.pop(entry.name, Facts())) for entry in entries]
    items += [_item(Entry(path, root, _ABSENT), options, known) for path, known in facts.items()]
    return sorted(items, key=lambda item: item.job.entry.name)


def columns(items: Iterable[Item], options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the modalities that a run can meet, and the columns of their measures."""
    wanted = {item.job.modality for item in items} | {str(options.modality)}
    everything = "auto" in wanted
    modalities = tuple(m for m in MODALITIES if everything or m in wanted)
    names = dict.fromkeys(name for m in modalities for name in measure_names(m))
    return modalities, tuple(names)


def without_manifest(entries: Iterable[Entry], folder: str, manifest: Path | None) -> list[Entry]:
    """Leave out the manifest itself, which may lie beside the captures and is none."""
    entries = list(entries)
    if manifest is None or is_remote(folder):
        return entries
    itself = manifest.resolve()
    return [
        entry
        for entry in entries
        if entry.name.rpartition("/")[2] != itself.name or entry.file.resolve() != itself
    ]


def _item(entry: Entry, options: Options, known: Facts) -> Item:
    fixed = None if options.modality == "auto" else options.modality
    told = told_by_name(entry.name, known.modality or fixed)
    position = known.position or told.position
    modality: str = told.modality or "auto"
    if position in _SLAP_NAMES:
        modality = SLAP
    return Item(Job(entry, modality, known.ppi), known.to_dict())
