"""Simulate listeners of the demo data: documented tastes, and the listens that follow from them.

No listen is of a real person. Every user id starts with "simulated-", so that simulated listeners
are recognized everywhere.

The model. A listener has one to three favourite genres; most also like one or two
instrumentations, dislike another, and follow one to three performers. Each track has a fame that
all listeners share. With indicator variables for matches, a listener's *liking* of a track is

    2.8 genre (1.0, 0.75 and 0.55 for the favourites) + 0.9 liked instruments
    - 1.2 disliked instruments + 0.8 followed performer

and the tracks they play are drawn without repetition with probability proportional to
exp(liking + 0.7 fame), fame being standard normal (Gumbel top-k sampling). One listen in twelve
is of a track drawn evenly from all the others: chance, friends, autoplay. A track is skipped with
probability 1 / (1 + exp(2.2 (liking - 0.6))), and played 1 + Poisson(0.9 liking) times otherwise.
Listens come in sessions at the listener's usual hour over 120 days from 1 January 2026 (UTC).

Conventions: one row per listener and track; `timestamp` is when the track was first played, in
seconds since 1970; `skipped` is `true` or `false`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_LISTENERS = 48
FIRST_DAY = 1_767_225_600  # 2026-01-01T00:00:00Z
N_DAYS = 120
_GENRE_WEIGHTS = (1.0, 0.75, 0.55)
_CHANCE = 1 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """The documented taste of a simulated listener."""

    user_id: str
    genres: tuple[str, ...]  # the favourite first
    liked: tuple[str, ...] = ()  # instrumentations
    disliked: tuple[str, ...] = ()
    performers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedListen:
    """One row of listens.csv."""

    user_id: str
    track_id: str
    timestamp: int
    plays: int
    skipped: bool


NAMED_TASTES = (
    Taste(
        user_id="simulated-anna",
        genres=("Irish Air", "Harp Tune"),
        liked=("harp", "whistle"),
        disliked=("bagpipe",),
    ),
    Taste(
        user_id="simulated-ben",
        genres=("String Quartet", "Chorale", "Madrigal"),
        liked=("solo strings", "voices"),
        disliked=("piano",),
    ),
)
"""Two listeners whose tastes are easy to remember when recommendations are judged."""


def draw_tastes(tracks: Sequence[Mapping[str, str]], seed: int) -> list[Taste]:
    """Draw the tastes of the listeners from the tracks; the two named listeners come first."""
    rng = np.random.default_rng([seed, 4])
    genres = sorted({track["genre"] for track in tracks})
    tastes = list(NAMED_TASTES)
    for number in range(1, N_LISTENERS - len(NAMED_TASTES) + 1):
        n_genres = min(len(genres), int(rng.choice((1, 2, 3), p=(0.35, 0.4, 0.25))))
        favourites = _pick(genres, n_genres, rng)
        known = [track for track in tracks if track["genre"] in favourites]
        ensembles = sorted({track["ensemble"] for track in tracks})
        near = sorted({track["ensemble"] for track in known})
        hears_instruments = rng.random() < 0.7
        liked = _pick(near, int(rng.integers(1, 3)), rng) if hears_instruments else ()
        others = [ensemble for ensemble in ensembles if ensemble not in liked]
        artists = sorted({track["artist"] for track in known})
        tastes.append(
            Taste(
                user_id=f"simulated-{number:02d}",
                genres=favourites,
                liked=liked,
                disliked=_pick(others, 1, rng) if hears_instruments else (),
                performers=_pick(artists, int(rng.integers(0, 4)), rng),
            )
        )
    return tastes


def liking(taste: Taste, tracks: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return a listener's liking of each track [n_tracks] by the model of this module."""
    weights = dict(zip(taste.genres, _GENRE_WEIGHTS, strict=False))
    return np.array(
        [
            2.8 * weights.get(track["genre"], 0.0)
            + 0.9 * (track["ensemble"] in taste.liked)
            - 1.2 * (track["ensemble"] in taste.disliked)
            + 0.8 * (track["artist"] in taste.performers)
            for track in tracks
        ]
    )


def simulate_listens(
    tracks: Sequence[Mapping[str, str]], tastes: Sequence[Taste], seed: int
) -> list[SimulatedListen]:
    """Return the listens of every listener, in the order of `tastes`, then of time."""
    fame = np.random.default_rng([seed, 5]).normal(size=len(tracks))
    return [
        listen
        for place, taste in enumerate(tastes)
        for listen in _listens_of(taste, tracks, fame, np.random.default_rng([seed, 6, place]))
    ]


def _listens_of(
    taste: Taste,
    tracks: Sequence[Mapping[str, str]],
    fame: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[SimulatedListen]:
    likes = liking(taste, tracks)
    n_listens = int(np.clip(rng.lognormal(3.5, 0.4), 8, max(1, 0.6 * len(tracks))))
    n_chance = rng.binomial(n_listens, _CHANCE)
    order = np.argsort(-(likes + 0.7 * fame + rng.gumbel(size=len(tracks))))
    by_taste, rest = order[: n_listens - n_chance], order[n_listens - n_chance :]
    heard = rng.permutation(np.concatenate([by_taste, rng.permutation(rest)[:n_chance]]))
    times = _times(len(heard), rng)
    listens = []
    for item, timestamp in zip(heard, times, strict=True):
        skipped = bool(rng.random() < 1 / (1 + np.exp(2.2 * (likes[item] - 0.6))))
        plays = 1 if skipped else 1 + int(rng.poisson(0.9 * max(0.0, likes[item])))
        listens.append(
            SimulatedListen(
                user_id=taste.user_id,
                track_id=tracks[item]["track_id"],
                timestamp=timestamp,
                plays=plays,
                skipped=skipped,
            )
        )
    return listens


def _times(n_listens: int, rng: np.random.Generator) -> list[int]:
    """Spread listens over sessions of one to eight tracks, at the listener's usual hour."""
    hour = rng.uniform(7, 22)
    sizes: list[int] = []
    while sum(sizes) < n_listens:
        sizes.append(int(rng.integers(1, 9)))
    days = np.sort(rng.choice(N_DAYS, size=len(sizes), replace=len(sizes) > N_DAYS))
    times = []
    for size, day in zip(sizes, days, strict=True):
        at = FIRST_DAY + int(day) * 86_400 + int(3600 * np.clip(hour + rng.normal(), 0, 23))
        for _ in range(size):
            at += int(rng.integers(21, 60))
            times.append(at)
    return sorted(times[:n_listens])


def _pick(names: Sequence[str], n_picks: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Pick up to `n_picks` different names, in random order."""
    places = rng.permutation(len(names))[:n_picks]
    return tuple(names[place] for place in places)
