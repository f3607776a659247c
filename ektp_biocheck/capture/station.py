"""`Station`: what station software imports. One person or several at a time, one lock.

    with Station(StationConfig("kec-01", "Ngargoyoso", Path("data"))) as station:
        person = station.begin(nik, operator="op-7", queue_number="24")
        taken = station.present(
            person, RIGHT_INDEX, pixels, ppi=500, device="scanner-1", operator="op-7"
        )
        taken.results[0].decision.action  # ACCEPT, RETAKE, FALLBACK, EXCEPTION, STOP

Whatever happened is on the disk before a method returns. Open `intake` for the way of one
capture, `decision` for the rules, `transaction` for how events become the person's state.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture import intake, office
from ektp_biocheck.capture.crosscheck import Comparator
from ektp_biocheck.capture.daybook import day as day_of_station
from ektp_biocheck.capture.desk import Desk
from ektp_biocheck.capture.outcomes import ApprovalMode, Decision
from ektp_biocheck.capture.person import ask_first, person_view
from ektp_biocheck.capture.policy import Policy
from ektp_biocheck.capture.policy_file import default_policy
from ektp_biocheck.capture.scorers import Scorers
from ektp_biocheck.capture.views import (
    BestFrame,
    DayFacts,
    Finished,
    PersonView,
    Presented,
    Preview,
    Question,
)
from ektp_biocheck.defects import CATALOGUE, STEPS
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import ImpressionType, Instance
from ektp_biocheck.records.events import Clock, transactions_with

if TYPE_CHECKING:
    from ektp_biocheck.capture.sealing import DayOpening
    from ektp_biocheck.records.sealing import SealedRecord
    from ektp_biocheck.records.space import Space

__all__ = ["Station", "StationConfig"]


@dataclass(frozen=True, slots=True)
class StationConfig:
    """Which station this is and where it keeps its things.

    Parameters
    ----------
    station, office : str
        Codes or names that go into records.
    folder : Path
        Holds ``station.db``, ``open/`` (encrypted captures of open transactions) and ``keys/``
        (files of mode 0600, made on first use). Made when needed.
    """

    station: str
    office: str
    folder: Path

    def __post_init__(self) -> None:
        f.check_label("the station", self.station)
        f.check_label("the office", self.office)


def check_code_of_folder(config: StationConfig) -> None:
    """Refuse a station code that the centre would refuse with every record.

    Raises
    ------
    InputError
        When the folder's ``delivery.toml`` names another station. One that cannot be read is
        no reason to turn people away: sending says what is wrong with it.
    """
    try:
        told = tomllib.loads((config.folder / "delivery.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return
    known = told.get("station")
    if isinstance(known, str) and known != config.station:
        raise InputError(
            f"station {config.station}: this folder's delivery.toml and certificate are those of "
            f"{known}: use {known}"
        )


class Station:
    """A capture station.

    Parameters
    ----------
    config : StationConfig
    policy : Policy, optional
        For people who begin from now on; the default policy when left out. Who began under
        another one goes on under that.
    scorers : Mapping of str to callable, optional
        In place of ours, see `scorers.Scorers`.
    comparator : Comparator, optional
        A vendor's finger matcher in place of ours.
    clock : callable, optional
        Gives an aware `datetime`; the system's clock when left out.

    Raises
    ------
    InputError
        When the policy's thresholds were made for other scorers, the folder holds something
        else, another program works in it, or its ``delivery.toml`` is another station's.
    InstallationError
        When the extra ``station`` is not installed.
    OSError
        When the folder cannot be written.
    """

    def __init__(
        self,
        config: StationConfig,
        policy: Policy | None = None,
        scorers: Mapping[str, Callable[..., Any]] | None = None,
        comparator: Comparator | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.config = config
        self.policy = default_policy() if policy is None else policy
        doors = Scorers(scorers)
        doors.check(self.policy)
        check_code_of_folder(config)
        self._desk = Desk(config.folder, doors, comparator, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and let the folder go; open transactions can be taken up again."""
        with self._desk.lock:
            self._desk.close()

    def begin(
        self,
        nik: str,
        *,
        operator: str,
        queue_number: str | None = None,
        village: str | None = None,
        age_years: int | None = None,
        supersedes: str | None = None,
        parts: Sequence[Instance] | None = None,
        nik_confirmed: bool = False,
    ) -> str:
        """Begin with a person, or take up again what was begun.

        Parameters
        ----------
        nik : str
            Sixteen digits; spaces, dots and dashes are left out. Checked, turned into a keyed
            reference and forgotten.
        operator : str
            Id of the officer.
        queue_number, village : str, optional
            For the day sheet; the queue number also goes into the record.
        age_years : int, optional
            As stated. Decides which age rule holds; the NIK only contradicts it.
        supersedes : str, optional
            Id of the record that this one corrects.
        parts : sequence of Instance, optional
            With `supersedes`: what is to be captured again. The rest is taken over from the
            record before.
        nik_confirmed : bool
            An officer looked at the card again: it says this. Doubts about date, province or
            serial do not stop the person then; they go into the record as ``nik_doubts``.

        Returns
        -------
        str
            The transaction's id. The same one when this person has an open transaction.

        Raises
        ------
        InputError
            When the NIK cannot be one (the text never repeats it; `nik.NikDoubtError` when
            `nik_confirmed` would let it pass), or another argument is wrong.
        """
        with self._desk.lock:
            return office.begin(
                self._desk,
                self.policy,
                (self.config.station, self.config.office),
                nik,
                f.check_label("the operator", operator),
                office.Visit(queue_number, village, age_years, supersedes, parts, nik_confirmed),
            )

    def ask_first(self, transaction: str) -> tuple[Question, ...]:
        """Return what to ask and do before the first capture: lenses, glasses, warm hands.

        Record what was done with `record_fallback` for the whole person (instance ``None``).
        """
        with self._desk.lock:
            return ask_first(self._desk.person(transaction))

    def preview(
        self,
        transaction: str,
        instance: Instance,
        pixels: NDArray[np.uint8],
        *,
        ppi: float | None = None,
    ) -> Preview:
        """Look at a live frame. It counts for nothing; the best one of the burst is kept.

        Parameters
        ----------
        transaction : str
        instance : Instance
            Also a slap.
        pixels : (H, W) or (H, W, 3) uint8
        ppi : float, optional
            Needed for fingers.

        Returns
        -------
        Preview
            From the scorers' fast level.
        """
        office.check_presentable(instance)
        f.check_ppi(ppi)
        return intake.preview(self._desk, transaction, instance, pixels, ppi)

    def best_frame(self, transaction: str, instance: Instance) -> BestFrame | None:
        """Return the best frame since the last capture of this instance, to be presented."""
        with self._desk.lock:
            burst = self._desk.frames.get((transaction, instance))
            return None if burst is None else burst.frame

    def present(
        self,
        transaction: str,
        what: Instance,
        pixels: NDArray[np.uint8],
        *,
        ppi: float | None = None,
        device: str,
        operator: str,
        elapsed_ms: int | None = None,
        impression: ImpressionType = ImpressionType.LIVE_PLAIN,
    ) -> Presented:
        """Take a capture in: assess it, keep it, decide.

        Parameters
        ----------
        transaction : str
        what : Instance
            A finger, a slap (13, 14, 15), an eye or the face. Two eyes are two calls.
        pixels : (H, W) or (H, W, 3) uint8
            As the device gave it. Whatever is unusable about it is the device's fault and
            costs the person nothing.
        ppi : float, optional
            Pixels per inch of fingers; unknown is a device fault.
        device, operator : str
            Ids.
        elapsed_ms : int, optional
            How long the device took.
        impression : ImpressionType
            Of fingers.

        Returns
        -------
        Presented

        Raises
        ------
        InputError
            When there is no such open transaction or an argument is no such thing.
        """
        f.check_ppi(ppi)
        with self._desk.lock:
            attempted = office.attempt(
                self._desk, transaction, what, (device, operator), elapsed_ms, impression
            )
            return intake.take_in(self._desk, transaction, attempted, pixels, ppi)

    def failed_to_capture(
        self, transaction: str, what: Instance, reason: str, *, device: str, operator: str
    ) -> Presented:
        """Note that the device worked and got nothing.

        Parameters
        ----------
        transaction : str
        what : Instance
        reason : str
            ``"NO_PRESENTATION"`` (nothing was laid on the glass in time) or another code: on
            the counter for that, not on the person's attempts. ``"CANNOT_PRESENT"`` and
            ``"DECLINED"`` lead to the exception at once.
        device, operator : str

        Returns
        -------
        Presented
            Without results; `device` says what to do.
        """
        with self._desk.lock:
            attempted = office.attempt(self._desk, transaction, what, (device, operator))
            reason = f.check_code("the reason", reason)
            fact = f.NotCaptured(attempt=attempted.number, reason=reason)
            return intake.failed(self._desk, transaction, attempted, fact)

    def device_fault(
        self, transaction: str, what: Instance, code: str, *, device: str, operator: str
    ) -> Presented:
        """Note that the device failed. It never counts against the person.

        Parameters
        ----------
        transaction : str
        what : Instance
        code : str
            A ``DEV_`` code of the catalogue.
        device, operator : str

        Returns
        -------
        Presented
            Without results; `device` says what to do.
        """
        with self._desk.lock:
            attempted = office.attempt(self._desk, transaction, what, (device, operator))
            if code not in CATALOGUE or not code.startswith("DEV_"):
                known = ", ".join(name for name in CATALOGUE if name.startswith("DEV_"))
                raise InputError(f"no device fault {code!r}: use one of {known}")
            fact = f.DeviceFailed(attempt=attempted.number, code=code)
            return intake.failed(self._desk, transaction, attempted, fact)

    def record_fallback(
        self,
        transaction: str,
        instance: Instance | None,
        step: str,
        *,
        by: str,
        note_code: str | None = None,
    ) -> Decision | None:
        """Record that a step was taken; its effect shows with the next captures.

        Parameters
        ----------
        transaction : str
        instance : Instance or None
            ``None`` when it was for the whole person.
        step : str
            A code of the catalogue. A way on (``FB_KEEP_BEST``, ``FB_SINGLE_EYE``…) settles
            the instance.
        by : str
            Who.
        note_code : str, optional
            A code, no free text.

        Returns
        -------
        Decision or None
            What follows for the instance.
        """
        with self._desk.lock:
            if step not in STEPS:
                raise InputError(f"no step {step!r}: the steps stand in docs/defects/index.md")
            fact = office.step(self._desk, transaction, instance, step, by, note_code)
            self._desk.append(transaction, [fact])
            if step == "FB_CLEAN_PLATEN":
                self._desk.glass.cleaned()
            return None if instance is None else office.next_for(self._desk, transaction, instance)

    def override(
        self, transaction: str, instance: Instance, action: str, *, by: str, reason: str
    ) -> Decision | None:
        """Decide otherwise than the rules (D10). It is flagged in the record.

        Parameters
        ----------
        transaction : str
        instance : Instance
        action : {"ACCEPT", "RETAKE", "DISCARD"}
            Keep the best attempt as it is; allow one attempt more; leave the best attempt out
            because it is of something else.
        by, reason : str
            Who, and a code of why.

        Returns
        -------
        Decision or None
            ``None`` when nothing is left that could be decided on.
        """
        with self._desk.lock:
            fact = office.override(self._desk, transaction, instance, action, by, reason)
            self._desk.append(transaction, [fact])
            return office.next_for(self._desk, transaction, instance)

    def except_instance(
        self,
        transaction: str,
        instance: Instance,
        *,
        kind: str,
        permanence: str,
        reason: str,
        by: str,
        review_by: str | None = None,
    ) -> Decision | None:
        """Mark that something cannot be captured. No counter changes.

        Parameters
        ----------
        transaction : str
        instance : Instance
        kind, permanence, reason : str
            Codes that go together, see `paper.REASONS`.
        by : str
        review_by : str, optional
            ISO date by which a temporary one is to be looked at again.

        Returns
        -------
        Decision or None
            What it still wants: the evidence photo, the second officer.
        """
        with self._desk.lock:
            fact = office.exception(
                self._desk, transaction, instance, (kind, permanence, reason), by, review_by
            )
            self._desk.append(transaction, [fact])
            return office.next_for(self._desk, transaction, instance)

    def withdraw_exception(self, transaction: str, instance: Instance, *, by: str) -> None:
        """Take an exception back. Attempts and captures are as they were."""
        with self._desk.lock:
            office.withdraw(self._desk, transaction, instance, by)

    def add_evidence(
        self, transaction: str, image: bytes | NDArray[np.uint8], *, by: str
    ) -> Mapping[str, Any]:
        """Keep a photo of the face and both hands, and look at it. It is never refused.

        Parameters
        ----------
        transaction : str
        image : bytes or (H, W, 3) uint8
            An image file's bytes, or pixels.
        by : str

        Returns
        -------
        Mapping
            ``complete`` and the findings, JSON-safe.

        Raises
        ------
        UnreadableError
            When the bytes are no picture.
        """
        with self._desk.lock:
            return office.evidence(self._desk, transaction, image, by)

    def approve(
        self, transaction: str, instance: Instance, *, by: str, mode: ApprovalMode | str
    ) -> None:
        """Approve an exception as the second officer, here, from afar, or later.

        Parameters
        ----------
        transaction : str
            Also a finished one: a deferred approval follows.
        instance : Instance
        by : str
            Another officer than the one who marked it; only ``DEFERRED`` is his own to note.
        mode : ApprovalMode
        """
        with self._desk.lock:
            office.approve(self._desk, transaction, instance, by, mode)

    def review(self, transaction: str) -> PersonView:
        """Return how the person's capture stands, open or closed."""
        with self._desk.lock:
            return person_view(self._desk.person(transaction))

    def finish(self, transaction: str, *, operator: str) -> Finished:
        """End a person's capture. It works at any time and always gives a record to seal.

        Parameters
        ----------
        transaction : str
            A finished one gives the same answer again.
        operator : str

        Returns
        -------
        Finished
            Verdict, manifest and which images belong to it. The images stay in the vault until
            `sealed`.
        """
        with self._desk.lock:
            return office.finish(self._desk, transaction, f.check_label("the operator", operator))

    def images(self, transaction: str) -> dict[str, bytes]:
        """Return the images that `finish` named, decrypted, by the same names.

        Raises
        ------
        InputError
            When the transaction is not finished.
        UnreadableError
            When one is missing or damaged.
        """
        with self._desk.lock:
            files = office.finished(self._desk, transaction).files
            return {name: self._desk.vault.get(transaction, h) for name, h in files.items()}

    def seal(self, transaction: str) -> "SealedRecord":
        """Seal the record for the centre: on return it survives a power cut.

        The station cannot read it any more; the captures are removed from the vault. Only now
        may the person be given the slip.

        Parameters
        ----------
        transaction : str
            A finished one. Asked again, the same record is returned.

        Returns
        -------
        SealedRecord

        Raises
        ------
        InputError
            When the transaction is not finished.
        UnreadableError
            When the station has no keys yet; see ``ektp-biocheck keys``.
        OSError
            When the disk does not take it. The captures are where they were: try again.
        """
        from ektp_biocheck.capture import sealing

        with self._desk.lock:
            return sealing.seal(self._desk, transaction)

    def start_day(self, *, retention_days: float | None = None) -> "DayOpening":
        """Set right what a crash left behind, and look at the disk; before the first person.

        Unsealed captures are sealed, overdue approvals released, records that the centre closed
        long ago erased.

        Parameters
        ----------
        retention_days : float, optional
            Days that captures stay after the centre closed a record; 90 when left out.

        Raises
        ------
        InputError
            When the folder's ``delivery.toml`` is another station's.
        UnreadableError
            When the station has no keys yet, or the database is damaged.
        """
        from ektp_biocheck.capture import sealing

        check_code_of_folder(self.config)
        days = sealing.RETENTION_DAYS if retention_days is None else retention_days
        with self._desk.lock:
            return sealing.start_day(self._desk, days)

    def room(self) -> "Space":
        """Return how much room the disk has, in records; ask before a person sits down."""
        from ektp_biocheck.capture import sealing

        with self._desk.lock:
            return sealing.room(self._desk)

    def approve_sealed(self, record_id: str, *, by: str, granted: bool = True) -> None:
        """Enter a second officer's word on a record that was sealed without it.

        Parameters
        ----------
        record_id : str
        by : str
            The second officer; not the one who recorded.
        granted : bool
            When not, the record is sent all the same, flagged.
        """
        from ektp_biocheck.capture import sealing

        with self._desk.lock:
            sealing.approve_sealed(self._desk, record_id, f.check_label("the officer", by), granted)

    def sealed(self, transaction: str, *, elsewhere: bool = False) -> None:
        """Say that the sealed record is durable: the images are removed from the vault.

        `seal` does it by itself.

        Parameters
        ----------
        transaction : str
        elsewhere : bool
            Another program made a durable record from `images`; here there is none.

        Raises
        ------
        InputError
            When this station has no sealed record of it and none is said to be elsewhere.
        """
        with self._desk.lock:
            office.sealed(self._desk, transaction, elsewhere=elsewhere)

    def unsealed(self) -> tuple[str, ...]:
        """Return the finished transactions whose record was not sealed yet."""
        with self._desk.lock:
            return tuple(transactions_with(self._desk.connection, "finished", "sealed"))

    def abandon(self, transaction: str, reason: str, *, operator: str) -> None:
        """Give a capture up: there will be no record, and its images are removed.

        Parameters
        ----------
        transaction : str
        reason : str
            A code, such as ``"PERSON_LEFT"`` or ``"WRONG_PERSON"``.
        operator : str
        """
        with self._desk.lock:
            self._desk.open_person(transaction)
            fact = f.Abandoned(
                operator=f.check_label("the operator", operator),
                reason=f.check_code("the reason", reason),
            )
            self._desk.append(transaction, [fact])
            self._desk.vault.remove(transaction)
            self._desk.forget(transaction)

    def open_transactions(self) -> tuple[str, ...]:
        """Return the transactions that are neither finished nor abandoned, oldest first."""
        with self._desk.lock:
            return tuple(self._desk.open.values())

    def day(self, date: str | None = None) -> DayFacts:
        """Return what happened on a day, for the day sheet.

        Parameters
        ----------
        date : str, optional
            ISO date, local; today when left out.
        """
        with self._desk.lock:
            where = (self.config.station, self.config.office)
            return day_of_station(self._desk.connection, date, where, self._desk.now())
