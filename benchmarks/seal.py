"""How long sealing a person's record takes, and what it consists of.

    python benchmarks/seal.py                    # 200 records of 1.5 MB; --json for programs
    python benchmarks/seal.py --folder /media/usb

Each record is sealed as a station does it. Between two of them the same bytes are written and
synced as a plain file in the same folder: the ratio to that is what can be compared across disks.
`benchmarks/README.md` says how to read it.
"""

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ektp_biocheck.records import crash, store
from ektp_biocheck.records.database import connect, journal_mode
from ektp_biocheck.records.keys import Keys

STEPS = {
    "seal:begun": "take the write lock",
    "seal:encrypted": "encrypt and sign",
    "write:created": "create the file",
    "write:written": "write",
    "write:synced": "sync the file",
    "write:renamed": "rename",
    "write:folder-synced": "sync the folder",
    "seal:file-stored": "-",
    "seal:rows-written": "hash, and write three kinds of rows",
    "seal:committed": "commit",
}
INSTANCES = 13  # ten fingers, two irises, a face


def measure(folder: Path, records: int, size: int) -> dict[str, object]:
    """Seal `records` records of `size` bytes in `folder`; return medians in milliseconds."""
    connection = connect(folder / "station.db")
    keys = Keys(Ed25519PrivateKey.generate(), X25519PrivateKey.generate().public_key())
    parts: dict[str, list[float]] = {name: [] for name in STEPS}
    whole, cpu, plain = [], [], []
    for number in range(-5, records):  # the first ones warm up
        files = {f"instance{n}": os.urandom(size // INSTANCES) for n in range(INSTANCES)}
        manifest = _manifest(store.next_record_id(connection), f"t{number}", files)
        marks = [("", time.perf_counter())]
        crash.hook = lambda label, marks=marks: marks.append((label, time.perf_counter()))
        busy = time.process_time()
        sealed = store.seal_record(connection, folder, files, manifest, keys)
        busy = time.process_time() - busy
        crash.hook = None
        wait = _plain(folder / "plain", sealed.path.read_bytes())
        if number < 0:
            continue
        for (_, before), (label, after) in pairwise(marks):
            parts[label].append(after - before)
        whole.append(marks[-1][1] - marks[0][1])
        cpu.append(busy)
        plain.append(wait)
    connection.close()
    medians = {STEPS[name]: statistics.median(times) for name, times in parts.items() if times}
    total = sum(medians.values())
    return {
        "journal": "/".join(journal_mode()),
        "records": records,
        "size": size,
        "median_ms": statistics.median(whole) * 1e3,
        "p95_ms": statistics.quantiles(whole, n=20)[-1] * 1e3,
        "cpu_ms": statistics.median(cpu) * 1e3,
        "plain_ms": statistics.median(plain) * 1e3,
        "ratio": statistics.median(whole) / statistics.median(plain),
        "steps": {
            name: {"ms": value * 1e3, "share": value / total}
            for name, value in medians.items()
            if name != "-"
        },
    }


def _plain(path: Path, data: bytes) -> float:
    """Return the seconds that writing and syncing the same bytes takes, with nothing around."""
    start = time.perf_counter()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, data)
    os.fsync(handle)
    os.close(handle)
    took = time.perf_counter() - start
    path.unlink()
    return took


def _manifest(record_id: str, transaction: str, files: dict[str, bytes]) -> dict[str, object]:
    instances = {name: {"sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    return {
        "record_id": record_id,
        "transaction": transaction,
        "station": "BENCH",
        "instances": instances,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--size", type=int, default=1_500_000, help="bytes of captures")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        found = measure(Path(folder), args.records, args.size)
    if args.json:
        print(json.dumps(found))
        return
    table = Table("step", "ms", "share", box=SIMPLE)
    for name, step in found["steps"].items():
        table.add_row(name, f"{step['ms']:.2f}", f"{step['share']:.0%}")
    console = Console()
    console.print(table)
    console.print(
        f"seal of {found['size'] / 1e6:.1f} MB ({found['journal']}): median "
        f"{found['median_ms']:.1f} ms, 95 % within {found['p95_ms']:.1f} ms, CPU "
        f"{found['cpu_ms']:.1f} ms; {found['ratio']:.1f} times a plain write and sync "
        f"({found['plain_ms']:.1f} ms)"
    )


if __name__ == "__main__":
    main()
