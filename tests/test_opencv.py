"""One OpenCV, or a clear refusal: a fake `cv2` stands before the real one in a new process."""

import subprocess
import sys
from pathlib import Path

import pytest

from ektp_biocheck.opencv import REQUIRED, cv2

ROOT = Path(__file__).parents[1]
CURE = f"pip install opencv-python-headless=={REQUIRED}.86"


def load(folder):
    """Import the door to OpenCV with `folder` first on the path; return what it printed."""
    code = (
        f"import sys; sys.path[:0] = [{str(folder)!r}, {str(ROOT)!r}]\n"
        "from ektp_biocheck.errors import InstallationError\n"
        "try:\n"
        "    from ektp_biocheck.opencv import cv2\n"
        "    print('loaded', cv2.__version__)\n"
        "except InstallationError as error:\n"
        "    print('refused', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def fake_cv2(folder, text):
    (folder / "cv2.py").write_text(text)


def fake_distribution(folder, name, version):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_the_installed_one_is_the_one_we_score_with():
    assert cv2.__version__ == REQUIRED


@pytest.mark.parametrize("other", ["4.10.0", "4.12.0", "5.0.0"])
def test_another_version_that_shadows_ours_is_refused_with_the_cure(tmp_path, other):
    fake_cv2(tmp_path, f"__version__ = {other!r}")
    printed = load(tmp_path)
    assert printed.startswith(f"refused OpenCV {other} is loaded, {REQUIRED} is needed")
    assert CURE in printed


def test_the_ruin_that_an_uninstallation_leaves_is_refused(tmp_path):
    (tmp_path / "cv2").mkdir()  # a folder without code imports as an empty namespace package
    (tmp_path / "cv2" / "__init__.py").write_text("")
    printed = load(tmp_path)
    assert printed.startswith("refused OpenCV without a version is loaded")
    assert CURE in printed


def test_a_missing_system_library_is_named_with_the_cure(tmp_path):
    fake_cv2(tmp_path, "raise ImportError('libGL.so.1: cannot open shared object file')")
    printed = load(tmp_path)
    assert printed.startswith("refused OpenCV cannot be loaded: libGL.so.1")
    assert CURE in printed


def test_a_second_distribution_of_another_version_is_refused_even_when_ours_was_loaded(tmp_path):
    fake_cv2(tmp_path, f"__version__ = {REQUIRED!r}")
    fake_distribution(tmp_path, "opencv-contrib-python", "4.10.0.84")
    printed = load(tmp_path)
    assert printed.startswith("refused Several OpenCV distributions overwrite each other")
    assert "opencv-contrib-python" in printed
    assert CURE in printed


def test_two_distributions_of_one_version_are_fine(tmp_path):
    fake_cv2(tmp_path, f"__version__ = {REQUIRED!r}")
    fake_distribution(tmp_path, "opencv-contrib-python", f"{REQUIRED}.86")
    fake_distribution(tmp_path, "opencv-python-headless", f"{REQUIRED}.86")
    assert load(tmp_path) == f"loaded {REQUIRED}\n"
