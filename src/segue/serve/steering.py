"""Dials of the page: range, default and description of each."""

from typing import Any, Final

from segue.engine import Dials

_DEFAULTS: Final = Dials()


def _dial(name: str, low: float, high: float, about: str) -> dict[str, Any]:
    default = getattr(_DEFAULTS, name)
    return {"name": name, "low": low, "high": high, "default": default, "about": about}


DIALS: Final = [
    _dial("popularity", -1, 1, "From little-known tracks to hits."),
    _dial("diversity", 0, 1, "How different from each other the tracks are."),
    _dial("max_known_share", 0, 1, "Largest share of tracks that you know already."),
    _dial("calibration", 0, 1, "How closely the list keeps to your mix of genres."),
    _dial("randomness", 0, 1, "How much the list changes from one time to the next."),
]
