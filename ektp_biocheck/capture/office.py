"""The paperwork around captures: beginning, steps, orders, exceptions, ends, the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.case import look
from ektp_biocheck.capture.desk import Desk, png_of
from ektp_biocheck.capture.manifest import finished_of
from ektp_biocheck.capture.nik import age_contradicts, clean_nik, nik_doubts, subject_reference
from ektp_biocheck.capture.outcomes import ApprovalMode, Decision
from ektp_biocheck.capture.paper import check_approval, check_exception
from ektp_biocheck.capture.policy import Policy
from ektp_biocheck.capture.transaction import INSTANCES, transaction_of
from ektp_biocheck.capture.verdict import judge
from ektp_biocheck.capture.views import Finished
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import ImpressionType, Instance
from ektp_biocheck.records import events as store
from ektp_biocheck.records.ids import new_record_id
from ektp_biocheck.records.rows import of_transaction
from ektp_biocheck.records.sealing import next_record_id
from ektp_biocheck.samples import decode_sample

ORDERS = ("ACCEPT", "RETAKE", "DISCARD")
_LONGEST_NUMBER = 16


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a person's visit besides the NIK."""

    queue_number: str | None
    village: str | None
    age_years: int | None
    supersedes: str | None
    parts: Sequence[Instance] | None
    nik_confirmed: bool = False


def begin(
    desk: Desk, policy: Policy, where: tuple[str, str], nik: str, operator: str, visit: Visit
) -> str:
    """Begin with a person, or take up again what was begun."""
    nik = clean_nik(nik)
    subject = subject_reference(nik, desk.subject_key, confirmed=visit.nik_confirmed)
    doubts = nik_doubts(nik)
    visit = _checked(visit)
    earlier = desk.open.get(subject)
    if earlier is not None:
        desk.append(earlier, [f.Resumed(operator=operator)])
        return earlier
    contradicted = (
        visit.age_years is not None
        and "NIK_BIRTH" not in doubts
        and age_contradicts(nik, visit.age_years, desk.now().astimezone().date())
    )
    transaction = new_record_id()
    parts = None if visit.parts is None else tuple(f.attribute_of(part) for part in visit.parts)
    began = f.Began(
        subject=subject,
        station=where[0],
        office=where[1],
        operator=operator,
        policy=f.builtins_of(policy),
        digest=policy.digest,
        queue_number=visit.queue_number,
        village=visit.village,
        age_years=visit.age_years,
        age_contradicts_nik=contradicted,
        nik_doubts=doubts,
        supersedes=visit.supersedes,
        parts=parts,
    )
    desk.append(transaction, [began])
    return transaction


def _checked(visit: Visit) -> Visit:
    number, village = visit.queue_number, visit.village
    if number is not None:
        number = f.check_label("the queue number", number, _LONGEST_NUMBER)
        if "<" in number or ">" in number:
            raise InputError("the queue number must not hold < or >")
    if village is not None:
        village = f.check_label("the village", village)
    age = visit.age_years
    if age is not None and not (isinstance(age, int) and 0 <= age <= 150):
        raise InputError("age_years must be a whole number from 0 to 150")
    if visit.supersedes is not None:
        f.check_label("supersedes", visit.supersedes)
    if visit.parts is not None:
        if visit.supersedes is None:
            raise InputError("parts go with supersedes: what is not captured again is kept there")
        for part in visit.parts:
            check_instance(part)
    return replace(visit, queue_number=number, village=village)


def check_instance(instance: Instance) -> Instance:
    """Return one of the thirteen, or say which there are."""
    if instance not in INSTANCES:
        raise InputError(
            f"{instance!r} is none of the ten fingers, two eyes and the face; a slap is presented, "
            "but decided on finger by finger"
        )
    return instance


def check_presentable(what: Instance) -> None:
    """Refuse what cannot be presented."""
    if what not in INSTANCES and not (isinstance(what, Instance) and f.is_slap(what)):
        raise InputError(f"{what!r} cannot be presented: a finger, a slap, an eye or the face can")


def attempt(
    desk: Desk,
    transaction: str,
    what: Instance,
    who: tuple[str, str],
    elapsed_ms: int | None = None,
    impression: ImpressionType = ImpressionType.LIVE_PLAIN,
) -> f.Attempted:
    """Describe the next attempt; nothing is stored yet."""
    person = desk.open_person(transaction)
    check_presentable(what)
    if elapsed_ms is not None and (not isinstance(elapsed_ms, int) or elapsed_ms < 0):
        raise InputError("elapsed_ms must be a whole number of milliseconds")
    return f.Attempted(
        number=person.last_attempt + 1,
        what=f.attribute_of(what),
        device=f.check_label("the device", who[0]),
        operator=f.check_label("the operator", who[1]),
        impression=int(ImpressionType(impression)),
        elapsed_ms=elapsed_ms,
    )


def step(
    desk: Desk,
    transaction: str,
    instance: Instance | None,
    code: str,
    by: str,
    note_code: str | None,
) -> f.StepTaken:
    """Describe a step that was taken."""
    person = desk.open_person(transaction)
    numbers = person.attempts
    if instance is not None:
        check_instance(instance)
        numbers = {t.attempt: person.attempts[t.attempt] for t in person.takes(instance)}
    return f.StepTaken(
        instance=None if instance is None else f.attribute_of(instance),
        step=code,
        by=f.check_label("who took the step", by),
        after_attempt=max(numbers, default=None),
        note_code=None if note_code is None else f.check_code("the note", note_code),
    )


def override(
    desk: Desk, transaction: str, instance: Instance, action: str, by: str, reason: str
) -> f.Overridden:
    """Describe an officer's order."""
    person = desk.open_person(transaction)
    check_instance(instance)
    if action not in ORDERS:
        raise InputError(f"no order {action!r}: use one of {', '.join(ORDERS)}")
    best = look(person, instance).best
    if action == "DISCARD" and best is None:
        raise InputError(f"there is no capture of {f.attribute_of(instance)} to discard")
    return f.Overridden(
        instance=f.attribute_of(instance),
        action=action,
        by=f.check_label("who decides", by),
        reason=f.check_code("the reason", reason),
        attempt=None if best is None else best.attempt,
    )


def exception(
    desk: Desk,
    transaction: str,
    instance: Instance,
    codes: tuple[str, str, str],
    by: str,
    review_by: str | None,
) -> f.Excepted:
    """Describe an exception."""
    desk.open_person(transaction)
    check_exception(check_instance(instance), *codes, review_by)
    kind, permanence, reason = codes
    return f.Excepted(
        instance=f.attribute_of(instance),
        exception=kind,
        permanence=permanence,
        reason=reason,
        by=f.check_label("who marks it", by),
        review_by=review_by,
    )


def withdraw(desk: Desk, transaction: str, instance: Instance, by: str) -> None:
    """Take an exception back."""
    person = desk.open_person(transaction)
    if check_instance(instance) not in person.exceptions:
        raise InputError(f"there is no exception of {f.attribute_of(instance)} to take back")
    who = f.check_label("who takes it back", by)
    desk.append(transaction, [f.Withdrawn(instance=f.attribute_of(instance), by=who)])


def approve(
    desk: Desk, transaction: str, instance: Instance, by: str, mode: ApprovalMode | str
) -> None:
    """Approve an exception; of a finished transaction only when it was to follow."""
    person = desk.person(transaction)
    if person.abandoned is not None:
        desk.open_person(transaction)
    try:
        how = ApprovalMode(mode)
    except ValueError:
        raise InputError(f"no way to approve {mode!r}: use {', '.join(ApprovalMode)}") from None
    who = f.check_label("who approves", by)
    check_approval(person, check_instance(instance), who, how)
    fact = f.Approved(instance=f.attribute_of(instance), by=who, mode=str(how))
    desk.append(transaction, [fact])


def evidence(
    desk: Desk, transaction: str, image: bytes | NDArray[np.uint8], by: str
) -> Mapping[str, Any]:
    """Keep an evidence photo and look at it; a model that fails does not refuse it."""
    desk.open_person(transaction)
    who = f.check_label("who took the photo", by)
    pixels: NDArray[np.uint8]
    if isinstance(image, bytes):
        pixels = decode_sample(image, name="the evidence photo", modality="face").pixels
        data = image
    else:
        pixels, data = image, png_of(image, None)
    found: dict[str, Any]
    try:
        seen = desk.scorers.evidence(pixels)
        found, defects = seen.to_dict(), f.defect_facts(tuple(seen.defects))
        algorithm, complete = str(seen.algorithm), bool(seen.complete)
    except Exception as error:  # noqa: BLE001 - the photo is proof, also when no model can read it
        why = f"it could not be assessed: {type(error).__name__}"
        found = {"complete": False, "failure": why, "defects": []}
        algorithm, complete, defects = "none", False, ()
    sha256 = desk.keep(transaction, data)
    fact = f.Evidenced(
        sha256=sha256, by=who, algorithm=algorithm, complete=complete, defects=defects
    )
    desk.append(transaction, [fact])
    return {**found, "sha256": sha256}


def next_for(desk: Desk, transaction: str, instance: Instance) -> Decision | None:
    """Decide on one instance and store it."""
    return desk.decide(transaction, [instance]).get(instance)


def finish(desk: Desk, transaction: str, operator: str) -> Finished:
    """End a capture; a finished one gives the same answer again."""
    person = desk.person(transaction)
    if person.finished is None:
        desk.open_person(transaction)
        verdict, _, values = judge(person)
        fact = f.Finished(
            operator=operator,
            record_id=next_record_id(desk.connection),
            state=str(verdict.state),
            sufficient=person.policy.sufficiency.holds(values),
            inputs={"rule": "D09", **values},
        )
        desk.append(transaction, [fact])
        desk.forget(transaction)
    return finished(desk, transaction)


def finished(desk: Desk, transaction: str) -> Finished:
    """Return what a finished transaction hands to the seal: as it stood when it was finished."""
    events = store.events_of(desk.connection, transaction)
    last = next((n for n, event in enumerate(events) if event.kind == "finished"), None)
    if last is None:
        raise InputError("the capture is not finished: call finish first")
    return finished_of(transaction_of(events[: last + 1]))


def sealed(desk: Desk, transaction: str, *, elsewhere: bool = False) -> None:
    """Note that the sealed record is durable, then remove the images."""
    person = desk.person(transaction)
    if person.finished is None:
        raise InputError("the capture is not finished: there is nothing that could be sealed")
    if not (person.sealed or elsewhere or of_transaction(desk.connection, transaction)):
        raise InputError(
            "this station holds no sealed record of this capture: call seal, which keeps the "
            "captures until the record is on the disk; elsewhere=True only when another "
            "program sealed it"
        )
    if not person.sealed:
        desk.append(transaction, [f.Sealed()])
    desk.vault.remove(transaction)
    desk.forget(transaction)
