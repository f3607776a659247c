"""Fixtures that several test files use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Return the folder of development captures, which are not part of the project.

    EKTP_BIOCHECK_DATA names it; by default it is ``../shared/data`` beside the repository.
    Named and absent is a failure, absent by default a skip.
    """
    named = os.environ.get("EKTP_BIOCHECK_DATA")
    repository = Path(__file__).resolve().parents[1]
    root = Path(named) if named else repository.parent / "shared" / "data"
    if root.is_dir():
        return root
    if named:
        pytest.fail(f"EKTP_BIOCHECK_DATA names {named}, which is no folder", pytrace=False)
    pytest.skip("no development captures here: set EKTP_BIOCHECK_DATA to their folder")
