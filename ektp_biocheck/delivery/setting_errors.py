"""Mistakes in a TOML file of settings, in words that name the line, the key and the cure."""

import difflib
import re
from typing import Any, get_args

import msgspec

__all__ = ["explained"]

_FORMS = {
    "utc_offset": "must look like +07:00",
    "start": "must look like 20:00",
    "end": "must look like 06:00",
    "name": "must be a name of letters, digits, dot, dash and underscore, such as kec-01",
    "station": "must be a name of letters, digits, dot, dash and underscore, such as kec-01",
}
_NAMES = "its names must be of letters, digits, dot, dash and underscore, such as pusat"
_KINDS = {
    "str": 'text in quotation marks, such as "x"',
    "int": "a whole number, such as 5",
    "float": "a number, such as 2.5",
    "bool": "true or false",
    "object": "a table, [in.brackets] on a line of its own",
    "array": 'a list, such as ["a", "b"]',
    "null": "nothing",
}
_BOUNDS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


def explained(text: str, message: str, kind: type[Any]) -> str:
    """Return where a settings file is wrong and how it should be.

    Parameters
    ----------
    text : str
        The file.
    message : str
        What `msgspec` says.
    kind : type
        What the file should hold.

    Returns
    -------
    str
        Such as ``line 3: utc_offset must look like +07:00``.
    """
    at = re.search(r"`\$\.?([^`]*)`", message)
    keys = [key for key in at[1].split(".") if key] if at else []
    unknown = re.search(r"unknown field `([^`]*)`", message)
    where = _where(text, [*keys, unknown[1]] if unknown else keys)
    return f"{where}: {_in_words(message, keys, unknown[1] if unknown else None, kind)}"


def _in_words(message: str, keys: list[str], unknown: str | None, kind: type[Any]) -> str:
    key = keys[-1] if keys else "the file"
    if unknown is not None:
        return f"there is no setting {unknown}{_did_you_mean(unknown, keys, kind)}"
    missing = re.search(r"required field `([^`]*)`", message)
    if missing:
        return f"the setting {missing[1]} is missing: add it"
    if "`key` in" in message:
        return f"{key}: {_NAMES}"
    if "matching regex" in message:
        return f"{key} {_FORMS.get(key, 'is not written as it must be')}"
    bound = re.search(r"Expected `(\w+)` (>=|>|<=|<) (\S+)", message)
    if bound:
        return f"{key} must be {_BOUNDS[bound[2]]} {bound[3].removesuffix('.0')}"
    if "of length >=" in message:
        return f"{key} is empty: add at least one"
    expected = re.search(r"Expected `([^`]*)`", message)
    if expected:
        kinds = [one for one in expected[1].split(" | ") if one != "null"]
        wanted = " or ".join(_KINDS.get(one, one) for one in kinds)
        return f"{key} must be {wanted}{_but_is(message)}"
    return message


def _but_is(message: str) -> str:
    got = re.search(r"got `(\w+)`", message)
    return f"; it is {_KINDS[got[1]].split(',')[0]}" if got and got[1] in _KINDS else ""


def _did_you_mean(unknown: str, keys: list[str], kind: type[Any]) -> str:
    """Return the setting of that table whose name is nearest, and all when none is near."""
    for key in keys:
        hint = next((one.type for one in msgspec.structs.fields(kind) if one.name == key), None)
        structs = [one for one in (hint, *get_args(hint)) if _is_struct(one)]
        if not structs:
            return ""
        kind = structs[0]
    known = [one.name for one in msgspec.structs.fields(kind)]
    near = difflib.get_close_matches(unknown, known, n=1)
    return f": did you mean {near[0]}?" if near else f": there are {', '.join(known)}"


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _where(text: str, keys: list[str]) -> str:
    """Return the line that an error is about, as well as it can be told."""
    line = _line_of(text, keys)
    return f"line {line}" if line else f"table [{'.'.join(keys)}]" if keys else "top level"


def _line_of(text: str, keys: list[str]) -> int | None:
    """Return the line where a dotted key is set; None when it is not."""
    table: list[str] = []
    found = None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
            if table == keys:
                found = number
        setting = re.match(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([A-Za-z0-9_-]+))\s*=", line)
        if setting and [*table, next(filter(None, setting.groups()))] == keys:
            return number
    return found
