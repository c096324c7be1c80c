"""The dials of the page: range, default and a sentence of each."""

from typing import Any, Final

from segue.engine import Dials

_DEFAULTS: Final = Dials()


def _dial(name: str, low: float, high: float, about: str) -> dict[str, Any]:
    default = getattr(_DEFAULTS, name)
    return {"name": name, "low": low, "high": high, "default": default, "about": about}


DIALS: Final = [
    _dial("popularity", -1, 1, "From deep cuts to hits."),
    _dial("diversity", 0, 1, "How much tracks may not be like each other."),
    _dial("max_known_share", 0, 1, "The share of tracks that may be known already."),
    _dial("calibration", 0, 1, "How closely to keep to your mix of genres."),
    _dial("randomness", 0, 1, "How much is left to chance: another list every time."),
]
