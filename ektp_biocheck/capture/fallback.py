"""What to try next: the chains of the catalogue, never the same advice twice for nothing."""

from collections.abc import Callable, Iterator, Sequence

from ektp_biocheck.capture.takes import Advice, Event, Fault, Nothing, Step, Take
from ektp_biocheck.defects import CATALOGUE, STEPS

__all__ = ["IMPROVED", "advised_before", "carried_on", "next_step", "tried", "way_on"]

IMPROVED = 0.1
"""Severity a defect must lose before the same advice is given again: it works, more of it."""

_GENERAL = "FB_REPOSITION"
_PAPER = frozenset(
    code for code in STEPS if code.startswith(("FB_EXC", "FB_REVIEW", "FB_KEEP", "FB_NOTE"))
)


def next_step(
    events: Sequence[Event],
    codes: Sequence[str],
    latest: Take | None,
    *,
    slap: bool,
    general: bool = True,
) -> tuple[str, str | None] | None:
    """Find something to try before the same part is captured again.

    Parameters
    ----------
    events : sequence
        The instance's history.
    codes : sequence of str
        Defects, worst first; each is gone through along its chain.
    latest : Take or None
        The latest capture.
    slap : bool
        It was presented in a slap, so that taking the finger alone is something new.
    general : bool
        Fall back on setting the position again when no chain has anything left.

    Returns
    -------
    (str, str or None) or None
        Step and the defect it answers; ``None`` when everything was tried.
    """
    for code in codes:
        info = CATALOGUE.get(code)
        for step in info.chain if info else ():
            fits = STEPS[step].again and (step != "FB_SINGLE" or slap)
            if fits and not tried(events, latest, step, code):
                return step, code
    if general and not tried(events, latest, _GENERAL, None):
        return _GENERAL, codes[0] if codes else None
    return None


def tried(events: Sequence[Event], latest: Take | None, step: str, defect: str | None) -> bool:
    """Tell whether a step was tried and is not worth a second time.

    It was tried when it was advised or recorded and another attempt followed. It is worth a
    second time when the defect it answers became less severe since (`IMPROVED`).
    """
    pending = taken = False
    before: Take | None = None
    since: Take | None = None  # the capture before the step
    for event in events:
        if isinstance(event, Step | Advice):
            pending |= event.step == step
        elif isinstance(event, Take | Nothing):
            if pending:
                pending, taken, since = False, True, before
            before = event if isinstance(event, Take) else before
    if not taken:
        return False
    if defect is None or latest is None or since is None or since is latest:
        return True
    return since.severity(defect) - latest.severity(defect) < IMPROVED


def way_on(
    events: Sequence[Event], latest: Take | None, *, fits: Callable[[str], bool], face: bool
) -> str | None:
    """Find a way on without this part: another finger, one eye, approval by hand.

    Parameters
    ----------
    events : sequence
    latest : Take or None
    fits : callable
        Tells whether a step makes sense for this person: one eye only when there is another.
    face : bool

    Returns
    -------
    str or None
        A step that was not taken yet; ``None`` when only the exception is left.
    """
    taken = {event.step for event in events if isinstance(event, Step)}
    for step in _ways(latest, face=face):
        if step not in taken and fits(step):
            return step
    return None


def _ways(latest: Take | None, *, face: bool) -> Iterator[str]:
    for defect in latest.defects if latest else ():
        info = CATALOGUE.get(defect.code)
        for step in info.chain if info else ():
            if not STEPS[step].again and step not in _PAPER:
                yield step
    if face:
        yield "FB_MANUAL_FACE"


def advised_before(events: Sequence[Event], defect: str | None) -> bool:
    """Tell whether advice on this defect was given before the latest attempt."""
    pending = False
    for event in events:
        if isinstance(event, Advice) and event.defect == defect:
            pending = True
        elif isinstance(event, Take | Nothing | Fault) and pending:
            return True
    return False


def carried_on(events: Sequence[Event]) -> bool:
    """Tell whether the operator took a way on since the latest attempt."""
    on = False
    for event in events:
        if isinstance(event, Take | Nothing | Fault):
            on = False
        elif isinstance(event, Step) and not event.whole_person and not STEPS[event.step].again:
            on |= event.step not in _PAPER or event.step == "FB_KEEP_BEST"
    return on
