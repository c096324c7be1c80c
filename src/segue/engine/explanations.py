"""Explanations: the parts of a score, the strongest signal, and the influence of own tracks.

**Parts** sum to the score (see `segue.engine.blend`). They show how much a signal adds, which is
not always how much it decides: where all competing tracks get as much from a signal, the track
keeps its rank without it.

**The top signal** is counterfactual: the signal *without which the track would fall furthest*.
Removing a signal means weight 0, with all other weights unchanged. Ranks are counted in the pool of
candidates, by the parts that do not depend on the rest of the list. Tracks outside the pool can
only push the track further down, so a fall in the pool is a fall among all tracks. Only signals
that add to the track's score (`MIN_PART` or more) can be named; among equal falls the larger part
is. If no single signal's absence would cost the track its rank, none is named.

**Influenced by** names the listener's own tracks that add most to the score: see
`segue.engine.item_attribution`.
"""

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import credits_of
from segue.catalogue_ids import CatalogueIds
from segue.engine.blend import Engine, Ranked
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials
from segue.engine.item_attribution import HistoryVectors, ItemAttribution, Pulls
from segue.engine.reasons import MIN_PART, Followers, ReasonFinder, worded
from segue.engine.recommendations import Contribution, Recommendation, SharedTraits, explain
from segue.engine.rerank import POOL, RerankResult, static_terms
from segue.engine.track_words import TrackWords
from segue.signals import UserProfile
from segue.types import Track

MAX_PULLS = 3
MAX_TAGS = 5
_FEW = 50
"""Up to this many places, comparing each with the whole pool is faster than sorting it."""
_GONE = 2**62
_BYTES_PER_INT = 28  # in a set


@dataclass
class Explainer:
    """Explains lists of one engine.

    `words` are the genres and tags of `tracks`, by default read from them. `prefetch` is called
    with the positions of tracks that are about to be read one by one.
    """

    engine: Engine
    tracks: Sequence[Track]
    facts: CatalogueArrays
    words: TrackWords | None = None
    prefetch: Callable[[list[int]], object] = lambda positions: None  # noqa: ARG005
    _words: TrackWords = field(init=False, repr=False)
    _attribution: ItemAttribution = field(init=False, repr=False)
    _followers: Followers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the attribution of scores to tracks, and what follows the latest plays."""
        self._followers = Followers(self.engine.signals)
        self._words = self.words or TrackWords.of(self.tracks)
        self._attribution = ItemAttribution(self.engine.signals, len(self.facts))

    def picks(
        self,
        found: RerankResult,
        profile: UserProfile,
        dials: Dials,
        history: "ExplainedHistory | None" = None,
    ) -> tuple[dict[str, float], list[Recommendation]]:
        """Return the weights by name, and the tracks of a list with their explanations.

        Parameters
        ----------
        dials
            Those that the list was made with.
        history
            What `history` returns for the profile, if it was computed before.
        """
        self.prefetch(found.ranked.positions.tolist())
        history = history or self.history(profile)
        names = [signal.name for signal in self.engine.signals]
        weights, picks = explain(found.ranked, names, self.tracks)
        static = static_terms(found.pool, dials, self.facts, profile)[1]
        top = decisive(found, static)
        profile = _explaining(profile)
        influences = self.influenced_by(found.ranked, profile, history.vectors)
        positions = found.ranked.positions.tolist()
        explained = [
            replace(
                pick,
                top_signal=names[signal] if signal >= 0 else None,
                influenced_by=influences[place],
                in_common=history.in_common.with_track(self.tracks[position], position),
            )
            for place, (pick, position, signal) in enumerate(
                zip(picks, positions, top.tolist(), strict=True)
            )
        ]
        writer = ReasonFinder(
            self.engine.signals,
            self.tracks,
            self.facts,
            profile,
            history.vectors,
            followers=self._followers,
        )
        return weights, [
            replace(pick, reason=None if reason is None else worded(reason), reason_about=reason)
            for pick, reason in zip(explained, map(writer.find, explained, positions), strict=True)
        ]

    def history(self, profile: UserProfile) -> "ExplainedHistory":
        """Return what explanations need to know of a listener's own tracks, or of the seeds."""
        profile = _explaining(profile)
        in_common = _InCommon(self.facts.ids, self._words, profile)
        return ExplainedHistory(self._attribution.own(profile), in_common)

    def pulls(
        self, ranked: Ranked, profile: UserProfile, own: HistoryVectors | None = None
    ) -> Pulls:
        """Return how much each known track adds to each of a list; see `ItemAttribution.of`."""
        return self._attribution.of(ranked, profile, own or self._attribution.own(profile))

    def influenced_by(
        self, ranked: Ranked, profile: UserProfile, own: HistoryVectors | None = None
    ) -> list[list[Contribution]]:
        """Return for each track of a list the liked tracks that add most to it, best first.

        Tracks that add less than `MIN_PART` are not named.
        """
        pulls = self.pulls(ranked, profile, own)
        pulls[:, profile.weights <= 0] = 0
        strongest = _largest(pulls, MAX_PULLS)
        named = np.take_along_axis(pulls, strongest, axis=1) >= MIN_PART
        self.prefetch(profile.positions[strongest[named]].tolist())
        return [
            [
                _pull(self.tracks[profile.positions[own]], row[own])
                for own in order.tolist()
                if row[own] >= MIN_PART
            ]
            for row, order in zip(pulls, strongest, strict=True)
        ]


def _explaining(profile: UserProfile) -> UserProfile:
    """Return the profile that explains most of the scores: that of the seeds, if there are any."""
    if profile.seeds is None or profile.seed_share < 0.5:
        return profile
    return profile.seeds


def decisive(found: RerankResult, static: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the signal without which each track of a list would fall furthest, -1 for none.

    Parameters
    ----------
    static
        What dials add to each candidate of the pool, ``[n_terms, n_pool]``.
    """
    pool = found.pool
    n_signals = len(pool.weights)
    place_of = {position: place for place, position in enumerate(pool.positions.tolist())}
    places = np.array([place_of[one] for one in found.ranked.positions.tolist()], np.int64)
    parts = pool.parts[:, :n_signals].astype(np.float64)
    dialled = static.sum(axis=0)
    (before,) = _better((parts.sum(axis=1) + dialled)[None], places)
    counted = np.flatnonzero(pool.weights > 0)
    own = parts[places]
    said = own != 0
    falls = np.full((len(places), n_signals), -1, np.int64)
    falls[:, counted] = (_better(_sums_without(parts)[counted] + dialled, places) - before).T
    # without the only signal that scores it, a track would not be recommended at all
    alone = said.sum(axis=1)[:, None] == said
    falls[alone & (pool.weights > 0)] = len(parts)
    falls[own < MIN_PART] = -1
    # the largest part among equal falls
    furthest = falls == falls.max(axis=1, keepdims=True, initial=-1)
    top = np.where(furthest, own, -np.inf).argmax(axis=1).astype(np.int64)
    return np.where(falls.max(axis=1, initial=-1) > 0, top, -1)


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """The faithfulness of named top signals.

    Of `n` recommended tracks, `named` is the share that names one, `share` the share of those
    that fall without it; `by_largest` is the share of all that fall without their largest part
    instead. NaN where there is nothing to count.
    """

    n: int
    share: float
    named: float
    by_largest: float


def faithfulness(engine: Engine, profiles: Sequence[UserProfile], k: int = 10) -> Faithfulness:
    """Rank again without the named top signal of each recommended track; count those that fall.

    All tracks are ranked with weight 0 for the signal and the other weights unchanged.
    """
    held, named, largest_held, n = 0, 0, 0, 0
    for profile in profiles:
        weights = engine.listener_weights(profile)
        rows = engine.rows(profile)
        everything = engine.recommend(profile, rows.n_tracks, weights=weights, rows=rows)
        pool = _first(everything, max(POOL, 10 * k))
        shown = _first(everything, k)
        top = decisive(RerankResult(shown, pool), np.zeros((0, len(pool.positions))))
        largest = shown.parts.argmax(axis=1)
        ranks: dict[int, NDArray[np.int64]] = {}
        for signal in {*top[top >= 0].tolist(), *largest.tolist()}:
            without = np.where(np.arange(len(weights)) == signal, 0, weights)
            found = engine.recommend(profile, rows.n_tracks, weights=without, rows=rows).positions
            # a track that no other signal scores disappears without this one
            ranks[signal] = np.full(rows.n_tracks, _GONE)
            ranks[signal][found] = np.arange(len(found))
        for rank, position in enumerate(shown.positions.tolist()):
            n += 1
            largest_held += int(ranks[int(largest[rank])][position] > rank)
            if top[rank] >= 0:
                named += 1
                held += int(ranks[int(top[rank])][position] > rank)
    nan = float("nan")
    return Faithfulness(
        n, held / named if named else nan, named / n if n else nan, largest_held / n if n else nan
    )


class _InCommon:
    """The artists, genres and tags of the tracks that a listener likes.

    Genres and tags are numbers of columns of `words`; each tag has the sum of the weights of the
    tracks that have it.
    """

    def __init__(self, ids: CatalogueIds, words: TrackWords, profile: UserProfile) -> None:
        self._ids, self._words = ids, words
        likes = profile.weights > 0
        positions, weights = profile.positions[likes], profile.weights[likes].astype(np.float64)
        self._artists = set(ids.of_tracks(positions).tolist())
        self._genres = set(words.genres.counts[positions].indices.tolist())
        tags: Any = words.tags.counts[positions]
        totals = np.bincount(tags.indices, np.repeat(weights, np.diff(tags.indptr)))
        self._tags = {int(tag): float(totals[tag]) for tag in np.unique(tags.indices)}

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        parts = (self._artists, self._genres, self._tags)
        return sum(sys.getsizeof(part) + 2 * _BYTES_PER_INT * len(part) for part in parts)

    def with_track(self, track: Track, position: int) -> SharedTraits:
        """Return what the track at a position has in common with the liked tracks."""
        genres, tags = self._words.genres, self._words.tags
        worth = {
            tags.names[tag]: self._tags[tag] * float(np.log1p(max(count, 0)))
            for tag, count in zip(*tags.row(position), strict=True)
            if tag in self._tags
        }
        return SharedTraits(
            _shared_artist(track, self._ids.of_track(position), self._artists),
            [genres.names[genre] for genre in genres.row(position)[0] if genre in self._genres],
            sorted(worth, key=lambda tag: (-worth[tag], tag))[:MAX_TAGS],
        )


def _shared_artist(track: Track, artists: NDArray[np.int64], liked: Collection[int]) -> str | None:
    """Return the name of the first of a track's `artists` that is among the `liked` ones."""
    names = [credit.name for credit in credits_of(track.artist, track.artists)]
    found = (place for place, artist in enumerate(artists.tolist()) if artist in liked)
    place = next(found, None)
    if place is None:
        return None
    return names[place] if len(names) == len(artists) else track.artist


@dataclass(frozen=True, slots=True)
class ExplainedHistory:
    """What explanations need to know of a listener's own tracks: see `Explainer.history`."""

    vectors: HistoryVectors
    in_common: _InCommon

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return self.vectors.n_bytes + self.in_common.n_bytes


def _sums_without(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each column of `parts` ``[n, m]`` the sums of the others, ``[m, n]``.

    All rows are summed in the same order: rows that are equal without a column have equal sums.

    >>> _sums_without(np.array([[1.0, 2.0, 4.0]])).ravel().tolist()
    [6.0, 5.0, 3.0]
    """
    sums = np.zeros((parts.shape[1], len(parts)))
    sums[1:] = np.cumsum(parts.T[:-1], axis=0)
    sums[:-1] += np.cumsum(parts.T[:0:-1], axis=0)[::-1]
    return sums


def _better(totals: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of a pool rank above each place, by each row of `totals` ``[m, n_pool]``.

    Equal scores keep the pool's order.

    >>> _better(np.array([[3.0, 1.0, 3.0, 2.0]]), np.array([0, 2, 1])).tolist()
    [[0, 1, 3]]
    """
    if len(places) <= _FEW:  # comparing is faster than sorting
        own = totals[:, places, None]
        before = np.arange(totals.shape[1]) < places[:, None]
        above = totals[:, None] > own
        above |= (totals[:, None] == own) & before
        return np.asarray(np.count_nonzero(above, axis=2), np.int64)
    order = np.argsort(-totals, axis=1, kind="stable")
    rank = np.empty(totals.shape, np.int64)
    np.put_along_axis(rank, order, np.arange(totals.shape[1])[None], axis=1)
    return rank[:, places]


def _largest(values: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the indices of the `k` largest of each row, largest first, ties in order.

    >>> _largest(np.array([[1.0, 3.0, 3.0, 2.0]]), 3).tolist()
    [[1, 2, 3]]
    """
    left = values.copy()
    rows = np.arange(len(left))
    found = np.empty((len(left), min(k, left.shape[1])), np.int64)
    for place in range(found.shape[1]):
        found[:, place] = left.argmax(axis=1)
        left[rows, found[:, place]] = -np.inf
    return found


def _first(ranked: Ranked, k: int) -> Ranked:
    return replace(
        ranked, positions=ranked.positions[:k], scores=ranked.scores[:k], parts=ranked.parts[:k]
    )


def _pull(track: Track, pull: float) -> Contribution:
    return Contribution(track.track_id, track.title, track.artist, float(pull))
