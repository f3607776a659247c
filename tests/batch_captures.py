"""Folders of small captures for the tests of `batch`, and looks at what a run left."""

import csv
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ektp_biocheck.batch import run as run_module
from ektp_biocheck.batch import work as work_module

ROOT = Path(__file__).parents[1]


def ridges(seed=0, shape=(240, 260), period=9.0):
    """Wavy ridges with a little noise: small, quick to score, different for each seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    bend = 12 * np.sin(y / (30 + seed % 7) + seed) + 8 * np.sin(x / 41 + 2 * seed)
    grey = 128 + 90 * np.sin((x + bend) * 2 * np.pi / (period + seed % 5 / 5))
    return np.clip(grey + rng.normal(0, 6, shape), 0, 255).astype(np.uint8)


def save(path, pixels, ppi=500, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    resolution = {"dpi": (ppi, ppi)} if ppi else {}
    Image.fromarray(pixels).save(path, **resolution, **more)


def rows(out):
    """Rows of results.csv by path."""
    with (out / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def summary(out):
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def tables(out):
    """The bytes that must not depend on how a run went."""
    return {name: (out / name).read_bytes() for name in ("results.csv", "results.jsonl")}


def snapshot(folder):
    """Everything a write below `folder` would change."""
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_size, path.is_file() and path.read_bytes())
        for path in [folder, *folder.rglob("*")]
    }


def command(*words, **more):
    """Start the command line in a process of its own."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    environment = os.environ | {"PYTHONPATH": paths} | more.pop("env", {})
    line = [sys.executable, "-m", "ektp_biocheck", *(str(word) for word in words)]
    return subprocess.Popen(line, env=environment, cwd=ROOT, **more)  # noqa: S603


@contextmanager
def in_this_process():
    """Let runs inside do their work here: the pool has tests of its own, and costs seconds."""

    def engine(items, work, *, prepare, **_):
        work_module.remember(prepare.args[1])
        for index, item in enumerate(items):
            yield index, work(item)
        work_module.remember(b"")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run_module, "run_pool", engine)
        yield


def run_here(*words, **more):
    """Run a batch in this process."""
    with in_this_process():
        return run_module.run_batch(*words, **more)
