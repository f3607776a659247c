"""What the operator page does with a station: one method for each thing an officer can do.

Captures are held for the length of a person only, in memory, to draw why a score is what it is.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture import evidence
from ektp_biocheck.capture.facts import attribute_of, instance_of
from ektp_biocheck.capture.outcomes import ApprovalMode
from ektp_biocheck.capture.slip import make_slip
from ektp_biocheck.capture.slip_print import slip_html, slip_text
from ektp_biocheck.capture.station import Station
from ektp_biocheck.capture.views import Finished, Presented
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.errors import InputError, MissingResolutionError
from ektp_biocheck.lang import Lang
from ektp_biocheck.operator_page import shown
from ektp_biocheck.positions import Instance, Modality
from ektp_biocheck.quality import Assessment
from ektp_biocheck.samples import Modality as SampleModality
from ektp_biocheck.samples import Sample, decode_sample, to_rgb

__all__ = ["Begin", "Desk", "Office"]

_SCORERS = {
    Modality.FINGER: "ektp_biocheck.fingerprint",
    Modality.IRIS: "ektp_biocheck.iris",
    Modality.FACE: "ektp_biocheck.face",
}


@dataclass(frozen=True, slots=True)
class Office:
    """What the page needs to know about its office.

    Parameters
    ----------
    name : str or None
        Of the office, for slips.
    contact : str or None
        Where people ask, for slips.
    ppi : float or None
        Resolution of finger captures whose file does not say it.
    send_by : date or None
        Until when records of today are sent, for slips.
    """

    name: str | None = None
    contact: str | None = None
    ppi: float | None = None
    send_by: date | None = None


class Begin(msgspec.Struct, forbid_unknown_fields=True):
    """What the officer types when a person sits down."""

    nik: str
    operator: str
    queue_number: str | None = None
    village: str | None = None
    age_years: int | None = None
    nik_confirmed: bool = False


@dataclass
class _Taken:
    """The latest capture of one part, for its picture."""

    modality: Modality
    pixels: NDArray[np.uint8] = field(repr=False)
    assessment: Assessment = field(repr=False)


class Desk:
    """A station as the page uses it.

    Parameters
    ----------
    station : Station
        Open; closed by whoever opened it.
    office : Office
    finished : callable, optional
        Called with what `Station.finish` returned before the slip is shown: seals the record.
    """

    def __init__(
        self,
        station: Station,
        office: Office | None = None,
        finished: Callable[[str, Finished], None] | None = None,
    ) -> None:
        self.station = station
        self.office = office or Office()
        self.on_finished = finished
        self._taken: dict[str, dict[str, _Taken]] = {}
        self._photos: dict[str, tuple[NDArray[np.uint8], Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def waiting(self) -> list[dict[str, Any]]:
        """Return the persons who were begun and not finished, by queue number."""
        views = [self.station.review(one) for one in self.station.open_transactions()]
        return [{"transaction": view.transaction, "queue": view.queue_number} for view in views]

    def begin(self, told: Begin) -> dict[str, Any]:
        """Begin a person; the NIK goes no further than `Station.begin`."""
        transaction = self.station.begin(
            told.nik,
            operator=told.operator,
            queue_number=told.queue_number,
            village=told.village,
            age_years=told.age_years,
            nik_confirmed=told.nik_confirmed,
        )
        return self.person(transaction)

    def person(self, transaction: str) -> dict[str, Any]:
        """Return how a person stands and what to ask first."""
        questions = [
            {"step": one.step, "about": one.about, "text": shown.step(one.step), "done": one.done}
            for one in self.station.ask_first(transaction)
        ]
        view = shown.person(self.station.review(transaction), self.station.policy)
        return view | {"questions": questions}

    def present(
        self, transaction: str, name: str, data: bytes, *, device: str, operator: str
    ) -> dict[str, Any]:
        """Take a capture from the bytes of a picture file."""
        what = instance_of(name)
        sample = self._open(what, data)
        return self._present(transaction, what, sample.pixels, sample.ppi, device, operator)

    def preview(self, transaction: str, name: str, data: bytes) -> dict[str, Any]:
        """Look at a live frame; it counts for nothing."""
        what = instance_of(name)
        sample = self._open(what, data)
        return shown.preview(self.station.preview(transaction, what, sample.pixels, ppi=sample.ppi))

    def best(self, transaction: str, name: str, *, device: str, operator: str) -> dict[str, Any]:
        """Take the best frame of the burst that was previewed."""
        what = instance_of(name)
        frame = self.station.best_frame(transaction, what)
        if frame is None:
            raise InputError("no frame was previewed: take the capture again")
        return self._present(transaction, what, frame.pixels, frame.ppi, device, operator)

    def picture(self, transaction: str, name: str, lang: Lang) -> bytes | None:
        """Return a PNG that shows why the latest capture of a part has its score."""
        from ektp_biocheck.opencv import cv2

        with self._lock:
            taken = self._taken.get(transaction, {}).get(name)
            photo = self._photos.get(transaction) if name == "evidence" else None
        if photo is not None:
            drawn = evidence.overlay(*photo, lang)
        elif taken is not None:
            drawn = _drawn(taken, lang)
        else:
            return None
        done, png = cv2.imencode(".png", np.ascontiguousarray(drawn[..., ::-1]))
        if not done:
            raise RuntimeError("the overlay cannot be written as PNG")
        return bytes(png)

    def evidence(self, transaction: str, data: bytes, *, operator: str) -> dict[str, Any]:
        """Add an evidence photo; it is never refused for what it shows."""
        photo = decode_sample(data, modality="face", name="the photo").pixels
        found = self.station.add_evidence(transaction, data, by=operator)
        with self._lock:
            self._photos[transaction] = (photo, found)
        return self.person(transaction)

    def finish(self, transaction: str, lang: Lang, *, operator: str) -> dict[str, Any]:
        """Finish a person: the verdict and the slip."""
        done = self.station.finish(transaction, operator=operator)
        if self.on_finished is not None:
            self.on_finished(transaction, done)
        self.forget(transaction)
        slip = make_slip(
            done.manifest,
            lang=lang,
            office=self.office.name,
            contact=self.office.contact,
            send_by=self.office.send_by,
        )
        return {
            "verdict": done.verdict.state.value,
            "slip": slip_html(slip),
            "text": slip_text(slip),
        }

    def forget(self, transaction: str) -> None:
        """Drop the pictures of a person."""
        with self._lock:
            self._taken.pop(transaction, None)
            self._photos.pop(transaction, None)

    def step(self, transaction: str, name: str | None, step: str, operator: str) -> None:
        """Record that something was done to help."""
        on = None if name is None else instance_of(name)
        self.station.record_fallback(transaction, on, step, by=operator)

    def fault(
        self, transaction: str, name: str, code: str, *, device: str, operator: str
    ) -> dict[str, Any]:
        """Record a fault of the device; it costs the person nothing."""
        if code not in CATALOGUE or not code.startswith("DEV_"):
            raise InputError("code must be a DEV_ code of the catalogue")
        answer = self.station.device_fault(
            transaction, instance_of(name), code, device=device, operator=operator
        )
        return {"presented": shown.presented(answer), "person": self.person(transaction)}

    def override(
        self, transaction: str, name: str, action: str, reason: str, operator: str
    ) -> None:
        """Decide otherwise than the rules; the record says so."""
        self.station.override(transaction, instance_of(name), action, by=operator, reason=reason)

    def except_parts(
        self, transaction: str, names: list[str], how: Mapping[str, str | None], operator: str
    ) -> None:
        """Mark an exception for one part or several."""
        for name in names:
            self.station.except_instance(
                transaction,
                instance_of(name),
                kind=str(how["kind"]),
                permanence=str(how["permanence"]),
                reason=str(how["reason"]),
                by=operator,
                review_by=how["review_by"],
            )

    def withdraw(self, transaction: str, name: str, operator: str) -> None:
        """Take an exception back."""
        self.station.withdraw_exception(transaction, instance_of(name), by=operator)

    def approve(self, transaction: str, names: list[str], by: str, mode: str) -> None:
        """Let a second officer approve exceptions, or note that it follows."""
        if mode not in set(ApprovalMode):
            raise InputError(f"mode must be one of {', '.join(ApprovalMode)}")
        for name in names:
            self.station.approve(transaction, instance_of(name), by=by, mode=ApprovalMode(mode))

    def _open(self, what: Instance, data: bytes) -> Sample:
        modality = cast("SampleModality", what.modality.value)
        try:
            return decode_sample(data, modality=modality)
        except MissingResolutionError:
            if self.office.ppi is None:
                raise
            return decode_sample(data, self.office.ppi, modality=modality)

    def _present(
        self,
        transaction: str,
        what: Instance,
        pixels: NDArray[np.uint8],
        ppi: float | None,
        device: str,
        operator: str,
    ) -> dict[str, Any]:
        answer = self.station.present(
            transaction, what, pixels, ppi=ppi, device=device, operator=operator
        )
        self._keep(transaction, answer, pixels)
        return {"presented": shown.presented(answer), "person": self.person(transaction)}

    def _keep(self, transaction: str, answer: Presented, pixels: NDArray[np.uint8]) -> None:
        with self._lock:
            taken = self._taken.setdefault(transaction, {})
            for one in answer.results:
                modality = one.instance.modality
                taken[attribute_of(one.instance)] = _Taken(modality, pixels, one.assessment)


def _drawn(taken: _Taken, lang: Lang) -> NDArray[np.uint8]:
    try:
        scorer = import_module(_SCORERS[taken.modality])
        drawn: NDArray[np.uint8] = scorer.overlay(taken.pixels, taken.assessment, lang)
    except InputError:  # nothing was found in it that could be drawn: show it as it is
        return to_rgb(taken.pixels)
    if taken.modality is Modality.FACE:  # its legend is text, which the page says larger
        height, width = taken.pixels.shape[:2]
        return drawn[:, : round(drawn.shape[0] * width / height)]
    return drawn
