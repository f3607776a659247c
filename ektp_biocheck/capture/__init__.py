"""Decide, guide, fall back: what station software imports.

    from ektp_biocheck.capture import Station, StationConfig

Everything loads when it is first used. Open `station` first.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ektp_biocheck.capture.crosscheck import Comparator
    from ektp_biocheck.capture.outcomes import (
        Action,
        ApprovalMode,
        Decision,
        Outcome,
        VerdictState,
        advice_of,
    )
    from ektp_biocheck.capture.policy import Policy
    from ektp_biocheck.capture.policy_file import default_policy, load_policy
    from ektp_biocheck.capture.replays import replay
    from ektp_biocheck.capture.station import Station, StationConfig
    from ektp_biocheck.capture.views import (
        DayFacts,
        Finished,
        PersonView,
        Presented,
        Preview,
    )

__all__ = [
    "Action",
    "ApprovalMode",
    "Comparator",
    "DayFacts",
    "Decision",
    "Finished",
    "Outcome",
    "PersonView",
    "Policy",
    "Presented",
    "Preview",
    "Station",
    "StationConfig",
    "VerdictState",
    "advice_of",
    "default_policy",
    "load_policy",
    "replay",
]

_HOME = {
    "crosscheck": ("Comparator",),
    "outcomes": ("Action", "ApprovalMode", "Decision", "Outcome", "VerdictState", "advice_of"),
    "policy": ("Policy",),
    "policy_file": ("default_policy", "load_policy"),
    "replays": ("replay",),
    "station": ("Station", "StationConfig"),
    "views": ("DayFacts", "Finished", "PersonView", "Presented", "Preview"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
