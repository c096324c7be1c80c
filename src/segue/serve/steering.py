"""What a listener can steer by, in words for a page: sliders (signals) and dials."""

from collections.abc import Mapping
from typing import Any, Final

from segue.engine import Dials

_SIGNALS: Final[Mapping[str, str]] = {
    "timbre": "How it sounds: the colour of instruments and voices.",
    "temporal": "How it moves: rhythm and form over time.",
    "knn": "How alike it is in all that was measured and is known of it.",
    "metadata": "Same artist, album, genre, time.",
    "tags": "What people and ears call it.",
    "lyrics": "What its words are about.",
    "collaborative": "What people who like the same also like.",
    "sequence": "What usually comes next after what was heard last.",
    "popularity": "How many listen to it.",
    "recency": "By artists whom you played lately.",
    "friends": "What friends like.",
}

_DEFAULTS: Final = Dials()


def about_signal(name: str) -> str:
    """Return what a signal listens to, in a sentence."""
    return _SIGNALS.get(name, "What a pretrained ear hears in it.")


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
