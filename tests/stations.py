"""Stations with stub scorers: a picture is a number, and the number says what the scorer says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from people import ALGORITHMS, defect

from ektp_biocheck.capture import Station, StationConfig
from ektp_biocheck.capture.evidence import EvidenceAssessment
from ektp_biocheck.fingerprint.slap.result import SlapAssessment, SlapFinger, UprightBox
from ektp_biocheck.positions import SLAPS, Instance, Modality, slap_fingers
from ektp_biocheck.quality import Assessment, Region

NIK = "3313074101450001"  # a woman born on 1 January 1945, of an invented register
NIKS = [f"33130741014500{n:02d}" for n in range(1, 60)]
BOX, REGION = UprightBox(4, 4, 8, 8, 0), Region(0, 0, 8, 8)


@dataclass
class Clock:
    """A clock that a test turns."""

    now: datetime = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    step: float = 2.0

    def __call__(self):
        self.now += timedelta(seconds=self.step)
        return self.now


@dataclass
class Pictures:
    """Makes pictures, and the scorers that read them back."""

    made: list = field(default_factory=list)
    calls: int = 0

    def of(self, score, *defects, maps=None):
        """A picture that scores so; a list of such tuples makes a slap's."""
        self.made.append(
            (score, [d if not isinstance(d, str) else defect(d) for d in defects], maps)
        )
        return self._picture()

    def slap(self, fingers, *defects, kind=None):
        """A slap: position to score or (score, codes…)."""
        self.made.append((fingers, [defect(d) for d in defects], kind))
        return self._picture()

    def broken(self):
        """A picture that breaks the scorer."""
        self.made.append(None)
        return self._picture()

    def _picture(self):
        picture = np.zeros((8, 8), np.uint8)
        number = len(self.made) - 1
        picture[0, :2] = number >> 8, number & 255
        return picture

    def _read(self, pixels):
        self.calls += 1
        grey = pixels if pixels.ndim == 2 else pixels[..., 0]
        found = self.made[(int(grey[0, 0]) << 8) + int(grey[0, 1])]
        if found is None:
            raise ZeroDivisionError("1/0 with the NIK 3313074101450001 in it")
        return found

    def scorers(self):
        def one(modality):
            def score(pixels, *, level="full", **_):
                value, defects, maps = self._read(pixels)
                return assessed(modality, value, defects, maps)

            score.ALGORITHM = ALGORITHMS[modality]
            return score

        def slap(pixels, *, ppi, expected, level="full"):
            fingers, defects, kind = self._read(pixels)
            there = [p for p in slap_fingers(expected) if p in fingers]
            made = []
            for position in there:
                value = fingers[position]
                score, codes = (
                    (value, ()) if not isinstance(value, tuple) else (value[0], value[1:])
                )
                crop = pixels.copy()
                crop[1, 0] = int(position)
                assessment = assessed("finger", score, [defect(c) for c in codes], None)
                made.append(SlapFinger(position, BOX, REGION, crop, assessment))
            missing = tuple(p for p in slap_fingers(expected) if p not in fingers)
            if missing and not defects:
                defects = [defect("FP_FINGER_MISSING_IN_SLAP")]
            return SlapAssessment(
                expected, kind or expected, 1.0, 0.0, tuple(made), missing, len(missing),
                tuple(defects),
            )  # fmt: skip

        def evidence(pixels):
            return EvidenceAssessment("stub/evidence 1", (), (), ())

        names = ("finger", "iris", "face")
        return {**{name: one(name) for name in names}, "slap": slap, "evidence": evidence}


def assessed(modality, score, defects, maps):
    failure = None if score is not None else "nothing to assess"
    return Assessment(modality, ALGORITHMS[modality], score, failure, {}, tuple(defects), {}, maps)


def station(folder, pictures, *, quick=True, **more):
    """Open a station; `quick` leaves out the fsync, which most tests do not need."""
    made = Station(
        StationConfig("kec-01", "Ngargoyoso", folder), scorers=pictures.scorers(), **more
    )
    if quick:
        made._desk.connection.execute("PRAGMA synchronous = OFF")
    return made


def show(st, person, what, picture, **more):
    """Present with the usual arguments."""
    ppi = 500 if what.modality == Modality.FINGER else None
    kind = {"ppi": ppi, "device": "dev-1", "operator": "op-1", **more}
    return st.present(person, what, picture, **kind)


def good_slaps(st, person, pictures, score=80, without=()):
    for slap in SLAPS:
        fingers = {p: score for p in slap_fingers(slap) if p not in without}
        if fingers:
            show(st, person, Instance(Modality.FINGER, slap), pictures.slap(fingers))
