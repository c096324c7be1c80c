"""The checks: what is measured, the threshold, and why a person would want it.

They were fixed before segue was tuned with them. A threshold is not lowered because segue misses
it. `at_least` tells the direction. Values that cannot be measured (NaN: there is no such function,
or nothing to measure) fail, except where a check does not concern a person.
"""

from dataclasses import dataclass
from math import isnan


@dataclass(frozen=True)
class Check:
    """A named check; a value passes at or above (`at_least`), or at or below, the threshold."""

    name: str
    threshold: float
    why: str
    at_least: bool = True

    def passes(self, value: float) -> bool:
        """Return whether a value passes; NaN does not."""
        if isnan(value):
            return False
        return value >= self.threshold - 1e-9 if self.at_least else value <= self.threshold + 1e-9

    @property
    def rule(self) -> str:
        """The threshold with its direction."""
        return f"{'>=' if self.at_least else '<='} {self.threshold:g}"


def _table(*checks: Check) -> dict[str, Check]:
    return {check.name: check for check in checks}


COMMON = _table(
    Check(
        "liked genres",
        0.8,
        "Share of the first 20 recommendations in genres that I like: most of a list is for me.",
    ),
    Check("radio genres", 0.8, "Share of the first 20 tracks of my radio in genres that I like."),
    Check(
        "disliked artists",
        0,
        "Tracks in list and radio, of 40, by artists that I hate, or skipped whenever they came.",
        at_least=False,
    ),
    Check(
        "seed list",
        0.85,
        "Share of the seed's genre in 'from this track', relative to that of 'more like this'.",
    ),
    Check(
        "seed radio",
        0.85,
        "Share of the seed's genre in a radio from the seed, relative to 'more like this'.",
    ),
    Check("seed first", 1.0, "Share of seeds that their radio plays first: I pressed play on it."),
    Check(
        "novelty",
        0.9,
        "Share of the recommendations of which I never heard any version: they are called new.",
    ),
    Check(
        "versions",
        0,
        "Tracks in the list that are another version of a song in it (live, remaster, same work).",
        at_least=False,
    ),
    Check(
        "artist cap",
        2,
        "Most tracks of one artist in the first 10 of list and radio: not ten by one artist.",
        at_least=False,
    ),
    Check(
        "next day",
        0.3,
        "Share of tomorrow's list that is not in today's, after I played 5 of today's tracks.",
    ),
    Check("next radio", 0.5, "Share of tomorrow's radio (20 tracks) that is not in today's."),
    Check(
        "true reasons",
        1.0,
        "Share of recommendations whose reasons are all true: no influence of +0.00, tracks and"
        " artists that I really play and like, 'others' only where there are others.",
    ),
    Check(
        "hated song",
        1.0,
        "1 if my most played song, once I dislike it on the page, has an opinion below zero and is"
        " not in the next 20 of my radio: I said so.",
    ),
    Check(
        "opinion rank",
        0.8,
        "Spearman of segue's opinions and how much I like tracks that I met five times or more.",
    ),
    Check(
        "disliked favorites",
        0,
        "Number of my favorites (top tenth of these tracks) with an opinion below zero.",
        at_least=False,
    ),
)
"""Checks of every person."""

SCROBBLE_RANK = Check(
    "opinion rank",
    0.6,
    "The same for scrobbles, which lack every skipped play: counts alone allow about 0.75.",
)

EXTRA = _table(
    Check(
        "both tastes",
        0.5,
        "Least share of a taste in the list, relative to its share of my plays: none is lost.",
    ),
    Check(
        "children",
        1.0,
        "Share of children's music in the list, relative to its share of plays, before I say"
        " 'do not learn from children's music': not more of it. All other checks come after that.",
        at_least=False,
    ),
    Check(
        "not learned",
        0,
        "Share of children's music after 'do not learn from children's music'.",
        at_least=False,
    ),
    Check(
        "season",
        0.1,
        "Share of holiday music in list and radio, half a year from the holidays.",
        at_least=False,
    ),
    Check(
        "private",
        0.05,
        "Share of the genre of private sessions in list and radio: private means private.",
        at_least=False,
    ),
    Check("podcasts", 0, "Podcast episodes that count as unmatched listens.", at_least=False),
    Check("new taste", 0.1, "Share of my newest genre in the list: it notices that I changed."),
    Check(
        "never played",
        0,
        "Tracks with 0 plays and no rating that count as known: I never heard them.",
        at_least=False,
    ),
    Check(
        "dated history",
        0.9,
        "Share of the dated plays (of the latest 1,000) in the history, despite undated totals.",
    ),
    Check(
        "one strength",
        0.8,
        "Overlap of the first 20 after a like on the page and with --like: a like is a like.",
    ),
)
"""Checks of single personas, by the names in `Persona.extra`."""


def checks_of(name: str, *, scrobbles_only: bool = False) -> Check:
    """Return a check by its name."""
    if name == "opinion rank" and scrobbles_only:
        return SCROBBLE_RANK
    return COMMON[name] if name in COMMON else EXTRA[name]
