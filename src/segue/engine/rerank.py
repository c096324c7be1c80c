"""Re-ranking: choose a list from a pool of well-scored candidates, as the dials want it.

The pool is the best few hundred tracks by blended score, so that dials choose among tracks that
suit the listener, at a cost that does not grow with the library. The list is filled greedily from
the pool: each time with the highest-scored candidate that no cap blocks. Each dial adds its own
part to the score, so parts sum to scores:

==============  ====================================================================  ============
part            what it adds                                                          measured in
==============  ====================================================================  ============
popularity dial ``popularity``'s odds, standardized ``log(1 + listeners)``            spread
energy dial     ``energy``'s odds, standardized energy of the tracks                  spread
valence dial    ``valence``'s odds, standardized valence of the tracks                spread
dislikes        minus the odds of `dislike_shares` of artist and album               spread
randomness      ``randomness``'s odds, Gumbel noise of `seed`, listener and track     spread
diversity       minus ``diversity``'s odds, largest similarity to tracks before it    range
calibration     ``calibration``'s odds, k times the gain for the mix of genres        range
==============  ====================================================================  ============

*Range* and *spread* (standard deviation) are those of the blended scores in the pool; a spread of 0
counts as 1, so that dials decide where relevance does not. The scores of
the list descend, because greedy terms only fall as the list grows; only tracks that a cap blocked
for a while may have a higher score than the ones before. Caps and exclusions are not parts: they
hold whatever the scores.

Without an artist cap, two of every ten tracks may be of one artist, as far as the pool has others:
this default never shortens a list. A list that covers several interests gives each place to the
interest whose turn it is, so only the scores of one interest descend (`segue.engine.interests`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.engine.blend import Engine, Ranked
from segue.engine.calibration import Calibration
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials, odds
from segue.engine.dislikes import dislike_shares
from segue.engine.diversity import PoolSimilarity
from segue.engine.interests import Interest, InterestMinimums, Turns, interest_pool, interests_of
from segue.engine.randomness import gumbel
from segue.engine.standardization import SeededScores, SignalScores
from segue.signals import UserProfile

POOL = 500
"""Number of candidates that dials choose from, but at least ten per requested track."""

VARIED = 2, 10
"""By default, how many of how many tracks may be of one artist."""

DISLIKES, POPULARITY, ENERGY, VALENCE, RANDOMNESS, DIVERSITY, CALIBRATION = (
    "dislikes",
    "popularity dial",
    "energy dial",
    "valence dial",
    "randomness",
    "diversity",
    "calibration",
)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RerankResult:
    """A re-ranked list, and the `pool` it was chosen from, best blended score first."""

    ranked: Ranked
    pool: Ranked


def rerank_list(
    engine: Engine,
    profile: UserProfile,
    k: int,
    dials: Dials,
    facts: CatalogueArrays,
    *,
    excluded: NDArray[np.bool_] | None = None,
    rows: SignalScores | SeededScores | None = None,
    interests: Sequence[Interest] | None = None,
) -> RerankResult:
    """Return `k` tracks for a listener as the dials want them, or fewer if caps leave fewer.

    Tracks that the listener dislikes explicitly never come.

    Parameters
    ----------
    excluded
        Tracks to leave out whatever the dials, ``[n_tracks]``.
    rows
        What `Engine.rows` returns for the listener, if it was computed before.
    interests
        The listener's interests, if they were found before; each then has at least half of its
        share of the list, or all of it if the dials say so, unless seeds are named.

    Raises
    ------
    ModelError
        If the dials set weights that do not fit the engine's signals.
    """
    exclude = np.zeros(len(facts), bool) if excluded is None else excluded.copy()
    exclude[profile.disliked] = True
    # a listener who knows one file of a recording, or one version of a song, knows all of them
    met = np.zeros(len(facts), bool)
    met[profile.known] = True
    met = met if dials.versions else facts.with_versions(met)
    if dials.max_known_share == 0:
        exclude |= met
    else:
        profile = replace(profile, known=np.flatnonzero(engine.files_of(met)))
    if profile.seeds is not None:
        interests = None  # seeds are what the request is about
    elif interests is None and dials.interests:
        interests = interests_of(profile, facts)
    several = interests if interests is not None and len(interests) > 1 else None
    weights = set_weights(engine, profile, dials)
    size = max(POOL, 10 * k) + (len(profile.known) if 0 < dials.max_known_share < 1 else 0)
    while True:
        turns: Turns | InterestMinimums | None = None
        if several is not None and dials.interests:
            pool, turns = interest_pool(
                engine, profile, several, size, exclude=exclude, weights=weights
            )
        else:
            pool = engine.recommend(profile, size, exclude=exclude, weights=weights, rows=rows)
            turns = InterestMinimums.of(several, facts, pool.positions) if several else None
        ranked = rerank(pool, k, dials, facts, profile, turns=turns)
        if len(ranked.positions) == k or len(pool.positions) < size:
            return RerankResult(ranked, pool)
        size *= 4  # caps blocked too many


def set_weights(engine: Engine, profile: UserProfile, dials: Dials) -> Values | None:
    """Return a listener's weights with those that the dials set, or None if they set none.

    Raises
    ------
    ModelError
        If the dials set weights that do not fit the engine's signals.
    """
    if not dials.weights:
        return None
    names = [signal.name for signal in engine.signals]
    return dials.weigh(names, engine.listener_weights(profile))


def rerank(
    pool: Ranked,
    k: int,
    dials: Dials,
    facts: CatalogueArrays,
    profile: UserProfile,
    *,
    turns: Turns | InterestMinimums | None = None,
    members: Sequence[UserProfile] = (),
) -> Ranked:
    """Return up to `k` tracks of the pool as the dials want them.

    Parameters
    ----------
    pool
        The result of `Engine.recommend` for the listener; a larger one gives more choice.
    profile
        The listener, whose likes `calibration` and whose known tracks `max_known_share` use.
    turns
        Which interest each place of the list goes to.
    members
        The listeners of a group, if `profile` is that of one.
    """
    positions = pool.positions
    names, static = static_terms(pool, dials, facts, profile, members)
    values = pool.scores.astype(np.float64) + static.sum(axis=0)
    reach = float(np.ptp(pool.scores)) if len(positions) else 0.0
    likeness = PoolSimilarity(facts, positions) if dials.diversity else None
    mix = Calibration(facts.taste(profile), facts.mixes[positions]) if dials.calibration else None
    away, towards = odds(dials.diversity) * reach, odds(dials.calibration) * reach * k
    caps = _Caps.of(positions, dials, facts, profile)
    chosen: list[int] = []
    greedy: list[list[float]] = []
    free = np.ones(len(positions), bool)
    for _ in range(min(k, len(positions))):
        allowed = caps.allowed(free)
        varied = allowed & ~caps.repeated()
        allowed = varied if varied.any() else allowed
        if turns is not None:
            allowed = turns.allowed(allowed)
        now = values
        if likeness is not None:
            now = now - away * likeness.nearest
        if mix is not None:
            now = now + towards * mix.gains
        best = int(np.argmax(np.where(allowed, now, -np.inf)))
        if not allowed[best]:
            break
        added = [] if likeness is None else [-away * float(likeness.nearest[best])]
        added += [] if mix is None else [towards * float(mix.gains[best])]
        chosen.append(best)
        greedy.append(added)
        free[best] = False
        caps.choose(best)
        if turns is not None:
            turns.choose(best)
        if likeness is not None:
            likeness.choose(best)
        if mix is not None:
            mix.choose(best)
    names += ([DIVERSITY] if likeness else []) + ([CALIBRATION] if mix else [])
    own = pool.parts[chosen].reshape(len(chosen), pool.parts.shape[1])
    dynamic = np.array(greedy, np.float64).reshape(len(chosen), len(names) - len(static))
    parts = np.concatenate([own, static[:, chosen].T, dynamic], axis=1)
    return Ranked(
        positions[chosen],
        parts.sum(axis=1).astype(np.float32),
        parts.astype(np.float32),
        pool.weights,
        tuple(names),
    )


def static_terms(
    pool: Ranked,
    dials: Dials,
    facts: CatalogueArrays,
    profile: UserProfile,
    members: Sequence[UserProfile] = (),
) -> tuple[list[str], Values]:
    """Return the parts that do not depend on the rest of the list, ``[n_terms, n_pool]``.

    `profile` is the listener whose dislikes count, and for whom random numbers are drawn. For a
    group it is the group's, and the dislikes of all `members` count.
    """
    names: list[str] = []
    terms: list[Values] = []
    # where all candidates suit the listener alike, dials decide
    spread = float(pool.scores.std(dtype=np.float64)) or 1.0 if len(pool.scores) else 0.0
    shares = [dislike_shares(one, facts.ids, pool.positions) for one in members or (profile,)]
    against = np.max(shares, axis=0)
    if against.any():
        names.append(DISLIKES)
        terms.append(-np.array([odds(share) for share in against.tolist()]) * spread)
    for name, direction, values in (
        (POPULARITY, dials.popularity, facts.listeners),
        (ENERGY, dials.energy, facts.energy),
        (VALENCE, dials.valence, facts.valence),
    ):
        if direction:
            own = values[pool.positions] if len(values) else np.zeros(len(pool.positions))
            standard = _standard(np.log1p(own) if name == POPULARITY else own)
            names.append(name)
            terms.append(np.sign(direction) * odds(abs(direction)) * spread * standard)
    if dials.randomness:
        names.append(RANDOMNESS)
        terms.append(
            odds(dials.randomness) * spread * gumbel(dials.seed, pool.positions, profile.user)
        )
    return names, np.array(terms).reshape(len(terms), len(pool.positions))


def _standard(values: NDArray[np.floating]) -> Values:
    """Return values standardized over the pool; 0, its mean, where unknown or if all are equal."""
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values))
    own = values.astype(np.float64)
    deviation = own[known].std()
    standard = (own - own[known].mean()) / deviation if deviation > 0 else np.zeros(len(own))
    return np.nan_to_num(standard)


@dataclass
class _Caps:
    """Candidates that caps block: of full artists and albums, other versions, known tracks."""

    ids: CatalogueIds
    artist_cap: float
    album_cap: float
    counts: Counter[tuple[str, int]]
    versions: NDArray[np.int64]
    known: NDArray[np.bool_]
    max_known_share: float
    blocked: NDArray[np.bool_]
    varied: bool
    n_chosen: int = 0
    n_known: int = 0

    @classmethod
    def of(
        cls,
        positions: NDArray[np.int64],
        dials: Dials,
        facts: CatalogueArrays,
        profile: UserProfile,
    ) -> "_Caps":
        caps = [cap or np.inf for cap in (dials.artist_cap, dials.album_cap)]
        known = np.isin(positions, profile.known)
        return cls(
            facts.ids.take(positions),
            caps[0],
            caps[1],
            Counter(),
            facts.versions_at(positions) if not dials.versions else np.full(len(positions), -1),
            known,
            dials.max_known_share,
            np.zeros(len(positions), bool),
            varied=dials.artist_cap is None,
        )

    def repeated(self) -> NDArray[np.bool_]:
        """Return the candidates of artists that have their share of the list by default."""
        most, of = VARIED
        limit = most * (self.n_chosen // of + 1)
        full = [
            number for (kind, number), n in self.counts.items() if kind == "artist" and n >= limit
        ]
        if not self.varied or not full:
            return np.zeros(len(self.known), bool)
        return self.ids.with_artists(full)

    def allowed(self, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
        allowed = free & ~self.blocked
        # with a tolerance: 0.1 * 30 is less than 3
        if self.n_known + 1 > self.max_known_share * (self.n_chosen + 1) + 1e-9:
            allowed &= ~self.known
        return allowed

    def choose(self, candidate: int) -> None:
        self.n_chosen += 1
        self.n_known += int(self.known[candidate])
        for artist in self.ids.of_track(candidate).tolist():
            if self._is_full("artist", artist, self.artist_cap):
                self.blocked |= self.ids.with_artists([artist])
        if self.versions[candidate] >= 0:
            self.blocked |= self.versions == self.versions[candidate]
        album = int(self.ids.album[candidate])
        if album >= 0 and self._is_full("album", album, self.album_cap):
            self.blocked |= self.ids.album == album

    def _is_full(self, kind: str, number: int, cap: float) -> bool:
        """Count one more track of an artist or album; return whether no other may follow."""
        self.counts[kind, number] += 1
        return self.counts[kind, number] >= cap
