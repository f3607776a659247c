"""Two ways to run the networks inside the installed mediapipe package; nothing is downloaded.

`MediapipeRuntime` runs them with mediapipe itself (full-range detector, attention mesh with
irises). `OpencvRuntime` reads the same package's files with ``cv2.dnn`` (short-range
detector, plain mesh, iris network): the way out on a station where mediapipe's runtime does
not load. Both answer the same three questions about a small RGB picture: where are faces,
where are the landmarks of the face that fills this crop, which pixels belong to a person.

Sizes, anchors and point orders are facts of the Apache-2.0 model files, as published with
MediaPipe (Bazarevsky et al., "BlazeFace", arXiv:1907.05047; Grishchenko et al., "Attention
Mesh", arXiv:2006.10962; Ablavatski et al., "Real-time Pupil Tracking", arXiv:2006.11341).
"""

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import InstallationError
from ektp_biocheck.opencv import cv2

__all__ = ["MESH_SIZE", "Detection", "MediapipeRuntime", "OpencvRuntime", "Runtime"]

MESH_SIZE = 192
"""Side in pixels of the square crop that `Runtime.mesh` takes."""

_GRAPH = """
input_stream: "image"
input_stream: "roi"
input_side_packet: "with_attention"
output_stream: "landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
"""
_DETECTOR = "mediapipe/modules/face_detection/face_detection_full_range_cpu.binarypb"
_FULL_RANGE = "facedetectionfullrange__facedetection__"
_PRESENCE = "facelandmarkcpu__face_presence_score"

# The sixteen lid points in the order in which the iris network gives them.
_LID_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
_LID_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)


@dataclass(frozen=True, slots=True)
class Detection:
    """One face seen by a detector, in pixels of the picture it was given.

    Parameters
    ----------
    score : float
        0..1, the detector's own confidence.
    box : (4,) float64
        x, y, width, height.
    points : (6, 2) float64
        Image-left eye, image-right eye, nose tip, mouth centre, the two ear openings.
    """

    score: float
    box: NDArray[np.float64]
    points: NDArray[np.float64]


class Runtime(Protocol):
    """What `landmarks` needs from a runtime; one at a time may use it."""

    name: str

    def detect(self, rgb: NDArray[np.uint8], threshold: float) -> list[Detection]:
        """Return the faces of a picture, best first."""

    def mesh(self, crop: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
        """Return (478, 3) points in crop pixels and the logit of the belief in a face."""

    def plain_belief(self, crop: NDArray[np.uint8]) -> float:
        """Return the plain mesh's own logit for the crop that `mesh` takes."""

    def looks_like_face(self, crop: NDArray[np.uint8]) -> float:
        """Return the short-range detector's best score, 0..1, on a square crop."""

    def person(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the 0..1 belief that a pixel belongs to a person, in a size of its own."""

    def close(self) -> None:
        """Release the networks."""


class MediapipeRuntime:
    """The networks run by mediapipe."""

    name = "mediapipe"

    def __init__(self) -> None:
        try:
            import mediapipe
            from mediapipe.framework.formats import rect_pb2
            from mediapipe.python.solution_base import PacketDataType, SolutionBase
        except (ImportError, OSError) as error:
            raise InstallationError(
                f"mediapipe does not load: {error}. Cure: `pip install mediapipe==0.10.14`, or "
                "choose the other runtime with EKTP_BIOCHECK_FACE_RUNTIME=opencv."
            ) from error
        self._whole = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1)
        with _without_protobuf_warning():
            self._mesh, self._plain = (
                SolutionBase(
                    graph_config=_mesh_graph(),
                    side_inputs={"with_attention": attention},
                    outputs=["landmarks", _PRESENCE],
                    stream_type_hints={_PRESENCE: PacketDataType.FLOAT},
                )
                for attention in (True, False)
            )
            self._detector = SolutionBase(
                binary_graph_path=_DETECTOR,
                outputs=["detections"],
                # FaceDetection's own confidence argument does not reach this model.
                calculator_params={
                    f"{_FULL_RANGE}TensorsToDetectionsCalculator.min_score_thresh": 0.3
                },
            )
            self._person = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(0)
        self._near = _ShortRange()

    def detect(self, rgb: NDArray[np.uint8], threshold: float) -> list[Detection]:
        """Return the faces of a picture, best first."""
        height, width = rgb.shape[:2]
        with _without_protobuf_warning():
            found = self._detector.process(rgb).detections or []
        faces = []
        for one in found:
            if one.score[0] < threshold:
                continue
            box = one.location_data.relative_bounding_box
            points = np.array([(p.x, p.y) for p in one.location_data.relative_keypoints])
            size = np.array([width, height])
            corners = np.array([box.xmin, box.ymin, box.width, box.height])
            faces.append(Detection(float(one.score[0]), corners * np.tile(size, 2), points * size))
        return sorted(faces, key=lambda face: -face.score)

    def mesh(self, crop: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
        """Return (478, 3) points in crop pixels and the logit of the belief in a face."""
        with _without_protobuf_warning():
            answer = self._mesh.process({"image": crop, "roi": self._whole})
        found = answer.landmarks.landmark
        points = np.array([(p.x, p.y, p.z) for p in found]) * MESH_SIZE
        return points, float(getattr(answer, _PRESENCE))

    def plain_belief(self, crop: NDArray[np.uint8]) -> float:
        """Return the plain mesh's own logit for the crop that `mesh` takes."""
        with _without_protobuf_warning():
            answer = self._plain.process({"image": crop, "roi": self._whole})
        return float(getattr(answer, _PRESENCE))

    def looks_like_face(self, crop: NDArray[np.uint8]) -> float:
        """Return the short-range detector's best score, 0..1, on a square crop."""
        return self._near.best(crop)

    def person(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the 0..1 belief that a pixel belongs to a person, in the picture's size."""
        with _without_protobuf_warning():
            mask: NDArray[np.float32] = self._person.process(rgb).segmentation_mask
        return mask

    def close(self) -> None:
        """Release the networks."""
        for graph in (self._mesh, self._plain, self._detector, self._person):
            graph.close()


def _mesh_graph() -> Any:  # noqa: ANN401 - a protobuf message
    """MediaPipe's landmark graph that answers for every crop and gives its belief as a logit.

    As shipped it stays silent below one half and squashes the belief to 0..1, where all good
    faces are alike; the bare logit tells covered faces from whole ones (see `occlusion`).
    """
    from google.protobuf import text_format
    from mediapipe.calculators.tensor.tensors_to_floats_calculator_pb2 import (
        TensorsToFloatsCalculatorOptions,
    )
    from mediapipe.calculators.util.thresholding_calculator_pb2 import ThresholdingCalculatorOptions
    from mediapipe.framework.calculator_pb2 import CalculatorGraphConfig
    from mediapipe.python._framework_bindings.validated_graph_config import ValidatedGraphConfig

    check = ValidatedGraphConfig()
    check.initialize(graph_config=text_format.Parse(_GRAPH, CalculatorGraphConfig()))
    graph = CalculatorGraphConfig()
    graph.ParseFromString(check.binary_config)
    for node in graph.node:
        if node.calculator == "TensorsToFloatsCalculator":
            floats = TensorsToFloatsCalculatorOptions
            node.options.Extensions[floats.ext].activation = floats.NONE
        elif node.calculator == "ThresholdingCalculator":
            node.options.Extensions[ThresholdingCalculatorOptions.ext].threshold = -1e6
    return graph


class OpencvRuntime:
    """The networks read from the mediapipe package's files and run by ``cv2.dnn``."""

    name = "opencv"

    def __init__(self) -> None:
        self._near = _ShortRange()
        self._mesh = _read("face_landmark/face_landmark.tflite")
        self._iris = _read("iris_landmark/iris_landmark.tflite")
        self._person = _read("selfie_segmentation/selfie_segmentation.tflite")

    def detect(self, rgb: NDArray[np.uint8], threshold: float) -> list[Detection]:
        """Return the faces of a picture, best first."""
        return self._near.detect(rgb, threshold)

    def plain_belief(self, crop: NDArray[np.uint8]) -> float:
        """Return the plain mesh's own logit for the crop that `mesh` takes."""
        (flag,) = _run(self._mesh, _floats(crop, 255), "conv2d_31")
        return float(flag.item())

    def looks_like_face(self, crop: NDArray[np.uint8]) -> float:
        """Return the short-range detector's best score, 0..1, on a square crop."""
        return self._near.best(crop)

    def mesh(self, crop: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
        """Return (478, 3) points in crop pixels and the logit of the belief in a face."""
        values, flag = _run(self._mesh, _floats(crop, 255), "conv2d_21", "conv2d_31")
        points = np.zeros((478, 3))
        points[:468] = values.reshape(468, 3)
        for lids, at, corners, mirrored in (
            (_LID_RIGHT, 468, (33, 133), False),
            (_LID_LEFT, 473, (362, 263), True),
        ):
            self._refine_eye(crop, points, lids, at, corners, mirrored)
        return points, float(flag.item())

    def _refine_eye(
        self,
        crop: NDArray[np.uint8],
        points: NDArray[np.float64],
        lids: tuple[int, ...],
        at: int,
        corners: tuple[int, int],
        mirrored: bool,
    ) -> None:
        one, two = points[corners[0], :2], points[corners[1], :2]
        side = 2.3 * max(float(np.abs(two - one).max()), 1.0)
        scale = 64 / side
        origin = (one + two) / 2 - side / 2
        matrix = np.array([[scale, 0, -origin[0] * scale], [0, scale, -origin[1] * scale]])
        eye = cv2.warpAffine(crop, matrix, (64, 64), flags=cv2.INTER_LINEAR)
        if mirrored:
            eye = np.ascontiguousarray(eye[:, ::-1])
        contour, iris = _run(
            self._iris, _floats(eye, 255), "output_eyes_contours_and_brows", "output_iris"
        )
        places = [*lids, *range(at, at + 5)]
        fine = np.vstack([contour.reshape(71, 3)[:16, :2], iris.reshape(5, 3)[:, :2]])
        if mirrored:
            fine[:, 0] = 64 - fine[:, 0]
        depth = points[list(corners), 2].mean()
        points[at : at + 5, 2] = depth
        points[places, :2] = fine / scale + origin

    def person(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the 0..1 belief that a pixel belongs to a person, as 256×256."""
        small = cv2.resize(rgb, (256, 256), interpolation=cv2.INTER_AREA)
        (mask,) = _run(self._person, _floats(small, 255), "activation_10")
        belief: NDArray[np.float32] = mask.reshape(256, 256)
        return belief

    def close(self) -> None:
        """Release the networks."""
        self._mesh = self._iris = self._person = None


class _ShortRange:
    """The short-range detector in ``cv2.dnn``."""

    def __init__(self) -> None:
        self._net = _read("face_detection/face_detection_short_range.tflite")
        self._anchors = _anchors()

    def detect(self, rgb: NDArray[np.uint8], threshold: float) -> list[Detection]:
        height, width = rgb.shape[:2]
        side = max(height, width)
        # Bordered only right and below, so that coordinates stay.
        square = cv2.copyMakeBorder(rgb, 0, side - height, 0, side - width, cv2.BORDER_CONSTANT)
        score, values = self._answers(square)
        keep = np.flatnonzero(score >= threshold)
        raw = values[keep].reshape(-1, 8, 2) / 128.0
        raw[:, [0, 2, 3, 4, 5, 6, 7]] += self._anchors[keep, None]
        return _merge(score[keep], raw * side)

    def best(self, crop: NDArray[np.uint8]) -> float:
        return float(self._answers(crop)[0].max())

    def _answers(
        self, square: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if square.shape[0] != 128:
            square = cv2.resize(square, (128, 128), interpolation=cv2.INTER_AREA)
        scores, values = _run(self._net, _floats(square, 127.5) - 1, "classificators", "regressors")
        belief = 1 / (1 + np.exp(-np.clip(scores[0, :, 0], -80, 80)))
        return belief.astype(np.float32), values[0]


def _read(name: str) -> Any:  # noqa: ANN401 - cv2's networks have no useful type
    found = find_spec("mediapipe")
    if found is None or not found.submodule_search_locations:
        raise InstallationError(
            "The face networks come with mediapipe, which is not installed. "
            "Cure: `pip install mediapipe==0.10.14`."
        )
    path = Path(next(iter(found.submodule_search_locations))) / "modules" / name
    if not path.is_file():
        raise InstallationError(
            f"mediapipe's model file {path.name} is missing. "
            "Cure: `pip install --force-reinstall mediapipe==0.10.14`."
        )
    return cv2.dnn.readNetFromTFLite(str(path))


def _floats(picture: NDArray[np.uint8], full: float) -> NDArray[np.float32]:
    return picture.astype(np.float32) / np.float32(full)


def _run(net: Any, picture: NDArray[np.float32], *names: str) -> list[NDArray[np.float32]]:  # noqa: ANN401
    net.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))
    return list(net.forward(names))


def _anchors() -> NDArray[np.float64]:
    """Return the centres, 0..1, of the short-range detector's 896 anchors."""
    centres = []
    for cells, per_cell in ((16, 2), (8, 6)):
        y, x = np.divmod(np.arange(cells * cells), cells)
        centres.append(np.repeat((np.stack([x, y], 1) + 0.5) / cells, per_cell, axis=0))
    return np.concatenate(centres)


def _merge(scores: NDArray[np.float32], raw: NDArray[np.float32]) -> list[Detection]:
    """Average overlapping answers weighted by score (BlazeFace's non-maximum blending)."""
    order = list(np.argsort(-scores, kind="stable"))
    faces = []
    while order:
        best = raw[order[0]]
        overlap = np.array([_overlap(best, raw[i]) for i in order])
        same = [i for i, o in zip(order, overlap, strict=True) if o > 0.3]
        mean = np.average(raw[same], axis=0, weights=scores[same]).astype(np.float64)
        box = np.concatenate([mean[0] - mean[1] / 2, mean[1]])
        faces.append(Detection(float(scores[order[0]]), box, mean[2:]))
        order = [i for i in order if i not in same]
    return faces


def _overlap(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    low = np.maximum(one[0] - one[1] / 2, two[0] - two[1] / 2)
    high = np.minimum(one[0] + one[1] / 2, two[0] + two[1] / 2)
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / max(float(np.prod(one[1]) + np.prod(two[1])) - shared, 1e-9)


class _without_protobuf_warning(warnings.catch_warnings):
    """Hold back the one deprecation warning that mediapipe 0.10.14 draws from protobuf."""

    def __enter__(self) -> Any:  # noqa: ANN401
        log = super().__enter__()
        warnings.filterwarnings(
            "ignore", r"SymbolDatabase\.GetPrototype\(\) is deprecated", UserWarning
        )
        return log
