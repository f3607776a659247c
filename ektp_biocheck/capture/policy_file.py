"""Policy files: TOML in, a checked `Policy` out, or an error that names line and key."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from ektp_biocheck.capture.policy import AgeRule, FingerRules, ModalityRules, Policy
from ektp_biocheck.capture.sufficiency import parse
from ektp_biocheck.defects import STEPS
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.positions import SINGLE_FINGERS, parse_finger

__all__ = [
    "check_scorers",
    "default_policy",
    "default_text",
    "installed_algorithms",
    "load_policy",
    "parse_policy",
]

_AT = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_FIELD = re.compile(r"`([^`]*)`")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")

Path_ = tuple[str, ...]
Problem = tuple[Path_, str]


def default_text() -> str:
    """Return the default policy as its file stands, with the reasons for its numbers."""
    return (files("ektp_biocheck.capture") / "policy.toml").read_text(encoding="utf-8")


@cache
def default_policy() -> Policy:
    """Return the policy that holds when a station has none of its own."""
    return parse_policy(default_text(), "policy.toml")


def load_policy(path: Path) -> Policy:
    """Read a policy file.

    Parameters
    ----------
    path : Path
        UTF-8 TOML.

    Returns
    -------
    Policy

    Raises
    ------
    UnreadableError
        When there is no such file or it is no text.
    InputError
        When it is no policy, with the line and the key of everything that is wrong. Whether the
        installed scorers are those it was made for is `check_scorers`' question.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path.name}: a policy is a text file in UTF-8") from error
    except OSError as error:
        raise UnreadableError(
            f"{path.name}: cannot be read ({error.strerror}). Check the name and its rights."
        ) from error
    return parse_policy(text, path.name)


def parse_policy(text: str, name: str = "the policy") -> Policy:
    """Read a policy from TOML text; see `load_policy`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: this is not TOML: {error}") from error
    try:
        policy = msgspec.convert(raw, Policy)
    except msgspec.ValidationError as error:
        raise _said(name, text, [_problem(error, raw)]) from error
    problems = list(_contradictions(policy))
    if problems:
        raise _said(name, text, problems)
    return policy


def installed_algorithms() -> dict[str, str]:
    """Return the installed scorers' algorithms; loads all three."""
    from ektp_biocheck import face, fingerprint, iris

    return {
        "finger": fingerprint.ALGORITHM,
        "iris": iris.ALGORITHM,
        "face": face.ALGORITHM,
    }


def check_scorers(
    policy: Policy, algorithms: Mapping[str, str], *, name: str = "the policy", text: str = ""
) -> None:
    """Refuse thresholds that were not made for these scorers.

    Parameters
    ----------
    policy : Policy
    algorithms : Mapping of str to str
        Algorithm ("name version") by modality.
    name, text : str
        The file and its text, to name the line.

    Raises
    ------
    InputError
        Naming line and key.
    """
    problems: list[Problem] = []
    for modality, algorithm in algorithms.items():
        rules = policy.rules(modality)
        if policy.scored_by(modality, algorithm):
            continue
        own, _, version = algorithm.rpartition(" ")
        key, given, there = (
            ("scorer", rules.scorer, own)
            if own != rules.scorer
            else ("scorer_version", rules.scorer_version, version)
        )
        problems.append(
            (
                (modality, key),
                f"the thresholds are for {given!r}, but {there!r} is installed: scores of another "
                "scorer mean something else; choose the thresholds anew or install that scorer",
            )
        )
    if problems:
        raise _said(name, text, problems)


def _problem(error: msgspec.ValidationError, raw: Mapping[str, Any]) -> Problem:
    """Turn msgspec's report into a path and a sentence."""
    told = str(error)
    match = _AT.search(told)
    path = tuple(re.findall(r"[^.\[\]`]+", match[1])) if match else ()
    what = told[: match.start()] if match else told
    named = _FIELD.search(what)
    if "unknown field" in what and named is not None:
        return (*path, named[1]), f"there is no such key{_suggestion(named[1], path)}"
    if "missing required field" in what and named is not None:
        return path, f"the key {named[1]!r} is missing"
    return path, what.replace("`", "")


def _suggestion(key: str, path: Path_) -> str:
    sections: dict[str, Any] = {f.name: f.type for f in msgspec.structs.fields(Policy)}
    owner: Any = Policy
    if path:
        owner = {"finger": FingerRules, "iris": ModalityRules, "face": ModalityRules}.get(
            path[0], AgeRule if path[0] == "age" else sections.get(path[0])
        )
    try:
        known = [field.encode_name for field in msgspec.structs.fields(owner)]
    except TypeError:
        return ""
    near = get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; the keys are {', '.join(known)}"


def _contradictions(policy: Policy) -> Iterator[Problem]:
    """Find what each key allows and all together do not."""
    for modality in ("finger", "iris", "face"):
        rules = policy.rules(modality)
        if rules.floor > rules.accept:
            yield (
                (modality, "floor"),
                f"the floor ({rules.floor}) lies above accept ({rules.accept})",
            )
    yield from _finger_names(policy)
    for number, rule in enumerate(policy.age):
        yield from _age_contradictions(policy, rule, ("age", str(number)))
    names = [rule.name for rule in policy.age]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield ("age", str(number), "name"), f"two age rules are called {name!r}"
    if policy.person.hard_cap_s < policy.person.time_budget_s:
        yield ("person", "hard_cap_s"), "the cap lies below time_budget_s"
    if not policy.person.never_block:
        yield (
            ("person", "never_block"),
            "must be true: no setting of this software turns a person away",
        )
    try:
        parse(policy.person.sufficient)
    except InputError as error:
        yield ("person", "sufficient"), str(error)
    if not policy.exception.approval:
        yield ("exception", "approval"), "name at least one way to approve"


def _finger_names(policy: Policy) -> Iterator[Problem]:
    for key, names in (
        ("chip", policy.finger.chip),
        ("extra_attempts", tuple(policy.finger.extra_attempts)),
    ):
        seen = set()
        for name in names:
            try:
                finger = parse_finger(name)
            except InputError as error:
                yield ("finger", key), str(error)
                continue
            if finger not in SINGLE_FINGERS:
                yield ("finger", key), f"{name!r} is no single finger"
            if finger in seen:
                yield ("finger", key), f"{name!r} is named twice"
            seen.add(finger)


def _age_contradictions(policy: Policy, rule: AgeRule, path: Path_) -> Iterator[Problem]:
    if rule.last < rule.first:
        yield (*path, "to"), f"to ({rule.last}) lies below from ({rule.first})"
    for step in rule.presteps:
        if step not in STEPS:
            near = get_close_matches(step, STEPS, n=2)
            cure = f"did you mean {' or '.join(near)}?" if near else "see docs/defects/index.md"
            yield (*path, "presteps"), f"no step {step!r}: {cure}"
    for modality in ("finger", "iris", "face"):
        rules = policy.rules(modality)
        key: Any = modality
        accept, floor = rule.accept.get(key, rules.accept), rule.floor.get(key, rules.floor)
        if floor > accept:
            where = "floor" if modality in rule.floor else "accept"
            yield (*path, where), f"{modality}: the floor ({floor}) lies above accept ({accept})"
        for name, here, base in (("accept", accept, rules.accept), ("floor", floor, rules.floor)):
            if here > base:
                yield (
                    (*path, name),
                    f"{modality}: an age may relax the bar ({base}), not raise it to {here}",
                )


def _said(name: str, text: str, problems: list[Problem]) -> InputError:
    lines = []
    for path, what in problems:
        line = _line_of(text, path)
        where = f"{name}, line {line}" if line else name
        key = ".".join(part for part in path if not part.isdigit())
        lines.append(f"{where}: {key}: {what}" if key else f"{where}: {what}")
    return InputError("\n".join(lines))


def _line_of(text: str, path: Path_) -> int | None:
    """Return the line of a key, else of its table, counted from 1; ``None`` when not told."""
    if not path:
        return None
    table: Path_ = ()
    counts: dict[str, int] = {}
    best: tuple[int, int] | None = None  # how much of the path, line
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = tuple(part.strip(" \"'") for part in header[2].split("."))
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table = (*table, str(counts[header[2]]))
            here = table
        elif key := _KEY.match(line):
            here = (*table, key[1])
        else:
            continue
        if here == path[: len(here)] and (best is None or len(here) > best[0]):
            best = len(here), number
    return None if best is None else best[1]
