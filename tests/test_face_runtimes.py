"""The two runtimes: they agree, one at a time, released, chosen by configuration."""

import threading

import numpy as np
import pytest
from face_data import codes, good, value

from ektp_biocheck import face
from ektp_biocheck.errors import InputError, InstallationError
from ektp_biocheck.face import landmarks, runtime
from fixtures import face as painted


@pytest.fixture
def opencv_runtime():
    face.use_runtime("opencv")
    yield
    face.use_runtime("mediapipe")


def test_both_runtimes_find_the_same_landmarks(opencv_runtime) -> None:
    photo, first, points = good()
    second = face.assess(photo)
    ied = first.maps.faces[0].ied
    apart = np.hypot(*(second.maps.faces[0].points[:, :2] - points[:, :2]).T)
    assert apart.mean() < 0.03 * ied
    for name, tolerance in (("EyesOpen", 0.025), ("HeadPoseYaw", 5), ("HeadPosePitch", 6)):
        assert value(second, name) == pytest.approx(value(first, name), abs=tolerance)


def test_the_other_runtime_finds_the_painted_faults(opencv_runtime) -> None:
    photo, _, points = good()
    assert "FA_OCCLUDED" not in codes(face.assess(photo))
    assert "FA_OCCLUDED" in codes(face.assess(painted.cover_with_mask(photo, points)))
    turned = face.assess(np.ascontiguousarray(photo[::-1, ::-1]))
    assert turned.score is None


def test_the_environment_chooses(monkeypatch) -> None:
    monkeypatch.setattr(landmarks, "_choice", None)
    monkeypatch.setenv("EKTP_BIOCHECK_FACE_RUNTIME", "opencv")
    face.close()
    with landmarks._ready() as chosen:
        assert chosen.name == "opencv"
    monkeypatch.setenv("EKTP_BIOCHECK_FACE_RUNTIME", "nonsense")
    face.close()
    with pytest.raises(InputError, match="EKTP_BIOCHECK_FACE_RUNTIME"):
        face.assess(good()[0])


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(InputError, match="mediapipe"):
        face.use_runtime("tensorflow")


def test_a_missing_mediapipe_names_the_cure(monkeypatch) -> None:
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    with pytest.raises(InstallationError, match="pip install mediapipe"):
        runtime.OpencvRuntime()


def test_after_close_it_starts_again() -> None:
    photo, result, _ = good()
    face.close()
    face.close()
    assert face.assess(photo).score == result.score


def test_threads_get_the_figures_of_one_thread() -> None:
    photo, result, _ = good()
    scores: list[int | None] = []

    def work() -> None:
        for _ in range(3):
            scores.append(face.assess(photo, level="fast").score)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scores == [result.score] * 12


def test_importing_the_package_loads_no_network() -> None:
    import subprocess
    import sys

    code = "import sys, ektp_biocheck, ektp_biocheck.face; print('mediapipe' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False"
