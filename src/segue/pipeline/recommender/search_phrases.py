"""Common phrases of searches, such as "workout" or "rainy evening", as moods, tempo and tags.

A phrase is worth to a track the product of how well each of its ranges fits (1 inside, falling to 0
over a margin outside) and of how much of its tags the track has: half without any, all with a given
genre or tag, and the share of the library that has less of the predicted ones in between. A range
of a value that is unknown of the track does not count, but one of energy or valence must be known.

docs/encoders.md prints the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from segue.pipeline.recommender.search_terms import is_part, normalize_text
from segue.pipeline.recommender.tag_scores import mean_score

if TYPE_CHECKING:
    from segue.pipeline.recommender.vocabulary import Vocabulary

Scores = NDArray[np.float32]
Range = tuple[float, float]

MARGINS: Final = {"energy": 0.25, "valence": 0.25, "tempo": 25.0}
"""How far outside of a range a value may be before it does not fit at all."""

_WITHOUT_TAGS: Final = 0.5


@dataclass(frozen=True, slots=True)
class SearchPhrase:
    """Ranges of energy, valence (0 to 1) and tempo (beats per minute), and tags that fit."""

    energy: Range | None = None
    valence: Range | None = None
    tempo: Range | None = None
    tags: tuple[str, ...] = ()

    def ranges(self) -> dict[str, Range]:
        """Return the ranges by the name of the value."""
        found = {"energy": self.energy, "valence": self.valence, "tempo": self.tempo}
        return {name: one for name, one in found.items() if one is not None}


def _phrase(
    energy: Range | None = None,
    valence: Range | None = None,
    tempo: Range | None = None,
    tags: str = "",
) -> SearchPhrase:
    return SearchPhrase(energy, valence, tempo, tuple(tags.split(",")) if tags else ())


_TABLE: Final[Mapping[str, SearchPhrase]] = {
    "workout,work out,gym,exercise,running,jogging,cardio,training": _phrase(
        (0.7, 1), None, (115, 185), "dance,electronic,party,rock,metal,fast"
    ),
    "party,party time,house party,dancing,dance floor,birthday party": _phrase(
        (0.6, 1), (0.55, 1), (95, 150), "party,dance,funk,house,disco"
    ),
    "road trip,roadtrip,driving,drive,on the road,car ride": _phrase(
        (0.5, 0.9), (0.45, 1), (90, 160), "rock,classic rock,pop,country,indie rock"
    ),
    "night drive,late night,midnight,after hours": _phrase(
        (0.25, 0.65), (0, 0.6), None, "electronic,electronica,chillout,ambient"
    ),
    "focus,focusing,concentration,concentrate,study,studying,homework,reading,working,coding,"
    "programming,deep work": _phrase(
        (0.05, 0.45), None, None, "instrumental,ambient,electronica,classical,no vocals"
    ),
    "sleep,sleeping,sleepy,bedtime,fall asleep,falling asleep,nap,good night": _phrase(
        (0, 0.2), None, (0, 110), "ambient,slow,quiet,soft,new age"
    ),
    "relax,relaxation,unwind,unwinding,meditation,meditate,yoga,spa,massage,lazy": _phrase(
        (0, 0.3), None, None, "chillout,ambient,mellow,new age,soft"
    ),
    "rainy evening,rainy day,rainy,rainy night,rain,rainy afternoon,autumn evening": _phrase(
        (0, 0.4), (0, 0.5), None, "mellow,jazz,acoustic,sad,folk,piano"
    ),
    "dinner,dinner party,candlelight,candlelight dinner,cooking,restaurant,wine": _phrase(
        (0.1, 0.5), (0.35, 1), (60, 130), "jazz,soul,easy listening,acoustic,blues"
    ),
    "morning,sunday morning,good morning,breakfast,coffee,waking up,wake up": _phrase(
        (0.2, 0.6), (0.5, 1), None, "acoustic,folk,indie pop,soul,pop"
    ),
    "romantic,romance,date,date night,romantic evening,valentine,slow dance": _phrase(
        (0, 0.45), (0.3, 0.9), (50, 120), "soul,sexy,rnb,jazz,beautiful"
    ),
    "heartbreak,heartbroken,breakup,break up,crying,lonely,loneliness,grief": _phrase(
        (0, 0.45), (0, 0.35), None, "sad,mellow,acoustic,folk"
    ),
    "summer,beach,sunshine,sunny,sunny day,holiday,vacation,barbecue": _phrase(
        (0.45, 0.9), (0.6, 1), None, "pop,happy,dance,reggae,catchy"
    ),
    "feel good,feelgood,good mood,good vibes,cheer up,uplifting,motivation": _phrase(
        (0.45, 1), (0.65, 1), None, "happy,pop,funk,soul,catchy"
    ),
    "angry,anger,rage,aggressive,furious": _phrase(
        (0.75, 1), (0, 0.45), None, "metal,punk,hard rock,heavy metal,loud"
    ),
    "housework,cleaning,chores,pre party,getting ready": _phrase(
        (0.55, 0.95), (0.5, 1), (95, 150), "pop,dance,funk,catchy,80s"
    ),
}

PHRASES: Final[Mapping[str, SearchPhrase]] = {
    name: phrase for names, phrase in _TABLE.items() for name in names.split(",")
}
"""Each phrase by its name, as `normalize_text` gives it."""


def phrase_worth(phrase: SearchPhrase, vocabulary: "Vocabulary") -> Scores:
    """Return how well a phrase fits every track, from 0 to 1, ``[n_tracks]``."""
    worth = np.ones(vocabulary.n_tracks)
    for name, (low, high) in phrase.ranges().items():
        values = vocabulary.moods[name]
        outside = np.maximum(np.maximum(low - values, values - high), 0) / MARGINS[name]
        fit = np.clip(1 - outside, 0, 1)
        worth *= np.where(np.isnan(values), 1.0 if name == "tempo" else 0.0, fit)
    worth *= _WITHOUT_TAGS + (1 - _WITHOUT_TAGS) * _share_of_tags(phrase, vocabulary)
    return worth.astype(np.float32)


def phrase_reasons(phrase: SearchPhrase, vocabulary: "Vocabulary", position: int) -> list[str]:
    """Return the values of a track that a phrase is about: ``energy 0.82``, ``tempo 128``."""
    values = {name: float(vocabulary.moods[name][position]) for name in phrase.ranges()}
    return [
        f"{name} {value:.0f}" if name == "tempo" else f"{name} {value:.2f}"
        for name, value in values.items()
        if np.isfinite(value) and value < inf
    ]


def _share_of_tags(phrase: SearchPhrase, vocabulary: "Vocabulary") -> Scores:
    from scipy.special import ndtr

    share = np.zeros(vocabulary.n_tracks, np.float32)
    predicted = [vocabulary.tag_scores[tag] for tag in phrase.tags if tag in vocabulary.tag_scores]
    if predicted:
        share = np.nan_to_num(ndtr(mean_score(predicted)), nan=0.0).astype(np.float32)
    plain = [normalize_text(tag) for tag in phrase.tags]
    given = [name for name in vocabulary.plain_names if any(is_part(tag, name) for tag in plain)]
    share[vocabulary.with_any(given)] = 1
    return share
