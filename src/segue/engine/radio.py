"""Radio: an endless playlist that reacts to skips and likes.

Each next track is the best of the pool by score and dials, with new random numbers (`randomness`)
at every step, subject to three rules:

1. no track repeats before all others were played (or `window` others, if it is set), nor another
   file of its recording, nor another version of its song unless the dials allow versions;
2. at any time, at most the share `max_known_share` of the played tracks was known before;
3. no artist repeats within `ARTIST_GAP` tracks, and within the window (or the last `CAP_WINDOW`
   tracks) no artist or album has more tracks than its cap.

A small library cannot satisfy them all. Then the rules give way in this order, and `said` reports
it: the share of known tracks, the gap between tracks of an artist, the caps, the first rule.
Skipped tracks return only if there is no other track at all. Excluded tracks and disliked ones
never appear.

A radio has no end, so terms that depend on the rest of the list (`diversity`, `calibration`)
consider the last `RECENT` tracks.

A like is a seed, as if the radio had been started from it: seeds count for `seed_share` of the
score (see `segue.engine.blend`). Plays and skips move the listener's opinions, and those of the
seeds if there are any, in units of the strongest opinion, but at least a tenth of the sum of all
likes, so that a long history does not outweigh them: a play +0.25, a skip -0.5. Liked and played
tracks also become the latest plays, if the listener's plays have an order. Likes and skips also
move the listener's weights by one step (see `segue.engine.weights`), if listeners were found to
differ and no dial sets weights.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.engine.blend import Engine, Ranked
from segue.engine.calibration import Calibration
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials, odds
from segue.engine.diversity import PoolSimilarity
from segue.engine.profiles import profile_from_seeds
from segue.engine.rerank import CALIBRATION, DIVERSITY, POOL, RerankResult, static_terms
from segue.engine.weights import shares, updated
from segue.signals import UserProfile

Feedback = Literal["skip", "like", "dislike", "play"]
FEEDBACK: tuple[Feedback, ...] = get_args(Feedback)

ARTIST_GAP = 4
"""Minimum number of tracks between two tracks of one artist."""

CAP_WINDOW = 100
"""Number of tracks in which caps hold: about six hours."""

MAX_PLAYED = 100_000
"""Number of played tracks that are remembered."""

RECENT = 10
"""Number of recent tracks that diversity and calibration consider."""

_COUNTS: dict[Feedback, float] = {"play": 0.25, "skip": -0.5}
_MIN_SHARE = 0.1

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass
class RadioStation:
    """An endless playlist for one listener.

    Parameters
    ----------
    excluded
        Tracks to leave out, ``[n_tracks]``.
    window
        Number of tracks before one may repeat, None for all others; it shrinks in a small library,
        and `said` reports it.
    has_history
        Whether the profile is that of a listener, and not of seeds alone.
    turned
        The dials used for the last track: the given ones, with the seed of that step.

    Raises
    ------
    ValueError
        If the window is negative.
    """

    engine: Engine
    profile: UserProfile
    facts: CatalogueArrays
    dials: Dials
    excluded: Mask
    window: int | None = None
    has_history: bool = True
    said: list[str] = field(default_factory=list, init=False)
    turned: Dials = field(init=False)

    def __post_init__(self) -> None:
        """Prepare weights and known tracks of the listener."""
        if self.window is not None and self.window < 0:
            raise ValueError(f"window is {self.window}: give 0 or a larger number.")
        self.turned = self.dials
        self._posterior = self.engine.weights.posterior(self.profile.user)
        self._weigh()
        # without an order of plays, there are no latest plays to add to
        self._ordered = len(self.profile.history) > 0 or self.profile.user is None
        self._known = np.zeros(len(self.facts), bool)
        self._known[self.profile.known] = True
        if not self.dials.versions:
            self._known = self.facts.with_versions(self._known)
        self._known = self.engine.files_of(self._known)
        self._played: deque[int] = deque(maxlen=MAX_PLAYED)
        self._n_played, self._n_known, self._n_extra = 0, 0, 0
        self._barred = self.excluded
        self.excluded = self.excluded.copy()
        self.excluded[self.profile.disliked] = True
        self._skipped: set[int] = set()
        self._pool: Ranked | None = None
        self._offered: Ranked | None = None
        self._heard: set[int] = set()
        self._files = {place: list(group) for group in self.engine.recordings for place in group}

    def next(self) -> RerankResult | None:
        """Return the next track, as a list of one with the pool it was chosen from.

        None only if there is no candidate at all.
        """
        pool = self._candidates()
        if not len(pool.positions):
            return None
        while self._is_used_up(pool):
            self._n_extra = max(2 * self._n_extra, POOL)
            self._pool = None
            pool = self._candidates()
        self.turned = replace(self.dials, seed=self.dials.seed * 1_000_003 + self._n_played)
        names, static = static_terms(pool, self.turned, self.facts, self.profile)
        of_recent, added = self._recent_terms(pool)
        static = np.concatenate([static, added])
        values = pool.scores.astype(np.float64) + static.sum(axis=0)
        best = int(np.where(self._allowed(pool.positions), values, -np.inf).argmax())
        position = int(pool.positions[best])
        self._offered = pool
        self._heard.discard(position)
        self.play(position)
        parts = np.concatenate([pool.parts[best], static[:, best]]).astype(np.float32)[None]
        ranked = Ranked(
            pool.positions[[best]],
            parts.sum(axis=1),
            parts,
            pool.weights,
            (*names, *of_recent),
        )
        return RerankResult(ranked, pool)

    def played(self, positions: Sequence[int]) -> None:
        """Continue after these tracks, latest last; rules on repetition apply to them."""
        self._played.extend(positions)

    def feedback(self, position: int, what: Feedback) -> None:
        """Take account of the listener's feedback on a track.

        Raises
        ------
        ValueError
            If it is not skip, like, dislike or play.
        """
        if what not in FEEDBACK:
            raise ValueError(f"feedback is {what!r}: give one of {', '.join(FEEDBACK)}.")
        if what == "skip":
            self._skipped.add(position)
        else:
            self._skipped.discard(position)
        if what != "play":
            self._learn(position, liked=what == "like")
        if what == "like":
            self.excluded[position] = self._barred[position]  # a dislike may be taken back
            self._sow(position)
        elif what == "dislike":
            self.excluded[position] = True
            self._oppose(position)
        else:
            self._shift(position, _COUNTS[what])
        if what in ("like", "play") and position not in self._heard and self._ordered:
            self._heard.add(position)
            self.profile = self.profile.played(position)
        self._pool = None

    def play(self, position: int) -> None:
        """Take account of a track that is played now, such as a seed."""
        self._played.append(position)
        self._n_played += 1
        self._n_known += int(self._known[position])

    def _sow(self, position: int) -> None:
        """Make a track one of the seeds, as liked as the others."""
        if not self.has_history:  # the profile itself is that of the seeds
            self.profile = self.profile.with_opinion(position, 1.0)
            return
        seeds = (self.profile.seeds or profile_from_seeds(())).with_opinion(position, 1.0)
        known = np.union1d(self.profile.known, [position])
        share = self.dials.seed_share
        self.profile = replace(self.profile, seeds=seeds, seed_share=share, known=known)

    def _oppose(self, position: int) -> None:
        """Give a track the lowest opinion, of the listener and of the seeds."""
        self.profile = self.profile.with_opinion(position, -1.0)
        if self.profile.seeds is not None:
            seeds = self.profile.seeds.with_opinion(position, -1.0)
            self.profile = replace(self.profile, seeds=seeds)

    def _shift(self, position: int, counts: float) -> None:
        self.profile = _with_shift(self.profile, position, counts)
        if self.profile.seeds is not None:
            seeds = _with_shift(self.profile.seeds, position, counts)
            self.profile = replace(self.profile, seeds=seeds)

    def _weigh(self) -> None:
        names = [signal.name for signal in self.engine.signals]
        self._weights = self.dials.weigh(names, shares(self._posterior.mean))

    def _learn(self, position: int, *, liked: bool) -> None:
        """Update the listener's weights, if the track was in the last pool."""
        pool = self._offered
        if pool is None or pool.features is None:
            return
        place = np.flatnonzero(pool.positions == position)
        if len(place):
            track = pool.features[place[0]].astype(np.float64)
            self._posterior = updated(self._posterior, track, pool.features, liked=liked)
            self._weigh()

    def _candidates(self) -> Ranked:
        if self._pool is None:
            size = self._pool_size()
            by_seeds = None if self.dials.weights else self.engine.comparing_weights(self._weights)
            self._pool = self.engine.recommend(
                self.profile,
                size,
                exclude=self.excluded,
                weights=self._weights,
                seed_weights=by_seeds,
            )
            if not len(self._pool.positions) and not self.dials.weights:
                self._pool = self.engine.recommend(self.profile, size, exclude=self.excluded)
        return self._pool

    def _pool_size(self) -> int:
        extra = POOL + self._n_extra if self.window is None else max(POOL, 4 * self.window)
        return extra + len(self.profile.known)

    def _recent_terms(self, pool: Ranked) -> tuple[list[str], Values]:
        """Return the parts that depend on the recent tracks, ``[n_terms, n_pool]``."""
        recent = np.array(list(islice(reversed(self._played), RECENT)), np.int64)
        both = np.concatenate([recent, pool.positions])
        reach, n = float(np.ptp(pool.scores)), len(recent)
        names: list[str] = []
        terms: list[Values] = []
        if self.dials.diversity:
            likeness = PoolSimilarity(self.facts, both)
            for place in range(n):
                likeness.choose(place)
            names.append(DIVERSITY)
            terms.append(-odds(self.dials.diversity) * reach * likeness.nearest[n:])
        if self.dials.calibration:
            mix = Calibration(self.facts.taste(self.profile), self.facts.mixes[both])
            for place in range(n):
                mix.choose(place)
            names.append(CALIBRATION)
            terms.append(odds(self.dials.calibration) * reach * (n + 1) * mix.gains[n:])
        return names, np.array(terms).reshape(len(terms), len(pool.positions))

    def _allowed(self, positions: NDArray[np.int64]) -> Mask:
        """Return the candidates that the rules allow now; at least one."""
        fresh = ~np.isin(positions, list(self._skipped))
        rested = self._rested(positions, self.window)
        if not (fresh & rested).any():
            rested = self._longest_rested(positions, fresh if fresh.any() else ~fresh)
        kept = fresh & rested if (fresh & rested).any() else rested
        ids = self.facts.ids.take(positions)
        capped = self._recent(CAP_WINDOW if self.window is None else self.window)
        rules: list[tuple[Mask, str]] = []
        if self.dials.artist_cap:
            full = self._full(self.dials.artist_cap, capped.artists)
            cap = f"the artist cap of {self.dials.artist_cap}"
            rules.append((~ids.with_artists(full), cap))
        if self.dials.album_cap:
            full = self._full(self.dials.album_cap, capped.album)
            rules.append((~np.isin(ids.album, full), f"the album cap of {self.dials.album_cap}"))
        apart = ~ids.with_artists(self._recent(ARTIST_GAP).artists)
        rules += [
            (apart, f"the gap of {ARTIST_GAP} tracks between tracks of one artist"),
            (
                self._new_enough(positions),
                f"the share of {self.dials.max_known_share:g} for known tracks",
            ),
        ]
        for rule, name in rules:
            if (kept & rule).any():
                kept &= rule
            else:
                self._say(f"there are too few tracks to keep {name}.")
        return kept

    def _say(self, sentence: str) -> None:
        """Report a sentence, once."""
        if sentence not in self.said:
            self.said.append(sentence)

    def _is_used_up(self, pool: Ranked) -> bool:
        """Return whether the pool has no track left to play, and the library has more tracks."""
        if self.window is not None or len(pool.positions) < self._pool_size():
            return False
        rested = self._rested(pool.positions, None)
        return not (rested & ~np.isin(pool.positions, list(self._skipped))).any()

    def _rested(self, positions: NDArray[np.int64], window: int | None) -> Mask:
        recent = islice(reversed(self._played), window)
        files = [file for place in recent for file in self._files.get(place, [place])]
        rested = ~np.isin(positions, files)
        if not self.dials.versions:
            songs = self.facts.versions_at(np.array(files, np.int64))
            rested &= ~np.isin(self.facts.versions_at(positions), songs[songs >= 0])
        return rested

    def _longest_rested(self, positions: NDArray[np.int64], among: Mask) -> Mask:
        """Shrink the window until one of `among` may repeat, and report it."""
        low, high = 0, len(self._played) if self.window is None else self.window
        while low < high:  # the largest window that leaves a track
            middle = (low + high + 1) // 2
            if (self._rested(positions, middle) & among).any():
                low = middle
            else:
                high = middle - 1
        self.window = low
        rested = self._rested(positions, low) & among
        n = int(among.sum())
        self.said.append(
            f"only {n:,} tracks can be played: each is repeated after {self.window} others."
        )
        return rested

    def _recent(self, n: int) -> CatalogueIds:
        """Return the artists and albums of the last `n` tracks."""
        return self.facts.ids.take(list(islice(reversed(self._played), n)))

    def _full(self, cap: int, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the artists or albums that reached their cap."""
        found, counts = np.unique(ids[ids >= 0], return_counts=True)
        return found[counts >= cap]

    def _new_enough(self, positions: NDArray[np.int64]) -> Mask:
        if self._n_known + 1 <= self.dials.max_known_share * (self._n_played + 1) + 1e-9:
            return np.ones(len(positions), bool)
        return ~self._known[positions]


def _with_shift(profile: UserProfile, position: int, counts: float) -> UserProfile:
    """Return the profile with an amount added to the present opinion of a track."""
    before = float(profile.weights[profile.positions == position].sum())
    liked = float(profile.weights[profile.weights > 0].sum())
    strongest = float(np.abs(profile.weights).max(initial=0)) or 1.0
    opinion = before + counts * max(strongest, _MIN_SHARE * liked)
    return profile.with_opinion(position, opinion)
